# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The web client's session: its cookie, its calls and its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    AuthenticationFailed,
    OdooError,
    Rejected,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.web import WebTransport
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, LocalServer, Request, serving

PASSWORD = "made-up-password"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as server:
        yield server


def transport(server: LocalServer) -> WebTransport:
    return WebTransport(HttpConnection(server.url, timeout=5, proxy=""), "acme", "admin", PASSWORD)


def refused(name: str, message: str = "No.") -> Answer:
    return Answer(
        {
            "error": {
                "code": 200,
                "message": "Odoo Server Error",
                "data": {"name": name, "message": message, "debug": "File"},
            }
        }
    )


def test_a_session(server: LocalServer) -> None:
    """Odoo changes the id of a session now and then."""

    def answer(request: Request) -> Answer:
        if request.target.endswith("authenticate"):
            return Answer(
                {"result": {"uid": 2}},
                headers=(("Set-Cookie", "other=1"), ("Set-Cookie", "session_id=first; Path=/; HttpOnly")),
            )
        new = () if "first" not in request.headers.get("Cookie", "") else (("Set-Cookie", "session_id=second"),)
        return Answer({"result": request.json["params"].get("args", True)}, headers=new)

    server.answer = answer
    web = transport(server)
    web.login()
    assert server.requests[0].json["params"] == {"db": "acme", "login": "admin", "password": PASSWORD}
    assert web.execute("res.users", "context_get", None, {"context": {}}) == []
    assert web.execute("ir.mail_server", "write", [1], {"vals": {"a": 1}, "context": {}}) == [[1], {"a": 1}]
    assert web.duplicate().execute("ir.mail_server", "create", None, {"vals_list": [{}]}) == [[{}]]
    web.logout()
    cookies = [request.headers.get("Cookie") for request in server.requests]
    assert cookies == [None, "session_id=first", "session_id=second", "session_id=second", "session_id=second"]
    assert server.requests[2].target == "/web/dataset/call_kw/ir.mail_server/write"
    assert server.requests[2].json["params"]["kwargs"] == {"context": {}}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer({"result": {"uid": None}}), AuthenticationFailed, "two-factor"),
        (Answer({"result": None}), AuthenticationFailed, "two-factor"),
        (refused("odoo.exceptions.AccessDenied", "Access Denied"), AuthenticationFailed, "rejected the credentials"),
        (refused("odoo.exceptions.AccessError"), AccessRefused, "has no permission"),
        (refused("odoo.exceptions.UserError"), Rejected, "No."),
        (refused("odoo.http.SessionExpiredException"), AuthenticationFailed, "has expired"),
        (Answer({"error": "what"}), Rejected, "failed"),
        (Answer({"result": 1}, 404), Unreachable, "HTTP 404"),
        (Answer(b"<html>"), Unreachable, "in the format of Odoo"),
        (Answer([1]), Unreachable, "in the format of Odoo"),
    ],
)
def test_refusals(server: LocalServer, answer: Answer, kind: type[OdooError], words: str) -> None:
    server.answer = lambda _request: answer
    with pytest.raises(kind, match=words) as error:
        transport(server).login()
    assert PASSWORD not in error.value.message
    assert "File" not in error.value.message


def test_a_cookie_that_is_none(server: LocalServer) -> None:
    server.answer = lambda _request: Answer({"result": {"uid": 2}}, headers=(("Set-Cookie", "\u00e9[=;=x"),))
    web = transport(server)
    web.login()
    answer: Any = web.execute("res.users", "context_get", None, {})
    assert answer == {"uid": 2}
    assert "Cookie" not in server.requests[1].headers
