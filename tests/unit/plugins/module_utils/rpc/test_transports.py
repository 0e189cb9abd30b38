# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both transports against a server that answers as Odoo does: results, refusals, and texts that must never be shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    AuthenticationFailed,
    Conflict,
    Invalid,
    OdooError,
    Rejected,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import user_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.json2 import Json2Transport
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc import JsonRpcTransport
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Transport
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, LocalServer, Request, http_to, serving

SECRET = "correct-horse"
TRACEBACK = 'Traceback (most recent call last):\n  File "/opt/odoo/http.py", line 1'
HTML = b"<!doctype html><title>Odoo</title>"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        yield local


def json2(server: LocalServer) -> Transport:
    return Json2Transport(http_to(server, "/base"), "acme", SECRET)


def jsonrpc(server: LocalServer) -> JsonRpcTransport:
    return JsonRpcTransport(http_to(server, "/base"), "acme", "ops", SECRET)


def odoo_error(name: str, message: str) -> dict[str, Any]:
    return {"name": name, "message": message, "arguments": [message], "context": {}, "debug": TRACEBACK}


def rpc_error(name: str, message: str) -> Answer:
    error = {"code": 200, "message": "Odoo Server Error", "data": odoo_error(name, message)}
    return Answer({"jsonrpc": "2.0", "id": 1, "error": error})


def refused(
    make: Callable[[LocalServer], Transport], server: LocalServer, answer: Answer, kind: type[OdooError]
) -> str:
    """Return the message of a refused call; it never contains a secret or a traceback."""
    server.answer = lambda _request: answer
    with pytest.raises(kind) as caught:
        make(server).execute("ir.cron", "write", [1], {"vals": {"smtp_pass": SECRET}})
    assert SECRET not in caught.value.message
    assert "Traceback" not in caught.value.message
    assert len(server.requests) == 1
    return caught.value.message


# JSON-2


def test_json2_calls_by_name_with_a_bearer(server: LocalServer) -> None:
    transport = json2(server)
    server.answer = lambda _request: Answer(True)
    transport.login()
    assert (
        transport.execute("ir.cron", "write", [1, 2], {"vals": {"active": True}, "context": {"lang": "en_US"}}) is True
    )
    transport.execute("ir.cron", "search", None, {"domain": []})
    first, second = server.requests
    assert (first.method, first.target) == ("POST", "/base/json/2/ir.cron/write")
    assert first.json == {"ids": [1, 2], "vals": {"active": True}, "context": {"lang": "en_US"}}
    assert second.json == {"domain": []}
    assert first.headers["Authorization"] == f"bearer {SECRET}"
    assert first.headers["X-Odoo-Database"] == "acme"
    assert first.headers["Content-Type"] == "application/json"
    assert server.connections == 1


@pytest.mark.parametrize("result", [None, False, 0, [], {}, "text", [{"id": 1}]])
def test_json2_results(server: LocalServer, result: Any) -> None:
    server.answer = lambda _request: Answer(result)
    assert json2(server).execute("mail.mail", "send", [1], {}) == result


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, odoo_error("werkzeug.exceptions.Unauthorized", "Invalid apikey"), AuthenticationFailed, "has expired"),
        (403, odoo_error("odoo.exceptions.AccessError", "You are not allowed"), AccessRefused, "You are not allowed"),
        (403, odoo_error("odoo.exceptions.AccessDenied", "Access Denied"), AuthenticationFailed, "Access Denied"),
        (404, odoo_error("werkzeug.exceptions.NotFound", "the model 'x' does not exist"), Unsupported, "model 'x'"),
        (404, odoo_error("odoo.exceptions.MissingError", "Record does not exist."), Rejected, "Record does not exist."),
        (404, HTML, Unreachable, "or has no JSON-2 interface (HTTP 404 to ir.cron.write)"),
        (404, HTML, Unreachable, "has no database 'acme', hides it from this host name (dbfilter in odoo.conf)"),
        (200, HTML, Unreachable, "no JSON-2 interface (HTTP 200"),  # 18.0 sends its login page
        (200, b"", Unreachable, "no JSON-2 interface"),
        (200, {"max_email_size": float("nan")}, Unreachable, "ir.cron.write on database acme at"),
        (200, {"max_email_size": float("nan")}, Unreachable, "Odoo's answer is not valid JSON"),
        (502, b"Bad Gateway", Unreachable, "HTTP 502"),
        (409, odoo_error("odoo.exceptions.LockError", "Cannot lock"), Conflict, "Cannot lock"),
        (409, odoo_error("psycopg2.errors.SerializationFailure", "could not serialize access"), Conflict, "serialize"),
        (422, odoo_error("odoo.exceptions.UserError", "Job 'x' already executing"), Conflict, "already executing"),
        (422, odoo_error("odoo.exceptions.UserError", "You cannot archive it"), Rejected, "You cannot archive it"),
        (422, odoo_error("odoo.exceptions.ValidationError", "Key must be unique."), Rejected, "Key must be unique."),
        (500, odoo_error("builtins.ValueError", "Invalid field 'x' in 'ir.cron'"), Unsupported, "Invalid field 'x'"),
        (
            500,
            odoo_error("builtins.KeyError", "'x'"),
            Rejected,
            "Odoo failed with KeyError. Read Odoo's log for the cause. Odoo's message: 'x'",
        ),
    ],
)
def test_json2_refusals(server: LocalServer, status: int, body: Any, kind: type[OdooError], words: str) -> None:
    assert words in refused(json2, server, Answer(body, status), kind)


