# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which records the result of an enforcing module is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultScope:
    """Which records a result is about; all of a stack if neither is given.

    :param single: the resource type that the module enforces one record of.
    :param several: the resource type that the module enforces several records of.
    """

    single: str = ""
    several: str = ""
