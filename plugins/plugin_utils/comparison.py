# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the mail of two instances. Of secrets, only the fact that they differ is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import StackShape, stack_shape
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.common import copied
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import EntryIndex, keys_of

Answer = Mapping[str, Any]
_QUEUE = "queue_policy"


@dataclass(frozen=True)
class _Secret:
    """A value that is not shown. Its digest represents it."""

    digest: str


@dataclass(frozen=True)
class InstanceDifference:
    """One field with different values in two instances.

    :param field: empty if one of them has no such record.
    """

    resource: str
    key: str
    field: str
    here: Any
    there: Any

    def as_result(self) -> dict[str, Any]:
        """Return the difference as plain data, with masks instead of secrets."""
        is_secret = isinstance(self.here, _Secret) or isinstance(self.there, _Secret)
        return {
            "resource": self.resource,
            "key": self.key,
            "field": self.field,
            "here": _shown(self.here),
            "there": _shown(self.there),
            "secret": is_secret,
        }


@dataclass(frozen=True)
class Gap:
    """A part of one instance that could not be compared, because its description lacks it.

    :param side: `here` or `there`.
    :param key: empty for the whole instance.
    :param position: of the record in its list; None if it is not in the list.
    :param field: empty for a whole record.
    """

    side: str
    resource: str
    key: str
    position: int | None
    field: str
    reason: str

    def as_result(self) -> dict[str, Any]:
        """Return the gap as plain data."""
        return {name: getattr(self, name) for name in ("side", "resource", "key", "field", "reason")}


@dataclass(frozen=True)
class InstanceComparison:
    """The differences, and the parts that could not be compared."""

    differences: Sequence[InstanceDifference]
    gaps: Sequence[Gap]

    def as_result(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "differences": [one.as_result() for one in self.differences],
            "not_compared": [one.as_result() for one in self.gaps],
        }


def compare(here: Answer, there: Answer) -> InstanceComparison:
    """Return the differences between the results of `mail_stack_info` of two instances, with digests of the same key."""
    stacks = [{**_with_digests(answer), _QUEUE: answer[_QUEUE] or {}} for answer in (here, there)]
    gaps = [*_gaps("here", here), *_gaps("there", there)]
    differences: list[InstanceDifference] = []
    for kind in registry.RESOURCE_TYPES:
        resource, part = kind.name, kind.stack_option
        own, other = (stack.get(part) or () for stack in stacks)
        if stack_shape(kind) is StackShape.NAMES:
            own, other = (dict.fromkeys(names, kind.state_of_existing) for names in (own, other))
        of_part = [gap for gap in gaps if gap.resource == resource]
        # The other instance may have the record as well, so that nothing is known about it.
        lost = {gap.key for gap in of_part if gap.position is None}
        if isinstance(own, Mapping) or isinstance(other, Mapping):
            differences += _of_mappings(resource, dict(own), dict(other), lost)
        else:
            fields = {(gap.side, gap.position, gap.field) for gap in of_part}
            found = _of_lists(part, resource, own, other, fields, lost)
            differences += [one for one in found if one.field or one.key not in lost]
    return InstanceComparison(differences, gaps)


def _gaps(side: str, answer: Answer) -> Iterator[Gap]:
    for remark in answer["remarks"]:
        if remark["absent"]:
            about = (remark["resource"] or "", remark["key"] or "", remark["position"], remark["option"] or "")
            yield Gap(side, *about, remark["message"])


def _of_mappings(
    resource: str, here: Mapping[str, Any], there: Mapping[str, Any], lost: Collection[str]
) -> Iterator[InstanceDifference]:
    for key in sorted((here.keys() | there.keys()).difference(lost)):
        if here.get(key) != there.get(key):
            yield InstanceDifference(resource, key, "value", here.get(key), there.get(key))


def _of_lists(
    part: str,
    resource: str,
    here: Sequence[Mapping[str, Any]],
    there: Sequence[Mapping[str, Any]],
    fields: Collection[tuple[str, int | None, str]],
    lost: Collection[str],
) -> Iterator[InstanceDifference]:
    """Yield the differences of two lists of records.

    :param fields: side, position and name of each field that could not be compared.
    :param lost: the keys of records of which any field can be missing.
    """
    index = EntryIndex[int](part)
    key = keys_of(part).name
    for number, record in enumerate(there):
        index.add(number, record)
    found: set[int] = set()
    for position, record in enumerate(here):
        other = next((number for number in index.find(record) if number not in found), None)
        if other is None:
            yield InstanceDifference(resource, _name(record, key), "", "present", None)
            continue
        found.add(other)
        counterpart = there[other]
        for name in sorted(record.keys() | counterpart.keys()):
            if ("here", position, name) in fields or ("there", other, name) in fields:
                continue
            if {_name(one, key) for one in (record, counterpart) if name not in one} & set(lost):
                continue
            if record.get(name) != counterpart.get(name):
                yield InstanceDifference(resource, _name(record, key), name, record.get(name), counterpart.get(name))
    for number, record in enumerate(there):
        if number not in found:
            yield InstanceDifference(resource, _name(record, key), "", None, "present")


def _name(record: Mapping[str, Any], key: str) -> str:
    return str(record.get(key) or record.get("xml_id"))


def _with_digests(answer: Answer) -> dict[str, Any]:
    """Return the stack with a digest instead of each secret."""
    stack = copied(answer["stack"])
    for secret in answer["secrets"]:
        kind = registry.resource_type(secret["resource"])
        part, digest = stack[kind.stack_option], _Secret(secret["digest"])
        if stack_shape(kind) is StackShape.VALUES:
            part[secret["key"]] = digest
        else:
            part[secret["position"]][secret["option"]] = digest
    return stack


def _shown(value: Any) -> Any:
    return MASK if isinstance(value, _Secret) else value
