# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries of failed mails: permanent failures, the number of attempts, and the note that counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import warnings
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY, Attempts
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import (
    REFUSED,
    THROTTLED,
    add,
    do,
    states,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


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


def test_mails_that_an_interrupted_run_has_queued_again_are_reported(odoo: SimulatedOdoo) -> None:
    first, second = add(odoo, "exception", failure_reason=THROTTLED), add(odoo, "exception", failure_reason=THROTTLED)
    assert warnings(do(odoo, "retry", ids=[first])) == []
    (warning,) = warnings(do(odoo, "retry", ids=[second]))
    assert warning.startswith("1 mail of an earlier retry is still due")
    (warning,) = warnings(do(odoo, "retry"))
    assert warning.startswith("2 mails of earlier retries are still due")
    do(odoo, "process")
    assert warnings(do(odoo, "retry")) == []
