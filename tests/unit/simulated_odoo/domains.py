# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Matching of records with a search domain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.refusals import value_error

Leaf = tuple[str, str, Any]


def leaves(domain: Iterable[Any]) -> list[Leaf]:
    """Return the conditions of a domain, without the operators between them."""
    return [(term[0], term[1], term[2]) for term in domain if not isinstance(term, str)]


def matches(domain: Sequence[Any], value_of: Callable[[str], Any]) -> bool:
    """Return whether a record, read through `value_of(field)`, satisfies a domain in Odoo's prefix notation."""
    terms = list(domain)

    def next_result() -> bool:
        if not terms:
            raise value_error(f"Domain {domain!r} is not complete")
        term = terms.pop(0)
        if term == "!":
            return not next_result()
        if term in ("&", "|"):
            left, right = next_result(), next_result()
            return (left and right) if term == "&" else (left or right)
        field, operator, wanted = term
        return _holds(operator, value_of(field), wanted)

    result = True
    while terms:  # an implicit `&` joins adjacent terms
        result = next_result() and result
    return result


def _is_empty(value: Any) -> bool:
    return value is False or value is None or value == "" or value == []


def _same(value: Any, wanted: Any) -> bool:
    if _is_empty(wanted):
        return _is_empty(value)
    if isinstance(value, list):
        return wanted in value
    return bool(value == wanted)


def _one_of(value: Any, wanted: Any) -> bool:
    return any(_same(value, one) for one in wanted)


def _like(value: Any, wanted: Any, *, whole: bool, ignore_case: bool) -> bool:
    if _is_empty(value):
        return False
    pattern = re.escape(str(wanted)).replace("%", ".*").replace("_", ".")
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return bool((re.fullmatch if whole else re.search)(pattern, str(value), flags))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare two values; NULL is neither before nor after any value."""
    return lambda value, wanted: not (_is_empty(value) or _is_empty(wanted)) and compare(value, wanted)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _same,
    "!=": lambda value, wanted: not _same(value, wanted),
    "in": _one_of,
    "not in": lambda value, wanted: not _one_of(value, wanted),
    "like": lambda value, wanted: _like(value, wanted, whole=False, ignore_case=False),
    "ilike": lambda value, wanted: _like(value, wanted, whole=False, ignore_case=True),
    "not like": lambda value, wanted: not _like(value, wanted, whole=False, ignore_case=False),
    "not ilike": lambda value, wanted: not _like(value, wanted, whole=False, ignore_case=True),
    "=like": lambda value, wanted: _like(value, wanted, whole=True, ignore_case=False),
    "=ilike": lambda value, wanted: _like(value, wanted, whole=True, ignore_case=True),
    "<": _ordered(lambda value, wanted: bool(value < wanted)),
    "<=": _ordered(lambda value, wanted: bool(value <= wanted)),
    ">": _ordered(lambda value, wanted: bool(value > wanted)),
    ">=": _ordered(lambda value, wanted: bool(value >= wanted)),
}


def _holds(operator: str, value: Any, wanted: Any) -> bool:
    if operator not in _OPERATORS:
        raise value_error(f"Invalid operator {operator!r}")
    return _OPERATORS[operator](value, wanted)
