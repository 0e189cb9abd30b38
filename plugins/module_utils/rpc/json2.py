# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON-2, Odoo's HTTP interface from 19.0 on: no login, an API key as bearer token, named arguments only."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AuthenticationFailed,
    Conflict,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection


# The statuses of an Odoo page if the database does not exist (404, 303) or there is no JSON-2 interface (200, 404; 500 on 16.0).
# Source: docs/development/odoo-behaviour.md, RPC.
_NO_JSON2 = frozenset({200, 303, 404, 500})


class Json2Transport:
    """The transport over `POST /json/2/<model>/<method>`.

    :param api_key: the calls have the rights of its user. It expires on the date that Odoo stores.
    """

    name = "json2"

    def __init__(self, http: HttpConnection, database: str, api_key: str) -> None:
        self._http = http
        self._database = database
        self._headers = {
            "Authorization": f"bearer {api_key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": database,
        }

    def login(self) -> None:
        """Do nothing. JSON-2 has no login: every call contains the key."""

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Call a method; with `ids` None on the model itself. `null` is a valid result."""
        where = f"{model}.{method} on database {self._database} at {self._http.base_url}"
        body = dict(arguments) if ids is None else {"ids": ids, **arguments}
        response = self._http.request("POST", f"/json/2/{model}/{method}", json.dumps(body).encode(), self._headers)
        try:
            answer = decode(response.body)
        except ValueError:
            answer = None
        if response.status == 200 and (answer is not None or response.body.strip() == b"null"):
            return answer
        if not isinstance(answer, dict) and response.status not in _NO_JSON2:
            raise Unreachable(
                f"The program at {self._http.base_url} is not Odoo (HTTP {response.status} to {model}.{method}), but a proxy, a firewall or something else. "
                "Check url, and the programs in front of Odoo."
            )
        if response.status == 200 and response.headers.get_content_type() == "application/json":
            raise Unreachable(
                f"{where}: Odoo's answer is not valid JSON. A stored value may be the reason, such as a number that is NaN or infinite: "
                "call the method in Odoo's shell to find it."
            )
        if not isinstance(answer, dict):
            raise Unreachable(
                f"{self._http.base_url} has no database {self._database!r}, hides it from this host name (dbfilter in odoo.conf), "
                f"or has no JSON-2 interface (HTTP {response.status} to {model}.{method}). Check database, url and transport."
            )
        name, message = str(answer.get("name", "")), str(answer.get("message", ""))
        if response.status == 401:
            raise AuthenticationFailed(
                f"Odoo at {self._http.base_url} rejected the api_key for database {self._database} ({message}). "
                "The key is wrong or has expired: create a new one under Preferences / Account Security."
            )
        if response.status == 409:
            raise Conflict(
                f"{where}: Odoo is busy with it at the moment. Run the task again later. Odoo's message: {message}"
            )
        error = refusal(where, name, message)
        if response.status == 404 and not isinstance(error, Unsupported) and not name.endswith("MissingError"):
            error = Unsupported(
                f"{where}: the model or method does not exist on this Odoo. Check its addon and the version of Odoo. Odoo's message: {message}"
            )
        raise error

    def duplicate(self) -> Json2Transport:
        """Return the same transport over a connection of its own, for another thread."""
        other = copy.copy(self)
        other._http = self._http.duplicate()
        return other

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
