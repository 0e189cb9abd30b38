# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The former state of a record, before a run changed it. Its values are exact. Those of a declaration are compared by their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field


class NotRestorable(Exception):
    """A record cannot be restored safely. The text contains the reason and the remedy."""


@dataclass(frozen=True)
class Loss:
    """Something that a rollback does not restore."""

    resource: str
    key: str
    reason: str

    def as_result(self) -> dict[str, Any]:
        """Return the loss as plain data."""
        return {"resource": self.resource, "key": self.key, "reason": self.reason}


@dataclass(frozen=True)
class Former:
    """The former state of one record.

    :param name: the former value of the field that people know the record by.
    :param record_id: its id. Of a record that the run has created, None if the run was interrupted before it noted the id.
    :param written_name: the name that the run has written, None if it has not changed the name.
    :param identity: values of other fields that records of one name differ by.
    :param namesakes: the ids of the other records of this name at that time.
    :param values: the fields to restore, as Odoo returns them. :param references: those that refer to other records, by their ids.
    :param reference_names: the names of these records, in the order of their ids.
    :param secret: the names of the fields that contain secrets. A snapshot may lack their values.
    :param is_whole: the values suffice to create the record again.
    :param unpinned: the external ID that the run has added to the record; None if it has added none.
    :param may_have_other_id: the record may have another id now, because the instance has moved.
    """

    name: str
    record_id: int | None = None
    written_name: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    namesakes: Sequence[int] = ()
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    references: Mapping[str, Any] = field(default_factory=dict)
    reference_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    is_whole: bool = False
    unpinned: str | None = None
    may_have_other_id: bool = False

    @property
    def field_names(self) -> frozenset[str]:
        """The names of the fields to restore."""
        return frozenset(self.values) | frozenset(self.references)

    def referred(self, name: str) -> list[int]:
        """Return the ids of the records that a field refers to."""
        value = self.references[name]
        return list(value) if isinstance(value, (list, tuple)) else [value] if value else []

    def values_to_write(self) -> dict[str, Any]:
        """Return the values as Odoo accepts them."""
        return {**self.values, **dict(self._references_to_write())}

    def _references_to_write(self) -> Iterator[tuple[str, Any]]:
        for name, value in self.references.items():
            yield name, [[6, 0, value]] if isinstance(value, list) else value

    def exact_fields(self, fields: Mapping[str, Field]) -> dict[str, Field]:
        """Return fields that compare and show values for a rollback."""
        return {name: _ExactField(one, is_secret=name in self.secret) for name, one in fields.items()}


class _ExactField:
    """A field whose texts must be equal letter by letter."""

    def __init__(self, own: Field, *, is_secret: bool) -> None:
        self._own = own
        self.name = own.name
        self.secret = own.secret or is_secret
        self.readonly = own.readonly
        self.required = own.required

    def same(self, stored: Any, wanted: Any) -> bool:
        """Return whether a stored value is equal to the former one."""
        return self._own.same(stored, wanted) and (not isinstance(wanted, str) or (stored or "") == wanted)

    def shown(self, value: Any) -> Any:
        """Return the value for people, with secrets masked."""
        return masked(value) if self.secret else self._own.shown(value)
