# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of retries: some mails can never be sent, and others succeed at the third attempt.

The latter are sent once, and the former are given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import SmtpServer, smtp_server
from instance import LabInstance
from inventory import recap, run_on, shown
from lab import Lab
from playbook import Run
from queue_policy import BACKOFF, apply, pass_time, queue, run, states

pytestmark = pytest.mark.in_process

MAILS = 30
ATTEMPTS = 3
REFUSAL = "451 4.7.1 Greylisted, please try again later"


@dataclass
class Refusing:
    """An SMTP server that never accepts mail for `never…`, and accepts mail for `third…` at the third attempt."""

    attempts: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)

    def rcpt(self, line: str) -> str:
        recipient = line.partition("<")[2].partition("@")[0]
        if not recipient.startswith(("never", "third")):  # of Odoo's connection test
            return "250 2.1.5 Ok"
        self.attempts[recipient] += 1
        if recipient.startswith("never") or self.attempts[recipient] < ATTEMPTS:
            return REFUSAL
        self.taken[recipient] += 1
        return "250 2.1.5 Ok"


@pytest.fixture
def refusing() -> Refusing:
    return Refusing()


@pytest.fixture
def smtp(refusing: Refusing) -> Iterator[SmtpServer]:
    with smtp_server(features=(), replies={"RCPT": refusing.rcpt}) as server:
        yield server


@pytest.fixture
def waiting(database: LabInstance, smtp: SmtpServer) -> LabInstance:
    """Return an instance with thirty mails of each kind in its queue."""
    with database.session() as session:
        session.create("ir.mail_server", [{"name": "Main", "smtp_host": "127.0.0.1", "smtp_port": smtp.port}])
    for subject in ("Never", "Third"):
        queue(database, MAILS, subject)
    return database


def assert_all_ended(waiting: LabInstance, refusing: Refusing) -> None:
    """Each mail that can be sent has been sent once, and the others are no longer tried."""
    assert refusing.taken == {f"third{number}": 1 for number in range(MAILS)}
    assert refusing.attempts == {f"{kind}{n}": ATTEMPTS for kind in ("never", "third") for n in range(MAILS)}
    assert states(waiting) == {"sent": MAILS, "exception": MAILS}
    with waiting.session(read_only=True) as session:
        (failure,) = ask_queue(session)["failures"]
    assert (failure["class"], failure["count"], failure["given_up"]) == ("throttled", MAILS, MAILS)


def test_the_policy(waiting: LabInstance, refusing: Refusing, lab: Lab) -> None:
    log = Path(lab.description["odoo"]["log"])
    before = len(log.read_text())
    apply(waiting, lanes=[{"name": "all", "batch": 100}], backoff={**BACKOFF, "max_attempts": ATTEMPTS})
    for _round in range(ATTEMPTS + 3):
        run(waiting)
        pass_time(waiting, 90)
        run(waiting, queue_jobs.BACKOFF)
    assert_all_ended(waiting, refusing)
    # Server actions of 16.0 write into a table.
    told = log.read_text()[before:] + str(waiting.read("ir.logging", fields=("message",)))
    assert told.count(f"{MAILS} mails are given up after {ATTEMPTS} attempts, such as mail.mail ") == 1


def heal(waiting: LabInstance, folder: Path) -> Run:
    hosts = {"acme": {f"odoo_{option}": value for option, value in waiting.options().items()}}
    done = run_on(folder, "heal", hosts, heal_max_attempts=ATTEMPTS, doctor_max_age=100000, doctor_stale_days=90)
    assert "acme" in recap(done), done.output
    return done


def test_heal(waiting: LabInstance, refusing: Refusing, tmp_path: Path) -> None:
    run(waiting)
    pass_time(waiting, 5)
    second = heal(waiting, tmp_path / "second")
    assert second.exit_code == 2
    assert f"{2 * MAILS} mails have failed as throttled" in second.output
    assert (
        f"Of the mails that were queued again, {2 * MAILS} have failed again, and 0 have not been tried yet."
        in second.output
    )
    third = heal(waiting, tmp_path / "third")
    assert third.exit_code == 2
    assert f"{MAILS} mails have failed as throttled" in third.output
    last = heal(waiting, tmp_path / "last")
    assert last.exit_code == 2
    assert f"{MAILS} mails are given up after {ATTEMPTS} attempts" in shown(last, "Show the repairs")["acme"]
    after = heal(waiting, tmp_path / "after")
    assert after.exit_code == 2
    assert recap(after)["acme"]["changed"] == 0
    assert_all_ended(waiting, refusing)
    assert any(line.startswith("* given_up: ") for line in shown(after, "Show the findings")["acme"])
