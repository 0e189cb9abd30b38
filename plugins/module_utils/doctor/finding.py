# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of findings about an instance's mail. The ids are stable. docs/findings.md explains each finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_catalogue import CRON_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_catalogue import DNS_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.expiry_catalogue import EXPIRY_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.queue_catalogue import QUEUE_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_catalogue import ROUTING_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_catalogue import SERVER_KINDS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_catalogue import SETUP_KINDS

# The worst first. error: mail does not leave. warning: mail will fail, or fails in part. info: worth knowing.
SEVERITIES = ("error", "warning", "info")
CHECKS = ("cron", "server", "routing", "queue", "setup", "expiry", "dns")
# Off by default, because they query other machines than the instance.
ON_REQUEST = ("dns",)
DEFAULT_CHECKS = tuple(check for check in CHECKS if check not in ON_REQUEST)
# Classes of problems that can be repaired without a human's judgement, if the user allows the class.
FIXES = ("crons", "transient", "interrupted", "stale", "addons")

# The pages of the findings, which tests/checks/build_site.py makes from docs/findings.md and CATALOGUE.
_PAGES = "https://postmaster-odoo.github.io/postmaster.odoo/findings"

CATALOGUE: Mapping[str, Kind] = {
    **CRON_KINDS,
    **SERVER_KINDS,
    **ROUTING_KINDS,
    **QUEUE_KINDS,
    **SETUP_KINDS,
    **EXPIRY_KINDS,
    **DNS_KINDS,
}


@dataclass(frozen=True)
class Finding:
    """One diagnosis.

    :param evidence: one line with the numbers and texts that prove the finding, without secrets.
    :param resource: the affected record: `model`, `id`, `name` and, if it has one, `xml_id`.
    :param severity: if it differs from that of the kind.
    :param fix: if it differs from that of the kind; empty if the finding is not fixable.
    """

    id: str
    evidence: str
    resource: Mapping[str, Any] | None = None
    severity: str = ""
    remedy: str = ""
    fix: str | None = None

    @property
    def kind(self) -> Kind:
        """Return the entry of the catalogue."""
        return CATALOGUE[self.id]

    @property
    def rank(self) -> int:
        """Return the rank of the severity; 0 is the worst."""
        return SEVERITIES.index(self.severity or self.kind.severity)

    def as_result(self) -> dict[str, Any]:
        """Return the finding as it is in a task's result."""
        about = self.resource or {}
        fix = self.kind.fix if self.fix is None else self.fix
        remedy = self.remedy or self.kind.remedy.format(name=about.get("xml_id") or about.get("name") or "")
        return {
            "id": self.id,
            "check": self.kind.check,
            "severity": SEVERITIES[self.rank],
            "title": self.kind.title,
            "evidence": one_line(self.evidence),
            "remedy": remedy,
            "fixable": fix or None,
            "resource": dict(about) or None,
            "documentation": f"{_PAGES}/{self.id}.html",
        }


def one_line(text: str) -> str:
    """Return a text without line breaks."""
    return " ".join(text.split())


def sorted_results(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return all findings, the worst first. Within a severity the order is that of the catalogue: causes before effects."""
    order = list(CATALOGUE)
    return [
        finding.as_result() for finding in sorted(findings, key=lambda finding: (finding.rank, order.index(finding.id)))
    ]


def count_by_severity(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the number of findings of each severity."""
    severities = [finding["severity"] for finding in findings]
    return {severity: severities.count(severity) for severity in SEVERITIES}
