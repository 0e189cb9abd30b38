# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specifications of resources: as options of a module, and as options of a stack."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType

# The option to activate records on a neutralized database. The fragment `activate_neutralized` documents it.
ACTIVATE_NEUTRALIZED: Mapping[str, Any] = {"activate_neutralized": {"type": "bool", "default": False}}
# The option to read the addons path again.
UPDATE_LIST: Mapping[str, Any] = {"update_list": {"type": "bool", "default": False}}
# The options for testing new settings of mail servers before they go live. The fragment `verify` documents them.
VERIFY: Mapping[str, Any] = {
    "verify": {"type": "str", "choices": ["none", "connection", "canary"], "default": "none"},
    "canary_to": {"type": "str", "default": ""},
}


class StackShape(Enum):
    """The form in which a stack declares the records of one type."""

    RECORDS = "a list of dictionaries"
    NAMES = "a list of names"
    VALUES = "a dictionary with one value for each record, by its key"
    OPTIONS = "a dictionary of options"


def stack_shape(kind: ResourceType) -> StackShape:
    """Return the form in which a stack declares the records of a type."""
    if not kind.stack_argument:
        return StackShape.RECORDS
    if kind.stack_argument["type"] == "list":
        return StackShape.NAMES
    return StackShape.OPTIONS if "options" in kind.stack_argument else StackShape.VALUES


def resource_arguments(kind: ResourceType, *, xml_id: bool = True, states: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the options of one resource: its fields, and `xml_id` and `state` if it has them."""
    arguments = {name: dict(specification) for name, specification in kind.options.items()}
    if xml_id:
        arguments["xml_id"] = {"type": "str"}
    if states:
        arguments["state"] = {"type": "str", "choices": list(states), "default": "present"}
    return arguments


def stack_arguments(kinds: Iterable[ResourceType]) -> dict[str, Any]:
    """Return the options of a stack: one for each of these resource types."""
    return {kind.stack_option: dict(kind.stack_argument) or _resource_list(kind) for kind in kinds}


def _resource_list(kind: ResourceType) -> dict[str, Any]:
    options = resource_arguments(kind, states=kind.stack_states)
    return {"type": "list", "elements": "dict", "options": options, **kind.option_rules}
