# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other servers that answer instead of Odoo: there is an error of one kind, in time, and nothing is written."""

from __future__ import annotations

import json
import re
import socket
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from random import Random
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import BASE_URL_KEY, LOCK_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import http_response
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answer_shape import check_answer
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.tests.unit.hostile.answering_odoo import AnsweringOdoo
from ansible_collections.postmaster.odoo.tests.unit.hostile.mutations import Answer, mutated
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import APPLIED, CHECKS, SECONDS, Task, instance, run
from ansible_collections.postmaster.odoo.tests.unit.local_server import asked, listening

# One of so many answers of a task is changed.
_STEP = 4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"


def unanswered(kind: type[OdooError], http: HttpConnection) -> str:
    with pytest.raises(kind) as caught:
        asked(http)
    return caught.value.message


# Whole tasks


@pytest.fixture
def series() -> str:
    """One series is enough for a sample; the whole table is `make fuzz`."""
    return "19.0"


def changed(changes: dict[int, Random], at: int, answer: Answer) -> Answer:
    """Return an answer, changed if necessary."""
    return mutated(changes[at], answer) if at in changes else answer


@pytest.mark.parametrize("transport", ["jsonrpc", "json2"])
@pytest.mark.parametrize("task", [*CHECKS, *APPLIED], ids=lambda task: f"{task.module}{'!' if task.applies else ''}")
def test_tasks_with_answers_of_any_server(series: str, task: Any, transport: str) -> None:
    friendly = run(task, AnsweringOdoo(instance(series)), transport)
    assert friendly.fault == ""
    for number in range(1, friendly.answers + 1, _STEP):
        random = Random(f"{task.module} {transport} {number}")
        ending = run(task, AnsweringOdoo(instance(series), partial(changed, {number: random})), transport)
        assert ending.fault == ""
        assert ending.seconds < SECONDS


def at_another_time(text: bytes, _number: int, answer: Answer) -> Answer:
    return answer._replace(body=re.sub(rb'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"', b'"%s"' % text, answer.body))


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-01-01"])
@pytest.mark.parametrize("task", [*CHECKS, *APPLIED], ids=lambda task: f"{task.module}{'!' if task.applies else ''}")
def test_tasks_with_times_at_the_edges(series: str, task: Any, moment: str) -> None:
    """Another run writes at the same time, and another one logs in to the web client."""
    odoo = instance(series)
    odoo.add("ir.config_parameter", key=LOCK_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    odoo.add("ir.config_parameter", key=BASE_URL_KEY, value="https://odoo.acme.example")
    ending = run(task, AnsweringOdoo(odoo, partial(at_another_time, moment.encode())), "json2")
    assert ending.fault == ""


# JSON


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1e999]",
        b"[NaN]",
        b"[-Infinity]",
        b'["\\ud800"]',
        b'["\\uDFFF x"]',
        b'["\xed\xa0\x80"]',
        '["\\ud800"]'.encode("utf-16"),
        '["x"]'.encode("utf-32"),
        b"\xff\xfe[",
        b"[" * 100_000,
        b"[" * 5000 + b"]" * 5000,
        b"[" * 102 + b"]" * 102,
        b"[" + b"[]," * 600_000 + b"0]",
        b"[" + b"1," * 3_000_001 + b"0]",
        b"9" * 5000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_texts_that_are_not_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it (is|consists)"):
        decode(body)


def test_json_of_odoo() -> None:
    content = {"result": [{"id": 1, "name": "\U0001f600 é", "value": 1.5}]}
    assert decode(json.dumps(content).encode()) == decode(json.dumps(content, ensure_ascii=False).encode()) == content


# Shapes


@pytest.mark.parametrize(
    ("method", "arguments", "answer"),
    [
        ("search_read", {"fields": ["name"]}, [{"id": 1, "name": False}, {"id": 2, "name": "x", "more": {}}]),
        ("search_read", {"fields": ["user_id", "res_id"]}, [{"id": 1, "user_id": [2, "x"], "res_id": 0}]),
        ("search_read", {"fields": ["recipient_ids"]}, [{"id": 1, "recipient_ids": []}]),
        ("search_read", {"fields": ["nextcall", "write_date"]}, [{"id": 1, "nextcall": "2026-01-01 00:00:00", "write_date": "2026-01-01 00:00:00.123456"}]),
        ("search_read", {"fields": [], "domain": ["|", ["id", "in", [3]], ["name", "=", "x"]]}, [{"id": 4}]),
        ("read", {"ids": [3], "fields": ["code"]}, [{"id": 3, "code": "x"}]),
        ("search_read", {"model": "mail.message", "fields": ["model"]}, [{"id": 1, "model": False}]),
        ("search", {}, [1, 2]),
        ("search_count", {}, 0),
        ("create", {"vals_list": [{}]}, 5),
        ("create", {"vals_list": [{}, {}]}, [5, 6]),
        ("copy", {"ids": [3]}, [7]),
        ("fields_get", {}, {"a": {"type": "selection", "selection": [["x", "X"]]}, "b": {"type": "many2one", "relation": "res.users"}}),
        # res.users up to 18.0
        ("fields_get", {}, {"sel_groups_2_4": {"type": "selection", "selection": [[False, ""], [2, "User"], [4, "Settings"]]}}),
        ("write", {}, None),
        ("method_direct_trigger", {}, True),
    ],
)  # fmt: skip
def test_answers_of_odoo(method: str, arguments: dict[str, Any], answer: Any) -> None:
    check_answer("here", method, arguments, answer)


