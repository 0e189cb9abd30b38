# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs whose process is really killed, with real ages of locks: the next run waits, and sends no mail that Odoo still
sends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import heartbeat, lock
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from instance import LabInstance
from lab import Lab
from mail_servers import password_server
from playbook import ansible_playbook, play

pytestmark = pytest.mark.second_lab

# The seconds that the SMTP server takes for each of the replies to MAIL, RCPT and DATA, and to the message.
REPLY = 0.4


@contextmanager
def killed(work: Callable[[], object]) -> Iterator[None]:
    """Start a function in another process, and kill the process at the end of the context."""
    child = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    child.start()
    try:
        yield
        assert child.is_alive()
    finally:
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()


def test_no_mail_arrives_twice_although_odoo_continues_after_client_and_lease(
    database: LabInstance, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times are at most a tenth of those of a batch of many mails and a slow SMTP server."""
    for module, constant, seconds in (
        (lock, "_LEASE_SECONDS", 4),
        (lock, "_GRACE_SECONDS", 1),
        (heartbeat, "INTERVAL_SECONDS", 1.0),
        (put_off, "_MAIL_SECONDS", 8.0),
    ):
        monkeypatch.setattr(module, constant, seconds)
    smtp = lab.smtp["plain"]
    subjects = [f"Slow {number}" for number in range(10)]
    mail = {
        "state": "outgoing",
        "email_from": "a@lab.example",
        "email_to": "b@lab.example",
        "body_html": "<p>Made up</p>",
    }
    with database.session() as session:
        session.create("mail.mail", [{**mail, "subject": subject, "auto_delete": False} for subject in subjects])
    database.enforce({"servers": [password_server(lab, "plain")]})
    smtp.configure(delay=REPLY)

    def process() -> None:
        with connect(**database.quick_options()) as session:
            act(session, "process", Selection(), batch_size=50)

    with killed(process):
        smtp.wait_accepted()
    with database.session() as session:
        work = act(session, "process", Selection(), batch_size=50)
    assert work.error is None
    assert Counter(str(record["subject"]) for record in smtp.accepted()) == dict.fromkeys(subjects, 1)
    assert database.read("ir.config_parameter", ["key", "like", "postmaster_odoo."], fields=("key",)) == []


def test_the_next_run_waits_for_the_lock_of_a_killed_one_with_any_timeout(
    database: LabInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is a fifth of its normal duration."""
    monkeypatch.setattr(lock, "_LEASE_SECONDS", 12)

    def hold() -> None:
        with connect(**database.quick_options()) as session, exclusive_run(session):
            time.sleep(600)

    with killed(hold):
        while not database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",)):
            time.sleep(0.2)
    started = time.monotonic()
    with database.session() as session:
        session.lock_timeout = 1
        with exclusive_run(session):
            assert 6 < time.monotonic() - started < 30
    assert database.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",)) == []


def own_records(database: LabInstance) -> list[str]:
    """Return the mail servers, and the parameters of the collection."""
    parameters = database.read("ir.config_parameter", ["key", "like", "postmaster_odoo."], fields=("key",))
    return [*(row["name"] for row in database.read("ir.mail_server")), *(row["key"] for row in parameters)]


def pid_in(folder: Path) -> int:
    """Return the id of the child of this process that works in a folder."""
    for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for child in children.read_text().split():
            if Path(f"/proc/{child}/cwd").resolve() == folder.resolve():
                return int(child)
    raise AssertionError("It has ended before the signal.")


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_playbook_that_a_signal_ends_leaves_nothing_behind(
    database: LabInstance, lab: Lab, tmp_path: Path, number: int, in_process: bool
) -> None:
    """The signal arrives while Odoo tests a new mail server whose SMTP server is silent."""
    before = own_records(database)
    server = password_server(lab, "silent", name="Main")
    task = {"postmaster.odoo.mail_server": {**database.options(), **server, "verify": "connection"}}
    with ThreadPoolExecutor() as other:
        run = other.submit(ansible_playbook, tmp_path, [play(task, in_process=in_process)], "--inventory", "localhost,")
        while len(own_records(database)) < len(before) + 2:
            assert not run.done()
            time.sleep(0.1)
        time.sleep(0.5)  # Odoo now tests the copy
        os.kill(pid_in(tmp_path), number)
        started = time.monotonic()
        assert run.result().exit_code != 0
    assert time.monotonic() - started < 20
    while own_records(database) != before:
        assert time.monotonic() - started < 20, own_records(database)
        time.sleep(0.1)
