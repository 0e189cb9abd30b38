# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find entries in the lists of a stack that mean the same record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry

_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class EntryKeys:
    """The options that identify an entry of a list.

    :param name: the option that identifies it without an external ID.
    :param also: options by which entries of one name differ, if both have them.
    """

    name: str
    also: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """All options that can identify an entry."""
        return (self.name, "xml_id", *self.also)

    def are_same(self, known: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Return whether two entries mean the same record."""
        if known.get("xml_id") and other.get("xml_id"):
            return bool(known["xml_id"] == other["xml_id"])
        if self.name not in other or known.get(self.name) != other[self.name]:
            return False
        return not any(known.get(one) and other.get(one) and known[one] != other[one] for one in self.also)


def keys_of(option: str) -> EntryKeys:
    """Return the options that identify an entry of a list.

    :param option: the option of `mail_stack`, or of its queue policy.
    """
    kind = registry.type_of_option(option)
    if kind is None:
        return EntryKeys("from" if option == "routes" else "name")
    also = [one for one in kind.options if kind.field_names.get(one, one) in kind.identity_fields]
    return EntryKeys(kind.key_field, tuple(also))


class EntryIndex(Generic[_Entry]):
    """An index of entries, to find those that mean the same record.

    :param option: the option of `mail_stack`.
    """

    def __init__(self, option: str) -> None:
        self._keys = keys_of(option)
        self._key = self._keys.name
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
            if self._keys.are_same(known, fields):
                yield entry


def _hashable(value: Any) -> Any:
    """Return a value as a key of a dictionary. Names are texts, but they are not validated yet."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
