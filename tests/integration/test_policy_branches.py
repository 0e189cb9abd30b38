# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every branch of the queue policy's code, run by the safe_eval of the instance."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.tests.unit.generated_code.branches import with_told_branches
from instance import LabInstance
from lab import Lab
from queue_policy import BACKOFF, CHANNEL, WATCHDOG, apply, pass_time, queue, received, ref, run, states, use

PARTS = {
    "lanes": QUEUE,
    "backoff": queue_jobs.BACKOFF,
    "stale": queue_jobs.STALE,
    "purge": queue_jobs.PURGE,
    "watchdog": queue_jobs.WATCHDOG,
}
PASSING = "[Errno 111] Connection refused"
MONTH = 31 * 24 * 60


@dataclass
class Policy:
    """A policy whose code logs the branches that it runs.

    :ivar names: names of the branches, by the message that they log.
    """

    database: LabInstance
    names: dict[str, str] = field(default_factory=dict)

    def tell_branches(self) -> None:
        """Replace the code of every part."""
        for part, xml_id in PARTS.items():
            code, names = with_told_branches(self._code(xml_id), part)
            self._write(xml_id, code)
            self.names.update(names)

    def run(self, *parts: str) -> None:
        for part in parts:
            run(self.database, PARTS[part])

    def run_too_late(self) -> None:
        """Run every part as if its time were over when it starts."""
        for xml_id in PARTS.values():
            code = self._code(xml_id)
            self._write(xml_id, code.replace("time.time() + 60", "time.time() - 1"))
            run(self.database, xml_id)
            self._write(xml_id, code)

    def untaken(self) -> set[str]:
        """Return the branches that no run has reached."""
        logged = {row["message"] for row in self.database.read("ir.logging", fields=("message",))}
        return {name for message, name in self.names.items() if message not in logged}

    def has(self, expression: str) -> bool:
        """Return whether server actions of this instance can evaluate an expression."""
        code = self._code(queue_jobs.WATCHDOG)
        probe = f"def probe():\n    try:\n        {expression}\n        log('it has it')\n    except Exception:\n        pass\nprobe()"
        self.database.sql("DELETE FROM ir_logging WHERE message = 'it has it'")
        self._write(queue_jobs.WATCHDOG, probe)
        self.run("watchdog")
        self._write(queue_jobs.WATCHDOG, code)
        return bool(self.database.read("ir.logging", ["message", "=", "it has it"], fields=("message",)))

    def _code(self, xml_id: str) -> str:
        (cron,) = self.database.read("ir.cron", ["id", "=", ref(self.database, xml_id)], fields=("code",))
        return str(cron["code"])

    def _write(self, xml_id: str, code: str) -> None:
        with self.database.session() as session:
            session.write("ir.cron", [ref(self.database, xml_id)], {"code": code})


def test_every_branch_runs(database: LabInstance, lab: Lab) -> None:
    policy = Policy(database)
    with database.session() as session:
        (model,) = session.search_read("ir.model", [["model", "=", "mail.mail"]], ["model"])
        about = {"model_id": model["id"], "name": "x_made_up", "ttype": "boolean", "state": "manual"}
        (lost_field,) = session.create("ir.model.fields", [about])
    apply(
        database,
        lanes=[
            {"name": "lost", "domain": "[('x_made_up', '=', True)]", "batch": 1},
            {"name": "all", "domain": [], "batch": 100},
        ],
        backoff=BACKOFF,
        stale_after=7,
        purge_after=30,
        watchdog={**WATCHDOG, "channel": CHANNEL, "max_outgoing": 1},
    )
    with database.session() as session:
        session.unlink("ir.model.fields", [lost_field])
    policy.tell_branches()
    for scenario in (send, retry, clear_away, watch):
        scenario(policy, lab)
    policy.run_too_late()
    lose_crons(policy)
    assert policy.untaken() == branches_of_other_instances(policy)


def branches_of_other_instances(policy: Policy) -> set[str]:
    """Return the branches for features that this instance has or lacks."""

    def named(*endings: str) -> set[str]:
        return {name for name in policy.names.values() if any(ending in name for ending in endings)}

    untaken: set[str] = set()
    if policy.has("_logger.info"):
        untaken |= named(": say: except of ")
    if policy.has("env['ir.cron']._commit_progress"):
        untaken |= named(": progress: except of ", ": commit: if commit_progress: else")
    else:
        untaken |= {name for name in policy.names.values() if name.endswith(": commit: if commit_progress")}
    if not policy.has("env['ir.cron'].search([], limit=1).numbercall"):
        untaken.add("watchdog: if 'numbercall' in cron and (not cron.numbercall)")
    return untaken


