# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of numbers and of nesting in a user's options."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.postmaster.odoo.plugins.module_utils.nesting import is_deeper
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

# The largest integer of PostgreSQL.
MOST = 2**31 - 1
# A hundred years. Neither Python nor PostgreSQL can calculate with dates that are much further away.
DAYS = 36500
MINUTES = DAYS * 24 * 60
# The greatest number of nested dictionaries and lists.
_DEEPEST = 50


def beyond(name: str, value: int | None, *, least: int, most: int = MOST) -> Iterator[str]:
    """Yield a clause for an error message if the number is out of bounds; nothing for None."""
    if value is not None and value < least:
        yield f"{name} must be at least {least}, not {value}"
    if value is not None and value > most:
        yield f"{name} must be at most {most}, not {value}"


def refusable_arguments(specification: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Replace values that would crash Ansible's own validation by texts that it rejects with a message.

    Ansible crashes at an infinite number for an integer, at a number for a dictionary in a list, and at deeply nested text.
    It calculates for hours at 1e999999999.

    :param specification: the options, in the form that `AnsibleModule` takes.
    """
    return {
        name: _refusable(specification[name], value) if name in specification else value
        for name, value in arguments.items()
    }


def _refusable(option: Mapping[str, Any], value: Any) -> Any:
    options = option.get("options")
    # Ansible splits and converts texts before it validates the numbers in them.
    if option.get("elements") in ("int", "dict") and isinstance(value, (str, int, float)):
        value = value.split(",") if isinstance(value, str) else [value]
    if option.get("type") == "dict" and isinstance(value, str):
        value = _dictionary(value)
    if isinstance(value, list):
        return [_refusable({"type": option.get("elements"), "options": options}, one) for one in value]
    if options and isinstance(value, Mapping):
        return refusable_arguments(options, value)
    if options and not isinstance(value, str):
        return f"{shown(value)} (not a dictionary)"
    if option.get("type") == "int" and isinstance(value, (str, float)) and _is_endless(value):
        return f"{shown(value)} (not a 64-bit integer)"
    return value


def _dictionary(text: str) -> Any:
    """Return the dictionary that Ansible reads from a text, or a text that Ansible rejects."""
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
