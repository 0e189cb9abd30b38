# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watchdog of the queue policy at work: it starts the queue again and reports its problems."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from instance import LabInstance
from lab import Lab
from queue_policy import CHANNEL, WATCHDOG, apply, channel_model, queue, ref, run, states, use

pytestmark = pytest.mark.second_lab


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("active = false, write_date = now() at time zone 'utc' - interval '31 minutes'", "was inactive"),
        # A user or a probe has written to it since, but it has missed its run.
        ("active = false, nextcall = now() at time zone 'utc' - interval '31 minutes'", "was inactive"),
        ("nextcall = now() at time zone 'utc' + interval '1 year'", "was put off"),
        ("nextcall = now() at time zone 'utc' - interval '1 day'", "was overdue"),
    ],
)
def test_the_watchdog_starts_the_queue(wrong: str, words: str, database: LabInstance, lab: Lab) -> None:
    lab.start_odoo(max_cron_threads=0)  # otherwise a worker would run overdue actions
    try:
        apply(database, watchdog={**WATCHDOG, "channel": CHANNEL})
        core = ref(database, QUEUE)
        for statement, is_woken in (("nextcall = now() at time zone 'utc' + interval '1 hour'", False), (wrong, True)):
            database.sql(f"UPDATE ir_cron SET {statement} WHERE id = {core}")
            run(database, queue_jobs.WATCHDOG)
            messages = database.read("mail.message", ["subject", "like", "Mail queue: "], fields=("subject", "model"))
            assert [message["subject"] for message in messages] == (
                [f"Mail queue: Mail: Email Queue Manager {words}"] if is_woken else []
            )
        (cron,) = database.sql(
            "SELECT active, abs(extract(epoch FROM nextcall - (now() at time zone 'utc'))) < 60 AS is_due "
            f"FROM ir_cron WHERE id = {core}"
        )
        assert cron == {"active": "t", "is_due": "t"}
        with database.session() as session:
            assert messages[0]["model"] == channel_model(session)
        # Server actions of 16.0 write to a table.
        assert words in log(lab) + str(database.read("ir.logging", fields=("message",)))
    finally:
        lab.start_odoo()


def log(lab: Lab) -> str:
    with open(lab.description["odoo"]["log"], encoding="utf-8") as file:
        return "".join(file.readlines()[-200:])


def test_the_watchdog_reports_a_deleted_queue(database: LabInstance) -> None:
    apply(database, watchdog={**WATCHDOG, "channel": CHANNEL})
    with database.session() as session:
        session.unlink("ir.cron", [ref(database, QUEUE)])
    run(database, queue_jobs.WATCHDOG)
    subjects = database.read("mail.message", ["subject", "like", "Mail queue: "], fields=("subject",))
    assert [one["subject"] for one in subjects] == ["Mail queue: its scheduled action is gone"]


def test_the_watchdog_gives_an_administrator_time(database: LabInstance) -> None:
    apply(database, watchdog=WATCHDOG)
    with database.session() as session:
        session.write("ir.cron", [ref(database, QUEUE)], {"active": False})
    run(database, queue_jobs.WATCHDOG)
    (cron,) = database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=("active",))
    assert cron["active"] is False


def test_the_watchdogs_mail_does_not_wait_in_the_queue(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain")
    database.add_user("ops", password="made-up-password-1", email="ops@lab.example", notification_type="email")
    queue(database, 2)
    apply(database, watchdog={**WATCHDOG, "max_outgoing": 1, "user": "ops"})
    run(database, queue_jobs.WATCHDOG)
    assert states(database)["outgoing"] == 2
    alerts = [one for one in lab.smtp["plain"].accepted() if "more than 1 mails wait" in str(one["subject"])]
    assert [alert["rcpt_tos"] for alert in alerts] == [["ops@lab.example"]]


def test_the_watchdog_reports_a_backlog_once(database: LabInstance) -> None:
    apply(database, watchdog={**WATCHDOG, "max_outgoing": 2, "user": "admin"})
    queue(database, 2)
    for expected in (0, 1, 1):
        run(database, queue_jobs.WATCHDOG)
        told = database.read(
            "mail.message", ["subject", "=", "Mail queue: more than 2 mails wait"], fields=("notified_partner_ids",)
        )
        assert len(told) == expected
        queue(database, 1)
    (admin,) = database.read("res.users", ["login", "=", "admin"], fields=("partner_id",))
    assert told[0]["notified_partner_ids"] == [admin["partner_id"][0]]
