# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of measured values: each is printed next to its value, with the verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A measured value and its limit: `at_most`, or `at_least`."""

    what: str
    figure: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool:
        return (self.at_most is None or self.figure <= self.at_most) and (
            self.at_least is None or self.figure >= self.at_least
        )

    def __str__(self) -> str:
        bound = f"at least {self.at_least:.2f}" if self.at_most is None else f"at most {self.at_most:.2f}"
        return f"{'holds' if self.holds else 'BROKEN':>8}  {self.figure:8.2f}  {bound:>16}  {self.what}"


def judge(*limits: Limit) -> None:
    """Print all limits, and raise SystemExit if one is exceeded."""
    for limit in limits:
        print(limit)
    broken = [limit.what for limit in limits if not limit.holds]
    if broken:
        raise SystemExit(f"Beyond its limit: {'; '.join(broken)}.")
