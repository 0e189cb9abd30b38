# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A queue policy on a database: enforce it, run its crons, and read the mails of its queue."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_cron
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from instance import LabInstance
from lab import Lab

BACKOFF = {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30}
WATCHDOG = {"enabled": True, "interval": 5, "max_overdue": 30}
# A channel that every series has.
CHANNEL = "mail.channel_all_employees"
LANES = [
    {"name": "accounts", "domain": "[('model', '=', 'res.users')]", "batch": 100},
    {"name": "newsletters", "domain": [["subject", "like", "Newsletter"]], "batch": 10},
]


def run_policy(database: LabInstance, *, check: bool = False, **options: Any) -> Outcome:
    """Run the policy as the module does with its validated options."""
    given = {"settle": 0, **options} if "lanes" in options else options
    with database.session(read_only=check) as session:
        return enforce(session, [QUEUE_POLICY.declare(given)], RunOptions(unmanaged="report"))


def apply(database: LabInstance, **options: Any) -> list[tuple[str, str]]:
    """Enforce a policy, and check the first guarantee: check mode predicts the changes, and a second run changes
    nothing.
    """
    predicted = run_policy(database, check=True, **options).plan
    done = run_policy(database, **options).plan
    assert [step.as_result() for step in done] == [step.as_result() for step in predicted]
    assert run_policy(database, **options).plan == ()
    # Only the test runs crons.
    database.sql("UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
    return [(step.action, step.key) for step in done]


def ref(database: LabInstance, xml_id: str) -> int:
    module, _dot, name = xml_id.partition(".")
    (row,) = database.read("ir.model.data", ["module", "=", module], ["name", "=", name], fields=("res_id",))
    return int(row["res_id"])


def run(database: LabInstance, xml_id: str = QUEUE) -> None:
    """Run an action once; a failure is an error here."""
    with database.session() as session:
        run_cron(session, ref(database, xml_id), xml_id)


def use(database: LabInstance, lab: Lab, smtp: str, **behavior: Any) -> None:
    """Send all mail through one of the lab's SMTP servers."""
    server = lab.smtp[smtp]
    if behavior:
        server.configure(**behavior)
    with database.session() as session:
        session.create("ir.mail_server", [{"name": smtp, "smtp_host": server.host, "smtp_port": server.port}])


def queue(database: LabInstance, count: int, subject: str = "Mail", **values: Any) -> list[int]:
    """Queue mails, each to a different recipient."""
    mails = [
        {
            "subject": f"{subject} {number}",
            "body_html": "<p>A test.</p>",
            "email_from": "sender@lab.example",
            "email_to": f"{subject.lower()}{number}@lab.example",
            "auto_delete": False,
            "state": "outgoing",
            **values,
        }
        for number in range(count)
    ]
    with database.session() as session:
        return session.create("mail.mail", mails)


def states(database: LabInstance) -> Counter[str]:
    return Counter(
        {row["state"]: int(row["n"]) for row in database.sql("SELECT state, count(*) AS n FROM mail_mail GROUP BY 1")}
    )


def received(lab: Lab, smtp: str) -> Counter[str]:
    return Counter(str(record["subject"]) for record in lab.smtp[smtp].accepted())


def pass_time(database: LabInstance, minutes: int) -> None:
    """Make all mails older."""
    database.sql(
        f"UPDATE mail_mail SET create_date = create_date - interval '{minutes} minutes', write_date = write_date - interval '{minutes} minutes'"
    )


def channel_model(session: Session) -> str:
    return "discuss.channel" if session.has_model("discuss.channel") else "mail.channel"
