# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two simultaneous runs against one database: one set of records, or a clear error."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import lock
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY, exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_cron
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import queue_action_id
from instance import LabInstance
from playbook import Run, ansible_playbook, play

STACK = {
    "parameters": {"postmaster.test": "1", "mail.session.batch.size": "500"},
    "alias_domains": [{"name": "acme.example"}],
    "servers": [
        {"name": f"Server {number}", "smtp_host": "smtp.invalid", "xml_id": f"postmaster.server_{number}"}
        for number in range(10)
    ],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 5, "interval_type": "minutes"}],
}


@pytest.mark.parametrize("attempt", range(5))
def test_one_set_of_records(attempt: int, database: LabInstance, tmp_path: Path) -> None:
    task = {"postmaster.odoo.mail_stack": database.options() | database.fitted(STACK)}

    def run(name: str) -> Run:
        return ansible_playbook(tmp_path / name, [play(task)], "--inventory", "localhost,")

    with ThreadPoolExecutor() as both:
        runs = list(both.map(run, ("one", "other")))

    for one in runs:
        assert one.exit_code == 0 or re.search(r'"error_kind": "conflict"', one.output), one.output
    assert database.check(database.fitted(STACK)).plan == ()
    assert len(database.read("ir.mail_server")) == 10
    assert len(database.read("ir.model.data", ["module", "=", "postmaster"])) == 10
    assert database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",)) == []


def test_a_run_that_had_to_wait_reads_again(database: LabInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run has meanwhile made the changes that it planned."""
    waits = threading.Event()

    def sleep(seconds: float) -> None:
        waits.set()
        time.sleep(seconds / 10)

    monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    with database.session() as session, ThreadPoolExecutor() as other:
        with exclusive_run(session):
            waiting = other.submit(
                database.enforce, {"servers": [{"name": "Transactional", "smtp_host": "smtp.invalid"}]}
            )
            assert waits.wait(timeout=60)
            session.create("ir.mail_server", [{"name": "Transactional", "smtp_host": "smtp.invalid"}])
        assert waiting.result().plan == ()
    assert len(database.read("ir.mail_server")) == 1


def hold(database: LabInstance, age: str) -> None:
    """Create another run's lock."""
    database.sql(
        "INSERT INTO ir_config_parameter (key, value, create_date, write_date) "
        f"VALUES ('{LOCK_KEY}', 'ci.example pid 42', now() - interval '{age}', now() - interval '{age}')"
    )


def test_an_active_lock_is_a_conflict_that_names_its_owner(
    database: LabInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(database, "50 seconds")

    def renewed(seconds: float) -> None:
        database.sql(f"UPDATE ir_config_parameter SET write_date = now() WHERE key = '{LOCK_KEY}'")
        time.sleep(seconds)

    monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=time.monotonic, sleep=renewed))
    with database.session() as session:
        session.lock_timeout = 0.1
        with pytest.raises(Conflict) as raised, exclusive_run(session):
            pass
    for words in ("ci.example pid 42", database.database, LOCK_KEY):
        assert words in raised.value.message
    assert len(database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",))) == 1


def test_a_lock_of_a_killed_run_is_taken_over(database: LabInstance) -> None:
    hold(database, "61 seconds")
    database.enforce({"servers": [{"name": "Transactional", "smtp_host": "smtp.invalid"}]})
    assert len(database.read("ir.mail_server")) == 1
    assert database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",)) == []


def test_a_run_that_fails_releases_the_lock(database: LabInstance) -> None:
    with pytest.raises(ZeroDivisionError), database.session() as session, exclusive_run(session):
        raise ZeroDivisionError
    assert database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",)) == []


@pytest.mark.parametrize("first", ["cron", "process"])
def test_the_queue_has_one_sender(first: str, database: LabInstance) -> None:
    """A run of the cron of the queue, and `mail_queue process`: in any order, each mail arrives once."""
    smtp = database.lab.smtp["plain"]
    subjects = [f"One sender {number}" for number in range(8)]
    with database.session() as session:
        session.create("ir.mail_server", [{"name": "Slow", "smtp_host": smtp.host, "smtp_port": smtp.port}])
        mail = {"body_html": "<p>Made up</p>", "email_from": "a@lab.example", "email_to": "b@lab.example"}
        session.create("mail.mail", [{**mail, "subject": subject, "state": "outgoing"} for subject in subjects])
        queue_id = queue_action_id(session)
    smtp.configure(delay=0.1)

    def run_queue() -> None:
        with database.session() as session:
            run_cron(session, queue_id, "queue")

    def process() -> None:
        with database.session() as session:
            assert act(session, "process", Selection(), batch_size=50).error is None

    begun, other = (run_queue, process) if first == "cron" else (process, run_queue)
    with ThreadPoolExecutor() as meanwhile:
        running = meanwhile.submit(begun)
        smtp.wait_accepted()
        other()
        running.result()
    assert sorted(record["subject"] for record in smtp.accepted()) == subjects
