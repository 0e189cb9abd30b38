# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes between two diagnoses of an instance. Plain data."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import SEVERITIES
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.identity import identity_of

Finding = Mapping[str, Any]

# The most findings of an instance that are remembered, and the most characters of a text in an event. A diagnosis rarely has 20 findings.
MOST_FINDINGS = 500
LONGEST_TEXT = 2_000

# The finding of an instance that could not be queried.
NOT_QUERIED = "not_queried"


class FindingChange(NamedTuple):
    """One change: `appeared`, `changed` (its severity or its fix), `persists` (it did not change for a while) or `cleared`."""

    kind: str
    finding: Finding


class KnownFindings:
    """The findings that an instance had when it was last asked.

    :param repeat_after: seconds after the last event of a finding until it is an event again; 0 for never.
    """

    def __init__(self, least_severity: str, repeat_after: float) -> None:
        self._severities = SEVERITIES[: SEVERITIES.index(least_severity) + 1]
        self._repeat_after = repeat_after
        # Each with the moment of its last event.
        self._known: dict[Hashable, tuple[Finding, float]] = {}

    def take(self, findings: Iterable[Finding], now: float) -> list[FindingChange]:
        """Store the findings of a diagnosis, the worst first, and return the changes.

        :param now: seconds of a clock that is never set back.
        """
        found: dict[Hashable, Finding] = {}
        for finding in findings:
            if finding["severity"] in self._severities and len(found) < MOST_FINDINGS:
                found.setdefault(identity_of(finding), finding)
        cleared = [
            FindingChange("cleared", known[0]) for identity, known in self._known.items() if identity not in found
        ]
        changes = self._compare(found, now)
        self._known = {identity: self._known[identity] for identity in found}
        return [*changes, *cleared]

    def take_not_queried(self, finding: Finding, now: float) -> list[FindingChange]:
        """Remember that the instance could not be queried. Its other findings stay as they are, because nothing is known about them."""
        return self._compare({identity_of(finding): finding}, now)

    def _compare(self, found: Mapping[Hashable, Finding], now: float) -> list[FindingChange]:
        changes = []
        for identity, finding in found.items():
            known, told = self._known.get(identity, (None, now))
            if known is None:
                changes.append(FindingChange("appeared", finding))
            elif _state(finding) != _state(known):
                changes.append(FindingChange("changed", finding))
            elif self._repeat_after and now - told >= self._repeat_after:
                changes.append(FindingChange("persists", finding))
            else:
                self._known[identity] = (finding, told)
                continue
            self._known[identity] = (finding, now)
        return changes


def _state(finding: Finding) -> tuple[str, str | None]:
    """Return the part of a finding whose change is an event. Its evidence has numbers that change all the time."""
    return (finding["severity"], finding["fixable"])
