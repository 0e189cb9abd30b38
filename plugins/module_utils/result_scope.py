# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that the result of an enforcing module describes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultScope:
    """The records that a result describes; all of a stack if neither parameter is given.

    :param single: the resource type, for a module that enforces one record.
    :param several: the resource type, for a module that enforces several records.
    """

    single: str = ""
    several: str = ""
