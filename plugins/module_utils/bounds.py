# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How small and how large numbers of a user's may be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.postmaster.odoo.plugins.module_utils.nesting import is_deeper
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

# What an integer of PostgreSQL's holds.
MOST = 2**31 - 1
# A hundred years: dates much further off neither Python nor PostgreSQL can reckon with.
DAYS = 36500
MINUTES = DAYS * 24 * 60
# How many dictionaries and lists may be in one another.
_DEEPEST = 50


def beyond(name: str, value: int | None, *, least: int, most: int = MOST) -> Iterator[str]:
    """A sentence's end where the number is out of bounds; none for None."""
    if value is not None and value < least:
        yield f"{name} must be at least {least}, not {value}"
    if value is not None and value > most:
        yield f"{name} must be at most {most}, not {value}"


def refusable_arguments(specification: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments in which a value that Ansible fails at is a text that it refuses.

    Ansible fails at an infinite number for an integer, at a number for a dictionary in a list, and at a text of many brackets for a dictionary. It
    calculates for hours at 1e999999999.

    :param specification: the options, as `AnsibleModule` takes them.
    """
    return {
        name: _refusable(specification[name], value) if name in specification else value
        for name, value in arguments.items()
    }


def _refusable(option: Mapping[str, Any], value: Any) -> Any:
    options = option.get("options")
    # Ansible makes lists and dictionaries of texts, before it looks at the numbers in them.
    if option.get("elements") in ("int", "dict") and isinstance(value, (str, int, float)):
        value = value.split(",") if isinstance(value, str) else [value]
    if option.get("type") == "dict" and isinstance(value, str):
        value = _dictionary(value)
    if isinstance(value, list):
        return [_refusable({"type": option.get("elements"), "options": options}, one) for one in value]
    if options and isinstance(value, Mapping):
        return refusable_arguments(options, value)
    if options and not isinstance(value, str):
        return f"{shown(value)} (no dictionary)"
    if option.get("type") == "int" and isinstance(value, (str, float)) and _is_endless(value):
        return f"{shown(value)} (no integer of 64 bits)"
    return value


def _dictionary(text: str) -> Any:
    """Return the dictionary that Ansible makes of a text, or a text that it refuses."""
    try:
        value = check_type_dict(text)
    except TypeError:
        return text
    return "a text that is nested too deeply" if is_deeper(value, _DEEPEST) else value


def _is_endless(value: str | float) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return not math.isfinite(number) or abs(number) >= 2**63
