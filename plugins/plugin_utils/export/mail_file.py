# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that declares the mail of one instance: host_vars/HOST/mail.yml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import StackShape, stack_shape
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.common import (
    common_stack,
    copied,
    without_common,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_names import vault_names
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.yaml_text import (
    Variable,
    comment,
    entries,
    indented,
    item,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType

Answer = Mapping[str, Any]
_Remarks = Iterable[Answer]
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
_UNTESTED = "Nothing was tested. To test new settings of {label}s before they go live:"
_TEXTS = {"suspicious": "CHECK", "left_out": "LEFT OUT"}


def mail_file(answer: Answer, host: str, common: Mapping[str, Any] | None = None) -> str:
    """Return the text of the variables of a host.

    :param answer: the result of `mail_stack_info`.
    :param common: declarations in other variables. This file then contains only the rest, as a layer.
    """
    stack = {part: without_common(part, value, common or {}) for part, value in with_variables(answer, host).items()}
    layer = "" if common is None else _LAYER
    remarks = _by_resource(answer["remarks"])
    lines = ["---", *comment(_HEAD.format(host=host)), *_notes(remarks.get(None, ()))]
    for kind in _types_of_parts():
        part = kind.stack_option
        if part in stack and not (part in (common or {}) and _is_empty(stack[part])):
            lines += ["", *_part(remarks.get(kind.name, ()), kind, stack[part], f"odoo_mail_{part}{layer}")]
    policy = without_common(_QUEUE, answer["queue_policy"] or {}, common or {})
    if policy:
        named = {f"odoo_queue_{option}{layer}": value for option, value in policy.items()}
        notes = {f"odoo_queue_{key}{layer}": texts for key, texts in _by_key(remarks.get(_QUEUE, ())).items()}
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
    for kind in _types_of_parts():
        if kind.stack_option in common:
            lines += ["", *_part((), kind, common[kind.stack_option], f"odoo_mail_{kind.stack_option}")]
    policy = {f"odoo_queue_{option}": value for option, value in common.get(_QUEUE, {}).items()}
    lines += ["", *entries(policy)] if policy else []
    return "\n".join(lines) + "\n", common


def _types_of_parts() -> list[ResourceType]:
    """Return the resource types of the variables `odoo_mail_*`."""
    return [kind for kind in registry.RESOURCE_TYPES if kind.stack_option != _QUEUE]


def _is_empty(value: Any) -> bool:
    return not value or (isinstance(value, list) and all(one is None for one in value))


def with_variables(answer: Answer, host: str) -> dict[str, Any]:
    """Return the stack, with the name of a variable instead of each secret."""
    stack = copied(answer["stack"])
    secrets = [dict(secret) for secret in answer["secrets"]]
    for secret, name in zip(secrets, vault_names(host, secrets), strict=True):
        kind = registry.resource_type(secret["resource"])
        part = stack[kind.stack_option]
        if stack_shape(kind) is StackShape.VALUES:
            part[secret["key"]] = Variable(name)
            continue
        owner = part[secret["position"]]
        *outer, option = secret["option"].split(".")
        for one in outer:
            owner = owner.setdefault(one, {})
        owner[option] = Variable(name)
    for kind in _types_of_parts():
        if kind.stack_option in stack:
            stack[kind.stack_option] = _ordered(kind, stack[kind.stack_option])
    return stack


def _ordered(kind: ResourceType, value: Any) -> Any:
    """Return a part of a stack in the order of a file, in which a secret has the place of its key or option."""
    if stack_shape(kind) is StackShape.VALUES:
        return dict(sorted(value.items()))
    if stack_shape(kind) is not StackShape.RECORDS:
        return value
    # As in the documentation: first the options that identify a record, last long texts.
    short = [option for option in kind.options if option not in kind.free_texts]
    order = dict.fromkeys([kind.key_field, "xml_id", *short, *sorted(kind.free_texts)])
    return [{option: record[option] for option in order if option in record} for record in value]


def _part(remarks: _Remarks, kind: ResourceType, value: Any, name: str) -> Iterator[str]:
    """Yield the lines of one variable, below the remarks about left-out settings."""
    if stack_shape(kind) is not StackShape.RECORDS:
        notes = _by_key(remarks)
        absent = [note for key, said in notes.items() if key not in value for note in said]
        yield from (line for note in absent for line in comment(note))
        if value and isinstance(value, Mapping):
            yield f"{name}:"
            yield from indented(entries(value, notes))
        else:
            yield from entries({name: [one for one in value if one is not None] if isinstance(value, list) else value})
        return
    if kind.has_trials:
        yield from [*comment(_UNTESTED.format(label=kind.label)), "# odoo_mail_verify: connection", ""]
    yield from _notes(remarks)
    if not value:
        yield f"{name}: []"
        return
    yield f"{name}:"
    first = True
    of_records = _by_position(remarks)
    for position, record in enumerate(value):
        if record is None:
            continue
        if not first and not kind.has_short_entries:
            yield ""
        first = False
        yield from indented(item(record, _of_record(of_records.get(position, ()), record)))


def _by_resource(remarks: _Remarks) -> dict[str | None, list[Answer]]:
    """Return the remarks by resource type; None for the whole instance. Ansible's values are slow to read, so each is read once."""
    grouped: dict[str | None, list[Answer]] = {}
    for remark in remarks:
        plain = dict(remark)
        grouped.setdefault(plain["resource"], []).append(plain)
    return grouped


def _notes(remarks: _Remarks) -> Iterator[str]:
    """Yield comments about the whole instance, or about records that are left out."""
    for remark in remarks:
        if remark["position"] is None:
            yield from comment(_remark_text(remark, named=remark["resource"] is not None))


def _by_key(remarks: _Remarks) -> _Comments:
    notes: _Comments = {}
    for remark in remarks:
        notes.setdefault(str(remark["key"]), []).append(_remark_text(remark))
    return notes


def _by_position(remarks: _Remarks) -> dict[int | None, list[Answer]]:
    """Return the remarks about a list of records by the position of the record."""
    grouped: dict[int | None, list[Answer]] = {}
    for remark in remarks:
        grouped.setdefault(remark["position"], []).append(remark)
    return grouped


def _of_record(remarks: Iterable[Answer], record: Iterable[str]) -> _Comments:
    """Return comments by the option that they are above. A comment about an option that the record lacks is above the record."""
    notes: _Comments = {}
    options = list(record)
    for remark in remarks:
        place = remark["option"] if remark["option"] in options else options[0]
        notes.setdefault(place, []).append(_remark_text(remark))
    return notes


def _remark_text(remark: Mapping[str, Any], *, named: bool = False) -> str:
    subject = f"{_distinct(remark['key'])}: " if named and remark["key"] else ""
    end = "" if remark["message"].endswith("?") else "."
    return f"{_TEXTS[remark['kind']]}: {subject}{remark['message']}{end}"


def _distinct(key: str) -> str:
    """Return a name, in quotes if its beginning or end would not be visible."""
    return key if key == key.strip() and key.isprintable() and ":" not in key else repr(key)