def send(policy: Policy, lab: Lab) -> None:
    database = policy.database
    # Odoo fails to record why a password that is not ASCII fails, and stops.
    use(database, lab, "plain")
    starttls = lab.smtp["starttls"]
    broken = {
        "name": "broken",
        "smtp_host": starttls.host,
        "smtp_port": starttls.port,
        "smtp_encryption": "starttls",
        "smtp_user": "broken",
        "smtp_pass": "made-up-ß",
        "from_filter": "broken.example",
    }
    with database.session() as session:
        session.create("ir.mail_server", [broken])
    queue(database, 2, "Broken", email_from="sender@broken.example")
    queue(database, 3, "Whole")
    policy.run("lanes")
    assert states(database) == {"sent": 3, "outgoing": 2}
    assert received(lab, "plain") == {f"Whole {number}": 1 for number in range(3)}
    # A server that disconnects after another mail.
    plain = lab.smtp["plain"]
    plain.configure(drop_at="DATA", drop_after=len(plain.accepted()) + 1)
    queue(database, 4)
    policy.run("lanes")
    assert states(database) == {"sent": 4, "outgoing": 4, "exception": 1}
    plain.configure(drop_at=None)
    database.sql("DELETE FROM mail_mail WHERE state != 'sent'")


def retry(policy: Policy, lab: Lab) -> None:
    database = policy.database

    def failed(count: int) -> list[int]:
        mails = queue(database, count)
        ids = ", ".join(map(str, mails))
        database.sql(f"UPDATE mail_mail SET state = 'exception', failure_reason = '{PASSING}' WHERE id IN ({ids})")
        pass_time(database, 60)
        return mails

    def note(text: str) -> None:
        database.sql(f"UPDATE ir_config_parameter SET value = '{text}' WHERE key = '{ATTEMPTS_KEY}'")

    policy.run("backoff")
    failed(1)
    policy.run("backoff", "backoff")
    resumed, exhausted = failed(2)
    note(f"junk {resumed}=-2 {exhausted}=30")
    policy.run("backoff")
    assert states(database)["exception"] == 1
    (last,) = failed(1)
    note(f"{exhausted}=-30 {last}=30")
    policy.run("backoff")
    (kept,) = database.read("ir.config_parameter", ["key", "=", ATTEMPTS_KEY], fields=("value",))
    assert kept["value"] == f"{exhausted}=-30 {last}=-30"


def clear_away(policy: Policy, lab: Lab) -> None:
    database = policy.database
    kept, *_others = queue(database, 3, state="cancel")
    queue(database, 1, state="outgoing")
    pass_time(database, MONTH)
    database.sql(
        f"CREATE TABLE made_up AS SELECT {kept} AS id; "
        "ALTER TABLE made_up ADD FOREIGN KEY (id) REFERENCES mail_mail (id) ON DELETE RESTRICT"
    )
    policy.run("stale", "stale", "purge")
    database.sql("DROP TABLE made_up")
    pass_time(database, MONTH)
    policy.run("purge")
    assert database.read("mail.mail", ["id", "=", kept], fields=("state",)) == []


def watch(policy: Policy, lab: Lab) -> None:
    database = policy.database
    core = ref(database, QUEUE)

    def run_with(statement: str) -> None:
        database.sql(f"UPDATE ir_cron SET {statement} WHERE id = {core}")
        policy.run("watchdog")

    now = "now() at time zone 'utc'"
    policy.run("watchdog")
    run_with(f"active = false, write_date = {now}, nextcall = {now} + interval '5 minutes'")
    run_with(f"active = true, nextcall = {now} - interval '1 day'")
    run_with(f"nextcall = {now} + interval '1 year'")
    run_with(f"active = false, nextcall = {now} - interval '1 day'")
    if policy.has("env['ir.cron'].search([], limit=1).numbercall"):
        run_with(f"numbercall = 0, nextcall = {now} - interval '1 day'")
    database.sql(f"UPDATE ir_cron SET nextcall = {now} - interval '1 day' WHERE id = {core}")
    with_lock(database, core, lambda: policy.run("watchdog"))
    queue(database, 2)
    policy.run("watchdog", "watchdog")
    # The listener no longer exists.
    database.sql("DELETE FROM mail_message WHERE subject LIKE 'Mail queue: %'")
    database.sql("ALTER TABLE mail_message ADD CONSTRAINT made_up CHECK (subject NOT LIKE 'Mail queue: %')")
    policy.run("watchdog")
    database.sql("ALTER TABLE mail_message DROP CONSTRAINT made_up")


def lose_crons(policy: Policy) -> None:
    with policy.database.session() as session:
        session.unlink("ir.cron", [ref(policy.database, one) for one in (queue_jobs.STALE, QUEUE)])
    policy.run("watchdog")


def with_lock(database: LabInstance, cron: int, action: Callable[[], None]) -> None:
    """Perform an action while another transaction locks a cron, as a worker does that runs it."""
    waits = "SELECT pg_sleep(10)"
    lock = f"BEGIN; SELECT id FROM ir_cron WHERE id = {cron} FOR NO KEY UPDATE; {waits}; COMMIT"
    with ThreadPoolExecutor() as meanwhile:
        holding = meanwhile.submit(database.sql, lock)
        while not database.sql(
            f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{waits}%'"
        ):
            assert not holding.done()
            time.sleep(0.1)
        action()
        holding.result()
