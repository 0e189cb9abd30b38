# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source as ansible-rulebook runs it, on simulated instances. tests/integration/test_eda.py runs it with ansible-rulebook."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import itertools
import json
import threading
import time
import tracemalloc
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.events import source_options, watched_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.events.source_options import SourceOptions, read_options
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets import scrubbing
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to

FILE = Path(__file__).resolve().parents[5] / "extensions/eda/plugins/event_source/odoo_mail.py"
SECRET = "made-up-key-of-acme"
ACME = {"name": "acme", "url": "http://odoo.example", "database": "simulated", "api_key": SECRET}

Event = dict[str, Any]


def source_main() -> Any:
    """Load the file as ansible-rulebook does, because it is not in a package that can be imported."""
    spec = importlib.util.spec_from_file_location("odoo_mail", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def run_source(seconds: float, **arguments: Any) -> list[Event]:
    """Return the events that the source sends until it is cancelled."""
    main = source_main()

    async def run() -> list[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        source = asyncio.create_task(main(queue, {"instances": [ACME], **arguments}))
        await asyncio.wait([source], timeout=seconds)
        if source.done():
            source.result()
        source.cancel()
        events = []
        while not queue.empty():
            events.append(queue.get_nowait())
        return events

    return asyncio.run(run())


@pytest.fixture
def odoo(monkeypatch: pytest.MonkeyPatch) -> SimulatedOdoo:
    """Return an instance whose action of the queue is disabled."""
    simulated = SimulatedOdoo("19.0")
    simulated.record("ir.cron", simulated.ref(QUEUE))["active"] = False
    connect_to(simulated, monkeypatch)
    return simulated


def changes(events: list[Event]) -> list[tuple[str, str, str]]:
    return [
        (one["odoo_mail"]["instance"], one["odoo_mail"]["change"], one["odoo_mail"]["finding"]["id"]) for one in events
    ]


def test_a_finding_is_sent_once(odoo: SimulatedOdoo) -> None:
    events = run_source(2.5, interval=1, checks=["cron"])
    assert changes(events) == [("acme", "appeared", "cron_disabled")]
    (event,) = events
    assert event["meta"] == {"hosts": ["acme"]}
    assert event["odoo_mail"]["finding"]["fixable"] == "crons"
    json.dumps(event)


def test_a_repaired_finding_clears(odoo: SimulatedOdoo) -> None:
    def repair() -> None:
        odoo.record("ir.cron", odoo.ref(QUEUE))["active"] = True

    threading.Timer(0.5, repair).start()
    events = run_source(2.5, interval=1, checks=["cron"])
    assert [one for one in changes(events) if one[2] == "cron_disabled"] == [
        ("acme", "appeared", "cron_disabled"),
        ("acme", "cleared", "cron_disabled"),
    ]


def test_a_growing_queue_is_not_an_event(odoo: SimulatedOdoo) -> None:
    """Each new failed mail and each new oldest mail is another sample of the same findings."""
    long_ago = (odoo.now - timedelta(hours=5)).strftime("%Y-%m-%d %H:%M:%S")

    def fail() -> None:
        odoo.add("mail.mail", state="exception", failure_reason="535 5.7.8 Authentication credentials invalid")

    waiting = [odoo.add("mail.mail", state="outgoing") for _number in range(9)]
    for mail_id in waiting:
        odoo.record("mail.mail", mail_id)["create_date"] = long_ago
    fail()
    polls = itertools.count()

    def grow() -> None:
        next(polls)
        fail()
        odoo.record("mail.mail", waiting.pop(0))["state"] = "sent"

    timers = [threading.Timer(0.5 + number, grow) for number in range(3)]
    for timer in timers:
        timer.start()
    events = run_source(3.9, interval=1, checks=["queue"])
    assert next(polls) == 3
    assert sorted(changes(events)) == [
        ("acme", "appeared", "failures_by_class"),
        ("acme", "appeared", "oldest_too_old"),
    ]


def test_the_loop_is_free_while_an_instance_is_slow(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = rpc_session.connect

    def slow(**options: Any) -> Any:
        if options["database"] == "slow":
            time.sleep(1)
        return connect(**options)

    monkeypatch.setattr(rpc_session, "connect", slow)
    instances = [{**ACME, "name": "slow", "database": "slow"}, ACME]
    assert {one[0] for one in changes(run_source(0.8, checks=["cron"], instances=instances))} == {"acme"}


def test_an_instance_without_an_answer_is_queried_again(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = rpc_session.connect
    failures = [Unreachable(f"Odoo answers {SECRET}"), None]

    def unreliable(**options: Any) -> Any:
        if failures and (error := failures.pop(0)):
            raise error
        return connect(**options)

    monkeypatch.setattr(rpc_session, "connect", unreliable)
    events = run_source(2.5, interval=1, checks=["cron"])
    assert changes(events) == [
        ("acme", "appeared", "not_queried"),
        ("acme", "appeared", "cron_disabled"),
        ("acme", "cleared", "not_queried"),
    ]
    assert events[0]["odoo_mail"]["finding"]["error_kind"] == "unreachable"
    assert SECRET not in json.dumps(events)


def test_texts_of_odoo_are_neither_secrets_nor_templates(odoo: SimulatedOdoo) -> None:
    hostile = f"{{{{ lookup('pipe', 'id') }}}} {{% x %}} {{# {SECRET} \x1b[31m"
    odoo.add("ir.mail_server", name=hostile, smtp_host="smtp.acme.example", smtp_port=25, smtp_encryption="starttls")
    findings = [event["odoo_mail"]["finding"] for event in run_source(2, checks=["server"], severity="info")]
    text = "".join(finding["evidence"] + finding["remedy"] + finding["resource"]["name"] for finding in findings)
    assert "lookup" in text
    assert SECRET not in text
    assert text.isprintable()
    assert not [begin for begin in ("{{", "{%", "{#") if begin in text], text


def test_a_word_of_the_catalogue_is_not_masked(odoo: SimulatedOdoo) -> None:
    events = run_source(0.8, checks=["cron"], instances=[{**ACME, "api_key": "crons"}])
    assert events[0]["odoo_mail"]["finding"]["fixable"] == "crons"


@pytest.mark.parametrize(
    ("test_arguments", "test_words"),
    [
        ({}, "missing required arguments: instances"),
        ({"instances": []}, "instances is empty"),
        ({"instances": [{**ACME, "name": ""}, {**ACME, "name": ""}]}, "the same name twice"),
        ({"instances": [ACME, ACME]}, "the same name twice: acme"),
        ({"instances": [{**ACME, "url": ""}]}, "instance 'acme' has no url, and ODOO_URL is not set"),
        ({"instances": [{**ACME, "pasword": SECRET}]}, "Unsupported options: instances.pasword"),
        ({"instances": [{**ACME, "timeout": SECRET}]}, "timeout"),
        ({"instances": [{**ACME, "timeout": 0}]}, "timeout must be at least 1 second"),
        ({"instances": [ACME], "interval": 0}, "interval must be from 1 to"),
        ({"instances": [ACME], "at_once": 100}, "at_once must be from 1 to 32"),
        ({"instances": [ACME], "checks": []}, "checks is empty"),
        ({"instances": [ACME], "severity": "bad"}, "severity"),
        ({"instances": [ACME], "max_age": -1}, "max_age"),
    ],
)
def test_wrong_arguments(test_arguments: dict[str, Any], test_words: str) -> None:
    with pytest.raises(Invalid) as wrong:
        read_options(test_arguments)
    assert test_words in str(wrong.value)
    assert SECRET not in str(wrong.value)


def test_the_environment_supplies_missing_keys_of_an_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": "http://env.example", "DATABASE": "env", "PASSWORD": "made-up-password"}.items():
        monkeypatch.setenv(f"ODOO_{name}", value)
    (first, second) = read_options({"instances": [{"name": "a"}, {**ACME, "name": "b"}]}).instances
    assert (first.connection["url"], first.connection["password"]) == ("http://env.example", "made-up-password")
    assert (second.connection["url"], second.connection["password"]) == ("http://odoo.example", "")
    assert SECRET not in repr(second)


def test_memory_does_not_grow(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of examinations without a pause, each with a different text.

    Every second one has an additional finding.
    """
    options = read_options({"instances": [ACME], "severity": "info"})
    monkeypatch.setattr(source_options, "read_options", lambda _arguments: SourceOptions(options.instances, 0, 2))
    polls = itertools.count()

    def diagnose(*_arguments: Any) -> dict[str, Any]:
        number = next(polls)
        common = {"fixable": None, "resource": None, "evidence": f"{number} mails wait. {'x' * 200}"}
        always, sometimes = ({"id": name, "severity": "error", **common} for name in ("always", "sometimes"))
        return {"findings": [always, sometimes][: 1 + number % 2]}

    monkeypatch.setattr(watched_instance, "diagnose", diagnose)
    # Not as `connect_to`, which records every call.
    monkeypatch.setattr(rpc_session, "connect", lambda **_options: odoo.session(read_only=True))
    main = source_main()
    seen: Counter[str] = Counter()

    class Counting:
        async def put(self, event: Event) -> None:
            seen[event["odoo_mail"]["change"]] += 1

    async def run(count: int) -> None:
        source = asyncio.create_task(main(Counting(), {}))
        while next(polls) < count and not source.done():
            await asyncio.sleep(0.05)
        source.cancel()
        await asyncio.gather(source, return_exceptions=True)

    tracemalloc.start()
    try:
        asyncio.run(run(2_000))
        before = _memory()
        asyncio.run(run(6_000))
        after = _memory()
    finally:
        tracemalloc.stop()
    assert min(seen["appeared"], seen["cleared"]) > 1_000
    # The texts of the second run alone take 800 kB.
    assert after - before < 100_000, (before, after)


def _memory() -> int:
    """Return the memory in use, without the cached texts: at most 4,096."""
    scrubbing._without_known.cache_clear()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_as_many_instances_as_allowed_are_examined_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is greater than the number of threads of asyncio's own executor, which depends on the machine."""
    number = 40
    everybody = threading.Barrier(number)
    monkeypatch.setattr(watched_instance.WatchedInstance, "poll", lambda _instance: [everybody.wait(timeout=20)])
    monkeypatch.setattr(source_options, "_MOST_AT_ONCE", number)
    instances = [{**ACME, "name": f"acme{count}"} for count in range(number)]
    places = run_source(1, instances=instances, at_once=number)
    assert sorted(places) == list(range(number))


def test_an_examination_that_runs_does_not_delay_the_end_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), threading.Event()

    def poll(_instance: Any) -> list[Event]:
        released.wait(60)
        ended.set()
        return []

    monkeypatch.setattr(watched_instance.WatchedInstance, "poll", poll)
    main = source_main()

    async def run() -> bool:
        source = asyncio.create_task(main(asyncio.Queue(), {"instances": [ACME]}))
        await asyncio.sleep(0.1)
        source.cancel()
        await asyncio.gather(source, return_exceptions=True)
        is_delayed = ended.is_set()
        released.set()
        return is_delayed

    assert not asyncio.run(run())
