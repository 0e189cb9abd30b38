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
    :param one_per: an instance has one of these findings for each record, for each name of a resource, or at most one. Records without an ID count by
        their names. With `name` and `instance`, the resource of a finding is only a sample. The next diagnosis can have another sample.
    """

    check: str
    severity: str
    title: str
    remedy: str
    fix: str | None = None
    one_per: Literal["record", "name", "instance"] = "record"
