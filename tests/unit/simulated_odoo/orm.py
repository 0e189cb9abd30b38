# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ORM's methods, on every model. Called with the instance, the model, and the ids and context of the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.read_series import FIRST_READ, rows_of_groups

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Context = Mapping[str, Any]
Domain = Sequence[Any]
Names = Sequence[str]

_AGGREGATES: Mapping[str, Callable[[list[int]], int]] = {"__count": len, "id:max": max}


def fields_get(
    odoo: SimulatedOdoo,
    model: str,
    _ids: None,
    _context: Context,
    allfields: Names | None = None,
    attributes: Names | None = None,
) -> dict[str, dict[str, Any]]:
    """Describe the model's fields."""
    return odoo.records.fields_get(model, allfields, attributes)


def search(
    odoo: SimulatedOdoo,
    model: str,
    _ids: None,
    context: Context,
    domain: Domain,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> list[int]:
    """Return the ids of the matching records; archived ones only if the context includes them."""
    active_test = context.get("active_test", True)
    return odoo.records.search(model, domain, offset=offset, limit=limit, order=order, active_test=active_test)


def search_count(
    odoo: SimulatedOdoo, model: str, ids: None, context: Context, domain: Domain, limit: int | None = None
) -> int:
    """Return the number of matching records."""
    return len(search(odoo, model, ids, context, domain, limit=limit))


def search_read(
    odoo: SimulatedOdoo,
    model: str,
    ids: None,
    context: Context,
    domain: Domain | None = None,
    fields: Names | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> list[dict[str, Any]]:
    """Return the matching records."""
    return odoo.records.read(model, search(odoo, model, ids, context, domain or (), offset, limit, order), fields)


def _groups(
    odoo: SimulatedOdoo, model: str, domain: Domain, groupby: Names, order: str | None, limit: int | None
) -> list[tuple[dict[str, Any], list[int]]]:
    """Return each group's values and ids, sorted by the values, or with the largest or the newest first."""
    ids_of: dict[tuple[Any, ...], tuple[dict[str, Any], list[int]]] = {}
    for record in odoo.records.read(model, odoo.records.search(model, domain), groupby):
        values = {name: tuple(record[name]) if isinstance(record[name], list) else record[name] for name in groupby}
        ids_of.setdefault(tuple(values.values()), (values, []))[1].append(record["id"])
    groups = [ids_of[key] for key in sorted(ids_of, key=str)]
    if order == "__count desc":
        groups.sort(key=lambda group: -len(group[1]))
    elif order in ("id desc", "id:max desc", "newest desc"):
        groups.sort(key=lambda group: -max(group[1]))
    elif order and order not in groupby:
        raise NotImplementedError(f"ordering groups by {order} is not simulated")
    return groups[:limit]


def _check_recorded(odoo: SimulatedOdoo, model: str, method: str, aggregates: Names, order: str | None) -> Names:
    """Return the keys of the groups that this series returns for aggregates and an order, or raise its error."""
    if method not in odoo.facts.groups:
        raise refusals.unknown_method(odoo.major, model, method)
    for row in odoo.facts.groups[method]:
        if (row["aggregates"], row["order"]) == (list(aggregates), order):
            if "error" in row:
                raise refusals.value_error(row["error"])
            keys: Names = row["keys"]
            return keys
    raise NotImplementedError(f"{method} with {aggregates} ordered by {order} was not recorded")


def formatted_read_group(
    odoo: SimulatedOdoo,
    model: str,
    _ids: None,
    _context: Context,
    domain: Domain,
    groupby: Names = (),
    aggregates: Names = (),
    order: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return groups of records, from 19.0 on."""
    _check_recorded(odoo, model, "formatted_read_group", [name for name in aggregates if name != "__count"], order)
    return [
        {**values, **{name: _AGGREGATES[name](ids) for name in aggregates}}
        for values, ids in _groups(odoo, model, domain, groupby, order, limit)
    ]


def read_group(
    odoo: SimulatedOdoo, model: str, _ids: None, _context: Context, domain: Domain, **named: Any
) -> list[dict[str, Any]] | list[tuple[Any, ...]]:
    """Return groups of records: dictionaries up to 19.0, tuples by another signature from 20.0 on."""
    if odoo.major >= FIRST_READ:
        refusals.check_arguments(named, ("groupby", "aggregates", "having", "offset", "limit", "order"))
        return _tuples_of_groups(odoo, model, domain, **named)
    refusals.check_arguments(named, ("fields", "groupby", "offset", "limit", "orderby", "lazy"))
    return _dictionaries_of_groups(odoo, model, domain, **named)


def _tuples_of_groups(
    odoo: SimulatedOdoo,
    model: str,
    domain: Domain,
    groupby: Names = (),
    aggregates: Names = (),
    limit: int | None = None,
    order: str | None = None,
) -> list[tuple[Any, ...]]:
    groups = _groups(odoo, model, domain, groupby, order, limit)
    return rows_of_groups(groups, {name: _AGGREGATES[name] for name in aggregates})


def _dictionaries_of_groups(
    odoo: SimulatedOdoo,
    model: str,
    domain: Domain,
    fields: Names,
    groupby: Names,
    limit: int | None = None,
    orderby: str | None = None,
    lazy: bool = True,
) -> list[dict[str, Any]]:
    """Return groups as dictionaries.

    An aggregate is returned under the name before its colon, `newest:max(id)` as `newest`, if the series returns it.
    """
    if lazy:
        raise NotImplementedError("lazy groups are not simulated")
    keys = _check_recorded(odoo, model, "read_group", fields, orderby)
    known = {"id:max": max, "newest:max(id)": max}
    aggregates = {name.partition(":")[0]: known[name] for name in fields}
    return [
        {**values, "__count": len(ids), **{key: aggregates[key](ids) for key in aggregates if key in keys}}
        for values, ids in _groups(odoo, model, domain, groupby, orderby, limit)
    ]


def create(odoo: SimulatedOdoo, model: str, _ids: None, _context: Context, vals_list: Any) -> int | list[int]:
    """Create one record from a dict and return its id, or several from a list and return their ids."""
    if isinstance(vals_list, Mapping):
        return odoo.records.insert(model, vals_list)
    return [odoo.records.insert(model, values) for values in vals_list]


def read(
    odoo: SimulatedOdoo, model: str, ids: Sequence[int], _context: Context, fields: Names | None = None
) -> list[dict[str, Any]]:
    """Return the records of these ids."""
    return odoo.records.read(model, ids, fields)


def write(odoo: SimulatedOdoo, model: str, ids: Sequence[int], _context: Context, vals: Mapping[str, Any]) -> bool:
    """Write the same values to all."""
    return odoo.records.write(model, ids, vals)


def load(
    odoo: SimulatedOdoo, model: str, _ids: None, _context: Context, fields: Names, data: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Write different values to records that exist, which `.id` names."""
    ids = []
    for row in data:
        values = dict(zip(fields, row, strict=True))
        ids.append(int(values.pop(".id")))
        odoo.records.write(model, ids[-1:], values)
    return {"ids": ids, "messages": []}


def unlink(odoo: SimulatedOdoo, model: str, ids: Sequence[int], _context: Context) -> bool:
    """Delete all records."""
    return odoo.records.unlink(model, ids)


def copy(
    odoo: SimulatedOdoo, model: str, ids: Sequence[int], _context: Context, default: Mapping[str, Any] | None = None
) -> int | list[int]:
    """Copy records: one at a time, which returns its id, up to 17.0; any number, which returns their ids, from 18.0 on."""
    if odoo.major < 18 and len(ids) != 1:
        raise refusals.value_error(f"Expected singleton: {model}({', '.join(map(str, ids))})")
    copies = [odoo.records.copy(model, one, default or {}) for one in ids]
    return copies if odoo.major >= 18 else copies[0]


ORM_METHODS: dict[str, Callable[..., Any]] = {
    method.__name__: method
    for method in (
        copy,
        create,
        fields_get,
        formatted_read_group,
        load,
        read,
        read_group,
        search,
        search_count,
        search_read,
        unlink,
        write,
    )
}
