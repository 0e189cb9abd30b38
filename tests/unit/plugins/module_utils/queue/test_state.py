# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a queue: counted, classified and compared with thresholds, with a fixed number of calls and no write."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import prometheus_text, write_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import state as queue_state
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.metrics import queue_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import (
    Thresholds,
    ask_queue,
    exceeded,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, lanes_code
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, written
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_FORMATTED_GROUPS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

REFUSED = "SMTPRecipientsRefused: {'%s': (550, b'5.1.1 No such user')}"
THROTTLED = "SMTPSenderRefused: (421, b'4.7.0 Too many messages', 'odoo@acme.example')"


def add(odoo: SimulatedOdoo, state: str = "outgoing", *, minutes: float = 0, **values: Any) -> int:
    """Add a mail that was created `minutes` ago."""
    mail = odoo.add("mail.mail", state=state, **values)
    odoo.record("mail.mail", mail)["create_date"] = ago(odoo, minutes)
    return mail


def ago(odoo: SimulatedOdoo, minutes: float) -> str:
    return (odoo.now - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def ask(odoo: SimulatedOdoo, *by: str) -> dict[str, Any]:
    return ask_queue(odoo.session(read_only=True), by)


def last_run(odoo: SimulatedOdoo, moment: str | bool) -> None:
    odoo.record("ir.cron", odoo.ref(QUEUE))["lastcall"] = moment


def test_an_empty_queue(odoo: SimulatedOdoo) -> None:
    last_run(odoo, False)
    assert ask(odoo) == {
        "states": {"outgoing": 0, "sent": 0, "received": 0, "exception": 0, "cancel": 0},
        "due": 0,
        "scheduled": 0,
        "put_off": 0,
        "sending": None,
        "oldest_due": None,
        "failures": [],
        "unclassified": 0,
        "interrupted": {"count": 0, "last_run": None},
        "retried": {"waiting": 0, "failed": 0, "given_up": 0},
        "left_behind": {"count": 0, "last_run": None},
    }


def test_states_due_and_scheduled(odoo: SimulatedOdoo) -> None:
    for state, count in {"outgoing": 3, "sent": 2, "exception": 1, "cancel": 4}.items():
        for _number in range(count):
            add(odoo, state)
    add(odoo, scheduled_date=ago(odoo, -10))
    add(odoo, scheduled_date=ago(odoo, 10))
    queue = ask(odoo)
    assert queue["states"] == {"outgoing": 5, "sent": 2, "received": 0, "exception": 1, "cancel": 4}
    assert (queue["due"], queue["scheduled"]) == (4, 1)
    assert written(odoo) == []


def test_the_oldest_mail_is_the_one_that_has_waited_longest(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=999, scheduled_date=ago(odoo, 10))  # created long ago, due for ten minutes
    oldest = add(odoo, minutes=30)
    add(odoo, "sent", minutes=5000)
    add(odoo, minutes=5000, scheduled_date=ago(odoo, -1))
    expected = {"id": oldest, "since": ago(odoo, 30), "age_seconds": 1800, "age_minutes": 30}
    assert ask(odoo)["oldest_due"] == expected
    due_for_longer = add(odoo, scheduled_date=ago(odoo, 31))
    assert ask(odoo)["oldest_due"]["id"] == due_for_longer


def test_failures_by_class_with_a_sample(odoo: SimulatedOdoo) -> None:
    for number in range(3):
        add(odoo, "exception", failure_reason=REFUSED % f"{number}@b.example")
    throttled = add(odoo, "exception", failure_reason=THROTTLED)
    add(odoo, "exception", failure_reason="at https://x.example?token=made-up-secret")
    add(odoo, "exception")
    add(odoo, failure_reason="111\nConnection refused")  # queued again, so it has not failed
    queue = ask(odoo)
    assert [(one["class"], one["count"], one["transient"]) for one in queue["failures"]] == [
        ("recipient_rejected", 3, False),
        ("unknown", 2, False),
        ("throttled", 1, True),
    ]
    assert queue["failures"][2]["id"] == throttled
    assert queue["failures"][2]["reason"] == THROTTLED
    assert queue["unclassified"] == 0
    assert "made-up-secret" not in repr(queue)


def test_up_to_five_different_reasons(odoo: SimulatedOdoo) -> None:
    for number in range(8):
        add(
            odoo,
            "exception",
            failure_reason=f"What nobody knows, {'abcdefgh'[number]}, of <{number}@b.example> in session {number}1234",
        )
        add(
            odoo,
            "exception",
            failure_reason=f"What nobody knows, a, of <other{number}@b.example> in session {number}9876",
        )
    (failure,) = ask(odoo)["failures"]
    assert (failure["class"], failure["count"]) == ("unknown", 16)
    kinds = [reason.split(", ")[1] for reason in failure["reasons"]]
    assert (kinds[0], len(set(kinds))) == ("a", 5)
    assert failure["reasons"][0] == failure["reason"]


def test_too_many_reasons_are_still_counted(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_state, "_REASONS", 2)
    for number in range(5):
        add(odoo, "exception", failure_reason=REFUSED % f"{number}@b.example")
    for _number in range(2):
        add(odoo, "exception", failure_reason=THROTTLED)
    queue = ask(odoo)
    # The most frequent reasons are read.
    assert {one["class"]: one["count"] for one in queue["failures"]} == {"throttled": 2, "recipient_rejected": 1}
    assert queue["unclassified"] == 4


@pytest.mark.parametrize("series", ["16.0"])
def test_an_odoo_that_does_not_sort_groups_by_their_size(odoo: SimulatedOdoo) -> None:
    for reason in (THROTTLED, THROTTLED, REFUSED % "a@b.example"):
        newest = add(odoo, "exception", failure_reason=reason)
    add(odoo)
    queue = ask(odoo)
    assert (queue["states"]["exception"], queue["states"]["outgoing"]) == (3, 1)
    assert [(one["class"], one["count"]) for one in queue["failures"]] == [("throttled", 2), ("recipient_rejected", 1)]
    assert queue["failures"][1]["id"] == newest


@pytest.mark.parametrize("series", HAVE_FORMATTED_GROUPS)
def test_a_refusal_to_count_is_told_in_its_words(odoo: SimulatedOdoo) -> None:
    """From 20.0 on `read_group` returns tuples: it cannot replace the method that was refused."""

    def refuse(_model: str, method: str, _ids: Any, _arguments: dict[str, Any]) -> None:
        if method == "formatted_read_group":
            raise Rejected("Odoo rejected the call: made up")

    odoo.before.append(refuse)
    with pytest.raises(Rejected, match="made up"):
        ask(odoo)
    assert "read_group" not in [method for _model, method, _ids, _arguments in odoo.log]


CUT_OFF = "Error without exception. Probably due to sending an email without computed recipients."


def test_a_mail_without_recipients_was_not_interrupted(odoo: SimulatedOdoo) -> None:
    """Up to 18.0 Odoo has the same text for both."""
    contact = odoo.add("res.partner", name="Ann")
    for recipients in ({"email_to": "a@else.example"}, {"email_cc": "a@else.example"}, {"recipient_ids": [contact]}):
        add(odoo, "exception", failure_reason=CUT_OFF, **recipients)
    (newest,) = [add(odoo, "exception", failure_reason=CUT_OFF, email_to=empty) for empty in (False, "")][1:]
    found = {one["class"]: one for one in ask(odoo)["failures"]}
    assert {kind: one["count"] for kind, one in found.items()} == {"interrupted": 3, "no_recipient": 2}
    assert found["no_recipient"]["id"] == newest


def stopped_at(odoo: SimulatedOdoo, *, minutes: float) -> None:
    """Add a mail that a run was sending when it was interrupted, `minutes` ago."""
    mail = add(odoo, "exception", minutes=99, failure_reason=CUT_OFF)
    odoo.record("mail.mail", mail)["write_date"] = ago(odoo, minutes)


def test_mails_that_the_last_run_left_behind(odoo: SimulatedOdoo) -> None:
    last_run(odoo, ago(odoo, 20))
    add(odoo, minutes=30)  # older than the mail in progress: the batch may have had no room for it
    stopped_at(odoo, minutes=19)
    add(odoo, minutes=30)  # this one
    add(odoo, minutes=30, scheduled_date=ago(odoo, 25))  # and this
    add(odoo, minutes=10)  # created since
    add(odoo, minutes=30, failure_reason=THROTTLED)  # tried, and queued again
    add(odoo, minutes=30, scheduled_date=ago(odoo, 10))  # was not due
    add(odoo, "exception", minutes=30)
    assert ask(odoo)["interrupted"] == {"count": 2, "last_run": ago(odoo, 20)}


@pytest.mark.parametrize("stopped", [None, 21, 500])
def test_a_full_batch_leaves_mails_behind_and_was_not_interrupted(odoo: SimulatedOdoo, stopped: int | None) -> None:
    last_run(odoo, ago(odoo, 20))
    if stopped:  # an earlier run
        stopped_at(odoo, minutes=stopped)
    add(odoo, minutes=30)
    assert ask(odoo)["interrupted"]["count"] == 0


def test_a_custom_order_gives_no_conclusion(odoo: SimulatedOdoo) -> None:
    last_run(odoo, ago(odoo, 20))
    stopped_at(odoo, minutes=19)
    add(odoo, minutes=30)
    assert ask(odoo)["interrupted"]["count"] == 1
    for code in (lanes_code([Lane("all", [], 5)], settle=0), "pass"):
        odoo.record("ir.cron", odoo.ref(QUEUE))["code"] = code
        assert ask(odoo)["interrupted"]["count"] == 0


def test_a_run_that_stopped_without_a_message(odoo: SimulatedOdoo) -> None:
    last_run(odoo, ago(odoo, 20))
    for minutes in (30, 36, 90):  # the first of these was created while a run may have lasted
        mail = add(odoo, minutes=minutes)
        odoo.record("mail.mail", mail)["write_date"] = ago(odoo, minutes)
    add(odoo, minutes=90)  # queued again since
    assert ask(odoo)["left_behind"] == {"count": 2, "last_run": ago(odoo, 20)}
    odoo.record("ir.cron", odoo.ref(QUEUE))["code"] = lanes_code([Lane("all", [], 5)], settle=0)
    assert ask(odoo)["left_behind"]["count"] == 0


def test_by_server_and_by_domain(odoo: SimulatedOdoo) -> None:
    server = odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example")
    for sender in ('"A" <a@Acme.example>', "b@acme.example", "b@acme.example", False):
        add(odoo, email_from=sender)
    add(odoo, "exception", email_from="c@b.example", mail_server_id=server)
    queue = ask(odoo, "server", "from_domain")
    assert [(one["server"], one["id"], one["states"]["outgoing"]) for one in queue["by_server"]] == [
        (None, None, 4),
        ("Main", server, 0),
    ]
    domains = {one["from_domain"]: one["states"] for one in queue["by_from_domain"]}
    assert domains["acme.example"]["outgoing"] == 3
    assert domains["b.example"]["exception"] == 1
    assert domains[None]["outgoing"] == 1


def test_reading_costs_the_same_for_any_size(odoo: SimulatedOdoo) -> None:
    prices = []
    for count in (0, 50):
        for number in range(count):
            add(odoo, "exception", failure_reason=REFUSED % f"{number}@b.example", email_from=f"{number}@b.example")
            add(odoo, minutes=99, scheduled_date=ago(odoo, number - 20))
        session = odoo.session(read_only=True)
        ask_queue(session, ["server", "from_domain"])
        prices.append(len(session.calls))
    assert prices[0] == prices[1] <= 16


# Thresholds


def test_thresholds(odoo: SimulatedOdoo) -> None:
    for _number in range(3):
        add(odoo, minutes=30)
        throttled = add(odoo, "exception", failure_reason=THROTTLED)
    add(odoo, minutes=99, scheduled_date=ago(odoo, -1))
    queue = ask(odoo)
    assert exceeded(queue, Thresholds()) == []
    assert exceeded(queue, Thresholds(3, 30, 3, ["auth"])) == []
    assert exceeded(queue, Thresholds(2, 29, 2, ["throttled"])) == [
        "3 mails are waiting to be sent (max_outgoing 2).",
        f"Mail 1 has been waiting for 30 minutes, since {ago(odoo, 30)} UTC (max_age 29).",
        "3 mails have failed (max_exceptions 2).",
        f"3 mails have failed as throttled (fail_on), such as mail {throttled}: {THROTTLED}",
    ]
    assert exceeded(queue, Thresholds(max_outgoing=0))


def test_a_value_that_is_not_a_threshold() -> None:
    with pytest.raises(Invalid) as raised:
        Thresholds(-1, -2, 0)
    assert raised.value.message == "max_outgoing must be at least 0, not -1; max_age must be at least 0, not -2."


def test_an_exceeded_threshold_still_returns_everything(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(odoo, monkeypatch)
    add(odoo)
    path = tmp_path / "queue.prom"
    options = {"max_outgoing": 0, "metrics_file": str(path)}
    result = shipped("mail_queue_info", options, capsys, check=True)
    assert (result["failed"], result["error_kind"], result["changed"]) == (True, "threshold", False)
    assert result["msg"] == "1 mail is waiting to be sent (max_outgoing 0)."
    assert result["queue"]["states"]["outgoing"] == 1
    assert not path.exists()
    shipped("mail_queue_info", options, capsys)
    assert (
        'odoo_mail_queue_mails{url="http://odoo.example",database="simulated",state="outgoing"} 1' in path.read_text()
    )


# Metrics


def test_metrics(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=30)
    add(odoo, "exception", failure_reason=THROTTLED)
    text = prometheus_text(queue_metrics(ask(odoo), moment=1790000000.25), {"database": 'a "b" \\ c'})
    lines = text.splitlines()
    label = 'database="a \\"b\\" \\\\ c"'
    assert f'odoo_mail_queue_mails{{{label},state="exception"}} 1' in lines
    assert f'odoo_mail_queue_failed_mails{{{label},class="throttled"}} 1' in lines
    assert f'odoo_mail_queue_failed_mails{{{label},class="auth"}} 0' in lines
    assert f"odoo_mail_queue_oldest_due_age_seconds{{{label}}} 1800" in lines
    assert f"odoo_mail_queue_checked_timestamp_seconds{{{label}}} 1790000000.25" in lines
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert families == [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(families) == len(set(families)) == 8
    assert text.endswith("\n")


def test_metrics_by_server_and_by_domain(odoo: SimulatedOdoo) -> None:
    server = odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example")
    add(odoo, email_from="a@acme.example", mail_server_id=server)
    add(odoo, email_from="a@acme.example")
    lines = prometheus_text(queue_metrics(ask(odoo, "server", "from_domain"), moment=0), {}).splitlines()
    assert 'odoo_mail_queue_mails_by_server{server="Main",state="outgoing"} 1' in lines
    assert 'odoo_mail_queue_mails_by_server{server="",state="outgoing"} 1' in lines
    assert 'odoo_mail_queue_mails_by_from_domain{from_domain="acme.example",state="outgoing"} 2' in lines


def test_servers_of_one_name_are_one_sample_and_secrets_are_masked(odoo: SimulatedOdoo) -> None:
    """A collector rejects all files of a folder if one has a sample twice."""
    for _attempt in range(2):
        server = odoo.add("ir.mail_server", name="for made-up-secret", smtp_host="smtp.acme.example")
        add(odoo, mail_server_id=server)
    text = prometheus_text(queue_metrics(ask(odoo, "server"), moment=0), {}, {"made-up-secret"})
    assert [line for line in text.splitlines() if "outgoing" in line and "by_server" in line] == [
        'odoo_mail_queue_mails_by_server{server="for ********",state="outgoing"} 2'
    ]


def test_metrics_are_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "queue.prom"
    path.write_text("old\n")
    before = path.stat().st_ino
    write_metrics(str(path), "new\n")
    assert path.read_text() == "new\n"
    assert path.stat().st_ino != before
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_metrics_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "nowhere" / "queue.prom", tmp_path / "folder"):
        with pytest.raises(Invalid, match=f"metrics_file {path} cannot be written: "):
            write_metrics(str(path), "new\n")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_senders_of_the_queue(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=SENDING_KEY, value="elsewhere pid 1 [0a1b2c3d, 300 s]")
    sending = {"owner": "elsewhere pid 1", "since": odoo.now_text, "expired": False}
    assert ask_queue(odoo.session(read_only=True))["sending"] == sending
    odoo.now += timedelta(minutes=6)
    assert ask_queue(odoo.session(read_only=True))["sending"] == {**sending, "expired": True}
