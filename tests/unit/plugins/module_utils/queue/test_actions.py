# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions on mails of the queue. They apply to exactly the selected mails and count them. Check mode predicts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    Conflict,
    Invalid,
    OdooError,
    Timeout,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import actions as queue_action
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import Work, warnings, work_result
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY, Attempts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

REFUSED = "SMTPRecipientsRefused: {'x@b.example': (550, b'5.1.1 No such user')}"
THROTTLED = "SMTPSenderRefused: (421, b'4.7.0 Too many messages', 'odoo@acme.example')"
DOCUMENT = {"model": "res.partner", "res_id": 1}


def add(odoo: SimulatedOdoo, state: str = "outgoing", *, minutes: float = 0, **values: Any) -> int:
    mail = odoo.add("mail.mail", state=state, **values)
    moment = odoo.now - timedelta(minutes=minutes)
    odoo.record("mail.mail", mail)["create_date"] = moment.strftime("%Y-%m-%d %H:%M:%S")
    return mail


def states(odoo: SimulatedOdoo) -> dict[int, str]:
    return {key: mail["state"] for key, mail in odoo.records.tables["mail.mail"].items()}


def do(odoo: SimulatedOdoo, action: str, *, batch_size: int = 50, max_attempts: int = 30, **filters: Any) -> Work:
    """Perform an action, and check that check mode counts exactly the same mails."""
    before = states(odoo)
    how = {"batch_size": batch_size, "max_attempts": max_attempts}
    predicted = act(odoo.session(read_only=True), action, Selection(**filters), **how)
    assert states(odoo) == before
    work = act(odoo.session(), action, Selection(**filters), **how)
    assert predicted.count == work.count + work.unsent + sum(
        one["count"] for one in work.refused.values() if one["reason"] not in predicted.refused
    )
    return work


# Selection


@pytest.mark.parametrize(
    ("action", "taken", "left_as"),
    [
        ("process", {"outgoing"}, "sent"),
        ("retry", {"exception"}, "outgoing"),
        ("cancel", {"outgoing"}, "cancel"),
        ("purge", {"exception", "cancel"}, None),
    ],
)
def test_each_action_takes_its_states(odoo: SimulatedOdoo, action: str, taken: set[str], left_as: str | None) -> None:
    before = {add(odoo, state, **DOCUMENT): state for state in ("outgoing", "sent", "exception", "cancel")}
    work = do(odoo, action)
    assert work.count == len(taken)
    expected = {key: left_as if state in taken else state for key, state in before.items()}
    assert states(odoo) == {key: state for key, state in expected.items() if state}


@pytest.mark.parametrize("action", ["process", "cancel"])
def test_a_scheduled_mail_is_as_old_as_its_date(odoo: SimulatedOdoo, action: str) -> None:
    """A mail that was created long ago and is scheduled for next week is not outdated."""
    dates = {"long ago": -60, "just now": -1, "next week": 10080}
    mails = {
        name: add(
            odoo, minutes=20000, scheduled_date=(odoo.now + timedelta(minutes=delay)).strftime("%Y-%m-%d %H:%M:%S")
        )
        for name, delay in dates.items()
    }
    do(odoo, action, older_than=30)
    assert [name for name, mail in mails.items() if states(odoo)[mail] != "outgoing"] == ["long ago"]


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"older_than": 30}, "a"),
    ({"server": "Main"}, ""),
    ({"server": "Main", "failure_class": ["recipient_rejected"]}, "b"),
    ({"server": ""}, "acd"),
    ({"from_domain": "acme.example"}, "a"),
    ({"from_domain": "acme"}, ""),
    ({"failure_class": ["throttled"]}, "c"),
    ({"failure_class": ["throttled", "unknown"]}, "acd"),
    ({"ids": [1, 4, 99]}, "ad"),
    ({"ids": []}, ""),
    ({"ids": [2]}, "b"),
    ({"limit": 2}, "ac"),
    ({"limit": 2, "failure_class": ["unknown"]}, "ad"),
    ({"older_than": 30, "from_domain": "b.example"}, ""),
    ({}, "acd"),
]


