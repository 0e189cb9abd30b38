# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session of Odoo's web client, needed by the few methods that Odoo allows nowhere else (docs/development/odoo-behaviour.md, API keys)."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AuthenticationFailed, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc_body import jsonrpc_body

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection, Response

_COOKIE = "session_id"


class WebTransport:
    """The transport over `/web/dataset/call_kw`, after a login as in the browser.

    The login of an administrator overwrites the system parameter `web.base.url`. Odoo accepts no API key for it.
    """

    name = "web"

    def __init__(self, http: HttpConnection, database: str, username: str, password: str) -> None:
        self._http = http
        self._database = database
        self._username = username
        self._password = password
        self._session_id = ""

    def login(self) -> None:
        """Log in.

        :raises AuthenticationFailed: the password is wrong, or the user has two-factor authentication.
        """
        where = f"login on database {self._database} at {self._http.base_url}"
        parameters = {"db": self._database, "login": self._username, "password": self._password}
        answer = self._post(where, "/web/session/authenticate", parameters)
        if not isinstance(answer, dict) or not answer.get("uid"):
            raise AuthenticationFailed(
                f"Odoo at {self._http.base_url} accepts the login of {self._username!r} on database {self._database} only in a browser, because the user "
                "has two-factor authentication. From 19.0 on you can give a valid api_key in addition."
            )

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Call a method; with `ids` None on the model itself."""
        where = f"{model}.{method} on database {self._database} at {self._http.base_url}"
        named = dict(arguments)
        first = [] if ids is None else [ids]
        # The names of these arguments differ between versions and addons.
        positional = [*first, *(named.pop(name) for name in ("vals_list", "vals") if name in named)]
        call = {"model": model, "method": method, "args": positional, "kwargs": named}
        return self._post(where, f"/web/dataset/call_kw/{model}/{method}", call)

    def _post(self, where: str, path: str, parameters: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._session_id:
            headers["Cookie"] = f"{_COOKIE}={self._session_id}"
        response = self._http.request("POST", path, jsonrpc_body(parameters), headers)
        self._keep_cookie(response)
        try:
            answer = decode(response.body)
        except ValueError:
            answer = None
        if response.status != 200 or not isinstance(answer, dict):
            raise Unreachable(
                f"{self._http.base_url} does not answer {path} in the format of Odoo (HTTP {response.status}): check url, and any proxy before Odoo."
            )
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        data = error.get("data") if isinstance(error, dict) else None
        name, message = (str(data.get(part) or "") if isinstance(data, dict) else "" for part in ("name", "message"))
        if name.endswith("SessionExpiredException"):
            raise AuthenticationFailed(f"{where}: the session of Odoo's web client has expired. Run the task again.")
        raise refusal(where, name, message)

    def _keep_cookie(self, response: Response) -> None:
        """Store the session id of an answer. Odoo changes it at the login and from time to time."""
        for header in response.headers.get_all("Set-Cookie") or ():
            try:
                cookie = SimpleCookie(header)
            except CookieError:  # a cookie of another program
                continue
            if _COOKIE in cookie:
                self._session_id = cookie[_COOKIE].value

    def duplicate(self) -> WebTransport:
        """Return the same session over a connection of its own, for another thread."""
        other = WebTransport(self._http.duplicate(), self._database, self._username, self._password)
        other._session_id = self._session_id
        return other

    def logout(self) -> None:
        """End the session in Odoo."""
        self._post(f"logout at {self._http.base_url}", "/web/session/destroy", {})

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
