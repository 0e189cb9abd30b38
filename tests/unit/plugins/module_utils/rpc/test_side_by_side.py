# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads side by side: as many at a time as there may be connections, with the results and errors of reads one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AuthenticationFailed,
    OdooError,
    ReadOnly,
    Rejected,
    Timeout,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import decoding, user_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS, Session, connect
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.side_by_side import CONNECTIONS
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, LocalServer, Request, serving

SECONDS = 10.0


class Instance:
    """What all connections to one instance share.

    :ivar answer: answers a call; it may wait or raise. :ivar most: the most calls that were made at the same time.
    """

    def __init__(self) -> None:
        self.answer: Callable[[str], Any] = lambda _model: 0
        self.log: list[tuple[str, str]] = []
        self.transports: list[Connection] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def execute(self, model: str, method: str) -> Any:
        with self._lock:
            self.log.append((model, method))
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self.answer(model)
        finally:
            with self._lock:
                self._now -= 1


class Connection:
    """A transport that refuses two calls at the same time, as a connection does."""

    name = "connection"

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.is_closed = False
        self._is_free = threading.Lock()
        instance.transports.append(self)

    def login(self) -> None:
        """Nobody to log in to."""

    def execute(self, model: str, method: str, _ids: list[int] | None, _arguments: dict[str, Any]) -> Any:
        assert self._is_free.acquire(blocking=False), "two calls at once over one connection"
        try:
            return self.instance.execute(model, method)
        finally:
            self._is_free.release()

    def duplicate(self) -> Connection:
        return Connection(self.instance)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    def of_ours() -> set[threading.Thread]:
        # A server of a test may still be busy with hanging up.
        return {thread for thread in threading.enumerate() if "process_request_thread" not in thread.name}

    before = of_ours()
    yield
    assert of_ours() <= before


def session_over(instance: Instance, connections: int = CONNECTIONS, *, read_only: bool = True) -> Session:
    return Session(
        Connection(instance),
        ServerVersion("19.0", 19),
        database="acme",
        read_only=read_only,
        connections=connections,
    )


def counting(*models: str) -> Callable[[Session], list[int]]:
    """A read of one call for each model."""
    return lambda session: [session.call(model, "search_count", domain=[]) for model in models]


def several(count: int) -> list[Callable[[Session], list[int]]]:
    return [counting(f"model.{number}") for number in range(count)]


def test_reads_are_made_at_the_same_time(instance: Instance) -> None:
    together = threading.Barrier(CONNECTIONS, timeout=SECONDS)
    instance.answer = lambda _model: together.wait() * 0
    with session_over(instance) as session:
        reads = session.side_by_side(several(CONNECTIONS))
    assert [read.result() for read in reads] == [[0]] * CONNECTIONS
    assert instance.most == CONNECTIONS


@pytest.mark.parametrize("count", [1, 3, 4, 5, 12])
def test_never_more_than_the_bound(instance: Instance, count: int) -> None:
    instance.answer = lambda _model: time.sleep(0.002) or 0
    with session_over(instance) as session:
        for _batch in range(3):
            for read in session.side_by_side(several(count)):
                assert read.result() == [0]
    assert instance.most <= len(instance.transports) == min(count, CONNECTIONS)
    assert len(instance.log) == 3 * count
    assert all(transport.is_closed for transport in instance.transports)


@pytest.mark.parametrize("slowest", range(3))
def test_results_and_calls_are_those_of_reads_one_after_the_other(slowest: int) -> None:
    def outcome(connections: int) -> tuple[list[list[int]], list[str]]:
        instance = Instance()

        def answer(model: str) -> int:
            number = int(model.rpartition(".")[2])
            time.sleep(0.03 if number % 3 == slowest else 0)
            return number

        instance.answer = answer
        with session_over(instance, connections) as session:
            reads = session.side_by_side([counting(f"a.{number}", f"b.{number}") for number in range(7)])
            return [read.result() for read in reads], session.calls

    assert outcome(CONNECTIONS) == outcome(1)


def test_one_connection_makes_a_read_when_its_result_is_asked_for(instance: Instance) -> None:
    with session_over(instance, 1) as session:
        first, _second = session.side_by_side(several(2))
        assert instance.log == []
        first.result()
    assert instance.log == [("model.0", "search_count")]
    assert session.calls == ["model.0.search_count"]


# Errors


@pytest.mark.parametrize("connections", [1, CONNECTIONS])
def test_the_first_error_in_the_order_of_the_program_wins(instance: Instance, connections: int) -> None:
    later = threading.Event()

    def answer(model: str) -> int:
        if model == "model.1":
            later.wait(SECONDS if connections > 1 else 0)
            raise Rejected("the second read")
        if model == "model.3":
            later.set()
            raise Rejected("the fourth read")
        return 0

    instance.answer = answer
    with session_over(instance, connections) as session:
        reads = session.side_by_side(several(5))
        with pytest.raises(Rejected, match="the second read"):
            [read.result() for read in reads]
        assert reads[4].result() == [0]


