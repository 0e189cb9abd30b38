# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dates in headers of HTTP."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

# Outside these years a clock is wrong, and calculations with its dates fail.
_YEARS = range(2000, 2200)


def moment_of_header(text: str) -> datetime | None:
    """Return the time (UTC) of a header such as `Date`; None if the text is not a date."""
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None
