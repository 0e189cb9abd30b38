# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the record that a snapshot describes, and leave out values that cannot be restored safely. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import (
    BooleanField,
    FloatField,
    IntegerField,
    Many2oneField,
    OdooField,
    SelectionField,
    X2manyField,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, NotRestorable

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration


def restorable(declaration: Declaration, former: Former, fields: Mapping[str, OdooField]) -> tuple[Former, list[str]]:
    """Return the former state without the fields that this instance no longer accepts, and the reasons.

    :raises NotRestorable: the rest cannot be restored without them.
    """
    reasons = [f"This Odoo no longer has the field {name}." for name in sorted(former.field_names - fields.keys())]
    lost = set(former.field_names - fields.keys())
    values = {name: value for name, value in former.values.items() if name not in lost}
    for name, value in values.items():
        own = fields[name]
        if value is not False and not _has_type(own, value):
            raise NotRestorable(f"The value of {name} in the snapshot is not of the type that this Odoo requires.")
        if isinstance(own, SelectionField) and value and value not in own.choices:
            raise NotRestorable(f"This Odoo no longer offers the value of {name} that it had.")
    references: dict[str, Any] = {}
    for name, value in former.references.items():
        if name in lost:
            continue
        ids = former.referred(name)
        known = [
            one
            for one, text in zip(ids, former.reference_names.get(name, ()), strict=False)
            if _shows(fields[name], value, one, text)
        ]
        if len(known) < len(ids):
            gone = ", ".join(str(one) for one in ids if one not in known)
            reasons.append(f"{name} referred to records that no longer exist or have another name (ids {gone}).")
        if isinstance(value, list):
            references[name] = known
        elif known or not ids:
            references[name] = value
        else:
            lost.add(name)
    if former.is_whole and not declaration.type.can_lack(frozenset(lost)):
        raise NotRestorable(" ".join(reasons))
    if former.is_whole and lost & former.references.keys() and values.get("active"):
        values["active"] = False
        reasons.append("It comes back inactive. Check it, then activate it.")
    return replace(former, values=values, references=references), reasons


def _has_type(field: OdooField, value: Any) -> bool:
    """Return whether a value is of the type of a field. Fields that refer to other records have no plain values."""
    if isinstance(field, (Many2oneField, X2manyField)):
        return False
    if isinstance(field, BooleanField):
        return isinstance(value, bool)
    if isinstance(field, IntegerField):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(field, FloatField):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _shows(field: OdooField, value: Any, record_id: int, name: str) -> bool:
    """Return whether a record that a field refers to still has the name that it had."""
    if isinstance(value, list):
        return isinstance(field, X2manyField) and field.shown([record_id]) == [name]
    return isinstance(field, Many2oneField) and field.shown(record_id) == name


def find_former(
    declaration: Declaration,
    former: Former,
    records: RecordIndex,
    fields: Mapping[str, OdooField],
    taken: Collection[int],
) -> Found | None:
    """Return the record that a snapshot describes, None if it does not exist and nothing of its name does.

    The id alone identifies no record: a database that was replaced has other records under the same ids. The name alone does not either:
    somebody may have created another record of the same name.

    :param taken: ids of records that other entries of the snapshot describe.
    :raises NotRestorable: a record exists that may be meant or not.
    """
    kind = declaration.type
    if kind.has_unique_name:
        return next(iter(records.named(former.name)), None)
    own = records.with_id(former.record_id)
    if own and _is_same(declaration, former, own):
        return own
    pinned = records.pinned(declaration.xml_id)
    if pinned:
        return pinned
    if former.is_whole:
        return _created_again(declaration, former, records, fields, taken)
    if former.may_have_other_id:
        return _only_one_named(declaration, former, records, taken)
    if own:
        remedy = (
            "Delete it in Odoo if the run has created it."
            if declaration.state == "absent"
            else "Compare it with the snapshot, then correct it in Odoo."
        )
        name = own.values.get(kind.key_field)
        raise NotRestorable(
            f"The record with its id ({own.id}) is called {name!r} now, so it may be another one. {remedy}"
        )
    if former.record_id is None:
        _refuse_unknown(former, records)
    elif declaration.state != "absent":
        raise NotRestorable("It no longer exists, and the snapshot contains only the fields that the run changed.")
    return None


def _is_same(declaration: Declaration, former: Former, found: Found) -> bool:
    """Return whether a record with the id is the former one.

    It has the external ID, the former name, or the name that the run wrote.
    """
    if declaration.xml_id and found.xml_id == declaration.xml_id:
        return True
    name = found.values.get(declaration.type.key_field)
    return name in (former.name, former.written_name) and _has_identity(former, found)


def _has_identity(former: Former, found: Found) -> bool:
    return all(found.values.get(name) == value for name, value in former.identity.items())


def _namesakes(former: Former, records: RecordIndex) -> list[Found]:
    """Return the records that have got the name since."""
    return [one for one in records.named(former.name) if one.id not in former.namesakes and _has_identity(former, one)]


def _created_again(
    declaration: Declaration,
    former: Former,
    records: RecordIndex,
    fields: Mapping[str, OdooField],
    taken: Collection[int],
) -> Found | None:
    """Return the record that an interrupted rollback has created in place of a deleted one: it has all of its values."""
    newer = [one for one in _namesakes(former, records) if not one.xml_id and one.id not in taken]
    exact = former.exact_fields(fields)
    # A rollback may have left the record inactive, and the times of a cron move.
    compared = {
        name: value
        for name, value in former.values_to_write().items()
        if name not in declaration.type.moving_fields | {"active"}
    }
    for one in newer:
        if all(exact[name].same(one.values.get(name), value) for name, value in compared.items()):
            return one
    if newer:
        ids = ", ".join(str(one.id) for one in newer)
        raise NotRestorable(
            f"Another record of this name exists (id {ids}), with other values. Rename or delete it, then roll back again."
        )
    return None


def _only_one_named(
    declaration: Declaration, former: Former, records: RecordIndex, taken: Collection[int]
) -> Found | None:
    """Return the only record that has the name, in an instance whose records may have other ids.

    :raises NotRestorable: no record or several records have the name. No record is deleted by its name.
    """
    names = dict.fromkeys((former.name, former.written_name))
    found = [
        one
        for name in names
        for one in records.named(name)
        if _has_identity(former, one) and one.id not in taken and not (declaration.xml_id and one.xml_id)
    ]
    if declaration.state == "absent":
        _refuse_unknown(former, records)
        return None
    if len(found) != 1:
        ids = ", ".join(str(one.id) for one in found)
        raise NotRestorable(f"{len(found)} records have its name (ids {ids})." if found else "It does not exist here.")
    return found[0]


def _refuse_unknown(former: Former, records: RecordIndex) -> None:
    """Refuse to decide whether a record is the one that the run has created.

    :raises NotRestorable: one has the name.
    """
    newer = _namesakes(former, records)
    if newer:
        ids = ", ".join(str(one.id) for one in newer)
        raise NotRestorable(
            f"The snapshot does not contain the id of the record that the run created, and a record of this name exists (id {ids}). "
            "Delete it in Odoo if it is that one."
        )
