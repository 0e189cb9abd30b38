# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that advances without waiting."""

from __future__ import annotations

from datetime import datetime, timezone

START = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)


class Clock:
    """Replaces the module `time`: a sleep only advances the clock."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return the number of seconds that were slept."""
        return sum(self.slept)

    def time(self) -> float:
        """Seconds since 1970: those of START and those that were slept."""
        return START.timestamp() + self.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return at once."""
        self.slept.append(seconds)
