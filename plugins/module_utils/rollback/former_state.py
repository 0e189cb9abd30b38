# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The former state of everything that a run changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.export.confidential import KnownSecrets
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import TypeContext
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    NATURAL_NAMES,
    Declaration,
    ResourceType,
    Stage,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    SavedRecord,
    SnapshotDocument,
    SnapshotFile,
    restored_type,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import is_secret_name

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.planner import StackPlan
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_PINS = "ir.model.data"
# In the other stages, a run only removes leftovers of an interrupted run.
_STAGES = (Stage.SCHEMA, Stage.RECORDS)
_MOVING = "Odoo changes {names} itself, so a rollback does not restore it."


@dataclass
class _Noted:
    """The former state of a record, while a run changes it."""

    kind: ResourceType
    key: str
    state: str = "present"
    xml_id: str | None = None
    name: str = ""
    written_name: str | None = None
    record_id: int | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    namesakes: list[int] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    references: dict[str, Any] = field(default_factory=dict)
    reference_names: dict[str, list[str]] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    is_whole: bool = False
    is_created: bool = False
    unpinned: str | None = None

    def saved(self) -> SavedRecord:
        """Return the record for the file."""
        former = Former(
            name=self.name,
            record_id=self.record_id,
            written_name=self.written_name,
            identity=dict(self.identity),
            namesakes=sorted(self.namesakes),
            values=dict(self.values),
            references=dict(self.references),
            reference_names=dict(self.reference_names),
            secret=frozenset(self.secret),
            is_whole=self.is_whole,
            unpinned=self.unpinned,
        )
        return SavedRecord(self.kind.name, self.key, self.state, self.xml_id, former)


