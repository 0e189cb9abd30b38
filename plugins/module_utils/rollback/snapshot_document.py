# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a snapshot file: the former state of the records that a run has changed. Pure data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES, resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

FORMAT = 1
_MARK = "postmaster_odoo_snapshot"
_GONE = "It was deleted, and cannot be created again without its secrets."
_UNUSED = "It is not activated, because its secrets are missing. Set them, then activate it."


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
            "id": former.record_id,
            "newest_id": former.newest_id,
            "whole": former.is_whole,
            "values": dict(former.values),
            "references": dict(former.references),
            "secrets": sorted(former.secret),
        }

    def without_secrets(self) -> SavedRecord | None:
        """Return the record without its secrets; None if nothing is left to restore.

        Nothing is activated without its secrets.
        """
        former = self.former
        if not former.secret:
            return self
        values = {name: value for name, value in former.values.items() if name not in former.secret}
        if former.is_whole and not resource_type(self.resource).can_lack(former.secret):
            return None
        if former.is_whole and "active" in values:
            values["active"] = False
        elif values.get("active"):
            del values["active"]
        if not (values or former.references or former.unpinned):
            return None
        return replace(self, former=replace(former, values=values, secret=frozenset()))


@dataclass(frozen=True)
class Loss:
    """Something that a rollback does not restore."""

    resource: str
    key: str
    reason: str

    def as_result(self) -> dict[str, Any]:
        """Return the loss as plain data."""
        return {"resource": self.resource, "key": self.key, "reason": self.reason}


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
            for name in record.former.secret:
                if record.former.values.get(name):
                    yield str(record.former.values[name])

    @property
    def has_secrets(self) -> bool:
        """Whether the document contains secrets."""
        return any(record.former.secret for record in self.records)

    def without_secrets(self) -> SnapshotDocument:
        """Return the document without secrets. It lists the missing ones."""
        kept = [record.without_secrets() for record in self.records]
        left_out = [
            (record.resource, record.key, name) for record in self.records for name in sorted(record.former.secret)
        ]
        lost = [
            Loss(record.resource, record.key, _GONE if one is None else _UNUSED)
            for record, one in zip(self.records, kept, strict=True)
            if record.former.secret and (record.former.is_whole if one is None else record.former.values.get("active"))
        ]
        return replace(self, records=[one for one in kept if one], losses=[*self.losses, *lost], left_out=left_out)

    def as_document(self) -> dict[str, Any]:
        """Return the document as plain data, for a file."""
        return {
            _MARK: FORMAT,
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

        :param elsewhere: whether the instance may have other ids, so that ids are not used.
        """
        order = [kind.name for kind in RESOURCE_TYPES]
        records = sorted(self.records, key=lambda one: (order.index(one.resource), one.state == "absent"))
        declarations = []
        used: set[tuple[str, str]] = set()
        for record in records:
            former = record.former
            key = record.key
            if (record.resource, key) in used:
                key = f"{key} (id {former.record_id})"
            used.add((record.resource, key))
            if elsewhere:
                former = replace(former, record_id=None, newest_id=0, references={})
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


class SnapshotFolder(Protocol):
    """A folder with the snapshot files of instances."""

    def file(self, url: str, database: str, *, of_rollback: bool = False) -> SnapshotFile:
        """Return a new file of an instance."""

    def read(self, name: str, url: str, database: str) -> tuple[str, SnapshotDocument]:
        """Return the path and the content of a file.

        :param name: a path, or `latest` for the newest file of the instance that was not written by a rollback.
        :raises Invalid: there is no such file, or it cannot be read.
        """


_TYPES: Mapping[str, tuple[type, ...]] = {
    "key": (str,),
    "state": (str,),
    "xml_id": (str, type(None)),
    "xml_id_added": (str, type(None)),
    "name": (str,),
    "id": (int, type(None)),
    "newest_id": (int,),
    "whole": (bool,),
    "values": (dict,),
    "references": (dict,),
    "secrets": (list,),
}


def read_document(data: Any, path: str) -> SnapshotDocument:
    """Return the document in a file.

    :raises Invalid: it is not a snapshot, or it is damaged.
    """
    if not isinstance(data, Mapping) or _MARK not in data:
        raise Invalid(f"{path} is not a snapshot of this collection. Check the path.")
    if data[_MARK] != FORMAT:
        raise Invalid(
            f"{path} is a snapshot with the unknown format {shown(data[_MARK])}: use the version of the collection that wrote it."
        )
    problems = list(_problems(data))
    if problems:
        raise Invalid(f"{path} is damaged: {'; '.join(problems)}. Use another snapshot.")
    return SnapshotDocument(
        data["url"],
        data["database"],
        data["odoo_version"],
        [_record(one) for one in data["records"]],
        [Loss(**one) for one in data["not_restorable"]],
        data["taken"],
        [(one["resource"], one["key"], one["field"]) for one in data["without_secrets"]],
    )


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("url", "database", "odoo_version", "taken"):
        if not isinstance(data.get(name), str):
            yield f"{name} must be a text"
    kinds = {kind.name for kind in RESOURCE_TYPES if kind.compares_fields}
    for name, names in (
        ("not_restorable", ("resource", "key", "reason")),
        ("without_secrets", ("resource", "key", "field")),
    ):
        entries = data.get(name)
        if not isinstance(entries, list) or not all(_has_texts(one, names) for one in entries):
            yield f"{name} must be a list of entries with {', '.join(names)}"
    records = data.get("records")
    if not isinstance(records, list):
        yield "records must be a list"
        return
    for number, one in enumerate(records, 1):
        if not isinstance(one, Mapping) or one.get("resource") not in kinds:
            yield f"record {number} has no known resource"
            continue
        for name, types in _TYPES.items():
            if name not in one or not isinstance(one[name], types):
                yield f"{name} of record {number} is missing or of the wrong type"
        if one.get("state") not in ("present", "absent"):
            yield f"state of record {number} must be present or absent"


def _has_texts(one: Any, names: Collection[str]) -> bool:
    return isinstance(one, Mapping) and one.keys() == set(names) and all(isinstance(one[name], str) for name in names)


def _record(data: Mapping[str, Any]) -> SavedRecord:
    former = Former(
        data["name"],
        data["id"],
        data["newest_id"],
        data["values"],
        data["references"],
        frozenset(map(str, data["secrets"])),
        data["whole"],
        data["xml_id_added"],
    )
    return SavedRecord(data["resource"], data["key"], data["state"], data["xml_id"], former)
