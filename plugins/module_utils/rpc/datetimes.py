# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of datetime fields, which Odoo reads and writes as text in UTC."""

from __future__ import annotations

from datetime import datetime, timezone

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def moment_of(text: str) -> datetime:
    """Return the time in UTC of a value of a datetime field, with or without fractions of a second."""
    return datetime.strptime(text[:19], DATETIME_FORMAT).replace(tzinfo=timezone.utc)
