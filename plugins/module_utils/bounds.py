# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How small and how large numbers of a user's may be."""

from __future__ import annotations

from collections.abc import Iterator

# What an integer of PostgreSQL's holds.
MOST = 2**31 - 1
# A hundred years: dates much further off neither Python nor PostgreSQL can reckon with.
DAYS = 36500
MINUTES = DAYS * 24 * 60


def beyond(name: str, value: int | None, *, least: int, most: int = MOST) -> Iterator[str]:
    """A sentence's end where the number is out of bounds; none for None."""
    if value is not None and value < least:
        yield f"{name} must be at least {least}, not {value}"
    if value is not None and value > most:
        yield f"{name} must be at most {most}, not {value}"
