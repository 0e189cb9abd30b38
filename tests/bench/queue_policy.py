# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The durations of the actions of a queue policy among one million mails: `python tests/bench queue_policy`.

None starts another batch after a minute, so the rate counts for the long ones.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_cron
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import queue_action_id
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from lab import Lab
from mail_queue import MAILS, REASONS, fill, give_reasons

DATABASE = "bench_queue_policy"
BATCH = 100
POLICY: dict[str, Any] = {
    "lanes": [
        {"name": "transactional", "domain": "[('model', '=', 'res.users')]", "batch": BATCH},
        {"name": "the rest", "batch": BATCH},
    ],
    "backoff": {"first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
    "settle": 60,
    "stale_after": 3,
    "purge_after": 90,
    "watchdog": {"interval": 5, "max_overdue": 15, "max_outgoing": 1000},
}


def main() -> None:
    lab = Lab.load()
    lab.fresh(DATABASE)
    lab.sql(DATABASE, "UPDATE ir_cron SET active = false")
    fill(lab, DATABASE)
    environment = lab.environment(DATABASE)
    options = {name: environment[f"ODOO_{name.upper()}"] for name in ("url", "database", "username", "api_key")}
    smtp = lab.smtp["plain"]
    smtp.reset()
    with connect(**options, timeout=600) as session:
        session.create("ir.mail_server", [{"name": "plain", "smtp_host": smtp.host, "smtp_port": smtp.port}])
        print(f"{MAILS} mails")
        measure(lab, session)
    smtp.reset()
    lab.drop(DATABASE)


def measure(lab: Lab, session: Session) -> None:
    def count(condition: str) -> int:
        return int(lab.sql(DATABASE, f"SELECT count(*) FROM mail_mail WHERE {condition}")[0]["count"])

    def run(name: str, xml_id: str, condition: str) -> None:
        """Run an action once. The condition selects the mails whose number decreases."""
        before = count(condition)
        record_id = read_external_ids(session, {xml_id})[xml_id]["res_id"]
        seconds = run_cron(session, record_id, xml_id)["seconds"]
        done = before - count(condition)
        print(f"  {name}: {seconds:.1f} s, {done} mails" + (f", {done / seconds:.0f} a second" if done else ""))

    outgoing, failed, cancelled = (f"state = '{state}'" for state in ("outgoing", "exception", "cancel"))
    session.call(
        "ir.cron", "write", [queue_action_id(session)], vals={"code": f"model.process_email_queue(batch_size={BATCH})"}
    )
    run("Odoo's own queue", QUEUE, outgoing)
    enforce(session, [QUEUE_POLICY.declare(POLICY)], RunOptions())
    lab.sql(DATABASE, "UPDATE ir_cron SET active = false")
    run("lanes", QUEUE, outgoing)
    run("watchdog", queue_jobs.WATCHDOG, outgoing)
    # They are three hours old and were tried an hour later. All that may be sent are due for a retry.
    lab.sql(
        DATABASE,
        f"UPDATE mail_mail SET create_date = now() - interval '3 hours', write_date = now() - interval '2 hours' WHERE {failed}",
    )
    give_reasons(lab, DATABASE, REASONS["each its own reason"])
    run("backoff, all failed for good", queue_jobs.BACKOFF, failed)
    give_reasons(lab, DATABASE, REASONS["a few reasons"])
    run("backoff, all may pass", queue_jobs.BACKOFF, failed)
    run("stale", queue_jobs.STALE, outgoing)
    lab.sql(DATABASE, f"UPDATE mail_mail SET write_date = now() - interval '91 days' WHERE {cancelled}")
    run("purge", queue_jobs.PURGE, cancelled)
