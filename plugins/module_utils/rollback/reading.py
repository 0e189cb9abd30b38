# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the content of a snapshot file. Somebody may have edited or damaged it, so the type of every value is checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES, resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import XML_ID, ResourceType
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    FORMAT,
    MARK,
    SavedRecord,
    SnapshotDocument,
    restored_type,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

# PostgreSQL stores ids in four bytes.
_LARGEST_ID = 2**31 - 1
_STATES = ("present", "absent")


def read_document(data: Any, path: str) -> SnapshotDocument:
    """Return the document that a file contains.

    :raises Invalid: it is not a snapshot, or it is damaged.
    """
    if not isinstance(data, Mapping) or MARK not in data:
        raise Invalid(f"{path} is not a snapshot of this collection. Check the path.")
    if data[MARK] != FORMAT:
        raise Invalid(
            f"{path} is a snapshot with the unknown format {shown(data[MARK])}: use the version of the collection that wrote it."
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


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_optional_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_optional_xml_id(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(XML_ID.fullmatch(value)))


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID


def _is_optional_id(value: Any) -> bool:
    return value is None or _is_id(value)


def _are_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_id, value))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def _are_values(value: Any) -> bool:
    return _has_names(value) and all(map(_is_plain, value.values()))


def _are_references(value: Any) -> bool:
    return _has_names(value) and all(one is False or _is_id(one) or _are_ids(one) for one in value.values())


def _are_lists_of_names(value: Any) -> bool:
    return _has_names(value) and all(map(_are_texts, value.values()))


def _has_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value))


_RECORD: Mapping[str, Callable[[Any], bool]] = {
    "key": _is_text,
    "state": lambda value: value in _STATES,
    "xml_id": _is_optional_xml_id,
    "xml_id_added": _is_optional_xml_id,
    "name": _is_text,
    "name_written": _is_optional_text,
    "id": _is_optional_id,
    "identity": _are_values,
    "namesakes": _are_ids,
    "whole": lambda value: isinstance(value, bool),
    "values": _are_values,
    "references": _are_references,
    "reference_names": _are_lists_of_names,
    "secrets": _are_texts,
}
# The types of options, as argument specifications have them. Odoo returns false for any value that is empty.
_OF_OPTIONS: Mapping[str, tuple[type, ...]] = {"str": (str,), "raw": (str,), "int": (int,), "float": (int, float)}


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("url", "database", "odoo_version", "taken"):
        if not _is_text(data.get(name)):
            yield f"{name} must be a text"
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
        yield from (f"record {number}: {problem}" for problem in _problems_of_record(one))


def _has_texts(one: Any, names: Collection[str]) -> bool:
    return isinstance(one, Mapping) and one.keys() == set(names) and all(isinstance(one[name], str) for name in names)


def _problems_of_record(one: Any) -> Iterator[str]:
    kinds = {kind.name: kind for kind in RESOURCE_TYPES if kind.compares_fields and restored_type(kind) is kind}
    name = one.get("resource") if isinstance(one, Mapping) else None
    if not isinstance(name, str) or name not in kinds:
        yield "its resource is not known"
        return
    wrong = [field for field, is_right in _RECORD.items() if field not in one or not is_right(one[field])]
    yield from (f"{field} is missing or wrong" for field in wrong)
    if not wrong:
        yield from _problems_of_values(kinds[name], one)


def _problems_of_values(kind: ResourceType, one: Mapping[str, Any]) -> Iterator[str]:
    names = {one["key"], one["name"], one["name_written"], one["values"].get(kind.key_field)}
    if any(kind.is_reserved(str(name)) for name in names):
        yield "its name belongs to the collection itself"
    if kind.has_unique_name and names - {None, one["name"]}:
        yield "it has several names"
    options = {kind.field_names.get(name, name): about for name, about in kind.options.items()}
    for name, value in one["values"].items():
        expected = options.get(name, {}).get("type", "")
        types = (bool,) if expected == "bool" else _OF_OPTIONS.get(expected)
        if types and value is not False and (not isinstance(value, types) or (value is True and expected != "bool")):
            yield f"the value of {name} has the wrong type"
    if one["references"].keys() & one["values"].keys():
        yield "fields are both values and references"


def _record(data: Mapping[str, Any]) -> SavedRecord:
    former = Former(
        name=data["name"],
        record_id=data["id"],
        written_name=data["name_written"],
        identity=data["identity"],
        namesakes=data["namesakes"],
        values=data["values"],
        references=data["references"],
        reference_names=data["reference_names"],
        secret=frozenset(data["secrets"]),
        is_whole=data["whole"],
        unpinned=data["xml_id_added"],
    )
    return SavedRecord(resource_type(data["resource"]).name, data["key"], data["state"], data["xml_id"], former)
