# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A diagnosis as metrics for Prometheus: findings, and the ends of keys, certificates and passwords."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import Gauge

_RAN = re.compile(r'odoo_mail_doctor_check_ran\{.*check="(?P<check>[a-z]+)"\} 1$')


def doctor_metrics(diagnosis: Mapping[str, Any] | None, *, moment: float) -> Iterator[Gauge]:
    """Yield the metrics of a diagnosis.

    :param diagnosis: None if the instance could not be queried.
    :param moment: when it was examined, in seconds since 1970.
    """
    is_up = diagnosis is not None
    yield Gauge("odoo_mail_doctor_up", "Whether the instance could be examined, 1 or 0.", [({}, is_up)])
    yield Gauge("odoo_mail_doctor_checked_timestamp_seconds", "When the doctor ran.", [({}, moment)])
    if diagnosis is None:
        return
    yield Gauge(
        "odoo_mail_doctor_check_ran",
        "Whether a check of the doctor ran, 1 or 0. The findings of a check that did not run are not known.",
        [({"check": check}, check in diagnosis["checks"]) for check in CHECKS],
    )
    # A severity without findings has a sample too, so that an alert can distinguish no findings from no data.
    counts = [({"severity": severity}, count) for severity, count in diagnosis["counts"].items()]
    yield Gauge("odoo_mail_doctor_findings", "Findings of each severity.", counts)
    found = Counter((finding["id"], finding["severity"]) for finding in diagnosis["findings"])
    yield Gauge(
        "odoo_mail_doctor_findings_by_id",
        "Findings by their ID and severity. A finding that is gone has no sample.",
        [({"id": name, "severity": severity}, count) for (name, severity), count in sorted(found.items())],
    )
    if diagnosis["expiry"] is not None:
        yield Gauge(
            "odoo_mail_expiry_timestamp_seconds",
            "When an API key, certificate, token or password ends, with the severity of its finding.",
            [
                (
                    {"kind": one["kind"], "subject": one["subject"], "severity": one["severity"] or "none"},
                    datetime.fromisoformat(one["ends"]).timestamp(),
                )
                for one in diagnosis["expiry"]
                if one["ends"]
            ],
            texts=("subject",),
            combine=min,
        )


def checks_in(text: str) -> set[str]:
    """Return the checks whose findings metrics contain.

    :param text: the metrics of `doctor_metrics` as text.
    """
    return {found["check"] for found in map(_RAN.match, text.splitlines()) if found}
