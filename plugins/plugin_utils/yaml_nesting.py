# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts in YAML that anybody may have written."""

from __future__ import annotations

# PyYAML takes seconds for a few thousand brackets in a row before it fails.
_DEEPEST = 100


def is_nested_deeply(text: str) -> bool:
    """Return whether a line of a text opens so many brackets that PyYAML cannot read it in time."""
    return any(_depth(line) > _DEEPEST for line in text.splitlines() if line.count("[") + line.count("{") > _DEEPEST)


def _depth(line: str) -> int:
    """Return how many brackets are open at once, at most."""
    depth = deepest = 0
    for character in line:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest
