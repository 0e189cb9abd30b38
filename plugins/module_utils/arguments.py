# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specifications that modules share: the connection, and the resources as options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType

# How new settings of mail servers are tested before they go live.
VERIFY = {"type": "str", "choices": ["none", "connection"], "default": "none"}


def connection_arguments() -> dict[str, Any]:
    """How to reach the instance; every option falls back to an environment variable."""

    def option(name: str, **specification: Any) -> dict[str, Any]:
        return {"fallback": (env_fallback, [f"ODOO_{name.upper()}"]), **specification}

    return {
        "url": option("url", type="str", required=True),
        "database": option("database", type="str", required=True),
        "username": option("username", type="str"),
        "password": option("password", type="str", no_log=True),
        "api_key": option("api_key", type="str", no_log=True),
        "transport": option("transport", type="str", choices=["auto", "jsonrpc", "json2"], default="auto"),
        "validate_certs": option("validate_certs", type="bool", default=True),
        "ca_path": option("ca_path", type="path"),
        "timeout": option("timeout", type="int", default=30),
        "proxy": option("proxy", type="str"),
    }


def resource_arguments(kind: ResourceType, *, xml_id: bool = True, states: tuple[str, ...] = ()) -> dict[str, Any]:
    """The options of one resource: its fields, and where it has them `xml_id` and `state`."""
    arguments = {name: dict(specification) for name, specification in kind.options.items()}
    if xml_id:
        arguments["xml_id"] = {"type": "str"}
    if states:
        arguments["state"] = {"type": "str", "choices": list(states), "default": "present"}
    return arguments


def resource_list(kind: ResourceType, **how: Any) -> dict[str, Any]:
    """An option that takes a list of resources of one kind."""
    return {"type": "list", "elements": "dict", "options": resource_arguments(kind, **how), **kind.option_rules}
