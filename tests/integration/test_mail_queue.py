# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue on a real Odoo with SMTP servers of several behaviors: sent, failed and deleted mails, and the reasons."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import Work, warnings
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server
from instance import TRANSPORTS, LabInstance
from lab import Lab, NotApplicable
from mail_servers import Options, password_server, run_task, run_tasks
from playbook import Run, ansible_playbook
from queue_action import IS_QUEUE_ACTION, QUEUE_ACTION

SENDER = "sender@lab.example"


def queue(database: LabInstance, count: int, **values: Any) -> list[int]:
    """Create waiting mails, each to a different address."""
    own = {"state": "outgoing", "email_from": SENDER, "body_html": "<p>A test.</p>", "auto_delete": False, **values}
    with database.session() as session:
        return session.create(
            "mail.mail", [{"subject": f"Mail {n}", "email_to": f"to{n}@lab.example", **own} for n in range(count)]
        )


def send_through(database: LabInstance, lab: Lab, smtp_name: str) -> None:
    database.enforce({"servers": [password_server(lab, smtp_name)]})


def do(database: LabInstance, action: str, *, batch_size: int = 50, transport: str = "auto", **filters: Any) -> Work:
    """Perform an action after check mode has counted exactly the same mails."""
    selection = Selection(**filters)
    with database.session(transport, read_only=True) as session:
        predicted = act(session, action, selection, batch_size=batch_size)
    with database.session(transport) as session:
        work = act(session, action, selection, batch_size=batch_size)
    assert work.error is None
    assert predicted.count == work.count + work.unsent
    return work


def ask(database: LabInstance, *by: str, transport: str = "auto") -> dict[str, Any]:
    with database.session(transport, read_only=True) as session:
        return ask_queue(session, by)


