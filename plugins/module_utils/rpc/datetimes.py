# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of datetime fields, which Odoo reads and writes as text in UTC."""

from __future__ import annotations

from datetime import datetime, timezone

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"
# Somebody may set a cron to the last day of the calendar so that it never runs. Durations can be added to and subtracted from these years.
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (1000, 9000))


def moment_of(text: str) -> datetime:
    """Return the time in UTC of a value of a datetime field, with or without fractions of a second. It is in a year from 1000 to 9000."""
    moment = datetime.strptime(text[:19], DATETIME_FORMAT).replace(tzinfo=timezone.utc)
    return min(max(moment, _FIRST), _LAST)
