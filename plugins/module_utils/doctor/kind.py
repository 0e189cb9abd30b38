# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry of the catalogue of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """One kind of problem.

    :param remedy: one line, in which `{name}` is the resource.
    :param fix: the class of fixes that repairs it; None if a human must do it.
    :param one_per: how many of these findings an instance can have: one for each record (or its name, if it has no ID), one for each name of a resource,
        or one. If it is not `record`, the resource is only a sample, and another diagnosis can have another one.
    """

    check: str
    severity: str
    title: str
    remedy: str
    fix: str | None = None
    one_per: Literal["record", "name", "instance"] = "record"