def states(database: LabInstance) -> Counter[str]:
    return Counter(mail["state"] for mail in database.read("mail.mail", fields=("state",)))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_queue_by_state_class_server_and_domain(database: LabInstance, lab: Lab, transport: str) -> None:
    send_through(database, lab, "plain")
    server = database.read("ir.mail_server", ["name", "=", "plain"])[0]["id"]
    lab.smtp["plain"].configure(replies={"RCPT": "550 5.1.1 No such user"})
    failed = queue(database, 3)
    do(database, "process", transport=transport)
    waiting = queue(database, 2, email_from="other@else.example", mail_server_id=server)
    queue(database, 1, scheduled_date="2090-01-01 00:00:00")
    database.sql(f"UPDATE mail_mail SET create_date = now() - interval '3 hours' WHERE id = {waiting[1]}")
    asked = ask(database, "server", "from_domain", transport=transport)
    assert asked["states"] == {"outgoing": 3, "sent": 0, "received": 0, "exception": 3, "cancel": 0}
    assert (asked["due"], asked["scheduled"], asked["unclassified"]) == (2, 1, 0)
    assert (asked["oldest_due"]["id"], asked["oldest_due"]["age_minutes"] // 60) == (waiting[1], 3)
    (failure,) = asked["failures"]
    assert (failure["class"], failure["count"], failure["id"] in failed) == ("recipient_rejected", 3, True)
    assert "550" in failure["reason"]
    assert {one["server"]: one["states"]["outgoing"] for one in asked["by_server"]} == {"plain": 2, None: 1}
    domains = {one["from_domain"]: one["states"]["outgoing"] for one in asked["by_from_domain"]}
    assert domains == {"else.example": 2, "lab.example": 1}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_throttled_mails_are_retried(database: LabInstance, lab: Lab, transport: str) -> None:
    send_through(database, lab, "throttle")
    queue(database, 8)
    work = do(database, "process", transport=transport)
    # With the 421 the server disconnects, and then Odoo stops.
    assert (work.sent, work.failed, work.unsent) == (3, 1, 4)
    assert {one["class"]: one["count"] for one in work.as_result()["failures"]} == {"throttled": 1}
    lab.smtp["throttle"].configure(throttle_messages=None)
    assert do(database, "retry", failure_class=["auth"], transport=transport).count == 0
    assert do(database, "retry", failure_class=["throttled"], transport=transport).count == 1
    assert do(database, "process", transport=transport).sent == 5
    recipients = [record["rcpt_tos"] for record in lab.smtp["throttle"].accepted()]
    assert sorted(recipients) == [[f"to{n}@lab.example"] for n in range(8)]


def test_after_a_disconnection_the_rest_waits_for_the_next_run(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "drop")
    lab.smtp["drop"].configure(drop_at="DATA", drop_after=2)
    queue(database, 10)
    work = do(database, "process")
    assert (work.sent, work.failed, work.unsent) == (2, 0, 8)
    assert "SMTPServerDisconnected" in work.cut_off
    lab.smtp["drop"].configure(drop_at=None)
    assert do(database, "process").sent == 8
    recipients = [record["rcpt_tos"] for record in lab.smtp["drop"].accepted()]
    assert sorted(recipients) == [[f"to{n}@lab.example"] for n in range(10)]
    assert states(database) == {"sent": 10}


def test_a_server_whose_password_is_not_ascii_does_not_stop_mail_of_another(database: LabInstance, lab: Lab) -> None:
    """Odoo's own queue stops there. The collection rejects such a declaration, so a user has entered the server."""
    servers = [
        password_server(lab, "plain", name="first", from_filter="first.example"),
        password_server(lab, "starttls_any_sender", name="bad", from_filter="bad.example", sequence=1),
        password_server(lab, "starttls_any_sender", name="last", from_filter="last.example"),
    ]
    database.enforce({"servers": servers})
    with database.session() as session:
        (bad,) = session.search_read("ir.mail_server", [["name", "=", "bad"]], ["name"])
        session.write("ir.mail_server", [bad["id"]], {"smtp_pass": "made-up-ß"})
    for domain in ("bad.example", "first.example", "last.example", "bad.example"):
        queue(database, 2, email_from=f"a@{domain}")
    work = do(database, "process")
    assert (work.sent, work.failed, work.unsent) == (4, 0, 4), (work.classes, work.cut_off)
    assert {
        mail["email_from"]
        for mail in database.read("mail.mail", fields=("state", "email_from"))
        if mail["state"] == "outgoing"
    } == {"a@bad.example"}
    assert "made-up" not in str((work.as_result(), warnings(work)))
    with pytest.raises(Invalid, match="smtp_pass contains non-ASCII characters") as caught:
        database.enforce({"servers": [{**servers[1], "smtp_pass": "made-up-ß"}]})
    assert "made-up" not in caught.value.message


@pytest.mark.parametrize("bad", [1, 2])
def test_mail_after_a_server_whose_password_is_not_ascii_is_sent_once(
    bad: int, database: LabInstance, lab: Lab
) -> None:
    """Odoo stores the failure of a mail together with the next one, and loses both."""
    names = {"bad": "starttls_any_sender", "first": "plain", "last": "plain"}
    database.enforce(
        {
            "servers": [
                password_server(lab, smtp, name=name, from_filter=f"{name}.example") for name, smtp in names.items()
            ]
        }
    )
    with database.session() as session:
        (server,) = session.search_read("ir.mail_server", [["name", "=", "bad"]], ["name"])
        session.write("ir.mail_server", [server["id"]], {"smtp_pass": "made-up-ß"})
    for name, count in {"bad": bad, "first": 2, "last": 2}.items():
        queue(database, count, email_from=f"a@{name}.example")
    work = do(database, "process")
    assert Counter(str(mail["mail_from"]) for mail in lab.smtp["plain"].accepted()) == {
        "a@first.example": 2,
        "a@last.example": 2,
    }
    assert (work.sent, work.sent + work.failed + work.unsent) == (4, 4 + bad), (work.classes, work.cut_off)


# Other failures of one mail or server, and whether Odoo continues with the other mails by itself.
ODDITIES: dict[str, tuple[Options, Options, dict[str, Any]]] = {
    "a host that no one can encode": ({"smtp_host": "a" * 70 + ".example"}, {}, {}),
    "a reply with a NUL": ({}, {}, {"RCPT": "550 5.1.1 no \x00 such"}),
    "a greeting with a NUL": ({}, {}, {"CONNECT": "554 no \x00 way"}),
    "headers that are no dictionary": ({}, {"headers": "[1]"}, {}),
    "a header with a line break": ({}, {"reply_to": "a@b.example\nBcc: c@d.example"}, {}),
    "a server that hangs up": ({}, {}, {"MAIL": None}),
    "a user that is not ASCII": ({"smtp_user": "jürgen", "smtp_pass": "made-up"}, {}, {}),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_one_unusual_mail_or_server_does_not_stop_other_mail(oddity: str, database: LabInstance, lab: Lab) -> None:
    server, mail, replies = ODDITIES[oddity]
    plain = lab.smtp["plain"]
    with smtp_server(features=("AUTH PLAIN",), replies=replies) as smtp, database.session() as session:
        odd = {
            "name": "odd",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp.port,
            "from_filter": "odd.example",
            "sequence": 1,
        }
        good = {"name": "good", "smtp_host": plain.host, "smtp_port": plain.port, "from_filter": "good.example"}
        session.create("ir.mail_server", [{**odd, **server}, good])
        for domain, more in (("good.example", {}), ("odd.example", mail), ("good.example", {})):
            queue(database, 1, email_from=f"a@{domain}", **more)
        work = do(database, "process")
    if work.sent == 3 and oddity == "headers that are no dictionary":
        raise NotApplicable("the instance sends mails with such headers all the same")
    assert work.sent == 2, (work.classes, work.cut_off)
    assert len(plain.accepted()) == 2
    assert work.classes.keys() <= {
        "unconfigured",
        "recipient_rejected",
        "client_blocked",
        "content_rejected",
        "unknown",
    }


def test_an_interrupted_run_of_the_queue(database: LabInstance, lab: Lab) -> None:
    """Mails beyond the batch are not counted: Odoo sends the newest first."""
    database.needs_batch_size()
    database.sql("DELETE FROM mail_mail")
    send_through(database, lab, "drop")
    lab.smtp["drop"].configure(drop_at="DATA", drop_after=2)
    queue(database, 10)
    database.sql("UPDATE mail_mail SET create_date = create_date - interval '1 minute'")
    database.enforce({"parameters": {"mail.mail.queue.batch.size": "6"}})
    action = [QUEUE_ACTION]
    with database.session() as session:
        (cron,) = session.search_read("ir.cron", action, ["id"])
        session.call("ir.cron", "method_direct_trigger", [cron["id"]])
    assert states(database) == {"sent": 2, "exception": 1, "outgoing": 7}
    assert ask(database)["interrupted"]["count"] == 3


def test_mails_of_a_batch_are_sent_only_once(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "plain")
    queue(database, 6)
    lab.smtp["plain"].configure(delay=0.1)

    def run_of_the_queue() -> None:
        lab.smtp["plain"].wait_accepted()
        with database.session() as session:
            session.call("mail.mail", "process_email_queue")

    with ThreadPoolExecutor() as meanwhile:
        other = meanwhile.submit(run_of_the_queue)
        work = do(database, "process")
        other.result()
    assert work.sent == 6
    recipients = [record["rcpt_tos"] for record in lab.smtp["plain"].accepted()]
    assert recipients == [[f"to{n}@lab.example"] for n in range(6)]


def test_nothing_is_sent_while_the_queues_own_action_runs(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "plain")
    mails = queue(database, 2)
    with database.locked("ir_cron", IS_QUEUE_ACTION), database.session() as other:
        work = act(other, "process", Selection(), batch_size=50)
    assert isinstance(work.error, Conflict)
    assert re.search(r"the cron is running (since|\(it was due at)", work.error.message)
    assert lab.smtp["plain"].accepted() == []
    assert database.read("mail.mail", fields=("scheduled_date",)) == [
        {"id": mail, "scheduled_date": False} for mail in mails
    ]
    assert do(database, "process").sent == 2


def test_a_running_queue_is_not_disturbed(database: LabInstance, lab: Lab) -> None:
    database.needs_lasting_lock()
    send_through(database, lab, "plain")
    lab.smtp["plain"].configure(delay=0.1)
    queue(database, 10)
    with database.session() as session, ThreadPoolExecutor() as meanwhile:
        (action,) = session.search_read("ir.cron", [QUEUE_ACTION], ["active"])
        running = meanwhile.submit(session.call, "ir.cron", "method_direct_trigger", [action["id"]])
        lab.smtp["plain"].wait_accepted()
        with database.session() as other:
            assert isinstance(act(other, "process", Selection(), batch_size=50).error, Conflict)
        running.result()
    database.needs("ir.cron", "failure_count")
    (action,) = database.read("ir.cron", QUEUE_ACTION, fields=("failure_count",))
    assert action["failure_count"] == 0
    received = Counter(str(record["subject"]) for record in lab.smtp["plain"].accepted())
    assert received == {f"Mail {n}": 1 for n in range(10)}


def test_two_simultaneous_runs_send_each_mail_once(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "plain")
    lab.smtp["plain"].configure(delay=0.02)
    queue(database, 20)

    def process(_number: int) -> int:
        with database.session() as session:
            return act(session, "process", Selection(), batch_size=5).sent

    with ThreadPoolExecutor() as both:
        assert sum(both.map(process, range(2))) == 20
    received = Counter(str(record["subject"]) for record in lab.smtp["plain"].accepted())
    assert received == {f"Mail {n}": 1 for n in range(20)}
    assert database.read("ir.config_parameter", ["key", "=", SENDING_KEY], fields=("key",)) == []


def test_batches_limits_and_the_oldest_first(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "plain")
    with database.session() as session:  # Odoo's own batch is smaller, and would begin with the newest
        session.create("ir.config_parameter", [{"key": "mail.mail.queue.batch.size", "value": "2"}])
    mails = queue(database, 7)
    assert do(database, "process", limit=5, batch_size=3).sent == 5
    left = database.read("mail.mail", ["state", "=", "outgoing"], fields=("state",))
    assert [mail["id"] for mail in left] == mails[5:]


def test_sent_mails_that_are_deleted_count_as_sent(database: LabInstance, lab: Lab) -> None:
    send_through(database, lab, "plain")
    queue(database, 2, auto_delete=True)
    assert do(database, "process").sent == 2
    assert states(database) == {}


def test_purging_deletes_all_that_rpc_may_and_reports_the_rest(database: LabInstance) -> None:
    (partner,) = database.read("res.partner", ["name", "=", "Administrator"])
    document = {"model": "res.partner", "res_id": partner["id"]}
    queue(database, 4, state="exception", **document)
    queue(database, 3, state="cancel", **document)
    without_document = queue(database, 2, state="exception")
    gone_document = queue(database, 1, state="cancel", **document)
    database.sql(
        f"UPDATE mail_message SET res_id = 999999 WHERE id = (SELECT mail_message_id FROM mail_mail WHERE id = {gone_document[0]})"
    )
    kept = queue(database, 1)
    with database.session() as session:
        work = act(session, "purge", Selection(), batch_size=50)
    left = {mail["id"] for mail in database.read("mail.mail", fields=("state",))}
    refused = {mail for one in work.refused.values() for mail in one["ids"]}
    assert work.count == 11 - len(left)
    assert left == {*kept, *refused}
    assert set(without_document) <= refused <= {*without_document, *gone_document}
    assert sum(one["count"] for one in work.refused.values()) == len(refused)


def test_one_refused_mail_does_not_stop_the_others(database: LabInstance) -> None:
    (partner,) = database.read("res.partner", ["name", "=", "Administrator"])
    document = {"model": "res.partner", "res_id": partner["id"]}
    mails = queue(database, 9, state="exception", **document)
    # A rule of the database that is not part of Odoo.
    database.sql(
        f"CREATE FUNCTION keep() RETURNS trigger AS 'BEGIN IF OLD.id = {mails[4]} THEN RAISE EXCEPTION ''made up to refuse''; "
        "END IF; RETURN OLD; END' LANGUAGE plpgsql; "
        "CREATE TRIGGER keep BEFORE DELETE ON mail_mail FOR EACH ROW EXECUTE FUNCTION keep()"
    )
    with database.session() as session:
        work = act(session, "purge", Selection(), batch_size=50)
    (refused,) = list(work.refused.values())
    assert (work.count, refused["ids"]) == (8, [mails[4]])
    assert "made up to refuse" in refused["reason"]


def test_cancelled_by_filters(database: LabInstance) -> None:
    old, young = queue(database, 2, email_from='"S" <s@Acme.example>')
    other = queue(database, 1)
    database.sql(f"UPDATE mail_mail SET create_date = now() - interval '3 hours' WHERE id IN ({old}, {other[0]})")
    assert do(database, "cancel", older_than=60, from_domain="acme.example").count == 1
    assert do(database, "cancel", ids=[young]).count == 1
    assert do(database, "cancel", server="").count == 1
    assert states(database) == {"cancel": 3}


def test_a_server_that_repeats_the_password(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    """It repeats it in clear text and in base64. Odoo stores the reply as the reason, which is never shown unmasked."""
    smtp = lab.smtp["starttls"]
    password = "made-up-password-that-is-repeated"
    encoded = b64encode(f"\0{smtp.user}\0{password}".encode()).decode()
    smtp.configure(replies={"AUTH": f"535 5.7.8 {password} is wrong, {encoded} too"})
    database.enforce({"servers": [password_server(lab, "starttls", smtp_pass=password)]})
    queue(database, 1)
    tasks = {
        "process": {"postmaster.odoo.mail_queue": {"action": "process"}},
        "look": {"postmaster.odoo.mail_queue_info": {}},
        "test": {"postmaster.odoo.mail_server_test": {"fail_on_error": False}},
    }
    results = run_tasks(database, tmp_path, tasks)
    assert results["process"]["failures"][0]["class"] == results["look"]["queue"]["failures"][0]["class"] == "auth"
    assert results["test"]["tests"][0]["outcome"] == "auth"
    assert "is wrong" in results["look"]["queue"]["failures"][0]["reason"]
    for result in results.values():
        assert password not in repr(result)
        assert encoded not in repr(result)


def test_a_threshold_with_metrics(database: LabInstance, tmp_path: Path) -> None:
    queue(database, 2)
    metrics = tmp_path / "queue.prom"
    result = run_task(database, tmp_path / "run", "mail_queue_info", {"max_outgoing": 1, "metrics_file": str(metrics)})
    assert (result["failed"], result["error_kind"]) == (True, "threshold")
    assert result["msg"] == "2 mails are waiting to be sent (max_outgoing 1)."
    assert result["queue"]["due"] == 2
    assert f'database="{database.database}",state="outgoing"}} 2' in metrics.read_text()


def test_check_mode_changes_nothing(database: LabInstance, tmp_path: Path) -> None:
    queue(database, 2)
    queue(database, 1, state="exception")
    before = database.fingerprint()
    tasks = {
        action: {"postmaster.odoo.mail_queue": {"action": action}, "check_mode": True}
        for action in ("process", "retry", "cancel", "purge")
    }
    results = run_tasks(database, tmp_path, tasks)
    assert {name: result["count"] for name, result in results.items()} == {
        "process": 2,
        "retry": 1,
        "cancel": 2,
        "purge": 0,
    }
    assert database.fingerprint() == before


def test_the_playbook_reads_and_acts_as_requested(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    send_through(database, lab, "plain")
    queue(database, 3, state="exception", failure_reason="111\nConnection refused")
    queue(database, 1, state="exception", failure_reason="SMTPRecipientsRefused: {'a@b.example': (550, b'no')}")
    (tmp_path / "metrics").mkdir()
    asked = {
        "queue_actions": [{"action": "retry", "failure_class": ["unreachable"]}, {"action": "process"}],
        "queue_metrics_folder": str(tmp_path / "metrics"),
        **{f"odoo_{name}": value for name, value in database.options().items()},
    }

    def run(*arguments: str, **variables: Any) -> Run:
        own = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **asked, **variables}
        plays = [{"ansible.builtin.import_playbook": "postmaster.odoo.queue", "vars": own}]
        return ansible_playbook(tmp_path / "run", plays, "--inventory", "localhost,", *arguments)

    checked = run("--check")
    assert checked.exit_code == 0, checked.output
    assert "retry: 3 mails would be changed" in checked.output
    assert states(database) == {"exception": 4}
    lab.smtp["plain"].configure(replies={"RCPT": "550 5.1.1 No such user"})
    refused = run()
    assert refused.exit_code == 0, refused.output
    assert "process: 3 mails, 0 sent, 3 failed, 0 still due" in refused.output
    lab.smtp["plain"].reset()
    asked["queue_actions"][0] = {"action": "retry", "limit": 3, "failure_class": ["recipient_rejected"]}
    done = run(queue_max_exceptions=0)
    assert "3 failed as unreachable (transient), such as mail " in refused.output
    assert "4 failed as recipient_rejected, such as mail " in done.output
    assert "process: 3 mails, 3 sent, 0 failed, 0 still due" in done.output
    assert "1 mail has failed (max_exceptions 0)." in done.output
    assert done.exit_code == 2
    before = database.fingerprint()
    for asked["queue_actions"], words in (
        ([{"action": "cancel", "failure_clas": ["dns"]}], "queue_actions: failure_clas is not a valid option"),
        ([{"action": "retry"}, {"action": "cancel", "older_than": -1}], "older_than must be at least 0"),
        ([{"action": "retry"}, {"limit": 1}], "missing required arguments: action"),
    ):
        wrong = run()
        assert wrong.exit_code == 2, wrong.output
        assert words in wrong.output
    assert database.fingerprint() == before
    assert 'state="sent"} 3' in (tmp_path / "metrics" / "localhost.queue.prom").read_text()
