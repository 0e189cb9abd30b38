# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of all models: searching, reading and changing them."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals, rules
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.computed import (
    COMPUTED,
    INVERSES,
    NAMED_BY,
    SEARCHABLE,
    SINGLE,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.defaults import (
    DEFAULTS,
    DELEGATES,
    NOT_COPIED,
    ORDERS,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.domains import leaves, matches
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.read_series import FIRST_READ, binary_as_read
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import MODEL_NAMES, Description, label
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import empty, is_x2many, kept, linked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Record = dict[str, Any]
Tables = dict[str, dict[int, Record]]
Content = tuple[Tables, dict[str, int]]  # and the last id of each model
Snapshot = dict[str, list[tuple[Record, Record]]]  # each record with a copy of its values

# Odoo sets these fields itself, and silently ignores written values.
_OWN = frozenset({"id", "create_uid", "create_date", "display_name", "write_uid", "write_date"})


class Records:
    """Tables of records, each a dict of its stored values; a field that is not in it was never written."""

    def __init__(self, odoo: SimulatedOdoo) -> None:
        self.tables: Tables = defaultdict(dict)
        self._odoo = odoo
        # As in PostgreSQL, a sequence is not rolled back: no id is given twice.
        self._last_ids: dict[str, int] = defaultdict(int)

    def content(self) -> Content:
        """Return a copy of all records and sequences."""
        return _copied(self.tables), dict(self._last_ids)

    def load(self, content: Content) -> None:
        """Replace all records and sequences by a copy of those that `content()` returned."""
        tables, last_ids = content
        self.tables.clear()
        self.tables.update(_copied(tables))
        self._last_ids.update(last_ids)

    def snapshot(self) -> Snapshot:
        """Return a copy for a rollback. Values are replaced, never changed in place, so the copy need not be deep."""
        return {model: [(record, dict(record)) for record in table.values()] for model, table in self.tables.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Undo everything since the snapshot.

        Records stay the same objects, because a test may have references to them.
        """
        self.tables.clear()
        for model, kept_records in snapshot.items():
            for record, values in kept_records:
                record.clear()
                record.update(values)
                self.tables[model][record["id"]] = record

    # Reading

    def fields_get(
        self, model: str, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return the fields that the user may see. Every user may call this method; access is not checked."""
        described = {}
        for name, description in self._odoo.fields(model).items():
            if (allfields and name not in allfields) or (description.get("groups") and not self._odoo.is_admin):
                continue
            full = {"string": label(name), "required": False, "readonly": False, "store": False, **description}
            if "selection" in full:
                full["selection"] = [[value, value] for value in full["selection"]]
            described[name] = {key: value for key, value in full.items() if not attributes or key in attributes}
        return described

    def search(
        self,
        model: str,
        domain: Sequence[Any],
        *,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        active_test: bool = True,
    ) -> list[int]:
        """Return the ids of the matching records."""
        terms = list(domain)
        if active_test and "active" in self._odoo.fields(model) and "active" not in [leaf[0] for leaf in leaves(terms)]:
            terms.append(("active", "=", True))
        for leaf in leaves(terms):
            self._refuse_unsearchable(model, leaf)
        ids = [key for key in self.tables[model] if matches(terms, functools.partial(self.value, model, key))]
        for part in reversed((order or ORDERS.get(model) or "id").split(",")):
            self._sort(model, ids, *part.split())
        return ids[offset : offset + limit if limit else None]

    def read(self, model: str, ids: Sequence[int], names: Sequence[str] | None = None) -> list[Record]:
        """Return records as RPC does; ids that do not exist are left out."""
        fields = self._odoo.fields(model)
        for name in names or ():
            if name not in fields:
                raise refusals.unknown_field_read(self._odoo.major, model, name)
        wanted = dict.fromkeys(["id", *(names or fields)])
        if len(ids) > 1 and SINGLE.intersection((model, name) for name in wanted):
            raise refusals.value_error(f"Expected singleton or no record: {model}({', '.join(map(str, ids))})")
        return [
            {name: self._shown(model, key, name, fields[name]) for name in wanted}
            for key in ids
            if key in self.tables[model]
        ]

    def value(self, model: str, record_id: int, path: str) -> Any:
        """Return a field's value, computed if necessary.

        `path` may lead through fields of other records. If these are several, the result is a list.
        """
        name, _dot, rest = path.partition(".")
        record = self.tables[model][record_id]
        environment = self._odoo.environment_of(model)
        from_elsewhere = environment.shown(record, name) if environment else {}
        if name in from_elsewhere:
            value = from_elsewhere[name]
        elif (model, name) in COMPUTED:
            value = COMPUTED[model, name](self._odoo, record)
        elif (model, name) in INVERSES:
            other, inverse = INVERSES[model, name]
            owned = [one for one in self.tables[other].values() if one.get(inverse) == record_id]
            value = [one["id"] for one in owned if one.get("active", True) and one.get("state") != "done"]
        elif name == "display_name":
            value = self.display_name(model, record_id)
        elif name in record:
            value = record[name]
        else:
            value = empty(self._odoo.fields(model)[name])
        if not rest:
            return value
        relation = self._odoo.fields(model)[name]["relation"]
        if isinstance(value, list):
            return [self.value(relation, one, rest) for one in value]
        return self.value(relation, value, rest) if value else False

    def display_name(self, model: str, record_id: int) -> str:
        """Return the display name of a record; if its model is not simulated, the name contains its id."""
        record = self.tables[model].get(record_id) if model in self._odoo.schema.models else None
        if record is None:
            return f"{model},{record_id}"
        return str(record.get(NAMED_BY.get(model, "name")) or f"{model},{record_id}")

    def _shown(self, model: str, record_id: int, name: str, description: Description) -> Any:
        value = self.value(model, record_id, name)
        if description["type"] == "many2one" and value:
            return [value, self.display_name(description["relation"], value)]
        if description["type"] == "binary" and self._odoo.major >= FIRST_READ:
            return binary_as_read(value)
        return list(value) if is_x2many(description) else value

    def _sort(self, model: str, ids: list[int], name: str, direction: str = "asc") -> None:
        if name not in self._odoo.fields(model):
            raise refusals.unknown_field_ordered(model, name)

        def key(record_id: int) -> tuple[bool, Any]:
            value = self.value(model, record_id, name)
            is_null = value is False and self._odoo.fields(model)[name]["type"] != "boolean"
            return (is_null, 0 if is_null else value)

        ids.sort(key=key, reverse=direction.lower() == "desc")

    def _refuse_unsearchable(self, model: str, leaf: tuple[str, str, Any]) -> None:
        name, _dot, rest = leaf[0].partition(".")
        description = self._odoo.fields(model).get(name)
        if description is None:
            raise refusals.unknown_field_searched(self._odoo.major, model, leaf)
        if (model, name) in COMPUTED and name not in SEARCHABLE:
            # 16.0 to 18.0 only log this and match everything, which is not better.
            raise refusals.value_error(f"Non-stored field {model}.{name} cannot be searched.")
        environment = self._odoo.environment_of(model)
        if environment and not environment.is_searchable(name):
            raise refusals.value_error(f"Cannot convert {model}.{name} to SQL because it is not stored")
        if description["type"] == "many2one" and not rest and isinstance(leaf[2], str):
            raise NotImplementedError(f"{leaf}: searching a many2one by name is not simulated")
        if rest:
            self._refuse_unsearchable(description["relation"], (rest, leaf[1], leaf[2]))

    # Writing

    def insert(self, model: str, values: Mapping[str, Any]) -> int:
        """Create one record."""
        fields = self._odoo.fields(model)
        self._refuse_unknown(model, values)
        self._last_ids[model] += 1
        record_id = self._last_ids[model]
        now, uid = self._odoo.now_text, self._odoo.uid
        stamps = {"create_date": now, "write_date": now, "create_uid": uid, "write_uid": uid}
        recorded = self._odoo.facts.defaults.get(model, {})
        defaults = {**stamps, **recorded, **DEFAULTS.get(model, {}), **dict.fromkeys(DELEGATES, record_id)}
        if model == "ir.cron":
            defaults.update(nextcall=now, user_id=uid, ir_actions_server_id=self.insert("ir.actions.server", {}))
        record = {"id": record_id, **{name: value for name, value in defaults.items() if name in fields}}
        self.tables[model][record_id] = record
        environment = self._odoo.environment_of(model)
        self._assign(model, record, environment.created(values) if environment else values)
        self._refuse_missing(model, record, fields)
        rules.check(self._odoo, model, record, fields)
        rules.created(self._odoo, model, record)
        return record_id

    def copy(self, model: str, record_id: int, default: Mapping[str, Any]) -> int:
        """Create a copy of a record, with other values of the fields in `default`."""
        if model not in NOT_COPIED:
            raise NotImplementedError(f"copying {model} is not simulated")
        if record_id not in self.tables[model]:
            raise refusals.missing_record(model, record_id, self._odoo.uid)
        fields = self._odoo.fields(model)
        left_out = _OWN | NOT_COPIED[model]
        copied = {
            name: value
            for name, value in self.tables[model][record_id].items()
            if name not in left_out and fields[name]["type"] != "one2many"
        }
        return self.insert(model, {**copied, **default})

    def write(self, model: str, ids: Iterable[int], values: Mapping[str, Any]) -> bool:
        """Change records, all or none."""
        ids = list(ids)
        for record_id in ids:
            if record_id not in self.tables[model]:
                raise refusals.missing_record(model, record_id, self._odoo.uid)
        rules.before_write(self._odoo, model, ids, values)
        self._refuse_unknown(model, values)
        for record in [self.tables[model][record_id] for record_id in ids]:
            self._assign(model, record, values)
            record.update(write_date=self._odoo.now_text, write_uid=self._odoo.uid)
            self._refuse_missing(model, record, values)
            rules.check(self._odoo, model, record, values)
        return True

    def unlink(self, model: str, ids: Iterable[int]) -> bool:
        """Delete records and the records that depend on them, all or none."""
        ids = list(ids)
        rules.before_unlink(self._odoo, model, ids)
        gone = [record_id for record_id in ids if self.tables[model].pop(record_id, None)]
        data = self.tables["ir.model.data"]
        for key in [key for key, one in data.items() if one["model"] == model and one["res_id"] in gone]:
            del data[key]
        for other in self._odoo.models:
            for name, description in self._odoo.fields(other).items():
                if description.get("relation") == model and description["type"] == "many2one":
                    self._release(other, name, description, gone)
        return True

    def _release(self, model: str, name: str, description: Description, gone: Sequence[int]) -> None:
        """Update a many2one whose target is deleted."""
        for record in [one for one in self.tables[model].values() if one.get(name) in gone and one.get(name)]:
            if model.startswith("ir.cron."):  # triggers and progress are deleted with their cron
                del self.tables[model][record["id"]]
            elif description.get("required"):
                raise refusals.foreign_key_violated(model)
            elif name not in _OWN:
                record[name] = False

    def _assign(self, model: str, record: Record, values: Mapping[str, Any]) -> None:
        fields = self._odoo.fields(model)
        environment = self._odoo.environment_of(model)
        kept_values = environment.kept(record, values) if environment else values
        for name, value in rules.sanitized(model, kept_values).items():
            description = fields[name]
            if name in _OWN or (model, name) in COMPUTED or (model, name) in self._odoo.ignored_writes:
                continue
            if (model, name) in INVERSES:
                ids = linked(self.value(model, record["id"], name), value or ())
                self._collect(*INVERSES[model, name], record["id"], ids)
            elif is_x2many(description):
                record[name] = linked(record.get(name, []), value or ())
            elif not (description.get("readonly") and not description.get("store")):
                record[name] = kept(model, name, description, value)
                relation = description.get("relation")
                if record[name] and relation in self._odoo.schema.models and record[name] not in self.tables[relation]:
                    raise refusals.foreign_key_violated(model)

    def _collect(self, model: str, name: str, owner: int, ids: Sequence[int]) -> None:
        """Make exactly `ids` point to `owner`, as a write to a one2many does."""
        for record in self.tables[model].values():
            if record["id"] in ids:
                record[name] = owner
            elif record.get(name) == owner:
                record[name] = False

    def _refuse_unknown(self, model: str, values: Mapping[str, Any]) -> None:
        fields = self._odoo.fields(model)
        for name in values:
            if name not in fields:
                raise refusals.unknown_field_written(self._odoo.major, model, name)

    def _refuse_missing(self, model: str, record: Record, names: Iterable[str]) -> None:
        """Raise the error of a NOT NULL constraint: an empty text is a value, `False` is not."""
        fields = self._odoo.fields(model)
        for name in names:
            description = fields[name]
            if description.get("required") and record.get(name, empty(description)) is False:
                raise refusals.missing_value(self._odoo.major, model, MODEL_NAMES.get(model, model), name, label(name))


def _copied(tables: Tables) -> Tables:
    return {model: {key: dict(record) for key, record in table.items()} for model, table in tables.items()}
