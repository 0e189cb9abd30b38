# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nesting depth of values. Recursive code, such as the code that hides secrets, fails at thousands of levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether a value has more than this number of nested dictionaries, lists, tuples and sets."""
    level = [value]
    for _level in range(levels + 1):
        containers = [part for part in level if isinstance(part, (dict, list, tuple, set))]
        if not containers:
            return False
        level = [one for part in containers for one in (part.values() if isinstance(part, Mapping) else part)]
    return True
