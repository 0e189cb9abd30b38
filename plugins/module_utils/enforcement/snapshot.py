# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of an instance for the declared resources, read with a constant number of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Invalid,
    OdooError,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import ReadFacts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import References
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
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import LONG

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class Snapshot:
    """The state of an instance at one time.

    :param records: the records by resource type. A type is missing if its model arrives with a part of the plan.
    :param pins: ids of the rows of `ir.model.data` with the declared external IDs, if they exist.
    :param problems: the errors of types that could not be read, and of declared external IDs that belong to other records.
    :param missing_types: the types that the instance does not have, or that the user may not read.
    :param foreign_pins: the declared external IDs that belong to other records, with the types that declare them.
    :param facts: facts about the whole instance from the rows.
    :param of_addons: external IDs of the records that installed addons have created, by type and id. They are only read before the deletion
      of records that an addon may need.
    """

    def __init__(
        self,
        records: dict[ResourceType, Records],
        pins: Mapping[str, int],
        facts: ReadFacts,
        of_addons: Mapping[tuple[ResourceType, int], str],
        problems: Sequence[OdooError] = (),
        missing_types: Collection[ResourceType] = (),
        foreign_pins: Collection[tuple[ResourceType, str]] = (),
    ) -> None:
        self.records = records
        self.problems = problems
        self.missing_types = missing_types
        self.foreign_pins = foreign_pins
        self.of_addons = of_addons
        self.pins = pins
        self.facts = facts

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The values of all secret fields."""
        return frozenset(
            str(one.values[name])
            for kind, records in self.records.items()
            for one in records.found
            for name in kind.secret_fields
            if one.values.get(name)
        )

    @cached_property
    def repeated_secrets(self) -> frozenset[str]:
        """The secrets that are masked in values of other records too, without the blanks around them.

        Texts that are shorter than `LONG` occur in other values by chance.
        """
        return frozenset(text for secret in self.secrets if len(text := secret.strip()) >= LONG)


def take_snapshot(session: Session, declarations: Sequence[Declaration], types: Iterable[ResourceType]) -> Snapshot:
    """Read all data that the declarations are compared with.

    This takes one call for the external IDs, one for each resource type, and one for each other model that the records refer to. The fields of
    each type take one more call, once in a session. Independent calls are made in parallel.

    :raises AccessRefused: the user may not read data that several types need.
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
    problems: list[OdooError] = []
    foreign_pins: set[tuple[ResourceType, str]] = set()
    pins = _own_pins(next(reads).result() if xml_ids else {}, declarations, references, problems, foreign_pins)
    raw: dict[ResourceType, tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]] = {}
    facts = ReadFacts()
    missing_types: set[ResourceType] = set()
    # Without these, it is unknown whether the database is neutralized.
    needed = {name for kind in own for name in kind.also_reads}
    for kind, its in own.items():
        rows, available, problem = next(reads).result()
        if problem is not None:
            if isinstance(problem, AccessRefused) and kind.name in needed:
                raise problem
            if isinstance(problem, AccessRefused) or not facts.arrival:
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
        for row in rows:
            if row["id"] in pinned and not kind.is_own(row):
                problems.append(_personal(kind, row, pinned[row["id"]]))
                foreign_pins.add((kind, pinned[row["id"]]))
        records[kind] = Records(found_records(own_rows, pinned), fields_of(session, kind, available, references))
    return Snapshot(
        records,
        {xml_id: pin["id"] for xml_id, pin in pins.items()},
        facts,
        next(reads).result() if kept else {},
        problems,
        missing_types,
        foreign_pins,
    )


def _read_rows(
    kind: ResourceType, declarations: Sequence[Declaration], session: Session
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]], OdooError | None]:
    """Return the records of a type, its fields on this instance, and an error.

    The error is not None if the instance has no such type or the user may not read it.
    """
    try:
        available = _available_fields(session, kind, declarations)
    except (AccessRefused, Unsupported) as error:
        return [], {}, error
    names = kind.fields_to_read(available, declarations)
    try:
        return session.search_read(kind.model, kind.domain(declarations), names), available, None
    except AccessRefused as error:
        return [], {}, error


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
            f"{label}: Odoo {session.version.text} at {session.url} has no model {kind.model}. This version of Odoo has no {kind.label}s, "
            "or their addon is not installed."
        ) from error


def _personal(kind: ResourceType, row: Mapping[str, Any], xml_id: str) -> Invalid:
    """Return the error of an external ID that belongs to a record of a user."""
    return Invalid(
        f"{kind.label} {xml_id!r}: this external ID belongs to a personal {kind.label} of a user "
        f"({row[kind.key_field]!r}, id {row['id']}), which this collection never changes. Choose another xml_id."
    )


def _xml_ids_to_read(declarations: Sequence[Declaration]) -> set[str]:
    """Return the external IDs that are declared, and texts of references that may be external IDs."""
    declared = {declaration.xml_id for declaration in declarations if declaration.xml_id}
    return declared | {text for text in _reference_texts(declarations) if XML_ID.fullmatch(text)}


def _own_pins(
    rows: Mapping[str, dict[str, Any]],
    declarations: Sequence[Declaration],
    references: References,
    problems: list[OdooError],
    foreign_pins: set[tuple[ResourceType, str]],
) -> dict[str, dict[str, Any]]:
    """Return the rows of the declared external IDs, and store all of them as references.

    :param problems: collects an error for each external ID that belongs to another model.
    :param foreign_pins: collects these external IDs, with the types that declare them.
    """
    for xml_id, row in rows.items():
        references.add_xml_id(row["model"], row["res_id"], xml_id)
    pins = {}
    for declaration in declarations:
        xml_id = declaration.xml_id or ""
        pinned = rows.get(xml_id)
        if pinned is None:
            continue
        if pinned["model"] == declaration.type.model:
            pins[xml_id] = pinned
            continue
        foreign_pins.add((declaration.type, xml_id))
        problems.append(
            Invalid(
                f"{declaration.label}: the external ID {xml_id} belongs to a record of {pinned['model']}, "
                f"not of {declaration.type.model}. Choose another xml_id."
            )
        )
    return pins


def _read_of_addons(kinds: Mapping[str, ResourceType], session: Session) -> dict[tuple[ResourceType, int], str]:
    """Return the records that addons have created, of the types whose records must then not be deleted.

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
    """Return texts that may be the name of a record of another model."""
    texts: set[str] = set()
    for declaration in declarations:
        for name, value in declaration.type.declared_fields(declaration).items():
            if name.endswith("_id") and isinstance(value, str):
                texts.add(value)
            elif name.endswith("_ids") and isinstance(value, list):
                texts.update(str(one) for one in value)
    return texts
