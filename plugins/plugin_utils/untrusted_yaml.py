# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML files of any content: limits to check before they are parsed, and the errors of the parser."""

from __future__ import annotations

import yaml

# Bytes. To parse a megabyte takes PyYAML seconds.
LARGEST = 1024 * 1024
# The errors of PyYAML. Its constructors raise the built-in ones for values such as 2026-13-45, !!int "" or a float of many parts.
YAML_ERRORS = (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
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
