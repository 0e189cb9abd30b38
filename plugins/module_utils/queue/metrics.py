# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a mail queue as metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import Gauge
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES


def queue_metrics(queue: Mapping[str, Any], *, moment: float) -> Iterator[Gauge]:
    """Yield the metrics of a queue.

    :param moment: when it was read, in seconds since 1970.
    """
    oldest = queue["oldest_due"]
    counts = {failure["class"]: failure["count"] for failure in queue["failures"]}
    states = [({"state": state}, count) for state, count in queue["states"].items()]
    yield _gauge("mails", "Mails in each state.", *states)
    yield _gauge("due_mails", "Outgoing mails that are due now.", ({}, queue["due"]))
    yield _gauge("scheduled_mails", "Outgoing mails that are scheduled for later.", ({}, queue["scheduled"]))
    yield _gauge(
        "oldest_due_age_seconds",
        "Age of the oldest due mail, 0 without one.",
        ({}, oldest["age_seconds"] if oldest else 0),
    )
    yield _gauge(
        "interrupted_mails",
        "Due mails that the last run of the queue did not reach, because it was interrupted.",
        ({}, queue["interrupted"]["count"]),
    )
    yield _gauge(
        "failed_mails",
        "Failed mails by the class of their failure.",
        # Classes without mails have a sample too, so that an alert can distinguish no mails from no data.
        *(({"class": name}, counts.get(name, 0)) for name in FAILURE_CLASSES),
    )
    yield _gauge(
        "failed_mails_unclassified",
        "Failed mails that were not classified, because there are too many reasons.",
        ({}, queue["unclassified"]),
    )
    yield from _split(queue, "server", "Mails in each state by the mail server that they name. Most mails name none.")
    yield from _split(queue, "from_domain", "Mails in each state by the domain of their sender.")
    yield _gauge("checked_timestamp_seconds", "When the queue was read.", ({}, moment))


def _split(queue: Mapping[str, Any], by: str, meaning: str) -> Iterator[Gauge]:
    """Yield the counts by server or domain, if they were requested."""
    if f"by_{by}" in queue:
        samples = [
            ({by: entry[by] or "", "state": state}, count)
            for entry in queue[f"by_{by}"]
            for state, count in entry["states"].items()
        ]
        yield _gauge(f"mails_by_{by}", meaning, *samples, texts=(by,))


def _gauge(name: str, meaning: str, *samples: tuple[Mapping[str, str], float], texts: Sequence[str] = ()) -> Gauge:
    return Gauge(f"odoo_mail_queue_{name}", meaning, samples, texts)