class FormerState:
    """Collects the former state of everything that a run changes, and keeps it in a snapshot file before the steps are done.

    :param file: the snapshot file. :param credentials: the secrets of the login.
    :ivar path: of the file; None if nothing was to be kept, or if nothing was changed.
    """

    def __init__(self, session: Session, file: SnapshotFile, credentials: Iterable[str] = ()) -> None:
        self._session = session
        self._file = file
        self._credentials = tuple(credentials)
        # Of mail servers and parameters: a text that is equal to one of them is a secret too.
        self._secrets: set[str] = set()
        self._noted: dict[tuple[str, int | str], _Noted] = {}
        # The creations that are kept, by the identity of their steps.
        self._creations: dict[int, _Noted] = {}
        self._kept_steps: list[Step] = []
        self._losses: dict[Loss, None] = {}
        self._written: SnapshotDocument | None = None
        self._is_changed = False
        self._may_be_changed = False
        self._incomplete = ""
        self.path: str | None = None

    def keep(self, steps: Sequence[Step], snapshot: Snapshot, plan: StackPlan) -> None:
        """Note the state before these steps, and write the file if it does not contain all of it yet.

        :raises Invalid: the file cannot be written.
        """
        self._secrets |= snapshot.secrets
        for kind in RESOURCE_TYPES:
            own = [step for step in steps if step.resource == kind.name and kind.stage(step) in _STAGES]
            self._kept_steps += own
            if own and kind.compares_fields:
                self._note(kind, own, snapshot, plan)
            for step in own if not kind.compares_fields else ():
                self._lose(kind, step.key, kind.undoing_creation(step)[2])
        self._write()

    def note_done(self, steps: Sequence[Step], ids: Sequence[int | None]) -> None:
        """Note that steps were done, and write the ids of the records that they have created."""
        kept = {id(one) for one in self._kept_steps}
        self._is_changed = self._is_changed or any(id(step) in kept for step in steps)
        for step, record_id in zip(steps, ids, strict=True):
            noted = self._creations.get(id(step))
            if noted is not None:
                noted.record_id = record_id
        try:
            self._write()
        except Invalid as error:
            # The former state is in the file, and the run goes on.
            self._incomplete = f"The snapshot {self.path} lacks the ids of created records: {error.message}"

    def note_unknown(self) -> None:
        """Note that it is not known which steps were done."""
        self._may_be_changed = True

    def finish(self) -> None:
        """Remove the entries of records that were not created, or the file if nothing was changed."""
        if self._may_be_changed or self._written is None:
            return
        try:
            if self._is_changed:
                self._noted = {
                    key: one for key, one in self._noted.items() if not one.is_created or one.record_id is not None
                }
                self._write()
                return
            self._file.remove()
        except Invalid as error:
            self._incomplete = error.message
        else:
            self.path = self._written = None

    @property
    def warnings(self) -> list[str]:
        """The warnings: secrets and ids that the file does not contain."""
        warnings = [self._incomplete] if self._incomplete else []
        if self._written is None or self._file.can_encrypt or not self._written.has_secrets:
            return warnings
        records = (record for record in self._written.records if record.secrets)
        names = ", ".join(f"{record.label} ({', '.join(record.secrets)})" for record in records)
        return [
            *warnings,
            f"The snapshot {self.path} contains no secrets, because this run has no vault password to encrypt them: {names}. A rollback does not "
            "restore them. Add --vault-password-file, --vault-id or --ask-vault-pass.",
        ]

    def _write(self) -> None:
        self._note_secrets()
        document = self._document()
        if (document.records or document.losses) and document != self._written:
            self.path = self._file.write(document)
            self._written = document

    def _document(self) -> SnapshotDocument:
        session = self._session
        records = [noted.saved() for noted in self._noted.values()]
        return SnapshotDocument(session.url, session.database, session.version.text, records, list(self._losses))

    def _lose(self, kind: ResourceType, key: str, reason: str) -> None:
        self._losses.setdefault(Loss(kind.name, key, reason))

    # --- changes of steps ---

    def _note(self, kind: ResourceType, steps: Sequence[Step], snapshot: Snapshot, plan: StackPlan) -> None:
        records = snapshot.records[kind].found
        restored = restored_type(kind)
        declarations = {id(one.step): one.declaration for one in plan.of_type(kind) if one.step}
        changed: dict[int, set[str]] = {}
        deleted: set[int] = set()
        of_record: dict[int, Step] = {}
        for step in steps:
            if step.record_id is None:
                self._note_creation(restored, step, declarations.get(id(step)), records)
            else:
                of_record[step.record_id] = step
                if step.action == "delete":
                    deleted.add(step.record_id)
                else:
                    changed.setdefault(step.record_id, set()).update(step.values)
            for record_id, names in kind.also_changed(step, records).items():
                changed.setdefault(record_id, set()).update(names)
        found = {one.id: one for one in records}
        created = {one.record_id for one in self._creations.values() if one.kind.model == kind.model}
        changed = {record_id: names for record_id, names in changed.items() if record_id not in created}
        self._note_changes(restored, changed, found, of_record)
        self._note_deletions(restored, deleted, found, snapshot)
        for record_id, step in of_record.items():
            noted = self._noted.get((restored.model, record_id))
            if noted is not None:
                declaration = declarations.get(id(step))
                noted.secret |= {one.field for one in step.changes if one.secret}
                noted.secret |= kind.declared_secrets(declaration) if declaration else set()
                self._note_new_secrets(restored, noted, step)

    def _note_creation(
        self, kind: ResourceType, step: Step, declaration: Declaration | None, records: Sequence[Found]
    ) -> None:
        xml_id = step.xml_id or (declaration.xml_id if declaration else None)
        name = str(step.values.get(kind.key_field) or step.key)
        key = step.key if step.resource == kind.name else str(xml_id or step.key)
        state, references, left = kind.undoing_creation(step)
        if left:
            self._lose(kind, key, left)
        if state is None:
            return
        noted = _Noted(kind, key, state, xml_id, name, references=dict(references), is_created=True)
        noted.reference_names = {field_name: [] for field_name in references}
        noted.namesakes = _namesakes(kind, name, records)
        noted.secret = {one.field for one in step.changes if one.secret} - kind.secret_fields
        noted.secret |= declaration.type.declared_secrets(declaration) if declaration else set()
        self._note_new_secrets(kind, noted, step)
        self._creations[id(step)] = noted
        self._noted[kind.model, f"created {len(self._creations)}"] = noted

    def _note_new_secrets(self, kind: ResourceType, noted: _Noted, step: Step) -> None:
        """Note the secrets that a step writes: another record may contain one of them as a text."""
        names = (kind.secret_fields | noted.secret) & step.values.keys()
        self._secrets |= {str(step.values[name]) for name in names if step.values[name]}

    def _note_changes(
        self,
        kind: ResourceType,
        changed: Mapping[int, Collection[str]],
        found: Mapping[int, Found],
        of_record: Mapping[int, Step],
    ) -> None:
        """Note the fields that steps change. If several steps change a field, its value before the first step counts."""
        rows = self._read(kind, changed, {name for names in changed.values() for name in names})
        for record_id, names in changed.items():
            step = of_record.get(record_id)
            name = str(found[record_id].values.get(kind.key_field))
            # Ids distinguish records with the same name.
            noted = self._noted.setdefault(
                (kind.model, record_id),
                _Noted(kind, name, "present", found[record_id].xml_id or None, name, record_id=record_id),
            )
            if step and step.xml_id:
                noted.xml_id = noted.unpinned = step.xml_id
            if step and step.values.get(kind.key_field):
                noted.written_name = str(step.values[kind.key_field])
            moving = sorted(kind.moving_fields & set(names))
            if moving:
                self._lose(kind, name, _MOVING.format(names=", ".join(moving)))
            self._note_values(kind, noted, rows.get(record_id, {}), set(names) - kind.moving_fields)
        self._note_reference_names(kind)

    def _note_deletions(
        self,
        kind: ResourceType,
        deleted: Collection[int],
        found: Mapping[int, Found],
        snapshot: Snapshot,
    ) -> None:
        if not deleted:
            return
        names = kind.fields_to_keep(self._available(kind))
        rows = self._read(kind, deleted, names)
        pins: dict[int, list[str]] = {}
        domain = [["model", "=", kind.model], ["res_id", "in", sorted(deleted)]]
        for row in self._session.search_read(_PINS, domain, ["module", "name", "res_id"]):
            pins.setdefault(row["res_id"], []).append(f"{row['module']}.{row['name']}")
        records = next(records for of_kind, records in snapshot.records.items() if of_kind.model == kind.model)
        context = TypeContext(records.found, records.fields, snapshot.facts)
        for record_id in sorted(deleted):
            record, own = found[record_id], pins.get(record_id, [])
            xml_id = record.xml_id or next(iter(own), None)
            name = str(record.values.get(kind.key_field))
            noted = _Noted(kind, name, "present", xml_id, name, record_id=record_id, is_whole=True)
            noted.namesakes = [one for one in _namesakes(kind, name, list(found.values())) if one not in deleted]
            self._note_values(kind, noted, _without_unset(kind, rows.get(record_id, {})), names)
            lost_values = kind.lost_values(noted.values)
            if lost_values and "active" in noted.values:
                noted.values["active"] = False
            self._noted.setdefault((kind.model, record_id), noted)
            lost = [kind.lost_with(record, context), lost_values]
            lost += [f"It loses the external ID {other}." for other in own if other != xml_id]
            for reason in filter(None, lost):
                self._lose(kind, name, reason)
        self._note_reference_names(kind)

    def _note_values(self, kind: ResourceType, noted: _Noted, row: Mapping[str, Any], names: Collection[str]) -> None:
        available = self._available(kind)
        for name in sorted(kind.identity_fields & row.keys() - noted.identity.keys()):
            noted.identity[name] = row[name]
        for name in sorted(set(names) & row.keys()):
            if name in noted.values or name in noted.references:
                continue
            about = available[name]
            if about.get("type") == "many2one":
                noted.references[name] = row[name][0] if row[name] else False
            elif about.get("type") in ("one2many", "many2many"):
                noted.references[name] = list(row[name] or ())
            elif isinstance(row[name], (str, int, float)):
                noted.values[name] = row[name]
            else:
                self._lose(
                    kind, noted.key, f"Snapshots do not contain {name}, which is of the type {about.get('type')}."
                )

    def _note_reference_names(self, kind: ResourceType) -> None:
        """Note the names of the records that the noted ones refer to. One call for each model."""
        available = self._available(kind)
        missing: dict[str, list[tuple[_Noted, str]]] = {}
        for noted in self._noted.values():
            for name in noted.references.keys() - noted.reference_names.keys() if noted.kind is kind else ():
                missing.setdefault(available[name]["relation"], []).append((noted, name))
        for model, fields in missing.items():
            ids = {one for noted, name in fields for one in noted.saved().former.referred(name)}
            natural = NATURAL_NAMES.get(model, "name")
            rows = self._session.search_read(model, [["id", "in", sorted(ids)]], [natural]) if ids else []
            names = {row["id"]: str(row[natural]) for row in rows}
            for noted, name in fields:
                referred = noted.saved().former.referred(name)
                noted.reference_names[name] = [names.get(one, "") for one in referred]

    def _note_secrets(self) -> None:
        """Note which values are secrets: by field, by the name of a parameter, because they contain a known secret, or by their form."""
        for noted in self._noted.values():
            for name in noted.values:
                if name in noted.kind.secret_fields or self._type_of(noted, name) == "binary":
                    noted.secret.add(name)
            if is_secret_name(noted.name) and "value" in noted.values:
                noted.secret.add("value")
            self._secrets |= {str(noted.values[name]) for name in noted.secret if noted.values.get(name)}
        known = KnownSecrets([*self._secrets, *self._credentials])
        for noted in self._noted.values():
            for name, text in noted.values.items():
                if not isinstance(text, str) or not text or self._type_of(noted, name) == "selection":
                    continue
                if known.show_in(text) or text.strip() in self._secrets:
                    noted.secret.add(name)
            if noted.state == "present":
                noted.secret -= {name for name in noted.secret if not noted.values.get(name)}

    def _type_of(self, noted: _Noted, name: str) -> Any:
        return self._available(noted.kind).get(name, {}).get("type")

    def _available(self, kind: ResourceType) -> Mapping[str, Mapping[str, Any]]:
        return kind.known_fields or self._session.fields(kind.model)

    def _read(self, kind: ResourceType, ids: Iterable[int], names: Collection[str]) -> dict[int, dict[str, Any]]:
        """Return records in the form of Odoo's answers, by id. This takes one call, or none without ids."""
        wanted = sorted(ids)
        if not wanted:
            return {}
        known = (set(names) | kind.identity_fields) & self._available(kind).keys()
        rows = self._session.search_read(kind.model, [["id", "in", wanted]], known or {kind.key_field})
        return {row["id"]: row for row in rows}


def _namesakes(kind: ResourceType, name: str, records: Sequence[Found]) -> list[int]:
    """Return the ids of the records that have a name."""
    return [one.id for one in records if one.values.get(kind.key_field) == name]


def _without_unset(kind: ResourceType, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a record without those that were probably never set. Odoo returns 0 or false for them, and stores nothing."""
    return {name: value for name, value in row.items() if value or not _is_unset(kind, name, value)}


def _is_unset(kind: ResourceType, name: str, value: Any) -> bool:
    """Return whether a record that is created without an empty value gets the same value."""
    if name in kind.fields_with_default:
        return False
    # A field of another addon may be true by default.
    return name in kind.options if isinstance(value, bool) else value == 0