@pytest.mark.parametrize(("filters", "fitting"), FILTERS)
@pytest.mark.parametrize("size", [1, 3, 10000])
def test_filters(
    odoo: SimulatedOdoo, filters: dict[str, Any], fitting: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(queue_action._CHUNKS, "retry", size)
    server = odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example")
    mails = {
        add(odoo, "exception", minutes=31, email_from='"A" <a@Acme.example>'): "a",
        add(odoo, "exception", mail_server_id=server, email_from="b@acme.example", failure_reason=REFUSED): "b",
        add(odoo, "exception", email_from="c@b.acme.example", failure_reason=THROTTLED): "c",
        add(odoo, "exception", minutes=29, email_from="d@b.example"): "d",
    }
    work = do(odoo, "retry", **filters)
    assert "".join(mails[key] for key, state in states(odoo).items() if state == "outgoing") == fitting
    assert work.count == len(fitting)


def test_permanent_failures_are_left_and_counted(odoo: SimulatedOdoo) -> None:
    refused, throttled = (add(odoo, "exception", failure_reason=reason) for reason in (REFUSED, THROTTLED))
    work = do(odoo, "retry")
    assert states(odoo) == {refused: "exception", throttled: "outgoing"}
    (left,) = work.as_result()["refused"]
    assert (left["count"], left["ids"]) == (1, [refused])
    assert left["reason"].startswith("These mails have permanent failures.")


def test_a_mail_without_a_recipient_is_never_sent_again(odoo: SimulatedOdoo) -> None:
    cut_off = "Error without exception. Probably due to sending an email without computed recipients."
    interrupted, nobodys = (
        add(odoo, "exception", failure_reason=cut_off, email_to=to) for to in ("a@b.example", False)
    )
    assert do(odoo, "retry").as_result()["refused"][0]["ids"] == [nobodys]
    assert states(odoo)[interrupted] == "outgoing"
    assert do(odoo, "cancel", states=["exception"], failure_class=["no_recipient"]).count == 1
    assert states(odoo)[nobodys] == "cancel"


def fail(odoo: SimulatedOdoo) -> None:
    for mail in odoo.records.tables["mail.mail"].values():
        if mail["state"] == "outgoing":
            mail.update(state="exception", failure_reason=THROTTLED)


def test_a_mail_is_given_up_after_the_maximum_of_attempts(odoo: SimulatedOdoo) -> None:
    mail = add(odoo, "exception", failure_reason=THROTTLED)
    for attempt in (2, 3):
        assert do(odoo, "retry", max_attempts=3).count == 1
        assert odoo.parameter(ATTEMPTS_KEY) == f"{mail}={attempt}"
        fail(odoo)
    for _again in range(2):
        work = do(odoo, "retry", max_attempts=3)
        assert (work.count, work.as_result()["given_up"], states(odoo)[mail]) == (0, 1, "exception")
        assert odoo.parameter(ATTEMPTS_KEY) == f"{mail}=-3"
        assert "1 mail has reached max_attempts and will not be retried" in warnings(work)[0]
    (failure,) = ask_queue(odoo.session(read_only=True))["failures"]
    assert (failure["class"], failure["count"], failure["given_up"]) == ("throttled", 1, 1)
    assert do(odoo, "retry", max_attempts=0).count == 1
    assert odoo.parameter(ATTEMPTS_KEY) == f"{mail}=2"


@pytest.mark.parametrize("state", ["sent", "cancel", None])
def test_no_note_is_kept_about_finished_mails(odoo: SimulatedOdoo, state: str | None) -> None:
    done = add(odoo, "exception", failure_reason=THROTTLED)
    do(odoo, "retry")
    if state:
        odoo.record("mail.mail", done)["state"] = state
    else:
        del odoo.records.tables["mail.mail"][done]
    mail = add(odoo, "exception", failure_reason=THROTTLED)
    do(odoo, "retry")
    assert odoo.parameter(ATTEMPTS_KEY) == f"{mail}=2"


@given(st.text())
def test_a_damaged_note_is_read_as_far_as_possible(text: str) -> None:
    attempts = Attempts.from_text(f"{text} 41=2 42=-3")
    assert attempts.counts[41] == 2
    assert 42 in attempts.given_up
    assert Attempts.from_text(attempts.as_text(attempts.counts)) == attempts


def test_failed_mails_are_cancelled_if_their_state_is_given(odoo: SimulatedOdoo) -> None:
    outgoing, failed = add(odoo), add(odoo, "exception", failure_reason=REFUSED)
    do(odoo, "cancel", states=["exception"], failure_class=["recipient_rejected"])
    assert states(odoo) == {outgoing: "outgoing", failed: "cancel"}


@pytest.mark.parametrize(
    ("action", "filters", "message"),
    [
        ("retry", {"states": ["outgoing"]}, "states: outgoing is not valid with retry. Use exception."),
        ("purge", {"states": ["outgoing"]}, "states: outgoing is not valid with purge. Use exception or cancel."),
        ("cancel", {"limit": 0}, "limit must be at least 1, not 0"),
        ("cancel", {"older_than": -1}, "older_than must be at least 0, not -1"),
        ("cancel", {"older_than": 10**14}, "older_than must be at most 52560000"),
        ("process", {"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ("process", {"batch_size": 10**23}, "batch_size must be at most 2147483647"),
        ("cancel", {"from_domain": "a@acme.example"}, "from_domain: 'a@acme.example' is not a domain"),
        ("cancel", {"from_domain": "%"}, "from_domain: '%' is not a domain"),
        ("cancel", {"from_domain": ""}, "from_domain: '' is not a domain"),
    ],
)
def test_contradictory_filters(odoo: SimulatedOdoo, action: str, filters: dict[str, Any], message: str) -> None:
    add(odoo)
    with pytest.raises(Invalid, match=message):
        do(odoo, action, **filters)
    assert written(odoo) == []


def test_the_server_is_not_guessed(odoo: SimulatedOdoo) -> None:
    with pytest.raises(Unsupported, match="the mail server 'Main' does not exist in database simulated"):
        do(odoo, "cancel", server="Main")
    odoo.add("ir.mail_server", name="Main", smtp_host="a.example")
    odoo.add("ir.mail_server", name="Main", smtp_host="b.example", active=False)
    with pytest.raises(Ambiguous, match=r"ids 1, 2"):
        do(odoo, "cancel", server="Main")


# Sending


def test_sent_and_failed_mails(odoo: SimulatedOdoo) -> None:
    reasons: dict[int, str | None] = {add(odoo): None, add(odoo): REFUSED, add(odoo): THROTTLED}
    deleted = add(odoo, auto_delete=True)
    reasons[deleted] = None
    odoo.delivery = lambda mail: reasons[mail["id"]]
    work = do(odoo, "process", batch_size=3)
    assert (work.count, work.sent, work.failed, work.postponed, work.unsent) == (4, 2, 2, 0, 0)
    assert [(one["class"], one["count"]) for one in work.as_result()["failures"]] == [
        ("recipient_rejected", 1),
        ("throttled", 1),
    ]
    assert deleted not in states(odoo)
    assert warnings(work) == []


def test_only_due_mails_are_sent(odoo: SimulatedOdoo) -> None:
    later = (odoo.now + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
    scheduled, now = add(odoo, scheduled_date=later), add(odoo)
    assert do(odoo, "process").sent == 1
    assert states(odoo) == {scheduled: "outgoing", now: "sent"}


def test_the_oldest_are_sent_first_although_odoo_prefers_the_newest(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="mail.mail.queue.batch.size", value="2")
    mails = [add(odoo) for _number in range(5)]
    assert do(odoo, "process", limit=3).sent == 3
    assert [key for key, state in states(odoo).items() if state == "sent"] == mails[:3]


def test_batches_are_bounded(odoo: SimulatedOdoo) -> None:
    for _number in range(5):
        add(odoo)
    do(odoo, "process", batch_size=2)
    sizes = [len(ids or ()) for _model, method, ids, _arguments in odoo.log if method == "send"]
    assert sizes == [2, 2, 1]


def test_after_a_disconnection_the_rest_waits_for_the_next_run(odoo: SimulatedOdoo) -> None:
    mails = [add(odoo) for _number in range(6)]
    odoo.delivery = lambda mail: HANGS_UP if mail["id"] == mails[2] else None
    work = do(odoo, "process", batch_size=4, limit=4)
    assert (work.count, work.sent, work.failed, work.unsent) == (2, 2, 0, 2)
    assert warnings(work)[0].startswith("2 mails are still outgoing and left for the next run: ")
    assert "SMTPServerDisconnected" in warnings(work)[0]
    assert warnings(work)[1:] == [
        "2 more mails are still due. The limit is 4. Run the task again, or set a higher limit."
    ]
    odoo.delivery = lambda _mail: None
    assert do(odoo, "process").sent == 4
    assert set(states(odoo).values()) == {"sent"}


@pytest.mark.parametrize("batch_size", [50, 2])
def test_a_server_at_which_odoo_stops_does_not_stop_mail_of_another(odoo: SimulatedOdoo, batch_size: int) -> None:
    bad = [add(odoo, email_from="a@bad.example"), add(odoo, email_from="a@bad.example")]
    good = [add(odoo, email_from="b@good.example"), add(odoo, email_from="c@good.example")]
    bad.append(add(odoo, email_from="a@bad.example"))
    tried: list[int] = []

    def deliver(mail: Mapping[str, Any]) -> str | None:
        tried.append(mail["id"])
        return HANGS_UP if mail["id"] in bad else None

    odoo.delivery = deliver
    work = do(odoo, "process", batch_size=batch_size)
    assert (work.sent, work.failed, work.unsent) == (2, 0, 3)
    assert {key for key, state in states(odoo).items() if state == "sent"} == set(good)
    assert sorted(tried) == [bad[0], *good]  # no mail twice
    assert warnings(work)[0].startswith("3 mails are still outgoing and left for the next run: ")


def test_a_run_ends_if_odoo_stops_at_one_server_after_the_other(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, email_from=f"a@bad{number}.example")
    odoo.delivery = lambda _mail: HANGS_UP
    work = do(odoo, "process")
    assert (work.sent, work.unsent) == (0, 30)
    assert len([method for _model, method, _ids, _arguments in odoo.log if method == "send"]) == 10


def test_mails_that_a_run_leaves_because_it_ends_early_are_counted(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, minutes=1, email_from=f"a@bad{number}.example")
    odoo.delivery = lambda _mail: HANGS_UP
    work = act(odoo.session(), "process", Selection(), batch_size=12)
    assert (work.unsent, work.due) == (12, 30)
    assert warnings(work)[1].startswith("18 more mails are still due. Sending failed for so many mail servers")


def test_mails_beyond_the_limit_are_counted(odoo: SimulatedOdoo) -> None:
    for _number in range(5):
        add(odoo, minutes=1, email_from="a@acme.example")
    add(odoo, minutes=1, email_from="b@else.example")
    predicted = act(
        odoo.session(read_only=True), "process", Selection(from_domain="acme.example", limit=3), batch_size=50
    )
    assert (predicted.count, predicted.due) == (3, 2)
    work = do(odoo, "process", from_domain="acme.example", limit=3)
    assert (work.sent, work.due) == (3, 2)
    assert warnings(work) == ["2 mails are still due. The limit is 3. Run the task again, or set a higher limit."]
    assert warnings(do(odoo, "process", from_domain="acme.example", limit=2)) == []


def test_mails_that_arrive_meanwhile_are_not_counted_as_remaining(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=1)

    def come(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            add(odoo, minutes=-1)

    odoo.before.append(come)
    work = act(odoo.session(), "process", Selection(limit=1), batch_size=50)
    assert (work.sent, work.due, warnings(work)) == (1, 0, [])


def test_mails_that_become_due_meanwhile_are_counted(odoo: SimulatedOdoo) -> None:
    """Another program changes an older mail after the task has passed it."""
    other, mail = add(odoo, minutes=2, state="cancel"), add(odoo, minutes=1)

    def come(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            odoo.record("mail.mail", other)["state"] = "outgoing"

    odoo.before.append(come)
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert (states(odoo)[mail], work.due) == ("sent", 1)
    assert "became due while the task ran" in warnings(work)[0]


def test_a_count_without_an_answer_is_not_a_failure(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=1)

    def cut(_model: str, method: str, *_rest: Any) -> None:
        if method == "search_count":
            raise Unreachable("the connection was cut.")

    odoo.before.append(cut)
    work = act(odoo.session(), "process", Selection(limit=5), batch_size=50)
    assert (work.error, work.sent) == (None, 1)
    assert warnings(work) == ["It is not known how many mails are still due: the connection was cut."]


@pytest.mark.parametrize(("minutes", "is_left"), [(0.9, True), (1.1, False)])
def test_a_run_without_mails_removes_a_dead_lock(odoo: SimulatedOdoo, minutes: float, is_left: bool) -> None:
    odoo.add("ir.config_parameter", key=SENDING_KEY, value="elsewhere pid 1 [0a1b2c3d, 60 s]")
    odoo.now += timedelta(minutes=minutes)
    act(odoo.session(read_only=True), "process", Selection(), batch_size=50)
    assert own_parameters(odoo) == [SENDING_KEY]
    act(odoo.session(), "process", Selection(), batch_size=50)
    assert own_parameters(odoo) == ([SENDING_KEY] if is_left else [])


def test_mails_that_an_interrupted_run_has_queued_again_are_reported(odoo: SimulatedOdoo) -> None:
    first, second = add(odoo, "exception", failure_reason=THROTTLED), add(odoo, "exception", failure_reason=THROTTLED)
    assert warnings(do(odoo, "retry", ids=[first])) == []
    (warning,) = warnings(do(odoo, "retry", ids=[second]))
    assert warning.startswith("1 mail of an earlier retry is still due")
    (warning,) = warnings(do(odoo, "retry"))
    assert warning.startswith("2 mails of earlier retries are still due")
    do(odoo, "process")
    assert warnings(do(odoo, "retry")) == []


def test_many_senders_of_a_failing_server_do_not_stop_the_others(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, email_from=f'"A {number}" <a{number}@bad.example>')
    good = add(odoo, email_from="a@good.example")
    odoo.delivery = lambda mail: HANGS_UP if "bad" in mail["email_from"] else None
    work = do(odoo, "process")
    assert (work.sent, work.unsent, states(odoo)[good]) == (1, 30, "sent")
    assert len([method for _model, method, _ids, _arguments in odoo.log if method == "send"]) == 4


def test_mails_that_were_postponed_for_the_batch_are_restored(odoo: SimulatedOdoo) -> None:
    scheduled = (odoo.now - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    mails = {add(odoo): False, add(odoo, scheduled_date=scheduled): scheduled, add(odoo): False}
    reasons = iter([None, REFUSED, HANGS_UP])
    odoo.delivery = lambda _mail: next(reasons)
    work = do(odoo, "process")
    assert (work.sent, work.failed, work.unsent) == (1, 1, 1)
    assert {mail: odoo.record("mail.mail", mail)["scheduled_date"] for mail in mails} == mails


DATE = '"2026-01-15 13:00:00"'


@pytest.mark.parametrize(
    "note",
    [
        *("", "text", "[1]", '{"until": 1}', "null", "[" * 100_000, '{"a":' * 100_000),
        *(
            f'{{"until": "{until}", "dates": {{"": [1]}}}}'
            for until in ("", "garbage", "2026-1-5 1:00:00", "0000-00-00")
        ),
        *(
            f'{{"until": {DATE}, "dates": {{"": {ids}}}}}'
            for ids in ('["x"]', "[true]", "[-1]", "[2147483648]", "1", "{}")
        ),
        f'{{"until": {DATE}, "dates": {{"": [{"9" * 5000}]}}}}',
        f'{{"until": {DATE}, "dates": {{"garbage": [1]}}}}',
        f'{{"until": {DATE}, "dates": [[1]]}}',
    ],
    ids=lambda note: note[:70],
)
def test_an_edited_note_of_postponed_mails_is_removed(odoo: SimulatedOdoo, note: str) -> None:
    odoo.add("ir.config_parameter", key=PUT_OFF_KEY, value=note)
    mail = add(odoo)
    assert ask_queue(odoo.session())["put_off"] == 0
    work = do(odoo, "process")
    assert (work.error, work.put_back, states(odoo)[mail]) == (None, 0, "sent")
    assert odoo.parameter(PUT_OFF_KEY) is False
    (warning,) = warnings(work)
    assert f"The system parameter {PUT_OFF_KEY}" in warning
    assert warnings(do(odoo, "process")) == []


def test_a_mail_that_was_cancelled_meanwhile_is_not_sent(odoo: SimulatedOdoo) -> None:
    first, second = add(odoo), add(odoo)

    def deliver(_mail: Mapping[str, Any]) -> None:
        odoo.record("mail.mail", second)["state"] = "cancel"

    odoo.delivery = deliver
    work = act(odoo.session(), "process", Selection(failure_class=["unknown"]), batch_size=1)  # one page, two batches
    assert (work.count, work.sent) == (1, 1)
    assert states(odoo) == {first: "sent", second: "cancel"}


def test_nothing_is_sent_while_the_queues_own_action_runs(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)
    odoo.running_crons.add(odoo.ref(QUEUE))
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert isinstance(work.error, Conflict)
    assert "the cron is running" in work.error.message
    assert states(odoo) == {mail: "outgoing"}
    assert ("mail.mail", "write") not in written(odoo)  # it would make the action stop
    odoo.running_crons.clear()
    assert do(odoo, "process").sent == 1


def test_mails_that_the_queues_own_action_may_just_have_chosen_are_not_sent(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def begins(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "write"):
            odoo.running_crons.add(odoo.ref(QUEUE))

    odoo.before.append(begins)
    assert isinstance(act(odoo.session(), "process", Selection(), batch_size=50).error, Conflict)
    assert states(odoo) == {mail: "outgoing"}
    assert not odoo.record("mail.mail", mail)["scheduled_date"]


def test_the_queues_own_action_does_not_send_mails_of_a_batch(odoo: SimulatedOdoo) -> None:
    mails = [add(odoo), add(odoo)]
    sent = []

    def deliver(mail: Mapping[str, Any]) -> None:
        sent.append(mail["id"])

    def meanwhile(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "send"):
            odoo.before.clear()
            odoo.session().call("mail.mail", "process_email_queue")
            assert sent == []

    odoo.delivery = deliver
    odoo.before.append(meanwhile)
    assert act(odoo.session(), "process", Selection(), batch_size=50).sent == 2
    assert sent == mails


def test_without_the_queues_own_action(odoo: SimulatedOdoo) -> None:
    del odoo.records.tables["ir.cron"][odoo.ref(QUEUE)]
    for key, data in list(odoo.records.tables["ir.model.data"].items()):
        if f"{data['module']}.{data['name']}" == QUEUE:
            del odoo.records.tables["ir.model.data"][key]
    add(odoo)
    assert do(odoo, "process").sent == 1


def test_a_mail_that_odoo_postpones_is_not_a_failure(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def postpone(model: str, method: str, *_rest: Any) -> None:
        record = odoo.record("mail.mail", mail)
        if (model, method, record["state"]) == ("mail.mail", "search_read", "sent"):
            later = (odoo.now + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
            record.update(state="outgoing", scheduled_date=later)

    odoo.before.append(postpone)
    work = do(odoo, "process")
    assert (work.count, work.postponed, work.sent) == (1, 1, 0)


def test_no_answer_in_time(
    odoo: SimulatedOdoo, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    first, second = add(odoo), add(odoo)

    def late(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "send"):
            odoo.record("mail.mail", first)["state"] = "sent"
            raise Timeout("no answer in time.")

    odoo.before.append(late)
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "timeout")
    assert result["msg"] == (
        "no answer in time. Odoo may still be sending. Of 2 mails, those that were not sent are postponed until 2026-01-15 13:00:00 UTC. "
        "The next run of mail_queue with action: process restores them."
    )
    assert (result["changed"], result["outcomes"]["sent"], result["outcomes"]["unsent"]) == (True, 1, 1)
    assert states(odoo)[second] == "outgoing"
    odoo.before.clear()
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert (result.get("failed"), result["outcomes"]["sent"]) == (None, 1), "Odoo has ended"
    assert 360 <= clock.monotonic() < 365, "60 seconds for the lock, 300 seconds in which no mail left"
    assert result["warnings"] == ["1 mail that an interrupted run had postponed is due again."]
    assert own_parameters(odoo) == []


def own_parameters(odoo: SimulatedOdoo) -> list[str]:
    parameters = odoo.records.tables["ir.config_parameter"].values()
    return [str(one["key"]) for one in parameters if str(one["key"]).startswith("postmaster_odoo.")]


@pytest.mark.parametrize("call", ["scheduled_date", "running"])
def test_mails_are_restored_at_once_if_sending_cannot_have_started(odoo: SimulatedOdoo, call: str) -> None:
    """The connection breaks once, at the call that postpones them, or at the one right before they are sent."""
    mails = [add(odoo), add(odoo)]
    lost: list[str] = []

    def cut(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        is_it = model == "ir.cron" if call == "running" else "scheduled_date" in arguments.get("vals", {})
        puts_off = any(odoo.record("mail.mail", mail).get("scheduled_date") for mail in mails)
        if method == "write" and is_it and not lost and puts_off == (call == "running"):
            lost.append(method)
            raise Unreachable("the connection was cut.")

    odoo.before.append(cut)
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert (lost, getattr(work.error, "message", None)) == (["write"], "the connection was cut.")
    assert [odoo.record("mail.mail", mail).get("scheduled_date") or False for mail in mails] == [False, False]
    assert own_parameters(odoo) == []


def test_a_request_that_was_never_sent_starts_nothing(odoo: SimulatedOdoo) -> None:
    mail = add(odoo)

    def refuse(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            raise Unreachable("connection refused.", is_sent=False)

    odoo.before.append(refuse)
    assert act(odoo.session(), "process", Selection(), batch_size=50).error is not None
    assert odoo.record("mail.mail", mail)["scheduled_date"] is False
    assert own_parameters(odoo) == []


def test_odoo_becomes_unreachable_during_a_batch(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state of the mails cannot be read and the lock cannot be released. Previous changes are still reported."""
    connect_to(odoo, monkeypatch)
    for _mail in range(4):
        add(odoo)
    sent = []

    def gone(model: str, method: str, *_rest: Any) -> None:
        sent.extend([method] if (model, method) == ("mail.mail", "send") else [])
        if len(sent) > 1:
            raise Unreachable("connection refused.")

    odoo.before.append(gone)
    result = shipped("mail_queue", {"action": "process", "batch_size": 2}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "unreachable")
    assert "Of 2 mails, those that were not sent are postponed until 2026-01-15 13:00:00 UTC" in result["msg"]
    assert result["outcomes"]["sent"] == 2


# Deletions and refusals


def test_purging_keeps_mails_that_rpc_may_not_delete(odoo: SimulatedOdoo) -> None:
    kept = [add(odoo, "exception"), add(odoo, "cancel", model="res.partner"), add(odoo, "cancel", res_id=3)]
    add(odoo, "exception", **DOCUMENT)
    add(odoo, "cancel", is_notification=True)
    work = do(odoo, "purge")
    assert work.count == 2
    assert list(states(odoo)) == kept
    (refused,) = list(work.refused.values())
    assert (refused["count"], refused["ids"]) == (3, kept)
    assert "purge them with queue_policy" in refused["reason"]
    assert warnings(work) == [f"3 mails were not changed: {refused['reason']}"]


def refuse(odoo: SimulatedOdoo, method: str, ids: set[int]) -> None:
    """Let Odoo refuse a call with any of these mails."""

    def hook(model: str, called: str, given: list[int] | None, _arguments: Mapping[str, Any]) -> None:
        if (model, called) == ("mail.mail", method) and ids & set(given or ()):
            raise AccessRefused("not this one")

    odoo.before.append(hook)


@pytest.mark.parametrize(("action", "method"), [("purge", "unlink"), ("cancel", "cancel"), ("retry", "mark_outgoing")])
@given(refused=st.sets(st.integers(1, 20)))
def test_a_refused_record_does_not_stop_the_others(action: str, method: str, refused: set[int]) -> None:
    odoo = SimulatedOdoo("19.0")
    state = "outgoing" if action == "cancel" else "exception"
    mails = [add(odoo, state, **DOCUMENT) for _number in range(20)]
    refuse(odoo, method, refused)
    work = do(odoo, action)
    assert work.count == 20 - len(refused)
    assert [mail for mail in mails if states(odoo).get(mail) == state] == sorted(refused)
    assert [(one["reason"], one["count"], one["ids"]) for one in work.refused.values()] == (
        [("not this one", len(refused), sorted(refused))] if refused else []
    )


def test_splitting_ends(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_action, "_SPLITS", 5)
    for _number in range(64):
        add(odoo)
    refuse(odoo, "cancel", set(range(1, 65)))
    work = do(odoo, "cancel")
    (refused,) = list(work.refused.values())
    assert (work.count, refused["count"], len(refused["ids"])) == (0, 64, 20)
    assert len([one for one in odoo.log if one[1] == "cancel"]) == 11


def test_progress_is_reported(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queue_action._CHUNKS, "cancel", 2)
    for _number in range(3):
        add(odoo)
    said: list[str] = []
    act(odoo.session(), "cancel", Selection(), batch_size=50, progress=said.append)
    assert said == ["2 mails cancelled", "3 mails cancelled"]


def test_nothing_to_do_is_not_a_change(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    result = shipped("mail_queue", {"action": "cancel"}, capsys)
    assert (result["changed"], result["count"], result["refused"]) == (False, 0, [])
    add(odoo)
    result = shipped("mail_queue", {"action": "cancel"}, capsys, check=True)
    assert (result["changed"], result["count"]) == (True, 1)
    assert written(odoo) == []


def test_failing_mails_are_not_a_failure_of_the_task(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    add(odoo)
    odoo.delivery = lambda _mail: REFUSED
    result = shipped("mail_queue", {"action": "process"}, capsys)
    assert "failed" not in result
    assert result["outcomes"] == {"sent": 0, "failed": 1, "postponed": 0, "unsent": 0, "due": 0}


@pytest.mark.parametrize("error", [Conflict, Unsupported, AccessRefused])
def test_an_error_of_any_kind_repeats_no_password_of_a_mail_server(odoo: SimulatedOdoo, error: type[OdooError]) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_pass="correct-horse")
    add(odoo)

    def refuse(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            raise error("535 no: CORRECT-HORSE")

    odoo.before.append(refuse)
    result = work_result(act(odoo.session(), "process", Selection(), batch_size=5, max_attempts=5))
    assert "535 no: ********" in result.failure