@pytest.mark.parametrize(
    ("method", "arguments", "answer", "words"),
    [
        ("search_read", {"fields": ["name"]}, None, "a list of records was expected"),
        ("search_read", {"fields": ["name"]}, {}, "a list of records was expected"),
        ("search_read", {"fields": ["name"]}, ["made-up"], "a list of records was expected"),
        ("search_read", {"fields": ["name"]}, [{"id": 1}], "a record has no 'name'"),
        ("search_read", {"fields": ["name"]}, [{"id": 0, "name": "x"}], "the field 'id' has a value of another type"),
        ("search_read", {"fields": ["name"]}, [{"id": 1, "name": ["made-up"]}], "the field 'name' has a value of another type"),
        ("search_read", {"model": "ir.config_parameter", "fields": ["key"]}, [{"id": 1, "key": False}], "the field 'key' is empty"),
        ("search_read", {"fields": [], "domain": [["id", "in", [3]]]}, [{"id": 4}], "it contains other records than requested"),
        ("search_read", {"fields": ["active"]}, [{"id": 1, "active": "made-up"}], "the field 'active' has"),
        ("search_read", {"fields": ["user_id"]}, [{"id": 1, "user_id": 5}], "the field 'user_id' has"),
        ("search_read", {"fields": ["nextcall"]}, [{"id": 1, "nextcall": "0000-00-00 00:00:00"}], "the field 'nextcall' has"),
        ("read", {"ids": [3], "fields": []}, [{"id": 4}], "it contains other records than requested"),
        ("read", {"ids": [3], "fields": []}, [{"id": 3}, {"id": 3}], "it contains other records than requested"),
        ("search", {}, [True], "a list of ids was expected"),
        ("search_count", {}, -1, "a number of records was expected"),
        ("create", {"vals_list": [{}]}, [5, 6], "the ids of the new records were expected"),
        ("copy", {"ids": [3]}, [], "the ids of the new records were expected"),
        ("fields_get", {}, {"a": {}}, "the field 'a' has no type"),
        ("fields_get", {}, {"a": {"type": "many2one"}}, "the field 'a' has no relation"),
        ("formatted_read_group", {"groupby": ["state"]}, [{"state": "x"}], "a group has no '__count'"),
        ("method_direct_trigger", {}, {"params": "made-up"}, "an action of the web client was expected"),
    ],
)  # fmt: skip
def test_answers_of_any_server(method: str, arguments: dict[str, Any], answer: Any, words: str) -> None:
    with pytest.raises(Unreachable) as caught:
        check_answer("here", method, arguments, answer)
    assert caught.value.message.startswith(f"here: the answer does not have Odoo's format: {words}")
    assert "made-up" not in caught.value.message


def test_the_instance_reports_the_types_of_its_fields() -> None:
    answer = [{"id": 1, "limit_id": 5}]
    check_answer("here", "search_read", {"fields": ["limit_id"]}, answer, {"limit_id": "integer"})
    with pytest.raises(Unreachable):
        check_answer("here", "search_read", {"fields": ["limit_id"]}, answer, {"limit_id": "char"})


def test_a_deleted_record() -> None:
    with pytest.raises(Rejected, match=r"^here: no record exists with id 3"):
        check_answer("here", "read", {"ids": [2, 3], "fields": []}, [{"id": 2}])


# Bytes


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n190\r\n"],
    ids=["status", "header", "body", "chunk"],
)
def test_a_server_that_answers_byte_by_byte(head: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        for _byte in range(200):
            connection.sendall(b"H")
            time.sleep(0.05)

    started = time.monotonic()
    with listening(drip) as url:
        text = unanswered(Timeout, HttpConnection(url, timeout=0.3, proxy=""))
    assert "did not answer within 0.3 s" in text
    assert time.monotonic() - started < 8  # the server would go on for 10 s


def test_each_answer_has_the_full_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer_twice(connection: socket.socket) -> None:
        for _time in range(2):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
            time.sleep(0.3)
            connection.sendall(b"k")

    with listening(answer_twice) as url:
        http = HttpConnection(url, timeout=20, proxy="")
        assert [asked(http), asked(http)] == [b"ok", b"ok"]
        assert http._connection is not None
        assert http._connection.sock.gettimeout() == 20
        assert http.connections == 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
    ids=["length", "huge length", "no length", "chunk", "negative chunk"],
)
def test_a_body_without_an_end(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(http_response, "LARGEST_BODY", 100_000)

    def pour(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while True:
            connection.sendall(b" " * 65536)

    with listening(pour) as url:
        assert "sent an answer of more than" in unanswered(Unreachable, HttpConnection(url, timeout=20, proxy=""))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 100_000,
    ],
)
def test_answers_that_are_not_http(answer: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with listening(say) as url:
        assert "does not answer in HTTP" in unanswered(Unreachable, HttpConnection(url, timeout=20, proxy=""))


@pytest.mark.parametrize("days", [-9000, 9000])
@pytest.mark.parametrize("options", [{"action": "process"}, {"action": "cancel", "older_than": 60}])
@pytest.mark.parametrize("check", [True, False])
def test_a_wrong_clock_sends_cancels_and_postpones_no_mail(
    series: str, days: int, options: dict[str, Any], check: bool
) -> None:
    odoo = instance(series)
    odoo.add("mail.mail", state="outgoing", scheduled_date="2027-05-01 12:00:00")
    before = json.dumps(odoo.records.tables["mail.mail"])
    date = format_datetime(datetime.now(timezone.utc) + timedelta(days=days), usegmt=True)
    wrong = AnsweringOdoo(odoo, lambda _number, it: it._replace(headers={**it.headers, "Date": date}))
    ending = run(Task("mail_queue", options, applies=not check), wrong, "jsonrpc")
    assert ending.result is not None
    assert ending.result["error_kind"] == "invalid"
    assert "Correct the clock that is wrong" in ending.result["msg"]
    assert json.dumps(odoo.records.tables["mail.mail"]) == before
