# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backoff of the queue policy at work: transient failures are queued again, permanent ones are kept."""

from __future__ import annotations

import time

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import classify, explain
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.known_refusals import REFUSALS
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.test_classification import MESSAGES
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.test_knowledge import wordings
from instance import LabInstance
from lab import Lab
from queue_policy import BACKOFF, LANES, apply, pass_time, queue, received, run, states, use

pytestmark = pytest.mark.second_lab


def reasons(database: LabInstance) -> list[str]:
    return [
        row["failure_reason"] for row in database.sql("SELECT failure_reason FROM mail_mail WHERE state = 'exception'")
    ]


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
