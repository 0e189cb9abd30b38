# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that declares the mail of one instance: host_vars/HOST/mail.yml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.common import common_stack, without_common
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_names import vault_names
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.yaml_text import (
    Variable,
    comment,
    entries,
    indented,
    item,
)

Answer = Mapping[str, Any]
_Comments = dict[str, list[str]]

_HEAD = (
    "The mail settings of {host} in Odoo, for the roles of postmaster.odoo. The playbook postmaster.odoo.export has created this file. "
    "CHECK marks values that you should review. LEFT OUT marks settings in Odoo that cannot be declared here."
)
_COMMON_HEAD = (
    "The mail settings that {count} instances share. The playbook postmaster.odoo.export has created this file. "
    "The file mail.yml of each host contains the rest."
)
_QUEUE = "queue_policy"
_LAYER = "__host"
_UNTESTED = "Nothing was tested. To test new settings of mail servers before they go live:"
_WORDS = {"suspicious": "CHECK", "left_out": "LEFT OUT"}
# The parts of a stack that are lists of records, with their resource types.
_KINDS = {kind.stack_option: kind for kind in RESOURCE_TYPES if not kind.stack_argument}
_PARTS = {kind.name: kind.stack_option for kind in RESOURCE_TYPES if kind.stack_option != _QUEUE}
_RESOURCES = {part: resource for resource, part in _PARTS.items()}


def mail_file(answer: Answer, host: str, common: Mapping[str, Any] | None = None) -> str:
    """Return the text of the variables of a host.

    :param answer: the result of `mail_stack_info`.
    :param common: declarations in other variables. This file then contains only the rest, as a layer.
    """
    stack = {part: without_common(part, value, common or {}) for part, value in with_variables(answer, host).items()}
    layer = "" if common is None else _LAYER
    lines = ["---", *comment(_HEAD.format(host=host)), *_notes(answer, resource=None)]
    for part in _RESOURCES:
        if part in stack and not (part in (common or {}) and _is_empty(stack[part])):
            lines += ["", *_part(answer, part, stack[part], f"odoo_mail_{part}{layer}")]
    policy = without_common(_QUEUE, answer["queue_policy"] or {}, common or {})
    if policy:
        named = {f"odoo_queue_{option}{layer}": value for option, value in policy.items()}
        notes = {f"{key}{layer}": texts for key, texts in _by_key(answer, _QUEUE, prefix="odoo_queue_").items()}
        lines += ["", *(text for key in notes.keys() - named.keys() for note in notes[key] for text in comment(note))]
        lines += entries(named, notes)
    return "\n".join(lines) + "\n"


def common_file(answers: Mapping[str, Answer]) -> tuple[str, dict[str, Any]]:
    """Return the text of the variables that several hosts share, and their declarations.

    :param answers: the results of `mail_stack_info`, by the names of the hosts.
    """
    stacks = [
        {**with_variables(answer, host), _QUEUE: answer["queue_policy"] or {}} for host, answer in answers.items()
    ]
    common = common_stack(stacks)
    lines = ["---", *comment(_COMMON_HEAD.format(count=len(answers)))]
    nothing: Answer = {"remarks": []}
    for part in _RESOURCES:
        if part in common and part != _QUEUE:
            lines += ["", *_part(nothing, part, common[part], f"odoo_mail_{part}")]
    policy = {f"odoo_queue_{option}": value for option, value in common.get(_QUEUE, {}).items()}
    lines += ["", *entries(policy)] if policy else []
    return "\n".join(lines) + "\n", common


def _is_empty(value: Any) -> bool:
    return not value or (isinstance(value, list) and all(one is None for one in value))


def with_variables(answer: Answer, host: str) -> dict[str, Any]:
    """Return the stack, with the name of a variable instead of each secret."""
    stack: dict[str, Any] = dict(answer["stack"])
    parameters = dict(stack["parameters"])
    lists = {part: [dict(record) for record in stack[part]] for part in _KINDS if part in stack}
    for secret, name in zip(answer["secrets"], vault_names(host, answer["secrets"]), strict=True):
        if secret["resource"] == "system_parameter":
            parameters[secret["key"]] = Variable(name)
            continue
        owner = lists[_PARTS[secret["resource"]]][secret["position"]]
        *outer, option = secret["option"].split(".")
        for one in outer:
            owner = owner.setdefault(one, {})
        owner[option] = Variable(name)
    ordered = {part: [_ordered(part, record) for record in records] for part, records in lists.items()}
    return {**stack, "parameters": dict(sorted(parameters.items())), **ordered}


def _ordered(part: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's options in the order of the documentation: first the options that identify it, last the code."""
    order = ["name", "xml_id", *(option for option in _KINDS[part].options if option not in ("name", "code")), "code"]
    return {option: record[option] for option in sorted(record, key=order.index)}


def _part(answer: Answer, part: str, value: Any, name: str) -> Iterator[str]:
    """Yield the lines of one variable, below the remarks about left-out settings."""
    resource = _RESOURCES[part]
    if part not in _KINDS:
        notes = _by_key(answer, resource)
        absent = [note for key, said in notes.items() if key not in value for note in said]
        yield from (line for note in absent for line in comment(note))
        if value and isinstance(value, Mapping):
            yield f"{name}:"
            yield from indented(entries(value, notes))
        else:
            yield from entries({name: [one for one in value if one is not None] if isinstance(value, list) else value})
        return
    if part == "servers":
        yield from [*comment(_UNTESTED), "# odoo_mail_verify: connection", ""]
    yield from _notes(answer, resource=resource)
    if not value:
        yield f"{name}: []"
        return
    yield f"{name}:"
    first = True
    remarks = _by_position(answer, resource)
    for position, record in enumerate(value):
        if record is None:
            continue
        if not first and part != "crons":
            yield ""
        first = False
        yield from indented(item(record, _of_record(remarks.get(position, ()), record)))


def _notes(answer: Answer, *, resource: str | None) -> Iterator[str]:
    """Yield comments about the whole instance, and about records that are left out."""
    for remark in answer["remarks"]:
        if remark["resource"] == resource and remark["position"] is None:
            yield from comment(_words(remark, named=resource is not None))


def _by_key(answer: Answer, resource: str, prefix: str = "") -> _Comments:
    notes: _Comments = {}
    for remark in answer["remarks"]:
        if remark["resource"] == resource:
            notes.setdefault(f"{prefix}{remark['key']}", []).append(_words(remark))
    return notes


def _by_position(answer: Answer, resource: str) -> dict[int | None, list[Answer]]:
    """Return the remarks about a list of records by the position of the record."""
    remarks: dict[int | None, list[Answer]] = {}
    for remark in answer["remarks"]:
        if remark["resource"] == resource:
            remarks.setdefault(remark["position"], []).append(remark)
    return remarks


def _of_record(remarks: Iterable[Answer], record: Iterable[str]) -> _Comments:
    """Return comments by the option that they are above. A comment about an option that the record lacks is above the record."""
    notes: _Comments = {}
    options = list(record)
    for remark in remarks:
        place = remark["option"] if remark["option"] in options else options[0]
        notes.setdefault(place, []).append(_words(remark))
    return notes


def _words(remark: Mapping[str, Any], *, named: bool = False) -> str:
    subject = f"{_distinct(remark['key'])}: " if named and remark["key"] else ""
    end = "" if remark["message"].endswith("?") else "."
    return f"{_WORDS[remark['kind']]}: {subject}{remark['message']}{end}"


def _distinct(key: str) -> str:
    """Return a name, in quotes if its beginning or end would not be visible."""
    return key if key == key.strip() and key.isprintable() and ":" not in key else repr(key)
