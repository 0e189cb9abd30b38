# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The former state of a record, before a run changed it. Its values are exact, unlike declared values, which are compared by their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field, Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex


@dataclass(frozen=True)
class Former:
    """The former state of one record.

    :param name: the former value of the record's name field.
    :param record_id: its id; None if the run created it.
    :param newest_id: the highest id among the records of the type at that time. Records that the run or a rollback creates have higher ids.
    :param values: the fields to restore, in the form in which Odoo returns them.
    :param references: the fields that refer to other records, by ids.
    :param secret: the names of the fields that contain secrets.
    :param is_whole: whether the values suffice to create the record again.
    :param unpinned: the external ID that the run added to the record; None if it added none.
    """

    name: str
    record_id: int | None = None
    newest_id: int = 0
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    references: Mapping[str, Any] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    is_whole: bool = False
    unpinned: str | None = None

    @property
    def field_names(self) -> frozenset[str]:
        """The names of the fields to restore."""
        return frozenset(self.values) | frozenset(self.references)

    def find(self, records: RecordIndex, xml_id: str | None, label: str) -> Found | None:
        """Return the record, even if it has another name now.

        :raises Ambiguous: several records can be the one that the run created.
        """
        known = records.with_id(self.record_id) or records.pinned(xml_id)
        if known:
            return known
        newer = [one for one in records.named(self.name) if one.id > self.newest_id and not (xml_id and one.xml_id)]
        if len(newer) > 1:
            ids = ", ".join(str(one.id) for one in newer)
            raise Ambiguous(
                f"{label}: {len(newer)} records match (ids {ids}). Rename or delete all but one in Odoo, then run the task again."
            )
        return newer[0] if newer else None

    def values_to_write(self, fields: Mapping[str, Field]) -> tuple[dict[str, Any], list[str]]:
        """Return the values in the form that Odoo accepts, and the names of the fields that no longer exist on the instance."""
        values = {**self.values, **dict(self._references_to_write())}
        missing = sorted(values.keys() - fields.keys())
        return {name: value for name, value in values.items() if name in fields}, missing

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
