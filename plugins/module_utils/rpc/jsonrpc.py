# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON-RPC through OdooRPC: for every Odoo up to 18.0, and with passwords."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    AuthenticationFailed,
    Invalid,
    Rejected,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import user_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answer_shape import check_answer
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection


# Positional arguments.
_POSITIONAL = {"create": ("vals_list",), "write": ("vals",)}


_ANY_VERSION = "16.0"

# OdooRPC gets this body to decode. It would accept an answer of any size, depth and type.
_DECODED_ELSEWHERE = b"{}"


class _KeptOpener:
    """The part of a `urllib` opener that OdooRPC uses, on top of our connection, which stays open and has the proxy and CA settings.

    :ivar answer: the last answer, decoded.
    """

    def __init__(self, http: HttpConnection) -> None:
        self._http = http
        self.answer: dict[str, Any] = {}

    def open(self, request: Any, timeout: float | None = None) -> io.BytesIO:
        """Send OdooRPC's request. The timeout of the connection applies; OdooRPC has the same one."""
        path = urlsplit(request.full_url).path
        response = self._http.request(request.get_method(), path, request.data, dict(request.header_items()))
        if response.status != 200:
            raise Unreachable(
                f"{self._http.base_url} returned HTTP {response.status} to {path}. The Odoo there has no JSON-RPC (on Odoo 19 it is the addon rpc), "
                "or a proxy before Odoo blocks it. Check url, and install the addon rpc if it is missing."
            )
        try:
            answer = decode(response.body)
        except ValueError as error:
            raise _not_odoo(self._http, str(error)) from None
        if not isinstance(answer, dict):
            raise _not_odoo(self._http, "it is not an object")
        self.answer = answer
        return io.BytesIO(_DECODED_ELSEWHERE)


def _not_odoo(http: HttpConnection, reason: str) -> Unreachable:
    return Unreachable(
        f"{http.base_url} does not answer /jsonrpc in the JSON format of Odoo ({reason}): check url and any proxy."
    )


class JsonRpcTransport:
    """The transport over `/jsonrpc`, with a login and a password, or with an API key in place of the password.

    :raises Invalid: OdooRPC is not installed on the host that runs the task.
    """

    name = "jsonrpc"

    def __init__(self, http: HttpConnection, database: str, username: str, password: str) -> None:
        try:
            import odoorpc
        except ImportError as error:
            raise Invalid(
                "The Python package odoorpc is missing on the host that runs this task: install it there (pip install odoorpc). "
                "Odoo 19 and newer need no package if you use an api_key."
            ) from error
        self._opener = _KeptOpener(http)
        self._http = http
        self._database = database
        self._username = username
        self._password = password
        self._uid = 0
        self._has_called = False
        parts = urlsplit(http.base_url)
        # With a version OdooRPC does not query it. The features that depend on it are not used here.
        self._odoo = odoorpc.ODOO(
            parts.hostname,
            protocol="jsonrpc+ssl" if parts.scheme == "https" else "jsonrpc",
            port=parts.port or (443 if parts.scheme == "https" else 80),
            version=_ANY_VERSION,
            opener=self._opener,
        )

    def _service(self, where: str, service: str, method: str, *arguments: Any) -> Any:
        self._odoo.json("/jsonrpc", {"service": service, "method": method, "args": list(arguments)})
        answer = self._opener.answer
        error = answer.get("error")
        if error is not None:
            data = error.get("data") if isinstance(error, dict) else None
            if not isinstance(data, dict):
                raise _not_odoo(self._http, "its error has no data")
            name, message = (str(data.get(part) or "") for part in ("name", "message"))
            raise refusal(where, name, message or str(error.get("message") or ""))
        # Neither `result` nor `error`: the method returned None (docs/development/odoo-behaviour.md, Queue processing).
        return answer.get("result")

    def login(self) -> None:
        """Find the user's id: the stored one if it is still right, otherwise from Odoo's login.

        Odoo checks the password at each login, and at the first call to each of its processes, which then remembers it. So a known
        id saves a check. (A session of Odoo's web client needs no id, but opening one as an administrator overwrites the system
        parameter `web.base.url`.)
        """
        user = (self._http.base_url, self._database, self._username)
        where = f"login on database {self._database} at {self._http.base_url}"
        remembered = user_ids.recall(*user)
        if remembered is not None and self._is_user(where, remembered):
            self._uid = remembered
            if not user_ids.is_remembered(*user):
                user_ids.remember(*user, remembered)
            return
        uid = self._service(where, "common", "login", self._database, self._username, self._password)
        if not uid:
            raise AuthenticationFailed(
                f"Odoo at {self._http.base_url} rejected the login of {self._username!r} on database {self._database}. "
                "Check username and password, or api_key. Users with two-factor authentication need an api_key. Keys expire."
            )
        if not isinstance(uid, int) or uid is True or uid < 1:
            raise _not_odoo(self._http, "it is not a user id")
        self._uid = uid
        user_ids.remember(*user, self._uid)

    def _is_user(self, where: str, uid: int) -> bool:
        """Return whether both the id and the password are the user's."""
        try:
            found = self._execute_as(uid, where, "res.users", "read", [[uid]], {"fields": ["login"]})
            check_answer(where, "read", {"ids": [uid], "fields": ["login"]}, found)
        except (AuthenticationFailed, AccessRefused, Rejected):
            return False
        # Two users can have the same password, so the login must match too.
        return str(found[0]["login"]).lower() == self._username.lower()

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Call a method; with `ids` None on the model itself."""
        where = f"{model}.{method} on database {self._database} at {self._http.base_url}"
        named = dict(arguments)
        # Up to 18.0 `create` reads its first positional argument (odoo/api.py, _call_kw_model_create). Some addons override `write` and rename its
        # argument.
        first = [] if ids is None else [ids]
        positional = [*first, *(named.pop(name) for name in _POSITIONAL.get(method, ()))]
        return self._execute_as(self._uid, where, model, method, positional, named)

    def _execute_as(
        self, uid: int, where: str, model: str, method: str, positional: list[Any], named: dict[str, Any]
    ) -> Any:
        result = self._service(
            where, "object", "execute_kw", self._database, uid, self._password, model, method, positional, named
        )
        self._has_called = True
        return result

    def duplicate(self) -> JsonRpcTransport:
        """Return the same transport over a connection of its own, for another thread. It is logged in already.

        Odoo's process remembers the password of a call, but not of a login. So one call comes first: otherwise each of the parallel
        calls would check the password again.
        """
        if not self._has_called:
            self.execute("res.users", "context_get", None, {})
        other = JsonRpcTransport(self._http.duplicate(), self._database, self._username, self._password)
        other._uid = self._uid
        return other

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
