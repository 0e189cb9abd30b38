# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check untrusted YAML texts before they are parsed."""

from __future__ import annotations

# PyYAML takes seconds for a few thousand brackets in a row before it fails.
_DEEPEST = 100


def is_nested_deeply(text: str) -> bool:
    """Return whether a line of a text has too many open brackets for PyYAML to read it in time."""
    return any(_depth(line) > _DEEPEST for line in text.splitlines() if line.count("[") + line.count("{") > _DEEPEST)


def _depth(line: str) -> int:
    """Return the largest number of brackets that are open at once."""
    depth = deepest = 0
    for character in line:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest
