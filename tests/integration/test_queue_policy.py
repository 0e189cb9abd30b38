# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue policy at work: its code runs inside Odoo, and mails are sent, queued again, or cleared away."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_cron
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import classify, explain
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.refusals import REFUSALS
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.test_classification import MESSAGES
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.test_knowledge import wordings
from instance import LabInstance
from lab import Lab
from playbook import ansible_playbook, play

BACKOFF = {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30}
WATCHDOG = {"enabled": True, "interval": 5, "max_overdue": 30}
# A channel that every series has.
CHANNEL = "mail.channel_all_employees"
LANES = [
    {"name": "accounts", "domain": "[('model', '=', 'res.users')]", "batch": 100},
    {"name": "newsletters", "domain": [["subject", "like", "Newsletter"]], "batch": 10},
]
QUEUE_FIELDS = ("interval_number", "interval_type", "code")


def run_policy(database: LabInstance, *, check: bool = False, **options: Any) -> Outcome:
    """Run the policy as the module does with its validated options."""
    given = {"settle": 0, **options}
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


def reasons(database: LabInstance) -> list[str]:
    return [
        row["failure_reason"] for row in database.sql("SELECT failure_reason FROM mail_mail WHERE state = 'exception'")
    ]


def received(lab: Lab, smtp: str) -> Counter[str]:
    return Counter(str(record["subject"]) for record in lab.smtp[smtp].accepted())


def pass_time(database: LabInstance, minutes: int) -> None:
    """Make all mails older."""
    database.sql(
        f"UPDATE mail_mail SET create_date = create_date - interval '{minutes} minutes', write_date = write_date - interval '{minutes} minutes'"
    )


# Installed, changed by others, removed

EVERYTHING = {
    "lanes": LANES,
    "interval": 5,
    "backoff": BACKOFF,
    "stale_after": 7,
    "purge_after": 90,
    "watchdog": WATCHDOG,
}
OWN_RULES = ["backoff", "stale_after", "purge_after", "watchdog"]
OWN = [queue_jobs.BACKOFF, queue_jobs.STALE, queue_jobs.PURGE, queue_jobs.WATCHDOG]


def test_installed_and_removed_without_a_trace(database: LabInstance) -> None:
    def look() -> dict[str, Any]:
        fields = ("code", "active", "interval_number", "interval_type", "name", "model_id", "user_id", "priority")
        (core,) = database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=fields)
        counted = {model: len(database.read(model)) for model in ("ir.cron", "ir.actions.server", "ir.model.data")}
        return {**core, **counted}

    before = look()
    assert apply(database, **EVERYTHING) == [("update", "lanes"), *(("create", rule) for rule in OWN_RULES)]
    for xml_id in OWN:
        run(database, xml_id)
    run(database)
    own = database.read("ir.cron", ["name", "like", "Mail queue: "], fields=("user_id",))
    assert {row["user_id"][0] for row in own} == {ref(database, "base.user_root")}
    assert apply(database, state="absent") == [("update", "lanes"), *(("delete", rule) for rule in OWN_RULES)]
    assert look() == before
    assert apply(database, state="absent") == []


def test_code_changed_by_hand_is_drift(database: LabInstance) -> None:
    apply(database, **EVERYTHING)
    with database.session() as session:
        for xml_id in (QUEUE, queue_jobs.PURGE):
            (cron,) = session.search_read("ir.cron", [["id", "=", ref(database, xml_id)]], ["code"])
            session.write("ir.cron", [cron["id"]], {"code": cron["code"] + "\nlog('made up')"})
    assert apply(database, **EVERYTHING) == [("update", "lanes"), ("update", "purge_after")]


def test_parts_are_installed_and_removed_separately(database: LabInstance) -> None:
    (before,) = database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=QUEUE_FIELDS)
    apply(database, **EVERYTHING)
    assert apply(database, stale_after=0) == [("delete", "stale_after")]
    unmanaged = run_policy(database, check=True, stale_after=0).unmanaged
    assert sorted(one["key"] for one in unmanaged) == ["backoff", "lanes", "purge_after", "watchdog"]
    assert apply(database, lanes=[], backoff={**BACKOFF, "enabled": False}) == [
        ("update", "lanes"),
        ("delete", "backoff"),
    ]
    assert database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=QUEUE_FIELDS) == [before]


def test_unsupported_options_are_refused_before_anything_is_written(database: LabInstance) -> None:
    before = database.fingerprint()
    for options, words in (
        (
            {"lanes": [{"name": "made up", "domain": "[('priority', '=', 1)]", "batch": 1}]},
            "lane 'made up': its domain",
        ),
        ({"watchdog": {**WATCHDOG, "channel": "No such channel"}}, "watchdog.channel: there is no channel"),
        ({"watchdog": {**WATCHDOG, "user": "nobody"}}, "watchdog.user: there is no user"),
    ):
        with pytest.raises(Unsupported) as raised:
            run_policy(database, **options)
        assert words in raised.value.message
    assert database.fingerprint() == before
    with database.session() as session:
        session.create(channel_model(session), [{"name": "Twin"}, {"name": "Twin"}])
    with pytest.raises(Ambiguous):
        run_policy(database, watchdog={**WATCHDOG, "channel": "Twin"})


def test_the_role(database: LabInstance, tmp_path: Path) -> None:
    variables = {f"odoo_{name}": value for name, value in database.options().items()}
    lanes = [{"name": "accounts", "domain": "[('model', '=', 'res.users')]"}]
    policy = {"odoo_queue_lanes": lanes, "odoo_queue_backoff": {}, "odoo_queue_purge_after": 90}
    run = ansible_playbook(
        tmp_path,
        [
            play(roles=["postmaster.odoo.queue_policy"], vars=variables | policy),
            play(roles=["postmaster.odoo.queue_policy"], vars=variables | {"odoo_queue_state": "absent"}),
        ],
        *("--inventory", "localhost,", "--check", "--diff"),
    )
    assert run.exit_code == 0, run.output
    assert '+lanes: [{"name": "accounts"' in run.output
    assert "+first_delay: 5" in run.output
    assert "after: queue_policy: purge_after (create)" in run.output
    assert not run.results["Enforce the queue policy of the instance"]["changed"]


# Lanes


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


# Backoff


def test_a_throttling_server_gets_every_mail_once(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "throttle", throttle_messages=8, throttle_seconds=2)
    queue(database, 30)
    apply(database, lanes=[{"name": "all", "batch": 100}], backoff=BACKOFF)
    failed = 0
    for _round in range(20):
        run(database)
        failed += states(database)["exception"]
        if states(database) == {"sent": 30}:
            break
        pass_time(database, 60)
        run(database, queue_jobs.BACKOFF)
        time.sleep(2)
    assert failed > 0
    assert states(database) == {"sent": 30}
    assert received(lab, "throttle") == {f"Mail {number}": 1 for number in range(30)}


def test_without_the_policy_a_throttling_server_loses_mails(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "throttle", throttle_messages=8, throttle_seconds=2)
    queue(database, 30)
    for _round in range(20):
        run(database)
        if not states(database)["outgoing"]:
            break
        time.sleep(2)
    assert states(database)["outgoing"] == 0
    assert states(database)["exception"] > 0
    assert len(received(lab, "throttle")) < 30


