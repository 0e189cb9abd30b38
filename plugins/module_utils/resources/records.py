# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of one resource type in the form of Odoo's answers, and declared values in the form that Odoo accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import OdooField, References, field_of
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    NATURAL_NAMES,
    Declaration,
    ResourceType,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import InstanceFacts
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


@dataclass(frozen=True)
class Records:
    """The records of one resource type, and their fields."""

    found: Sequence[Found]
    fields: Mapping[str, OdooField]


def read_all(session: Session, kind: ResourceType, *, also: Iterable[str] = ()) -> Records:
    """Return all records of a type with their external IDs, in at most four calls. Personal records are included.

    :param also: fields to read in addition to the reported ones, if the instance has them.
    """
    references = References()
    available = session.fields(kind.model)
    names = kind.fields_to_read(available, []) | (set(also) & available.keys())
    rows = session.search_read(kind.model, [], names)
    read_references(session, [], {kind: (rows, available)}, references)
    pins = session.search_read("ir.model.data", [["model", "=", kind.model]], ["module", "name", "res_id"])
    pinned = {row["res_id"]: f"{row['module']}.{row['name']}" for row in pins}
    return Records(found_records(rows, pinned), fields_of(session, kind, available, references))


def found_records(rows: Iterable[Mapping[str, Any]], pinned: Mapping[int, str]) -> list[Found]:
    """Return rows of `search_read` as records with their external IDs."""
    return [
        Found(row["id"], {name: value for name, value in row.items() if name != "id"}, pinned.get(row["id"]))
        for row in rows
    ]


def fields_of(
    session: Session, kind: ResourceType, available: Mapping[str, Mapping[str, Any]], references: References
) -> dict[str, OdooField]:
    """Return the fields that `fields_get` describes, by name."""
    return {
        name: field_of(
            name,
            description,
            references,
            odoo=f"Odoo {session.version.text}",
            secret=name in kind.secret_fields,
            address_list=name in kind.address_list_fields,
        )
        for name, description in available.items()
    }


def read_references(
    session: Session,
    declarations: Sequence[Declaration],
    raw: dict[ResourceType, tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]],
    references: References,
) -> None:
    """Read the names of the records that the found and the declared values refer to, with one call for each model."""
    ids: dict[str, set[int]] = {}
    names: dict[str, set[str]] = {}
    for kind, (rows, available) in raw.items():
        relations = {name: about["relation"] for name, about in available.items() if about.get("relation")}
        for row in rows:
            for name in relations.keys() & row.keys():
                value = row[name]
                linked = value[:1] if is_many2one(available[name]) and value else value or []
                ids.setdefault(relations[name], set()).update(linked)
        for declaration in declarations:
            if declaration.type is not kind:
                continue
            if declaration.former:
                for name in relations.keys() & declaration.former.references.keys():
                    ids.setdefault(relations[name], set()).update(declaration.former.referred(name))
            for name, value in kind.declared_fields(declaration).items():
                if name in relations and value not in (None, "", []):
                    texts = [str(text) for text in value] if isinstance(value, list) else [str(value)]
                    names.setdefault(relations[name], set()).update(texts)
                    pinned = (references.pinned(relations[name], text) for text in texts)
                    ids.setdefault(relations[name], set()).update(one for one in pinned if one is not None)
    wanted = {}
    for model in sorted(ids.keys() | names.keys()):
        wanted_names = sorted(names.get(model, ()))
        if ids.get(model) or wanted_names:
            natural = NATURAL_NAMES.get(model, "name")
            wanted[model] = (natural, ["|", ["id", "in", sorted(ids.get(model, ()))], [natural, "in", wanted_names]])
    reads = session.side_by_side(
        [methodcaller("search_read", model, domain, [natural]) for model, (natural, domain) in wanted.items()]
    )
    for (model, (natural, _domain)), read in zip(wanted.items(), reads, strict=True):
        for row in read.result():
            references.add(model, row["id"], row[natural])


def is_many2one(description: dict[str, Any]) -> bool:
    """Return whether `fields_get` describes a many2one."""
    return bool(description["type"] == "many2one")


def resolve(
    declaration: Declaration, records: Records, instance: InstanceFacts
) -> tuple[dict[str, Any], list[OdooError]]:
    """Return the declared values in the form that Odoo accepts, and the errors of those that it does not accept.

    A field or value that a declared, not yet installed addon will add is passed on unchanged.
    """
    values: dict[str, Any] = {}
    problems: list[OdooError] = []
    kind = declaration.type
    for name, value in kind.declared_fields(declaration).items():
        known = records.fields.get(name)
        try:
            if known is None:
                raise Unsupported(f"{name} does not exist on this instance")
            values[name] = known.wire(value)
            if known.readonly:
                raise Unsupported(f"{name} cannot be written, because it is computed on this instance")
            if known.required and values[name] is False and not isinstance(value, bool):
                raise Invalid(f"{name} must not be empty: set a value")
        except OdooError as error:
            addon = kind.expected_from(name, value)
            if addon is not None and addon in instance.arriving_addons:
                values[name] = value
                continue
            hint = kind.how_to_get(addon) if addon else ""
            if known is None:
                hint = hint or kind.replacement_of(name, instance.parameters)
            problems.append(type(error)(f"{error.message} ({hint})" if hint else error.message))
    return values, problems
