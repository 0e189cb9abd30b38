# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a snapshot file: the former state of the records that a run has changed. Pure data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES, resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration, ResourceType

FORMAT = 1
MARK = "postmaster_odoo_snapshot"
_GONE = "It was deleted, and cannot be created again without its secrets."
_UNUSED = "It is not activated, because its secrets are missing. Set them, then activate it."
_TIED = "It stays as it is, because the secret that belongs to it is missing: {names}."
_TARGETS = "Without the secret, these fields stay as they are: {names}. Otherwise Odoo sends its present secret to the former mail provider."


def restored_type(kind: ResourceType) -> ResourceType:
    """Return the type that restores records of a type: a rule of the queue policy is restored as the cron that it consists of."""
    return next(one for one in RESOURCE_TYPES if one.model == kind.model)


@dataclass(frozen=True)
class SavedRecord:
    """The former state of one record.

    :param state: `absent` if the run has created it.
    """

    resource: str
    key: str
    state: str
    xml_id: str | None
    former: Former

    @property
    def label(self) -> str:
        """The name of the record in messages."""
        return f"{resource_type(self.resource).label} {self.key!r}"

    def as_document(self) -> dict[str, Any]:
        """Return the record as plain data."""
        former = self.former
        return {
            "resource": self.resource,
            "key": self.key,
            "state": self.state,
            "xml_id": self.xml_id,
            "xml_id_added": former.unpinned,
            "name": former.name,
            "name_written": former.written_name,
            "id": former.record_id,
            "identity": dict(former.identity),
            "namesakes": list(former.namesakes),
            "whole": former.is_whole,
            "values": dict(former.values),
            "references": dict(former.references),
            "reference_names": {name: list(names) for name, names in former.reference_names.items()},
            "secrets": sorted(former.secret),
        }

    @property
    def secrets(self) -> list[str]:
        """The names of the fields whose secrets the record contains."""
        return sorted(name for name in self.former.secret if self.former.values.get(name))

    def without_secrets(self) -> tuple[SavedRecord | None, list[Loss]]:
        """Return the record without its secrets, None if nothing remains to be restored, and the losses.

        Nothing is activated without its secrets, and no secret that stays is sent to another provider.
        """
        former, kind = self.former, resource_type(self.resource)
        lost = set(self.secrets)
        if not lost:
            return self, []
        values = {name: value for name, value in former.values.items() if name not in lost}
        if former.is_whole and not kind.can_lack(frozenset(lost)):
            return None, [self._loss(_GONE)]
        losses = []
        if former.is_whole:
            if values.get("active"):
                losses.append(self._loss(_UNUSED))
            values["active"] = False
        else:
            if values.get("active"):
                del values["active"]
                losses.append(self._loss(_UNUSED))
            targets = sorted(kind.secret_targets & values.keys())
            if targets:
                losses.append(self._loss(_TARGETS.format(names=", ".join(targets))))
            values = {name: value for name, value in values.items() if name not in targets}
        if not (values or former.references or former.unpinned):
            return None, losses
        return replace(self, former=replace(former, values=values)), losses

    def _loss(self, reason: str) -> Loss:
        return Loss(self.resource, self.key, reason)


@dataclass(frozen=True)
class SnapshotDocument:
    """The former state of everything that one run has changed in one instance.

    :param taken: the time, UTC.
    :param left_out: the secrets that were left out, as (resource, key, field).
    """

    url: str
    database: str
    odoo_version: str
    records: Sequence[SavedRecord] = ()
    losses: Sequence[Loss] = ()
    taken: str = ""
    left_out: Sequence[tuple[str, str, str]] = ()

    @property
    def secrets(self) -> Iterator[str]:
        """Yield the texts of all secrets."""
        for record in self.records:
            for name in record.secrets:
                yield str(record.former.values[name])

    @property
    def has_secrets(self) -> bool:
        """Whether the document contains secrets."""
        return any(record.secrets for record in self.records)

    def without_secrets(self) -> SnapshotDocument:
        """Return the document without secrets. It lists the places of the missing secrets."""
        kept: list[SavedRecord] = []
        losses = list(self.losses)
        incomplete = {(record.resource, record.former.name) for record in self.records if record.secrets}
        for record in self.records:
            tied = resource_type(record.resource).tied_names(record.former.name)
            missing = sorted(name for name in tied if (record.resource, name) in incomplete)
            if missing:
                losses.append(Loss(record.resource, record.key, _TIED.format(names=", ".join(missing))))
                continue
            rest, lost = record.without_secrets()
            kept += [rest] if rest else []
            losses += lost
        left_out = [(record.resource, record.key, name) for record in self.records for name in record.secrets]
        return replace(self, records=kept, losses=losses, left_out=left_out)

    def as_document(self) -> dict[str, Any]:
        """Return the document as plain data, for a file."""
        return {
            MARK: FORMAT,
            "url": self.url,
            "database": self.database,
            "odoo_version": self.odoo_version,
            "taken": self.taken,
            "records": [record.as_document() for record in self.records],
            "not_restorable": [loss.as_result() for loss in self.losses],
            "without_secrets": self.secrets_left_out(),
        }

    def secrets_left_out(self) -> list[dict[str, str]]:
        """Return the places of the secrets that were left out, as plain data."""
        return [dict(zip(("resource", "key", "field"), one, strict=True)) for one in self.left_out]

    def declarations(self, *, elsewhere: bool = False) -> list[Declaration]:
        """Return the declarations of a rollback. Records to create or change come before records to delete.

        :param elsewhere: the instance may have other ids.
        """
        order = [kind.name for kind in RESOURCE_TYPES]
        records = sorted(self.records, key=lambda one: (order.index(one.resource), one.state == "absent"))
        declarations = []
        used: set[tuple[str, str]] = set()
        for record in records:
            former = record.former
            key = record.key
            number = 1
            while (record.resource, key) in used:
                number += 1
                key = f"{record.key} (id {former.record_id})" if number == 2 else f"{record.key} ({number})"
            used.add((record.resource, key))
            if elsewhere:
                former = replace(former, namesakes=(), may_have_other_id=True)
            declarations.append(
                Declaration(resource_type(record.resource), key, {}, record.state, record.xml_id, former)
            )
        return declarations


class SnapshotFile(Protocol):
    """The file for the former state of a run."""

    @property
    def can_encrypt(self) -> bool:
        """Whether Ansible has a vault secret."""

    def write(self, document: SnapshotDocument) -> str:
        """Write the document in one step and return the path. Secrets that cannot be encrypted are left out.

        :raises Invalid: it cannot be written.
        """

    def remove(self) -> None:
        """Remove the file, if it was written.

        :raises Invalid: it cannot be removed.
        """


class SnapshotFolder(Protocol):
    """A folder with the snapshot files of instances."""

    def file(self, url: str, database: str, *, of_rollback: bool = False) -> SnapshotFile:
        """Return a new file of an instance."""

    def read(self, name: str, url: str, database: str) -> tuple[str, SnapshotDocument]:
        """Return the path and the content of a file.

        :param name: a path, or `latest` for the newest file of the instance that was not written by a rollback.
        :raises Invalid: there is no such file, or it cannot be read.
        """
