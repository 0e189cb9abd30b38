# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_route`: which mail server Odoo takes for a sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    Rules,
    addresses_in,
    mail_server_of,
    route,
)

# What a mail server's values must be.
_KINDS = {"id": (int, "number"), "sequence": (int, "number"), "from_filter": (str, "text"), "active": (bool, "boolean")}


def mail_route(
    email_from: Any,
    servers: Any,
    *,
    notifications: str = "",
    bounce: str = "",
    config_filter: str = "",
    several: bool = True,
    personal: bool = False,
    rewrites_unmatched: bool | None = True,
) -> dict[str, Any]:
    """How mail of a sender leaves.

    :raises AnsibleFilterError: what was given is no sender, or no list of mail servers.
    """
    if not isinstance(email_from, str):
        raise AnsibleFilterError(f"mail_route takes the address of a sender, and {email_from!r} is none.")
    if len(addresses_in(email_from)) > 1:
        raise AnsibleFilterError(f"mail_route takes one sender, and {email_from!r} are several.")
    is_list = isinstance(servers, Sequence) and not isinstance(servers, str)
    if not is_list or not all(isinstance(server, Mapping) and "name" in server for server in servers):
        raise AnsibleFilterError(
            "mail_route takes a list of mail servers as postmaster.odoo.mail_server_info returns it."
        )
    rules = Rules(
        notifications or "", bounce or "", config_filter or "", several, several, personal, rewrites_unmatched
    )
    found = route(email_from, [mail_server_of(_checked(server)) for server in servers], rules)
    return {
        "server": found.server.name if found.server else None,
        "email_from": found.email_from,
        "envelope_from": found.envelope_from,
        "rewritten": found.rewritten,
        "rule": found.rule,
    }


def _checked(server: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a mail server.

    :raises AnsibleFilterError: a value that is not what it should be.
    """
    given = {name: value for name, value in server.items() if value is not None}
    for name, (kind, words) in _KINDS.items():
        # Odoo itself answers False for what is empty.
        if given.get(name, False) is not False and not isinstance(given[name], kind):
            raise AnsibleFilterError(
                f"mail_route: {name} of mail server {server['name']!r} is no {words}: {given[name]!r}."
            )
    return given


class FilterModule:
    """What Ansible finds the filter by."""

    def filters(self) -> dict[str, Any]:
        return {"mail_route": mail_route}
