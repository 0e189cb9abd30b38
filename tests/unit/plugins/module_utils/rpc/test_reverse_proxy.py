# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo behind a proxy: the source of an answer, the error, and retried requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import reverse_proxy
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.database_list import ask_databases
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ask_version
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from ansible_collections.postmaster.odoo.tests.unit.clock import START, Clock
from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    Request,
    asked,
    http_to,
    serving,
)

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
VERSION = {"version": "19.0", "version_info": [19, 0, 0, "final", 0, ""]}
STATUSES = (413, 429, 502, 503, 504)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(reverse_proxy, "time", stopped)
    return stopped


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        yield local


class Behind:
    """An Odoo 19 whose proxy refuses some of its requests."""

    def __init__(self, refusal: Answer, *, times: int) -> None:
        self._refusal = refusal
        self._left = times
        self.calls: list[str] = []

    def __call__(self, request: Request) -> Answer:
        if request.target == "/web/webclient/version_info":
            return Answer({"result": {"server_version": "19.0", "server_version_info": [19, 0, 0, "final", 0, ""]}})
        self.calls.append(request.target)
        if self._left > 0:
            self._left -= 1
            return self._refusal
        return Answer([])


def session_to(server: LocalServer) -> Session:
    return connect(url=server.url, database="acme", api_key="a-key-for-tests", transport="json2")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", [HTML, b"", b"Too Many Requests"])
def test_the_error_names_the_reverse_proxy(server: LocalServer, status: int, body: bytes) -> None:
    server.answer = lambda _request: Answer(body, status)
    with pytest.raises(Unreachable) as caught:
        asked(http_to(server), "/json/2/ir.cron/read")
    message = caught.value.message
    assert message.startswith(f"The proxy or front end of Odoo answered HTTP {status} (")
    assert f"to {server.url}/json/2/ir.cron/read. " in message
    assert "database" not in message


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_of_odoo_itself_is_accepted(server: LocalServer, status: int) -> None:
    body = b'{"name": "odoo.exceptions.UserError", "message": "No."}'
    server.answer = lambda _request: Answer(body, status)
    assert asked(http_to(server)) == body


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reads_are_retried(server: LocalServer, clock: Clock, status: int) -> None:
    behind = server.answer = Behind(Answer(HTML, status), times=3)
    assert session_to(server).search_read("ir.cron", [], ["name"]) == []
    assert len(behind.calls) == 4
    assert clock.monotonic() == 1 + 2 + 4


def test_the_number_of_retries_is_bounded(server: LocalServer) -> None:
    behind = server.answer = Behind(Answer(HTML, 502), times=99)
    with pytest.raises(Unreachable, match="HTTP 502"):
        session_to(server).search_read("ir.cron", [], ["name"])
    assert len(behind.calls) == 4


@pytest.mark.parametrize("status", STATUSES)
def test_writes_are_sent_once(server: LocalServer, status: int) -> None:
    behind = server.answer = Behind(Answer(HTML, status), times=1)
    with pytest.raises(Unreachable):
        session_to(server).write("ir.cron", [1], {"active": True})
    assert len(behind.calls) == 1


def test_a_request_that_is_too_large_is_not_retried(server: LocalServer) -> None:
    behind = server.answer = Behind(Answer(HTML, 413), times=1)
    with pytest.raises(Unreachable, match="client_max_body_size"):
        session_to(server).search_read("ir.cron", [], ["name"])
    assert len(behind.calls) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 1), ("soon", 1), ("-5", 1), ("Sun, 06 Nov 1994 08:49:37 GMT", 1)],
)
def test_the_requested_waiting_time_is_respected(
    server: LocalServer, clock: Clock, header: str, seconds: float
) -> None:
    server.answer = Behind(Answer(HTML, 429, (("Retry-After", header),)), times=1)
    session_to(server).search_read("ir.cron", [], ["name"])
    assert clock.monotonic() == seconds


@pytest.mark.parametrize("header", ["3600", format_datetime(START + timedelta(hours=1), usegmt=True)])
def test_a_long_waiting_time_is_not_respected(server: LocalServer, clock: Clock, header: str) -> None:
    behind = server.answer = Behind(Answer(HTML, 503, (("Retry-After", header),)), times=1)
    with pytest.raises(Unreachable, match=r"Retry after 3600 s \(Retry-After\)\.$"):
        session_to(server).search_read("ir.cron", [], ["name"])
    assert (len(behind.calls), clock.monotonic()) == (1, 0)


@pytest.mark.parametrize("ask", [ask_version, ask_databases])
def test_calls_without_a_login_are_retried(server: LocalServer, ask: object) -> None:
    answers = iter([Answer(HTML, 503), Answer({"result": ["acme"]} if ask is ask_databases else VERSION)])
    server.answer = lambda _request: next(answers)
    assert callable(ask)
    assert ask(http_to(server))


@pytest.mark.parametrize("ask", [ask_version, ask_databases])
def test_a_lasting_error_names_the_reverse_proxy(server: LocalServer, ask: object) -> None:
    server.answer = lambda _request: Answer(HTML, 502)
    assert callable(ask)
    with pytest.raises(OdooError, match="front end of Odoo answered HTTP 502"):
        ask(http_to(server))
