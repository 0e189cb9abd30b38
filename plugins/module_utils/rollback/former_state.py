# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The former state of everything that a run changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.export.confidential import KnownSecrets
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType, Stage
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    Loss,
    SavedRecord,
    SnapshotDocument,
    SnapshotFile,
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
    """The former state of a record, collected during a run."""

    kind: ResourceType
    key: str
    state: str = "present"
    xml_id: str | None = None
    name: str = ""
    record_id: int | None = None
    newest_id: int = 0
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    references: dict[str, Any] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    is_whole: bool = False
    unpinned: str | None = None

    def saved(self) -> SavedRecord:
        """Return the record for the file."""
        former = Former(
            self.name,
            self.record_id,
            self.newest_id,
            dict(self.values),
            dict(self.references),
            frozenset(self.secret),
            self.is_whole,
            self.unpinned,
        )
        return SavedRecord(self.kind.name, self.key, self.state, self.xml_id, former)


class FormerState:
    """Collects the former state for the steps of a run, and saves it in a snapshot file before they are done.

    :param file: the snapshot file.
    :param credentials: the credentials of the run.
    :ivar path: the path of the file; None if nothing had to be saved.
    """

    def __init__(self, session: Session, file: SnapshotFile, credentials: Iterable[str] = ()) -> None:
        self._session = session
        self._file = file
        self._credentials = tuple(credentials)
        self._noted: dict[tuple[str, int | str], _Noted] = {}
        self._losses: dict[Loss, None] = {}
        self._written: SnapshotDocument | None = None
        self.path: str | None = None

    def keep(self, steps: Sequence[Step], snapshot: Snapshot, plan: StackPlan) -> None:
        """Note the state before these steps, and write the file if it does not contain all of it yet.

        :raises Invalid: the file cannot be written.
        """
        for kind in RESOURCE_TYPES:
            own = [step for step in steps if step.resource == kind.name and kind.stage(step) in _STAGES]
            if own and kind.compares_fields:
                self._note(kind, own, snapshot, plan)
            for step in own if not kind.compares_fields else ():
                self._lose(kind, step.key, kind.undoing_creation(step)[2])
        document = self._document()
        if (document.records or document.losses) and document != self._written:
            self.path = self._file.write(document)
            self._written = document

    @property
    def warnings(self) -> list[str]:
        """Warnings about data that the file does not contain."""
        if self._written is None or self._file.can_encrypt or not self._written.has_secrets:
            return []
        records = (record for record in self._written.records if record.former.secret)
        names = ", ".join(f"{record.label} ({', '.join(sorted(record.former.secret))})" for record in records)
        return [
            f"The snapshot {self.path} contains no secrets, because this run has no vault password to encrypt them: {names}. A rollback does not "
            "restore them. Add --vault-password-file, --vault-id or --ask-vault-pass."
        ]

    def _document(self) -> SnapshotDocument:
        session = self._session
        records = [noted.saved() for noted in self._noted.values()]
        return SnapshotDocument(session.url, session.database, session.version.text, records, list(self._losses))

    def _lose(self, kind: ResourceType, key: str, reason: str) -> None:
        self._losses.setdefault(Loss(kind.name, key, reason))

    # --- changes of steps ---

    def _note(self, kind: ResourceType, steps: Sequence[Step], snapshot: Snapshot, plan: StackPlan) -> None:
        records = snapshot.records[kind].found
        newest_id = max((one.id for one in records), default=0)
        # A rule of the queue policy is restored as its cron.
        restored = next(one for one in RESOURCE_TYPES if one.model == kind.model)
        xml_ids = {one.declaration.key: one.declaration.xml_id for one in plan.of_type(kind)}
        changed: dict[int, set[str]] = {}
        deleted: set[int] = set()
        of_record: dict[int, Step] = {}
        for step in steps:
            if step.record_id is None:
                self._note_creation(restored, step, xml_ids.get(step.key), newest_id)
            else:
                of_record[step.record_id] = step
                if step.action == "delete":
                    deleted.add(step.record_id)
                else:
                    changed.setdefault(step.record_id, set()).update(step.values)
            for record_id, names in kind.also_changed(step, records).items():
                changed.setdefault(record_id, set()).update(names)
        found = {one.id: one for one in records}
        for record_id in [one for one in changed if self._is_created(restored, found[one])]:
            del changed[record_id]
        self._note_changes(restored, changed, found, of_record)
        self._note_deletions(restored, deleted, found, newest_id, snapshot)
        for record_id, step in of_record.items():
            noted = self._noted.get((restored.model, record_id))
            if noted is not None:
                noted.secret |= {one.field for one in step.changes if one.secret and noted.values.get(one.field)}
                self._note_secrets(noted)

    def _is_created(self, kind: ResourceType, found: Found) -> bool:
        """Return whether this run has created a record."""
        noted = self._noted.get((kind.model, str(found.xml_id or found.values.get(kind.key_field))))
        return noted is not None and found.id > noted.newest_id

    def _note_creation(self, kind: ResourceType, step: Step, declared: str | None, newest_id: int) -> None:
        xml_id = step.xml_id or declared
        name = str(step.values.get(kind.key_field) or step.key)
        key = step.key if step.resource == kind.name else str(xml_id or step.key)
        state, references, left = kind.undoing_creation(step)
        if left:
            self._lose(kind, key, left)
        if state is not None:
            noted = _Noted(kind, key, state, xml_id, name, newest_id=newest_id, references=dict(references))
            self._noted.setdefault((kind.model, str(xml_id or name)), noted)

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
                _Noted(kind, name, "present", found[record_id].xml_id or None, name, record_id),
            )
            if step and step.xml_id:
                noted.xml_id = noted.unpinned = step.xml_id
            moving = sorted(kind.moving_fields & set(names))
            if moving:
                self._lose(kind, name, _MOVING.format(names=", ".join(moving)))
            self._note_values(kind, noted, rows.get(record_id, {}), set(names) - kind.moving_fields)

    def _note_deletions(
        self,
        kind: ResourceType,
        deleted: Collection[int],
        found: Mapping[int, Found],
        newest_id: int,
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
        fields = next(records.fields for of_kind, records in snapshot.records.items() if of_kind.model == kind.model)
        for record_id in sorted(deleted):
            record, own = found[record_id], pins.get(record_id, [])
            xml_id = record.xml_id or next(iter(own), None)
            name = str(record.values.get(kind.key_field))
            noted = _Noted(kind, name, "present", xml_id, name, record_id, newest_id, is_whole=True)
            self._note_values(kind, noted, _without_unset(kind, rows.get(record_id, {})), names)
            self._noted.setdefault((kind.model, record_id), noted)
            lost = [kind.lost_with(record, fields, snapshot.parameters)]
            lost += [f"It loses the external ID {other}." for other in own if other != xml_id]
            for reason in filter(None, lost):
                self._lose(kind, name, reason)

    def _note_values(self, kind: ResourceType, noted: _Noted, row: Mapping[str, Any], names: Collection[str]) -> None:
        available = self._available(kind)
        for name in sorted(set(names) & row.keys()):
            if name in noted.values or name in noted.references:
                continue
            about = available[name]
            if about.get("type") == "many2one":
                noted.references[name] = row[name][0] if row[name] else False
            elif about.get("type") in ("one2many", "many2many"):
                noted.references[name] = list(row[name] or ())
            else:
                noted.values[name] = row[name]
        self._note_secrets(noted)

    def _note_secrets(self, noted: _Noted) -> None:
        """Note the secret values: by their fields, by the name of a parameter, by repeating another secret, or by their form."""
        kind, values = noted.kind, noted.values
        by_field = {
            name for name in values if name in kind.secret_fields or self._available(kind)[name].get("type") == "binary"
        }
        if is_secret_name(noted.name) and "value" in values:
            by_field.add("value")
        noted.secret |= {name for name in by_field if values[name]}
        secrets = {str(values[name]) for name in noted.secret}
        known = KnownSecrets([*secrets, *self._credentials])
        texts = {name: value for name, value in values.items() if isinstance(value, str) and value}
        noted.secret |= {name for name, text in texts.items() if known.show_in(text) or text.strip() in secrets}

    def _available(self, kind: ResourceType) -> Mapping[str, Mapping[str, Any]]:
        return kind.known_fields or self._session.fields(kind.model)

    def _read(self, kind: ResourceType, ids: Iterable[int], names: Collection[str]) -> dict[int, dict[str, Any]]:
        """Return records in the form of Odoo's answers, by id. This takes one call, or none without ids."""
        wanted = sorted(ids)
        if not wanted:
            return {}
        known = set(names) & self._available(kind).keys()
        rows = self._session.search_read(kind.model, [["id", "in", wanted]], known or {kind.key_field})
        return {row["id"]: row for row in rows}


def _without_unset(kind: ResourceType, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a record without those that were probably never set. Odoo returns 0 or false for them, and stores nothing."""
    return {name: value for name, value in row.items() if value or not _is_unset(kind, name, value)}


def _is_unset(kind: ResourceType, name: str, value: Any) -> bool:
    """Return whether a record that is created without an empty value gets the same value."""
    if name in kind.fields_with_default:
        return False
    # A field of another addon may be true by default.
    return name in kind.options if isinstance(value, bool) else value == 0