def test_a_server_that_disconnects_in_the_middle(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain", drop_at="DATA", drop_after=4)
    queue(database, 10)
    apply(database, lanes=[{"name": "all", "batch": 100}], backoff=BACKOFF)
    run(database)
    assert states(database) == {"sent": 4, "exception": 1, "outgoing": 5}
    assert [classify(reason) for reason in reasons(database)] == ["interrupted"]
    lab.smtp["plain"].configure(drop_at=None)
    run(database)
    assert states(database) == {"sent": 9, "exception": 1}
    pass_time(database, 5)
    run(database, queue_jobs.BACKOFF)
    run(database)
    assert states(database) == {"sent": 10}
    assert received(lab, "plain") == {f"Mail {number}": 1 for number in range(10)}


def test_a_mail_that_always_makes_a_server_disconnect_does_not_stop_the_others(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain", drop_at="DATA", drop_after=0)
    queue(database, 4)
    apply(database, lanes=[{"name": "all", "batch": 100}])
    run(database)
    assert states(database) == {"exception": 1, "outgoing": 3}
    lab.smtp["plain"].configure(drop_at=None)
    run(database)
    assert states(database) == {"exception": 1, "sent": 3}


def test_one_bad_server_among_three_does_not_stop_the_others(database: LabInstance, lab: Lab) -> None:
    """Odoo fails to record why a password that is not ASCII fails, and stops without a message in every run."""
    smtp = lab.smtp["plain"]
    for name, more in (("a", {}), ("b", {"smtp_user": "b", "smtp_pass": "made-up-ß"}), ("c", {})):
        about = {"name": name, "smtp_host": smtp.host, "smtp_port": smtp.port, "from_filter": f"{name}.example"}
        with database.session() as session:
            (server,) = session.create("ir.mail_server", [{**about, **more}])
        if more:
            server_of_b = lab.smtp["starttls"]
            write = {"smtp_host": server_of_b.host, "smtp_port": server_of_b.port, "smtp_encryption": "starttls"}
            with database.session() as session:
                session.write("ir.mail_server", [server], write)
    for number in range(3):
        for name in "bac":
            queue(database, 2, f"{name}{number}", email_from=f"sender@{name}.example")
    apply(database, lanes=[{"name": "all", "batch": 100}])
    run(database)
    assert states(database) == {"sent": 12, "outgoing": 6}
    # Each is sent separately: Odoo records a failure only with the next mail, and would lose the failure of the last
    # one.
    arrived = {f"{name}{number} {mail}": 1 for name in "ac" for number in range(3) for mail in range(2)}
    assert received(lab, "plain") == arrived


def test_permanent_failures_are_kept(database: LabInstance, lab: Lab) -> None:
    use(database, lab, "plain", replies={"RCPT": "550 5.1.1 No such user"})
    queue(database, 1)
    # Up to 18.0 Odoo reports this for every unreachable server.
    words = {"state": "exception", "failure_reason": "Error without exception. Probably due to ..."}
    queue(database, 1, "Nobody", email_to=False, **words)
    queue(database, 1, "No address", email_to="info at lab.example", **words)
    apply(database, lanes=LANES, backoff=BACKOFF)
    run(database)
    assert states(database) == {"exception": 3}
    pass_time(database, 60)
    run(database, queue_jobs.BACKOFF)
    assert states(database) == {"exception": 3}


@pytest.mark.parametrize(
    ("age", "since_failure", "returns"),
    [
        (4, 4, False),  # failed at once: 5 minutes
        (6, 6, True),
        (50, 20, False),  # failed at the age of 30 minutes: 30 more
        (61, 31, True),
        (1000, 59, False),  # never more than 60
        (1000, 61, True),
        (4321, 61, False),  # given up
    ],
)
def test_the_delay_grows_with_the_age(age: int, since_failure: int, returns: bool, database: LabInstance) -> None:
    apply(database, backoff=BACKOFF)
    queue(database, 1)
    database.sql(
        "UPDATE mail_mail SET state = 'exception', failure_reason = '[Errno 111] Connection refused', "
        f"create_date = now() at time zone 'utc' - interval '{age} minutes', "
        f"write_date = now() at time zone 'utc' - interval '{since_failure} minutes'"
    )
    run(database, queue_jobs.BACKOFF)
    assert states(database) == {"outgoing" if returns else "exception": 1}


def reasons_of_mails() -> list[str]:
    """Return everything that Odoo stores about failed mails, with neutral names of hosts and recipients."""
    told = [message for _outcome, message in MESSAGES]
    for refusal in REFUSALS:
        for message in wordings(refusal):
            if message.startswith("Mail Delivery Failed"):
                told.append(message.replace("smtp.acme.example", "dns-throttle.sandbox.example"))
                told.append(message.replace("x@y.example", "spam@y.example").replace("odoo@", "dmarc@"))
    return told


def test_the_database_classifies_as_the_collection_does(database: LabInstance) -> None:
    apply(database, backoff=BACKOFF)
    messages = reasons_of_mails()
    ids = queue(database, len(messages))
    rows = ", ".join(
        f"({mail_id}, '{message}')"
        for mail_id, message in zip(ids, (one.replace("'", "''") for one in messages), strict=True)
    )
    database.sql(
        f"UPDATE mail_mail SET state = 'exception', failure_reason = told.reason FROM (VALUES {rows}) AS told (id, reason) WHERE told.id = mail_mail.id"
    )
    pass_time(database, 60)
    run(database, queue_jobs.BACKOFF)
    returned = {row["id"] for row in database.read("mail.mail", ["state", "=", "outgoing"], fields=("state",))}
    expected = {
        mail_id: message
        for mail_id, message in zip(ids, messages, strict=True)
        if explain(message).passes or message.startswith("Error without exception")
    }
    differing = {mail_id: messages[ids.index(mail_id)] for mail_id in returned ^ expected.keys()}
    assert (len(messages) > 300, differing) == (True, {})


# Stale mails and purging


def test_stale_mails_are_cancelled(database: LabInstance) -> None:
    apply(database, stale_after=7)
    queue(database, 3, "Stale")
    queue(database, 1, "Planned", scheduled_date="2090-01-01 00:00:00")
    pass_time(database, 8 * 24 * 60)
    queue(database, 2, "Young")
    run(database, queue_jobs.STALE)
    assert states(database) == {"cancel": 3, "outgoing": 3}


def test_old_mails_are_purged_even_if_rpc_may_not_delete_them(database: LabInstance) -> None:
    apply(database, purge_after=30)
    queue(database, 600, state="cancel")  # without a document: an administrator may not delete these
    queue(database, 1, state="exception", model="res.users", res_id=2)
    queue(database, 1, state="sent")
    queue(database, 1, state="outgoing")
    pass_time(database, 31 * 24 * 60)
    queue(database, 1, state="cancel")
    run(database, queue_jobs.PURGE)
    assert states(database) == {"sent": 1, "outgoing": 1, "cancel": 1}


def test_a_mail_that_cannot_be_purged_does_not_stop_the_others(database: LabInstance) -> None:
    apply(database, purge_after=30)
    kept, *_others = queue(database, 5, state="cancel")
    pass_time(database, 31 * 24 * 60)
    database.sql(
        f"CREATE TABLE made_up AS SELECT {kept} AS id; "
        "ALTER TABLE made_up ADD FOREIGN KEY (id) REFERENCES mail_mail (id) ON DELETE RESTRICT"
    )
    run(database, queue_jobs.PURGE)
    assert [row["id"] for row in database.read("mail.mail", fields=("state",))] == [kept]


# Watchdog


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


def channel_model(session: Session) -> str:
    return "discuss.channel" if session.has_model("discuss.channel") else "mail.channel"


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
