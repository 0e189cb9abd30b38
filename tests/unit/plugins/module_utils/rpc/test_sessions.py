# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions: what check mode lets through, what is tried again, which transport is taken."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AuthenticationFailed,
    Conflict,
    Invalid,
    OdooError,
    ReadOnly,
    Rejected,
    Timeout,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS, Session, connect
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    Request,
    closed_port,
    serving,
)

SECRET = "correct-horse"


class Recorder:
    """A transport that only notes its calls."""

    name = "recorder"

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.outcome: Callable[[], Any] | None = None
        self.closed = False

    def login(self) -> None:
        """Nobody to log in to."""

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        self.calls.append((model, method, ids, arguments))
        return (
            self.outcome()
            if self.outcome
            else {"search_count": 0, "fields_get": {"a": {"type": "char"}}}.get(method, [])
        )

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def transport() -> Recorder:
    return Recorder()


def session_over(transport: Recorder, *, read_only: bool = False) -> Session:
    return Session(transport, ServerVersion("19.0", 19), database="acme", read_only=read_only)


# Check mode


def test_only_methods_that_read_leave_in_check_mode(transport: Recorder) -> None:
    session = session_over(transport, read_only=True)
    for method in sorted(READ_METHODS):
        session.call("ir.cron", method)
    assert [call[1] for call in transport.calls] == sorted(READ_METHODS)


@pytest.mark.parametrize(
    "method",
    [
        "create",
        "write",
        "unlink",
        "send",
        "process_email_queue",
        "method_direct_trigger",
        "test_smtp_connection",
        "button_immediate_install",
        "update_list",
        "set_param",
        "search_or_create",
        "Read",
        "_read",
    ],
)
def test_nothing_else_leaves_in_check_mode(transport: Recorder, method: str) -> None:
    with pytest.raises(ReadOnly, match=f"ir.cron.{method} is not allowed in check mode"):
        session_over(transport, read_only=True).call("ir.cron", method, [1])
    assert transport.calls == []


# Calls


def test_every_call_is_in_english(transport: Recorder) -> None:
    session = session_over(transport)
    session.call("ir.cron", "search", domain=[])
    session.call("ir.cron", "search", domain=[], context={"active_test": False})
    assert [call[3]["context"] for call in transport.calls] == [
        {"lang": "en_US"},
        {"lang": "en_US", "active_test": False},
    ]
    assert session.calls == ["ir.cron.search"] * 2


def test_archived_records_are_read_in_a_fixed_order(transport: Recorder) -> None:
    rows = [{"id": 1, "a": False, "b": "x"}]
    transport.outcome = lambda: rows
    assert session_over(transport).search_read("ir.cron", [], {"b", "a"}, limit=1) == rows
    (call,) = transport.calls
    assert call[3] == {
        "domain": [],
        "fields": ["a", "b"],
        "order": "id",
        "limit": 1,
        "context": {"lang": "en_US", "active_test": False},
    }


@pytest.mark.parametrize(("answer", "ids"), [([3, 4], [3, 4]), (3, [3])])
def test_created_ids(transport: Recorder, answer: Any, ids: list[int]) -> None:
    transport.outcome = lambda: answer
    assert session_over(transport).create("ir.cron", [{"name": "x"} for _id in ids]) == ids


def test_fields_are_asked_for_once(transport: Recorder) -> None:
    transport.outcome = lambda: {"name": {"type": "char"}}
    session = session_over(transport)
    assert session.fields("ir.cron") == session.fields("ir.cron") == {"name": {"type": "char"}}
    assert session.has_model("ir.cron")
    assert len(transport.calls) == 1
    session.forget_fields()
    session.fields("ir.cron")
    assert len(transport.calls) == 2


def test_a_session_hangs_up_at_its_end(transport: Recorder) -> None:
    with pytest.raises(Rejected), session_over(transport):
        raise Rejected("no")
    assert transport.closed


# Conflicts


def failing(error: OdooError, times: int) -> Callable[[], str]:
    remaining = [error] * times

    def outcome() -> str:
        if remaining:
            raise remaining.pop()
        return "done"

    return outcome


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_conflict_is_tried_again(transport: Recorder, clock: Clock, times: int) -> None:
    transport.outcome = failing(Conflict("busy"), times)
    assert session_over(transport).call("ir.cron", "write", [1], vals={}) == "done"
    assert len(transport.calls) == times + 1
    assert len(clock.slept) == times
    assert len({json.dumps(call) for call in transport.calls}) == 1


def test_a_lasting_conflict_is_an_error(transport: Recorder, clock: Clock) -> None:
    transport.outcome = failing(Conflict("busy"), 100)
    with pytest.raises(Conflict, match="busy"):
        session_over(transport).call("ir.cron", "write", [1], vals={})
    assert len(transport.calls) == len(clock.slept) + 1 <= 5
    assert sum(clock.slept) < 10


