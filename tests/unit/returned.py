# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of real results, compared with the documentation of return values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.tests.unit.tasks import module_named

# Fields of every task of Ansible.
_OF_ANSIBLE = {"changed", "diff", "failed", "invocation", "msg", "warnings"}
_IN_A_SUCCESS = ("always", "success")
# Values whose names come from the instance or the declaration.
_FREE = re.compile(r"stack\.parameters|records\.options|plan\.changes\.(before|after)|.*\bstates")
# Results that another module documents.
_ELSEWHERE = {("mail_doctor", "queue"): "mail_queue_info"}


def differences(module: str, result: Mapping[str, Any]) -> list[str]:
    """Return the fields of a result that are not documented, and the documented fields that it lacks."""
    documented = yaml.safe_load(module_named(module).RETURN)
    own = {name: value for name, value in result.items() if name not in _OF_ANSIBLE}
    if result.get("failed") and "plan" not in documented:
        own.pop("plan", None)  # every failure has an empty plan, also of modules without a plan
    if result.get("failed") and "error_kind" not in result:
        return []  # Ansible has rejected the options
    found = []
    for name, one in documented.items():
        returned = str(one["returned"])
        if result.get("failed"):
            if name in own and returned == "success":
                found.append(f"{name}: returned on failure")
            if name not in own and returned in ("always", "failure"):
                found.append(f"{name}: not returned on failure")
        elif name not in own and (returned in _IN_A_SUCCESS or returned.startswith("success,")):
            found.append(f"{name}: not returned on success")
    return [*found, *_unknown(module, own, documented, "")]


def _unknown(module: str, value: Mapping[str, Any], documented: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, one in value.items():
        where = f"{place}{name}"
        if name not in documented:
            yield f"{where}: not documented"
            continue
        about = documented[name]
        for part in one if isinstance(one, list) else [one]:
            if isinstance(part, Mapping) and not _FREE.fullmatch(where):
                yield from _unknown_in(module, part, about, where)


def _unknown_in(module: str, part: Mapping[str, Any], about: Mapping[str, Any], where: str) -> Iterator[str]:
    if (module, where) in _ELSEWHERE:
        about = yaml.safe_load(module_named(_ELSEWHERE[module, where]).RETURN)[where]
    known = dict(about.get("contains", ()))
    if "contains" not in about:
        samples = about.get("sample") if isinstance(about.get("sample"), list) else [about.get("sample")]
        known |= {field: {} for one in samples or () if isinstance(one, Mapping) for field in one}
    if where in ("record", "records") and "resource" in part:
        known = {**{key: {} for key in _fields_of_records(part["resource"])}, **known}
    if where.startswith("stack."):  # a declaration
        option = module_named("mail_stack").SPECIFICATION.options[where.removeprefix("stack.")]
        known = {key: {} for key in option["options"]}
    yield from _unknown(module, part, known, f"{where}.")
    for field, each in about.get("contains", {}).items():
        if each["returned"] == "always" and field not in part:
            yield f"{where}.{field}: documented, but not returned"


@cache
def _fields_of_records(resource: str) -> tuple[str, ...]:
    """Return the fields of a record that the modules of its resource document."""
    known: set[str] = set()
    info = {"cron": "cron_info", "queue_policy": "cron_info", "mail_server": "mail_server_info"}.get(resource)
    for module in (resource, *([info] if info else [])):
        for name, one in yaml.safe_load(module_named(module).RETURN).items():
            if name in ("record", "records", "crons", "mail_servers"):
                sample = one.get("sample") or {}
                known |= {*one.get("contains", ()), *(sample[0] if isinstance(sample, list) else sample)}
    return tuple(known)