@pytest.mark.parametrize("error", [AuthenticationFailed("who"), Timeout("late"), Unreachable("gone")])
def test_an_instance_that_cannot_be_read_is_not_asked_by_the_others(instance: Instance, error: OdooError) -> None:
    instance.answer = failing(error)
    with session_over(instance) as session:
        reads = session.side_by_side(several(12))
        with pytest.raises(type(error)):
            reads[0].result()
    assert len(instance.log) <= CONNECTIONS


def failing(error: OdooError) -> Callable[[str], Any]:
    def answer(_model: str) -> Any:
        time.sleep(0.02)
        raise type(error)(error.message)

    return answer


def test_another_error_keeps_no_read_from_being_made(instance: Instance) -> None:
    instance.answer = failing(Rejected("no"))
    with session_over(instance) as session:
        session.side_by_side(several(12))
    assert len(instance.log) == 12


def test_a_defect_is_raised_where_its_result_is_asked_for(instance: Instance) -> None:
    def defective(_session: Session) -> None:
        raise ZeroDivisionError

    with session_over(instance) as session:
        fine, wrong = session.side_by_side([lambda _session: None, defective])
        assert fine.result() is None
        with pytest.raises(ZeroDivisionError):
            wrong.result()


def test_an_interrupt_leaves_no_thread(instance: Instance) -> None:
    main = threading.current_thread()

    def answer(_model: str) -> int:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        return time.sleep(0.05) or 0

    instance.answer = answer
    with pytest.raises(KeyboardInterrupt), session_over(instance) as session:
        session.side_by_side(several(3))
    assert all(transport.is_closed for transport in instance.transports)


# Reads only read


@pytest.mark.parametrize("connections", [1, CONNECTIONS])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_read_cannot_write(instance: Instance, connections: int, read_only: bool) -> None:
    def writing(session: Session) -> None:
        session.write("ir.cron", [1], {"active": False})

    with session_over(instance, connections, read_only=read_only) as session:
        for read in session.side_by_side([writing] * 3):
            with pytest.raises(ReadOnly, match=r"ir\.cron\.write"):
                read.result()
    assert [call for call in instance.log if call[1] not in READ_METHODS] == []


def test_fields_are_asked_for_once(instance: Instance) -> None:
    instance.answer = lambda _model: {"name": {"type": "char"}}
    models = [f"model.{number}" for number in range(5)]
    with session_over(instance) as session:
        for _batch in range(2):
            reads = session.side_by_side([lambda reader, model=model: reader.fields(model) for model in models])
            assert [list(read.result()) for read in reads] == [["name"]] * 5
        assert session.has_model("model.0")
    assert len(instance.log) == len(session.calls) == 5


# Connections


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        yield local


def as_odoo(request: Request) -> Answer:
    if request.target == "/web/webclient/version_info":
        return Answer({"result": {"server_version": "18.0", "server_version_info": [18, 0]}})
    method = request.json["params"]["args"][4:5]
    return Answer({"result": [{"id": 7, "login": "ops"}] if method == ["read"] else 7})


def connected(server: LocalServer, **options: Any) -> Session:
    return connect(url=server.url, database="acme", username="ops", password="made-up", proxy="", **options)


def test_a_known_user_logs_in_while_the_version_is_asked_for(server: LocalServer) -> None:
    user_ids.remember(server.url, "acme", "ops", 7)
    together = threading.Barrier(2, timeout=SECONDS)

    def answer(request: Request) -> Answer:
        together.wait()
        return as_odoo(request)

    server.answer = answer
    with connected(server) as session:
        assert (session.version.text, session.transport.name) == ("18.0", "jsonrpc")
    assert len(server.requests) == 2


def test_a_user_who_is_not_known_logs_in_after_an_odoo_has_answered(server: LocalServer) -> None:
    server.answer = as_odoo
    with connected(server):
        assert [request.target for request in server.requests] == ["/web/webclient/version_info", "/jsonrpc"]
    assert server.connections == 1


def test_a_server_that_is_no_odoo_any_more_is_the_first_error(server: LocalServer) -> None:
    user_ids.remember(server.url, "acme", "ops", 7)
    with pytest.raises(Unreachable, match="the program there is not Odoo"):
        connected(server)


def test_connections_stay_open_and_keep_their_timeouts(server: LocalServer) -> None:
    server.answer = as_odoo
    with connected(server, timeout=SECONDS) as session:
        for _batch in range(3):
            for read in session.side_by_side(several(CONNECTIONS)):
                assert read.result() == [7]
        assert server.connections == CONNECTIONS
        with session.patience(2 * SECONDS):
            session.side_by_side(several(2))
        assert server.connections == CONNECTIONS + 2


def test_a_duplicate_shares_the_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    http = HttpConnection("https://odoo.acme.example", proxy="")
    http._open()
    monkeypatch.setattr("ssl.create_default_context", None)  # reading them again would fail
    http.duplicate()._open()


def test_large_answers_are_decoded_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    active: list[int] = []
    most: list[int] = []
    load = decoding.json.loads

    def noted(*arguments: Any, **options: Any) -> Any:
        active.append(1)
        most.append(len(active))
        time.sleep(0.02)
        try:
            return load(*arguments, **options)
        finally:
            active.pop()

    monkeypatch.setattr(decoding.json, "loads", noted)
    body = b'"' + b"a" * (2 * 1024 * 1024) + b'"'
    threads = [threading.Thread(target=partial(decoding.decode, body)) for _thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
