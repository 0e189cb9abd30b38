# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options of a task, from its arguments, and then from the inventory variables `odoo_*`. The module adds the environment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import (
    CREDENTIALS,
    connection_arguments,
)

_PREFIX = "odoo_"

# Return the values of variables, by their names.
Resolve = Callable[[Collection[str]], Mapping[str, Any]]


def with_connection_variables(
    arguments: Mapping[str, Any], variables: Collection[str], resolve: Resolve
) -> dict[str, Any]:
    """Return the arguments of a task, with missing connection options from the variables of its host.

    A null counts as missing. Only variables that are needed are resolved.

    :param variables: the names of the variables that the host has.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    has_credentials = any(given.get(name) for name in CREDENTIALS)
    wanted = [
        name
        for name in connection_arguments()
        if name not in given and f"{_PREFIX}{name}" in variables and not (has_credentials and name in CREDENTIALS)
    ]
    if "api_key" in wanted and "password" in wanted:
        found = _resolve(["api_key"], resolve)
        wanted = [name for name in wanted if name not in (CREDENTIALS if found else ("api_key",))]
        given.update(found)
    given.update(_resolve(wanted, resolve))
    return given


def _resolve(names: Collection[str], resolve: Resolve) -> dict[str, Any]:
    found = resolve([f"{_PREFIX}{name}" for name in names])
    values = {name: found.get(f"{_PREFIX}{name}") for name in names}
    return {name: value for name, value in values.items() if value is not None and (value or name not in CREDENTIALS)}
