# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find entries in the lists of a stack that mean the same record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

_Entry = TypeVar("_Entry")


def key_option(option: str) -> str:
    """Return the option that identifies an entry of a list without an external ID.

    :param option: the option of `mail_stack`.
    """
    return "from" if option == "routes" else "name"


def is_same_entry(option: str, known: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two entries of a list mean the same record."""
    if known.get("xml_id") and other.get("xml_id"):
        return bool(known["xml_id"] == other["xml_id"])
    models = [one["model"] for one in (known, other) if one.get("model")]
    name = key_option(option)
    return name in other and known.get(name) == other[name] and models[:1] == models[-1:]


class EntryIndex(Generic[_Entry]):
    """An index of entries, to find those that mean the same record.

    :param option: the option of `mail_stack`.
    """

    def __init__(self, option: str) -> None:
        self._option = option
        self._key = key_option(option)
        self._entries: list[tuple[_Entry, Mapping[str, Any]]] = []
        self._places: dict[int, int] = {}
        self._known: dict[tuple[str, Any], set[int]] = {}

    def add(self, entry: _Entry, fields: Mapping[str, Any]) -> None:
        """Add an entry, or update it because its fields have changed."""
        place = self._places.setdefault(id(entry), len(self._entries))
        self._entries[place : place + 1] = [(entry, fields)]
        for name in ("xml_id", self._key):
            self._known.setdefault((name, _hashable(fields.get(name))), set()).add(place)

    def find(self, fields: Mapping[str, Any]) -> Iterator[_Entry]:
        """Yield the entries that mean the same record as one with these fields, in the order in which they were added."""
        places: set[int] = set()
        if fields.get("xml_id"):
            places |= self._known.get(("xml_id", _hashable(fields["xml_id"])), set())
        if self._key in fields:
            places |= self._known.get((self._key, _hashable(fields[self._key])), set())
        for place in sorted(places):
            entry, known = self._entries[place]
            if is_same_entry(self._option, known, fields):
                yield entry


def _hashable(value: Any) -> Any:
    """Return a value as a key of a dictionary. Names are texts, but they are not validated yet."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
