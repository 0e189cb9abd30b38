# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of the connection for all modules that call Odoo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import env_fallback

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in

# Alternatives in order of precedence. All come from one place: otherwise an API key of another place would replace a password.
CREDENTIALS = ("api_key", "password")

# A day.
_LONGEST_TIMEOUT = 86400


def without_foreign_credentials(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a task. If they contain a credential, the environment adds no other one."""
    if not any(arguments.get(name) for name in CREDENTIALS):
        return dict(arguments)
    return {**dict.fromkeys(CREDENTIALS, ""), **arguments}


def credentials_of(arguments: Mapping[str, Any]) -> set[str]:
    """Return the secrets in the connection options. A password that is identical to the user name is left out: the name occurs in many places."""
    connection = {name: arguments.get(name) for name in connection_arguments() if arguments.get(name)}
    return set(secrets_in(connection)) - {arguments.get("username")}


def secrets_in_environment() -> set[str]:
    """Return the secrets in the environment variables of the connection. Ansible hides only those that reach an option with `no_log`."""
    values = {name: os.environ.get(f"ODOO_{name.upper()}", "") for name in connection_arguments()}
    proxies = [{"proxy": value} for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy")]
    return set(secrets_in([values, *proxies]))


def refuse_timeout(seconds: int) -> None:
    """Raise an error if the timeout is out of its bounds.

    :raises Invalid: it is less than a second, or too long for a socket.
    """
    if seconds < 1:
        raise Invalid(f"timeout must be at least 1 second, not {seconds}.")
    if seconds > _LONGEST_TIMEOUT:
        raise Invalid(f"timeout must be at most {_LONGEST_TIMEOUT} seconds, not {seconds}.")


def refuse_out_of_bounds(connection: Mapping[str, Any]) -> None:
    """Raise an error if a number in the connection options is out of its bounds.

    :raises Invalid: it names the option.
    """
    refuse_timeout(connection["timeout"])
    if connection["lock_timeout"] < 0:
        raise Invalid(f"lock_timeout must be at least 0 seconds, not {connection['lock_timeout']}.")
    if connection["connections"] < 1:
        raise Invalid(f"connections must be at least 1, not {connection['connections']}.")


def connection_arguments() -> dict[str, Any]:
    """Return the options of the connection to an instance. Every option falls back to an environment variable."""

    def option(name: str, **specification: Any) -> dict[str, Any]:
        return {"fallback": (env_fallback, [f"ODOO_{name.upper()}"]), **specification}

    return {
        "url": option("url", type="str"),
        "database": option("database", type="str"),
        "username": option("username", type="str"),
        "password": option("password", type="str", no_log=True),
        "api_key": option("api_key", type="str", no_log=True),
        "transport": option("transport", type="str", choices=["auto", "jsonrpc", "json2"], default="auto"),
        "validate_certs": option("validate_certs", type="bool", default=True),
        "ca_path": option("ca_path", type="path"),
        "timeout": option("timeout", type="int", default=30),
        "proxy": option("proxy", type="str"),
        "lock_timeout": option("lock_timeout", type="int", default=180),
        "connections": option("connections", type="int", default=4),
    }