# JSON-RPC


def test_jsonrpc_logs_in_and_calls(server: LocalServer) -> None:
    transport = jsonrpc(server)
    server.answer = lambda _request: Answer({"jsonrpc": "2.0", "id": 1, "result": 7})
    transport.login()
    assert transport.execute("ir.cron", "write", [1, 2], {"vals": {}, "context": {}}) == 7
    transport.execute("ir.cron", "search", None, {"domain": []})
    transport.execute("ir.cron", "create", None, {"vals_list": [{"name": "x"}], "context": {}})
    calls = [(request.target, request.json["params"]) for request in server.requests]
    assert {target for target, _params in calls} == {"/base/jsonrpc"}
    assert calls[0][1] == {"service": "common", "method": "login", "args": ["acme", "ops", SECRET]}
    assert [params["args"][:3] for _target, params in calls[1:]] == [["acme", 7, SECRET]] * 3
    assert [params["args"][3:] for _target, params in calls[1:]] == [
        ["ir.cron", "write", [[1, 2], {}], {"context": {}}],
        ["ir.cron", "search", [], {"domain": []}],
        ["ir.cron", "create", [[{"name": "x"}]], {"context": {}}],
    ]
    assert server.connections == 1


@pytest.mark.parametrize("envelope", [{"result": None}, {}])
def test_jsonrpc_accepts_an_empty_result(server: LocalServer, envelope: dict[str, Any]) -> None:
    server.answer = lambda _request: Answer({"jsonrpc": "2.0", "id": 1, **envelope})
    assert jsonrpc(server).execute("mail.mail", "send", [1], {}) is None


class Users:
    """A server's users: their ids, logins and passwords. It answers as 19.0 does, and records its requests."""

    def __init__(self, server: LocalServer, *users: tuple[int, str, str]) -> None:
        self.users = users
        self.server = server
        server.answer = self.answer

    def answer(self, request: Request) -> Answer:
        method, arguments = (request.json["params"][name] for name in ("method", "args"))
        _database, user, password = arguments[:3]
        if method == "login":
            ids = [uid for uid, login, secret in self.users if (login, secret) == (user, password)]
            return Answer({"result": ids[0] if ids else False})
        mine = [(login, secret) for uid, login, secret in self.users if uid == user]
        if not mine or mine[0][1] != password:  # Odoo refuses an unknown id in the same way
            return rpc_error("odoo.exceptions.AccessDenied", "Access Denied")
        return Answer({"result": [{"id": user, "login": mine[0][0]}]})

    def asked(self) -> list[Any]:
        """Return the requests since the last call: logins, and the ids of the users who called."""
        asked = [request.json["params"] for request in self.server.requests]
        self.server.requests.clear()
        return ["login" if params["method"] == "login" else params["args"][1] for params in asked]


def test_jsonrpc_logs_in_once_and_stores_the_user_id(server: LocalServer) -> None:
    users = Users(server, (7, "ops", SECRET))
    for asked in (["login", 7], [7, 7], [7, 7]):
        transport = jsonrpc(server)
        transport.login()
        transport.execute("ir.cron", "search", None, {"domain": []})
        assert users.asked() == asked


def test_jsonrpc_verifies_the_user_of_the_stored_id(server: LocalServer) -> None:
    Users(server, (7, "ops", SECRET))
    jsonrpc(server).login()
    jsonrpc(server).login()
    assert server.requests[-1].json["params"] == {
        "service": "object",
        "method": "execute_kw",
        "args": ["acme", 7, SECRET, "res.users", "read", [[7]], {"fields": ["login"]}],
    }


@pytest.mark.parametrize(
    "now",
    [
        pytest.param([(8, "ops", SECRET)], id="nobody has the id any more"),
        pytest.param([(7, "dev", "other"), (8, "ops", SECRET)], id="it is another's"),
        pytest.param([(7, "dev", SECRET), (8, "ops", SECRET)], id="it is another's who has the same password"),
    ],
)
def test_jsonrpc_logs_in_again_if_the_database_was_created_again(
    server: LocalServer, now: list[tuple[int, str, str]]
) -> None:
    Users(server, (7, "ops", SECRET))
    jsonrpc(server).login()
    server.requests.clear()
    users = Users(server, *now)
    for asked in ([7, "login", 8], [8, 8]):
        transport = jsonrpc(server)
        transport.login()
        transport.execute("ir.cron", "search", None, {"domain": []})
        assert users.asked() == asked


