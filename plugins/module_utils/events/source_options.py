# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import refusable_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import (
    connection_arguments,
    refuse_out_of_bounds,
    secrets_in_environment,
    without_foreign_credentials,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import SEVERITIES
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.options import DOCTOR_OPTIONS, examination
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.events.changes import KnownFindings
from ansible_collections.postmaster.odoo.plugins.module_utils.events.watched_instance import WatchedInstance
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message

# A week.
_LONGEST = 604_800
_MOST_AT_ONCE = 32

SOURCE_OPTIONS: Mapping[str, Any] = {
    **DOCTOR_OPTIONS,
    # A test of each mail server every few minutes is more than most servers of others accept.
    "live_tests": {"type": "bool", "default": False},
    "interval": {"type": "int", "default": 300},
    "severity": {"type": "str", "choices": list(SEVERITIES), "default": "warning"},
    "repeat_after": {"type": "int", "default": 0},
    "at_once": {"type": "int", "default": 4},
    "instances": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"name": {"type": "str", "required": True}, **connection_arguments()},
    },
}

# ansible-rulebook adds this argument for sources that take feedback.
_OF_RULEBOOK = frozenset({"eda_feedback_queue"})


@dataclass(frozen=True)
class SourceOptions:
    """The instances and how they are watched."""

    instances: list[WatchedInstance]
    interval: int
    at_once: int


def read_options(arguments: Mapping[str, Any]) -> SourceOptions:
    """Read the arguments of the event source.

    :raises Invalid: a value that cannot be used. The message contains no secret.
    """
    given = {name: value for name, value in arguments.items() if name not in _OF_RULEBOOK}
    if isinstance(given.get("instances"), list):
        given["instances"] = [
            without_foreign_credentials(one) if isinstance(one, Mapping) else one for one in given["instances"]
        ]
    secrets = frozenset([*secrets_in(given), *secrets_in_environment()])
    validated = ArgumentSpecValidator(dict(SOURCE_OPTIONS)).validate(refusable_arguments(SOURCE_OPTIONS, given))
    if validated.error_messages:
        kind = "Unsupported options: " if validated.unsupported_parameters else ""
        raise Invalid(kind + safe_message("; ".join(validated.error_messages), secrets))
    params = validated.validated_parameters
    _refuse(params)
    how = examination(params)
    instances = [
        WatchedInstance(
            name=one["name"],
            connection={name: one[name] for name in connection_arguments()},
            examination=how,
            known=KnownFindings(params["severity"], params["repeat_after"]),
            secrets=secrets,
        )
        for one in params["instances"]
    ]
    return SourceOptions(instances, params["interval"], params["at_once"])


def _refuse(params: Mapping[str, Any]) -> None:
    if not params["instances"]:
        raise Invalid("instances is empty: name at least one instance.")
    names = [one["name"] for one in params["instances"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"instances has the same name twice: {', '.join(twice)}.")
    for name, least, most in (
        ("interval", 1, _LONGEST),
        ("repeat_after", 0, _LONGEST),
        ("at_once", 1, _MOST_AT_ONCE),
    ):
        if not least <= params[name] <= most:
            raise Invalid(f"{name} must be from {least} to {most}, not {params[name]}.")
    for one in params["instances"]:
        for name in ("url", "database"):
            if not one[name]:
                raise Invalid(f"instance {one['name']!r} has no {name}, and ODOO_{name.upper()} is not set.")
        refuse_out_of_bounds(one)
