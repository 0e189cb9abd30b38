# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_route`: the mail server that Odoo uses for a sender."""

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

# The types of the values of a mail server.
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
    """Return the route for the mail of a sender.

    :raises AnsibleFilterError: the sender or the list of mail servers is not valid.
    """
    if not isinstance(email_from, str):
        raise AnsibleFilterError(f"mail_route: {email_from!r} is not valid (expected the email address of a sender).")
    if len(addresses_in(email_from)) > 1:
        raise AnsibleFilterError(f"mail_route: {email_from!r} contains several addresses (expected one sender).")
    is_list = isinstance(servers, Sequence) and not isinstance(servers, str)
    if not is_list or not all(isinstance(server, Mapping) and "name" in server for server in servers):
        raise AnsibleFilterError(
            "mail_route: the mail servers are not valid (expected the list mail_servers of a result of postmaster.odoo.mail_server_info)."
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
    """Return the values of a mail server that are not None.

    :raises AnsibleFilterError: a value has the wrong type.
    """
    given = {name: value for name, value in server.items() if value is not None}
    for name, (kind, words) in _KINDS.items():
        # Odoo returns False for empty values.
        if given.get(name, False) is not False and not isinstance(given[name], kind):
            raise AnsibleFilterError(
                f"mail_route: {name} of mail server {server['name']!r} is not a {words}: {given[name]!r}."
            )
    return given


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"mail_route": mail_route}
