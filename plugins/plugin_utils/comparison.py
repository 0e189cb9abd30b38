# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two instances side by side: what differs in their mail. Of secrets only that they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES, resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import EntryIndex

Answer = Mapping[str, Any]
_QUEUE = "queue_policy"
_RESOURCES = {kind.stack_option: kind.name for kind in RESOURCE_TYPES}


@dataclass(frozen=True)
class _Secret:
    """A value that is not shown, known by its digest."""

    digest: str


@dataclass(frozen=True)
class Difference:
    """One field that two instances have different values of.

    :param field: empty if one of them has no such record.
    """

    resource: str
    key: str
    field: str
    here: Any
    there: Any

    def as_result(self) -> dict[str, Any]:
        """Return the difference as plain data, with masks in the place of secrets."""
        is_secret = isinstance(self.here, _Secret) or isinstance(self.there, _Secret)
        return {
            "resource": self.resource,
            "key": self.key,
            "field": self.field,
            "here": _shown(self.here),
            "there": _shown(self.there),
            "secret": is_secret,
        }


def compare(here: Answer, there: Answer) -> list[Difference]:
    """Return what differs between the results of `mail_stack_info` of two instances, with digests of the same key."""
    stacks = [{**_with_digests(answer), _QUEUE: answer[_QUEUE] or {}} for answer in (here, there)]
    differences: list[Difference] = []
    for part, resource in _RESOURCES.items():
        own, other = (stack.get(part) or () for stack in stacks)
        if part == "addons":
            own, other = (dict.fromkeys(names, "installed") for names in (own, other))
        if isinstance(own, Mapping) or isinstance(other, Mapping):
            differences += _of_mappings(resource, dict(own), dict(other))
        else:
            differences += _of_lists(part, resource, own, other)
    return differences


def _of_mappings(resource: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[Difference]:
    for key in sorted(here.keys() | there.keys()):
        if here.get(key) != there.get(key):
            yield Difference(resource, key, "value", here.get(key), there.get(key))


def _of_lists(
    part: str, resource: str, here: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    index = EntryIndex[int](part)
    for number, record in enumerate(there):
        index.add(number, record)
    found: set[int] = set()
    for record in here:
        other = next((number for number in index.find(record) if number not in found), None)
        if other is None:
            yield Difference(resource, _key(record), "", "present", None)
            continue
        found.add(other)
        counterpart = there[other]
        for name in sorted(record.keys() | counterpart.keys()):
            if record.get(name) != counterpart.get(name):
                yield Difference(resource, _key(record), name, record.get(name), counterpart.get(name))
    for number, record in enumerate(there):
        if number not in found:
            yield Difference(resource, _key(record), "", None, "present")


def _key(record: Mapping[str, Any]) -> str:
    return str(record.get("name") or record.get("xml_id"))


def _with_digests(answer: Answer) -> dict[str, Any]:
    """Return the stack with a digest in the place of each secret."""
    stack: dict[str, Any] = {
        part: [dict(one) for one in value] if part not in ("addons", "parameters") else value
        for part, value in answer["stack"].items()
    }
    parameters = dict(stack["parameters"])
    for secret in answer["secrets"]:
        kind = resource_type(secret["resource"])
        if kind.stack_option == "parameters":
            parameters[secret["key"]] = _Secret(secret["digest"])
        else:
            stack[kind.stack_option][secret["position"]][secret["option"]] = _Secret(secret["digest"])
    return {**stack, "parameters": parameters}


def _shown(value: Any) -> Any:
    return MASK if isinstance(value, _Secret) else value
