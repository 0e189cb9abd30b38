# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance holds of the declared resources: read in a handful of calls, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import ReadFacts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import References
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import is_neutralized
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import (
    Records,
    fields_of,
    found_records,
    read_references,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    XML_ID,
    Declaration,
    ResourceType,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class Snapshot:
    """What was found at one moment.

    :param records: by resource type; a type whose model a declared addon is yet to bring is missing.
    :param pins: ids of the rows of `ir.model.data` that hold the declared external ids, as far as there are any.
    :param problems: why types could not be read. :param missing_types: the types that the instance does not have.
    :param facts: what the rows tell about the whole instance.
    :param of_addons: external ids of the records that installed addons have brought, by type and id; only read where
        something is to be deleted that an addon may rely on.
    """

    def __init__(
        self,
        records: dict[ResourceType, Records],
        pins: Mapping[str, int],
        facts: ReadFacts,
        of_addons: Mapping[tuple[ResourceType, int], str],
        problems: Sequence[OdooError] = (),
        missing_types: Collection[ResourceType] = (),
    ) -> None:
        self.records = records
        self.problems = problems
        self.missing_types = missing_types
        self.of_addons = of_addons
        self.pins = pins
        self.arriving_addons = facts.arriving_addons
        self.parameters = facts.parameters
        self.ignored_parameters = facts.ignored_parameters
        self.is_neutralized = is_neutralized(facts.parameters)


def take_snapshot(session: Session, declarations: Sequence[Declaration], types: Iterable[ResourceType]) -> Snapshot:
    """Read everything that the declarations are compared with.

    One call for the external ids, one for each resource type (and one more for its fields, once in a session), one for each
    other model that the records refer to. They are made side by side, as far as they do not depend on each other.

    :raises Invalid: an external id belongs to another model.
    """
    references = References()
    own = {kind: [declaration for declaration in declarations if declaration.type is kind] for kind in types}
    xml_ids = _xml_ids_to_read(declarations)
    kept = {one.type.model: one.type for one in declarations if one.state == "absent" and one.type.addons_rely_on_it}
    parts: list[Callable[[Session], Any]] = [partial(_read_rows, kind, its) for kind, its in own.items()]
    if xml_ids:
        parts.insert(0, partial(read_external_ids, xml_ids=xml_ids))
    if kept:
        parts.append(partial(_read_of_addons, kept))
    reads = iter(session.side_by_side(parts))
    pins = _own_pins(next(reads).result() if xml_ids else {}, declarations, references)
    raw: dict[ResourceType, tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]] = {}
    facts = ReadFacts()
    problems: list[OdooError] = []
    missing_types: set[ResourceType] = set()
    for kind, its in own.items():
        rows, available, problem = next(reads).result()
        if problem is not None:
            if not facts.arriving_addons:
                problems.append(problem)
                missing_types.add(kind)
            continue
        raw[kind] = (kind.note_facts(rows, its, facts), available)
        kind.ask_facts(session, its, facts)
    read_references(session, declarations, raw, references)
    records = {}
    for kind, (rows, available) in raw.items():
        pinned = {pin["res_id"]: xml_id for xml_id, pin in pins.items() if pin["model"] == kind.model}
        own_rows = [row for row in rows if kind.is_own(row)]
        _refuse_foreign_pins(kind, rows, pinned)
        records[kind] = Records(found_records(own_rows, pinned), fields_of(session, kind, available, references))
    return Snapshot(
        records,
        {xml_id: pin["id"] for xml_id, pin in pins.items()},
        facts,
        next(reads).result() if kept else {},
        problems,
        missing_types,
    )


def _read_rows(
    kind: ResourceType, declarations: Sequence[Declaration], session: Session
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]], Unsupported | None]:
    """Return the records of a type, the fields that the instance has, and why there are none if it has no such type."""
    try:
        available = _available_fields(session, kind, declarations)
    except Unsupported as error:
        return [], {}, error
    names = kind.fields_to_read(available, declarations)
    return session.search_read(kind.model, kind.domain(declarations), names), available, None


def _available_fields(
    session: Session, kind: ResourceType, declarations: Sequence[Declaration]
) -> dict[str, dict[str, Any]]:
    if kind.known_fields:
        return dict(kind.known_fields)
    try:
        return session.fields(kind.model)
    except Unsupported as error:
        label = declarations[0].label if declarations else kind.label
        raise Unsupported(
            f"{label}: Odoo {session.version.text} at {session.url} has no model {kind.model}: {kind.label}s do not exist in this version, "
            "or the addon that brings them is not installed."
        ) from error


def _refuse_foreign_pins(kind: ResourceType, rows: Iterable[Mapping[str, Any]], pinned: Mapping[int, str]) -> None:
    for row in rows:
        if row["id"] in pinned and not kind.is_own(row):
            raise Invalid(
                f"{kind.label} {pinned[row['id']]!r}: this external id belongs to a user's own {kind.label} "
                f"({row[kind.key_field]!r}, id {row['id']}), which this collection never touches: choose another xml_id."
            )


def _xml_ids_to_read(declarations: Sequence[Declaration]) -> set[str]:
    """Return the external ids that were declared, or that a reference might mean."""
    declared = {declaration.xml_id for declaration in declarations if declaration.xml_id}
    return declared | {text for text in _reference_texts(declarations) if XML_ID.fullmatch(text)}


def _own_pins(
    rows: Mapping[str, dict[str, Any]], declarations: Sequence[Declaration], references: References
) -> dict[str, dict[str, Any]]:
    """Return the rows of the declared external ids, and note all of them as references.

    :raises Invalid: an external id belongs to another model.
    """
    declared = {declaration.xml_id: declaration for declaration in declarations if declaration.xml_id}
    pins = {}
    for xml_id, row in rows.items():
        references.add_xml_id(row["model"], row["res_id"], xml_id)
        declaration = declared.get(xml_id)
        if declaration is None:
            continue
        if row["model"] != declaration.type.model:
            raise Invalid(
                f"{declaration.label}: the external id {xml_id} belongs to a record of {row['model']}, "
                f"not of {declaration.type.model}: choose another xml_id."
            )
        pins[xml_id] = row
    return pins


def _read_of_addons(kinds: Mapping[str, ResourceType], session: Session) -> dict[tuple[ResourceType, int], str]:
    """Return what addons have brought, of the types that are not to lose it.

    :param kinds: these types by their models.
    """
    rows = session.search_read("ir.model.data", [["model", "in", sorted(kinds)]], ["module", "name", "model", "res_id"])
    installed = session.search_read(
        "ir.module.module",
        [["name", "in", sorted({row["module"] for row in rows})], ["state", "!=", "uninstalled"]],
        ["name"],
    )
    addons = {row["name"] for row in installed}
    return {
        (kinds[row["model"]], row["res_id"]): f"{row['module']}.{row['name']}"
        for row in rows
        if row["module"] in addons
    }


def _reference_texts(declarations: Sequence[Declaration]) -> set[str]:
    """Texts that may name a record of another model."""
    texts: set[str] = set()
    for declaration in declarations:
        for name, value in declaration.type.declared_fields(declaration).items():
            if name.endswith("_id") and isinstance(value, str):
                texts.add(value)
            elif name.endswith("_ids") and isinstance(value, list):
                texts.update(str(one) for one in value)
    return texts
