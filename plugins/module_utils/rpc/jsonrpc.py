# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON-RPC through OdooRPC, for every Odoo up to 18.0 and for passwords."""

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


# Arguments that go by their position.
_POSITIONAL = {"create": ("vals_list",), "write": ("vals",)}


_ANY_VERSION = "16.0"

# What OdooRPC decodes of an answer: it would take one of any size, depth and kind.
_DECODED_ELSEWHERE = b"{}"


class _KeptOpener:
    """What OdooRPC wants of a `urllib` opener, over our one connection: it keeps it open, and knows proxy and CA.

    :ivar answer: the last answer, decoded.
    """

    def __init__(self, http: HttpConnection) -> None:
        self._http = http
        self.answer: dict[str, Any] = {}

    def open(self, request: Any, timeout: float | None = None) -> io.BytesIO:
        """Send OdooRPC's request. The connection's own timeout holds; OdooRPC is given the same one."""
        path = urlsplit(request.full_url).path
        response = self._http.request(request.get_method(), path, request.data, dict(request.header_items()))
        if response.status != 200:
            raise Unreachable(
                f"{self._http.base_url} answers HTTP {response.status} to {path}: "
                "JSON-RPC is not offered there (on Odoo 19 it is the addon rpc), or a proxy before Odoo refuses it."
            )
        try:
            answer = decode(response.body)
        except ValueError as error:
            raise _not_odoo(self._http, str(error)) from None
        if not isinstance(answer, dict):
            raise _not_odoo(self._http, "it is no object")
        self.answer = answer
        return io.BytesIO(_DECODED_ELSEWHERE)


def _not_odoo(http: HttpConnection, reason: str) -> Unreachable:
    return Unreachable(
        f"{http.base_url} does not answer /jsonrpc in JSON as Odoo does ({reason}): check url and any proxy."
    )


class JsonRpcTransport:
    """Calls `/jsonrpc` with a login and a password, or with an API key in the password's place.

    :raises Invalid: OdooRPC is not installed where the task runs.
    """

    name = "jsonrpc"

    def __init__(self, http: HttpConnection, database: str, username: str, password: str) -> None:
        try:
            import odoorpc
        except ImportError as error:
            raise Invalid(
                "The Python package odoorpc is missing where this task runs: install it there (pip install odoorpc), "
                "or use an api_key with Odoo 19 or newer, whose JSON-2 interface needs no package."
            ) from error
        self._opener = _KeptOpener(http)
        self._http = http
        self._database = database
        self._username = username
        self._password = password
        self._uid = 0
        self._has_called = False
        parts = urlsplit(http.base_url)
        # A version is given, so that OdooRPC does not ask for it. What depends on it there is not used here.
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
        """Find the user's id: the one remembered where it still is the user's, else the one that Odoo's login tells.

        Odoo checks the password at each login, and at the first call that one of its processes gets; after that the process
        knows it. So a known id saves a check. (A session of Odoo's web client needs no id, but opening one as an
        administrator overwrites the system parameter `web.base.url`.)
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
                f"Odoo at {self._http.base_url} refused the login of {self._username!r} on database {self._database}: "
                "check username and password; with two-factor authentication only an api_key works, and keys expire."
            )
        if not isinstance(uid, int) or uid is True or uid < 1:
            raise _not_odoo(self._http, "it is no id of a user")
        self._uid = uid
        user_ids.remember(*user, self._uid)

    def _is_user(self, where: str, uid: int) -> bool:
        """Whether an id is the user's, and the password, too."""
        try:
            found = self._execute_as(uid, where, "res.users", "read", [[uid]], {"fields": ["login"]})
            check_answer(where, "read", {"ids": [uid], "fields": ["login"]}, found)
        except (AuthenticationFailed, AccessRefused, Rejected):
            return False
        # A password that two users share is no proof.
        return str(found[0]["login"]).lower() == self._username.lower()

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Call a method; `ids` None calls it on the model itself."""
        where = f"{model}.{method} on database {self._database} at {self._http.base_url}"
        named = dict(arguments)
        # Up to 18.0 `create` looks at its first positional argument (odoo/api.py, _call_kw_model_create). The values of `write` have other names in
        # addons that override it.
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
        """Return the same over a connection of its own, for another thread. It is logged in already.

        Odoo's process remembers the password that a call has brought, but not that of a login. Without a call before them, calls made
        side by side would each have the password checked.
        """
        if not self._has_called:
            self.execute("res.users", "context_get", None, {})
        other = JsonRpcTransport(self._http.duplicate(), self._database, self._username, self._password)
        other._uid = self._uid
        return other

    def close(self) -> None:
        """Hang up."""
        self._http.close()
