# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of one type, indexed by id, external ID and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found


class RecordIndex:
    """An index for finding records without a search through all of them.

    :param key_field: the field that contains the name of a record.
    """

    def __init__(self, records: Iterable[Found] = (), key_field: str = "name") -> None:
        self._by_id: dict[int, Found] = {}
        self._by_xml_id: dict[str, Found] = {}
        self._by_name: dict[Any, list[Found]] = {}
        for record in records:
            self._by_id[record.id] = record
            if record.xml_id:
                self._by_xml_id[record.xml_id] = record
            self._by_name.setdefault(record.values.get(key_field), []).append(record)

    def with_id(self, record_id: int | None) -> Found | None:
        """Return the record with an id."""
        return self._by_id.get(record_id) if record_id else None

    def pinned(self, xml_id: str | None) -> Found | None:
        """Return the record with an external ID."""
        return self._by_xml_id.get(xml_id) if xml_id else None

    def named(self, name: Any) -> Sequence[Found]:
        """Return the records with a name, in the order in which they were read."""
        return self._by_name.get(name, ()) if name is not None else ()