def test_jsonrpc_accepts_any_spelling_of_a_login(server: LocalServer) -> None:
    """Addons that accept logins without regard to case store them in lower case."""
    Users(server, (7, "OPS", SECRET))
    user_ids.remember(f"{server.url}/base", "acme", "ops", 7)
    jsonrpc(server).login()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        rpc_error("odoo.exceptions.AccessDenied", "Access Denied"),
        rpc_error("odoo.exceptions.AccessError", "You are not allowed"),
        rpc_error("odoo.exceptions.MissingError", "Record does not exist."),
        Answer({"result": []}),
        Answer({"result": [{"id": 7, "login": False}]}),
    ],
)
def test_jsonrpc_prefers_the_result_of_a_login_to_the_stored_id(server: LocalServer, answer: Answer) -> None:
    user_ids.remember(f"{server.url}/base", "acme", "ops", 7)
    server.answer = lambda request: Answer({"result": 8}) if request.json["params"]["method"] == "login" else answer
    jsonrpc(server).login()
    assert user_ids.recall(f"{server.url}/base", "acme", "ops") == 8


def test_jsonrpc_does_not_log_in_if_odoo_does_not_answer(server: LocalServer) -> None:
    user_ids.remember(f"{server.url}/base", "acme", "ops", 7)
    server.answer = lambda _request: rpc_error("psycopg2.OperationalError", 'database "acme" does not exist')
    with pytest.raises(Unreachable, match=r"^login on database acme.*the database does not exist"):
        jsonrpc(server).login()
    assert len(server.requests) == 1


def test_jsonrpc_reports_a_wrong_password_alike_with_and_without_the_id(server: LocalServer) -> None:
    Users(server, (7, "ops", "other"))
    messages = set()
    for remembered in (False, True):
        if remembered:
            user_ids.remember(f"{server.url}/base", "acme", "ops", 7)
        with pytest.raises(AuthenticationFailed) as caught:
            jsonrpc(server).login()
        messages.add(caught.value.message)
    assert len(messages) == 1


@pytest.mark.parametrize("result", [False, None, 0])
def test_jsonrpc_refuses_a_login_without_a_user(server: LocalServer, result: Any) -> None:
    server.answer = lambda _request: Answer({"jsonrpc": "2.0", "id": 1, "result": result})
    with pytest.raises(AuthenticationFailed) as caught:
        jsonrpc(server).login()
    assert f"Odoo at {server.url}/base rejected the login of 'ops' on database acme" in caught.value.message
    assert SECRET not in caught.value.message


def test_jsonrpc_reports_a_missing_database(server: LocalServer) -> None:
    server.answer = lambda _request: rpc_error(
        "psycopg2.OperationalError", 'connection failed: FATAL:  database "acme" does not exist\n'
    )
    with pytest.raises(Unreachable, match=r"^login on database acme.*the database does not exist"):
        jsonrpc(server).login()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            rpc_error("odoo.exceptions.UserError", "You cannot archive it"),
            Rejected,
            "Odoo rejected the call: You cannot archive",
        ),
        (rpc_error("odoo.exceptions.AccessError", "You are not allowed"), AccessRefused, "You are not allowed"),
        (rpc_error("odoo.exceptions.AccessDenied", "Access Denied"), AuthenticationFailed, "Access Denied"),
        (rpc_error("odoo.exceptions.UserError", "cannot be modified right now"), Conflict, "busy"),
        (rpc_error("odoo.exceptions.UserError", "Object x doesn't exist"), Unsupported, "Object x doesn't exist"),
        (
            rpc_error("builtins.KeyError", "'x'"),
            Rejected,
            "Odoo failed with KeyError. Read Odoo's log for the cause. Odoo's message: 'x'",
        ),
        (Answer({"error": {"code": 100, "message": "Odoo Session Expired"}}), Unreachable, "does not answer"),
        (Answer(HTML, 404), Unreachable, "returned HTTP 404 to /jsonrpc"),
        (Answer(HTML, 502), Unreachable, "front end of Odoo answered HTTP 502"),
        (Answer(HTML), Unreachable, "does not answer /jsonrpc in the JSON format"),
        (Answer(b"\xff\xfe"), Unreachable, "does not answer /jsonrpc in the JSON format"),
        (Answer(["not", "an", "envelope"]), Unreachable, "does not answer /jsonrpc in the JSON format"),
        (Answer("text"), Unreachable, "does not answer /jsonrpc in the JSON format"),
    ],
)
def test_jsonrpc_refusals(server: LocalServer, answer: Answer, kind: type[OdooError], words: str) -> None:
    assert words in refused(jsonrpc, server, answer, kind)


def test_jsonrpc_needs_odoorpc(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "odoorpc", None)
    with pytest.raises(
        Invalid, match="The Python package odoorpc is missing on the host that runs this task: install it there"
    ):
        jsonrpc(server)


@pytest.mark.parametrize("make", [json2, jsonrpc])
def test_closing_disconnects(server: LocalServer, make: Callable[[LocalServer], Transport]) -> None:
    server.answer = lambda _request: Answer({"result": 1})
    transport = make(server)
    for _again in range(2):
        transport.execute("ir.cron", "search", None, {"domain": []})
        transport.close()
    assert server.connections == 2