@pytest.mark.parametrize("error", [Rejected("no"), Timeout("late"), Unreachable("gone"), AuthenticationFailed("who")])
def test_nothing_else_is_tried_again(transport: Recorder, error: OdooError) -> None:
    transport.outcome = failing(error, 1)
    with pytest.raises(type(error)):
        session_over(transport).call("ir.cron", "write", [1], vals={})
    assert len(transport.calls) == 1


# Connecting


@pytest.fixture
def odoo_server() -> Iterator[LocalServer]:
    with serving() as server:
        yield server


def of_version(major: int) -> Callable[[Request], Answer]:
    """A server of a version, that lets anybody in and knows nothing."""

    def answer(request: Request) -> Answer:
        if request.target == "/web/webclient/version_info":
            return Answer({"result": {"server_version": f"{major}.0", "server_version_info": [major, 0]}})
        if request.target == "/jsonrpc":
            is_login = request.json["params"]["method"] == "login"
            return Answer({"jsonrpc": "2.0", "id": 1, "result": 2 if is_login else []})
        return Answer([])

    return answer


PASSWORD, KEY = {"username": "ops", "password": SECRET}, {"api_key": SECRET}
KEY_OF_A_USER = {**KEY, "username": "ops"}


@pytest.mark.parametrize(
    ("transport_option", "major", "credentials", "taken"),
    [
        ("auto", 16, PASSWORD, "jsonrpc"),
        ("auto", 17, KEY_OF_A_USER, "jsonrpc"),
        ("auto", 18, KEY_OF_A_USER, "jsonrpc"),
        ("auto", 19, PASSWORD, "jsonrpc"),
        ("auto", 19, KEY, "json2"),
        ("auto", 19, {**PASSWORD, **KEY}, "json2"),
        ("auto", 20, KEY, "json2"),
        ("jsonrpc", 19, KEY_OF_A_USER, "jsonrpc"),
        ("jsonrpc", 18, PASSWORD, "jsonrpc"),
        ("json2", 19, KEY, "json2"),
        ("json2", 19, {**PASSWORD, **KEY}, "json2"),
    ],
)
def test_which_transport_is_taken(
    odoo_server: LocalServer, transport_option: str, major: int, credentials: dict[str, str], taken: str
) -> None:
    odoo_server.answer = of_version(major)
    session = connect(url=odoo_server.url, database="acme", transport=transport_option, proxy="", **credentials)
    assert session.transport.name == taken
    assert session.version == ServerVersion(f"{major}.0", major)
    assert (session.database, session.url) == ("acme", odoo_server.url)
    assert len(odoo_server.requests) == (2 if taken == "jsonrpc" else 1)
    session.call("ir.cron", "search", domain=[])
    assert odoo_server.connections == 1
    session.transport.close()


@pytest.mark.parametrize(
    ("transport_option", "major", "credentials", "words"),
    [
        ("auto", 19, {}, "Credentials are missing: set api_key, or username with password"),
        ("auto", 19, {"username": "admin"}, "Credentials are missing"),
        ("auto", 19, {"username": "admin", "password": ""}, "Credentials are missing"),
        ("auto", 18, KEY, "username is missing"),
        ("auto", 19, {"password": SECRET}, "username is missing"),
        ("jsonrpc", 19, KEY, "username is missing"),
        ("json2", 19, PASSWORD, "transport json2 needs an api_key"),
    ],
)
def test_credentials_that_do_not_do(
    odoo_server: LocalServer, transport_option: str, major: int, credentials: dict[str, str], words: str
) -> None:
    odoo_server.answer = of_version(major)
    with pytest.raises(Invalid) as caught:
        connect(url=odoo_server.url, database="acme", transport=transport_option, proxy="", **credentials)
    assert words in caught.value.message
    assert SECRET not in caught.value.message
    assert all(SECRET.encode() not in request.body for request in odoo_server.requests)


def test_json2_needs_no_odoorpc(odoo_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "odoorpc", None)
    odoo_server.answer = of_version(19)
    connect(url=odoo_server.url, database="acme", proxy="", **KEY).transport.close()


def test_what_is_wrong_with_the_server_comes_first(odoo_server: LocalServer) -> None:
    with pytest.raises(Unreachable, match="the program there is not Odoo"):
        connect(url=odoo_server.url, database="acme", proxy="", **PASSWORD)
    with pytest.raises(Unreachable, match="connection refused"):
        connect(url=f"http://127.0.0.1:{closed_port()}", database="acme", proxy="", **PASSWORD)
    assert all(SECRET.encode() not in request.body for request in odoo_server.requests)


def test_the_clock_is_the_servers(odoo_server: LocalServer) -> None:
    answer = of_version(19)
    moment = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=12)
    date = (("Date", format_datetime(moment, usegmt=True)),)
    odoo_server.answer = lambda request: answer(request)._replace(headers=date)
    session = connect(url=odoo_server.url, database="acme", proxy="", **KEY)
    assert session.now == moment
    session.transport.close()


def test_without_a_servers_clock_it_is_ones_own(transport: Recorder) -> None:
    assert session_over(transport).now.tzinfo is not None
