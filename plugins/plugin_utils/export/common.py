# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declarations that several instances share, and the rest of each instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import EntryIndex, keys_of

Stack = Mapping[str, Any]


def common_stack(stacks: Sequence[Stack]) -> dict[str, Any]:
    """Return the declarations that all stacks share. Merged with the result of `without_common`, they give the original stack.

    :param stacks: options of `mail_stack`, by their names.
    """
    first, *others = stacks
    common: dict[str, Any] = {}
    for part, value in first.items():
        values = [other.get(part) for other in others]
        if any(one is None for one in values):
            continue
        shared = _shared(part, value, values)
        if shared or all(one == value for one in values):
            common[part] = shared
    return common


def without_common(part: str, value: Any, common: Stack) -> Any:
    """Return the declarations of a part without the common ones. None replaces an entry of a list without any, so that positions do not change.

    :param part: the name of the option of `mail_stack`.
    """
    if part not in common:
        return value
    shared = common[part]
    if isinstance(value, Mapping):
        return {name: one for name, one in value.items() if name not in shared or shared[name] != one}
    index = _index(part, shared)
    identity = keys_of(part).all
    return [_rest(one, shared, index, identity) for one in value]


def copied(stack: Stack) -> dict[str, Any]:
    """Return a stack whose values and entries can be changed without changing the original."""
    return {part: _copied(value) for part, value in stack.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return [dict(one) if isinstance(one, Mapping) else one for one in value]


def _shared(part: str, value: Any, others: Sequence[Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: one for name, one in value.items() if all(name in other and other[name] == one for other in others)
        }
    entries = []
    indexes = [_index(part, other) for other in others]
    for entry in value:
        if not isinstance(entry, Mapping):
            entries += [entry] if all(entry in other for other in others) else []
            continue
        matching = [next(index.find(entry), None) for index in indexes]
        if any(one is None for one in matching):
            continue
        fields = {
            name: one
            for name, one in entry.items()
            if all(name in other and other[name] == one for other in matching if other is not None)
        }
        if fields.keys() - set(keys_of(part).all):
            entries.append(fields)
    return entries


def _index(part: str, entries: Sequence[Any]) -> EntryIndex[Mapping[str, Any]]:
    index = EntryIndex[Mapping[str, Any]](part)
    for one in entries:
        if isinstance(one, Mapping):
            index.add(one, one)
    return index


def _rest(entry: Any, shared: Sequence[Any], index: EntryIndex[Mapping[str, Any]], identity: Sequence[str]) -> Any:
    if not isinstance(entry, Mapping):
        return None if entry in shared else entry
    known: Mapping[str, Any] = next(index.find(entry), {})
    rest = {name: one for name, one in entry.items() if name not in known or known[name] != one}
    if not rest:
        return None
    return {**{name: one for name, one in entry.items() if name in identity}, **rest}
