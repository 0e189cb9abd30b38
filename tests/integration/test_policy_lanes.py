# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lanes of the queue policy at work: their order, their batches, and mails that are not sent yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from instance import LabInstance
from lab import Lab
from queue_policy import LANES, apply, pass_time, queue, received, ref, run, states, use

pytestmark = pytest.mark.second_lab


def test_password_resets_before_newsletters(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain")
    queue(database, 40, "Newsletter")
    queue(database, 5, "Reset", model="res.users", res_id=2)
    queue(database, 3, "Other")
    apply(database, lanes=LANES)
    run(database)
    arrived = [record["subject"] for record in lab.smtp["plain"].accepted()]
    assert arrived == [
        *(f"Reset {number}" for number in range(5)),
        *(f"Newsletter {number}" for number in range(10)),
        *(f"Other {number}" for number in range(3)),
    ]
    for _run in range(3):
        run(database)
    assert states(database) == {"sent": 48}


def test_a_backlog_of_one_lane_does_not_use_the_next(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain")
    queue(database, 20, "Newsletter")
    apply(database, lanes=LANES)
    run(database)
    assert states(database) == {"sent": 10, "outgoing": 10}


def test_mails_that_are_not_due_or_too_young_are_not_sent(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain")
    queue(database, 1, "Later", scheduled_date="2090-01-01 00:00:00")
    queue(database, 1, "Now")
    apply(database, lanes=LANES, settle=60)
    run(database)
    assert states(database) == {"outgoing": 2}
    pass_time(database, 2)
    run(database)
    assert received(lab, "plain") == {"Now 0": 1}


@pytest.mark.parametrize(("settle", "once"), [(0, False), (60, True)])
def test_a_mail_that_its_creator_is_sending_is_not_sent_twice(
    settle: int, once: bool, database: LabInstance, lab: Lab
) -> None:
    """Without `settle` it is sent twice:

    Odoo does not detect that the mail is being sent. It may also repeat a call after a conflict.
    """
    use(database, lab, "plain", delay=0.1)
    mails = queue(database, 5)
    apply(database, lanes=LANES, settle=settle)

    def send() -> None:
        with database.session() as session:
            session.call("mail.mail", "send", mails)

    with ThreadPoolExecutor() as meanwhile:
        sending = meanwhile.submit(send)
        lab.smtp["plain"].wait_accepted()
        run(database)
        sending.result()
    assert (received(lab, "plain")["Mail 4"] == 1) is once


def test_a_slow_server_does_not_extend_a_run_beyond_its_time(database: LabInstance, lab: Lab) -> None:
    """25 mails are sent at a time, until a minute is over. Here the limit is six seconds, and 25 mails take four."""
    use(database, lab, "plain")
    queue(database, 60)
    apply(database, lanes=[{"name": "all", "batch": 100}])
    with database.session() as session:
        core = ref(database, QUEUE)
        (cron,) = session.search_read("ir.cron", [["id", "=", core]], ["code"])
        assert "time.time() + 60" in cron["code"]
        slow = cron["code"].replace(
            "mails.send(auto_commit=True)", "mails.send(auto_commit=True)\n        time.sleep(4)"
        )
        session.write("ir.cron", [core], {"code": slow.replace("time.time() + 60", "time.time() + 6")})
    run(database)
    assert states(database) == {"sent": 50, "outgoing": 10}


def test_a_lane_that_failed_later_does_not_stop_the_queue(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain")
    with database.session() as session:
        (model,) = session.search_read("ir.model", [["model", "=", "mail.mail"]], ["model"])
        field = {"model_id": model["id"], "name": "x_made_up", "ttype": "boolean", "state": "manual"}
        (field_id,) = session.create("ir.model.fields", [field])
    apply(database, lanes=[{"name": "made up", "domain": "[('x_made_up', '=', True)]", "batch": 1}])
    with database.session() as session:
        session.unlink("ir.model.fields", [field_id])
    queue(database, 2)
    run(database)
    assert states(database) == {"sent": 2}
