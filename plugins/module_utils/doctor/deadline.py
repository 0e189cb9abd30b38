# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Things that expire, such as API keys and certificates. Plain data without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.expiry_catalogue import EXPIRY_KINDS

# The finding of each kind, in the order of a report.
FINDINGS: Mapping[str, str] = {kind.deadline: name for name, kind in EXPIRY_KINDS.items()}


@dataclass(frozen=True)
class Deadline:
    """One thing and the moment when it expires.

    :param kind: a key of FINDINGS.
    :param subject: the name of the thing, as the beginning of a sentence.
    :param ends: when it expires; None if it never expires, or if the moment is not known.
    :param source: one sentence: the source of the date, or the reason why the date is not known.
    :param is_endless: it never expires.
    :param worst: the highest severity of the finding: `error` if mail or the collection then stops, `warning` if not, empty for no finding.
    """

    kind: str
    subject: str
    ends: datetime | None
    source: str
    resource: Mapping[str, Any] | None = None
    is_endless: bool = False
    worst: str = "error"

    def severity(self, now: datetime, warn_days: int, error_days: int) -> str:
        """Return the severity of the finding, or an empty text."""
        if self.ends is None or self.ends > now + timedelta(days=max(warn_days, error_days)):
            return ""
        return "warning" if self.ends > now + timedelta(days=error_days) and self.worst else self.worst

    def evidence(self, now: datetime) -> str:
        """Return the moment and its source as sentences."""
        if self.ends is None:
            return f"It is not known when {self.subject} expires. {self.source}"
        days = days_left(self.ends, now)
        moment = f"{self.ends:%Y-%m-%d %H:%M} UTC"
        count = "today" if days == 0 else f"in {days} day{'s' * (days != 1)}"
        if self.ends <= now:
            past = (now - self.ends).days
            return f"{self.subject} expired at {moment}, {past} day{'s' * (past != 1)} ago. {self.source}"
        return f"{self.subject} expires at {moment}, {count}. {self.source}"

    def as_result(self, now: datetime, warn_days: int, error_days: int) -> dict[str, Any]:
        """Return the deadline as a row of the table in a task's result."""
        severity = self.severity(now, warn_days, error_days)
        status = "never" if self.is_endless else "unknown"
        if self.ends is not None:
            status = "ended" if self.ends <= now else "soon" if severity else "ok"
        return {
            "kind": self.kind,
            "subject": self.subject,
            "status": status,
            "ends": self.ends.isoformat() if self.ends else None,
            "days_left": days_left(self.ends, now) if self.ends else None,
            "severity": severity or None,
            "source": self.source,
            "resource": dict(self.resource) if self.resource else None,
        }


def days_left(ends: datetime, now: datetime) -> int:
    """Return the number of whole days until a moment; negative after it."""
    return (ends - now).days


def in_order(deadlines: Iterable[Deadline]) -> list[Deadline]:
    """Return deadlines in the order of their moments; those without one come last."""
    latest = datetime.max.replace(tzinfo=timezone.utc)
    kinds = list(FINDINGS)
    return sorted(deadlines, key=lambda one: (one.ends or latest, kinds.index(one.kind), one.subject))
