# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of crons: whether they are active, on schedule, failing, and served by a worker."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import check_crons
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import (
    STOCK_CODE,
    WATCHDOG,
    Lane,
    lanes_code,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import ago, cron, results


def other(**values: Any) -> dict[str, Any]:
    """Return an action that has nothing to do with mail."""
    return cron(9, "base.autovacuum_job", **values)


def run(cron_id: int, minutes: float, *, ended: bool) -> dict[str, Any]:
    """Return Odoo's record of a run."""
    return {"cron_id": cron_id, "create_date": ago(minutes), "timed_out_counter": 0 if ended else 1}


def crons(*listed: dict[str, Any], **seen: Any) -> dict[str, dict[str, Any]]:
    return results(check_crons, crons=listed, **seen)


def test_on_schedule() -> None:
    assert crons(cron(), other()) == {}
    assert crons(cron(due=9), other()) == {}  # within max_overdue


@pytest.mark.parametrize(("xml_id", "severity"), [(QUEUE, "error"), (WATCHDOG, "warning")])
def test_reasons_that_stop_one_action(xml_id: str, severity: str) -> None:
    rest = [] if xml_id == QUEUE else [cron(1)]
    bad = {"failure_count": 2, "first_failure_date": ago(90)}
    assert {one["severity"] for one in crons(*rest, cron(7, xml_id, active=False)).values()} == {severity}
    found = crons(*rest, cron(7, xml_id, due=-125, **bad))
    assert {name: one["severity"] for name, one in found.items()} == {
        "cron_far_future": severity,
        "cron_failing": severity,
    }


def test_the_state_of_an_action_without_mails_is_ignored() -> None:
    assert crons(cron(), other(active=False), cron(8, None, failure_count=3, due=-99999)) == {}


def test_an_action_that_was_deleted() -> None:
    (finding,) = crons(other()).values()
    assert (finding["id"], finding["fixable"]) == ("cron_disabled", None)


@pytest.mark.parametrize(
    ("told", "changed", "number", "found"),
    [
        (100, 200, 3, "cron_auto_disabled"),
        (100, 50, 3, "cron_disabled"),  # a user has changed it since
        (100, 200, 31, "cron_disabled"),  # another action
    ],
)
def test_the_user_who_disabled_it(told: float, changed: float, number: int, found: str) -> None:
    notice = {"date": ago(told), "body": f"Cron job 'Action' ({number}) has been deactivated after failing 5 times."}
    (finding,) = crons(cron(active=False, write_date=ago(changed)), notices=[notice]).values()
    assert finding["id"] == found
    assert (notice["body"] in finding["evidence"]) is (found == "cron_auto_disabled")


def test_inactive_on_purpose() -> None:
    assert crons(cron(active=False), parameters={"database.is_neutralized": "true"}) == {}


STOPPED = (cron(last=80, due=20), other(last=90, due=15))


@pytest.mark.parametrize(
    ("listed", "progress", "found"),
    [
        # From 18.0 on, Odoo records the start of a run.
        (STOPPED, [run(3, 80, ended=True)], "cron_overdue_no_worker"),
        (STOPPED, [], "cron_overdue_no_worker"),
        (STOPPED, [run(3, 19, ended=False), run(3, 80, ended=True)], "cron_overdue_running"),
        (STOPPED, [run(9, 14, ended=False)], "cron_overdue_running"),  # another action occupies the only worker.
        (STOPPED, [run(3, 600, ended=False)], "cron_overdue_no_worker"),  # killed.
        (
            (cron(last=80, due=20), other(last=2)),
            [run(9, 2, ended=True)],
            "cron_overdue_running",
        ),  # other actions use it.
        ((cron(), other(last=90, due=15)), [run(9, 14, ended=False)], None),  # no mail is delayed.
        ((cron(), other(last=90, due=15)), [], "cron_overdue_no_worker"),  # mail will be delayed.
        # It has been running for hours, and others run meanwhile.
        (
            (cron(last=200, due=180), other(last=1)),
            [run(9, 1, ended=True), run(3, 180, ended=False)],
            "cron_overdue_running",
        ),
        ((cron(last=4400, due=4320), other(last=1)), [], "cron_overdue_running"),
        (
            (cron(), other(last=200, due=120)),
            [run(9, 120, ended=False)],
            None,
        ),  # a long job on which no mail depends
        # Up to 17.0, Odoo records a run only when it has ended.
        (STOPPED, None, "cron_overdue_no_worker"),
        ((cron(last=80, due=20), other(last=15)), None, "cron_overdue_running"),
        ((cron(last=80, due=20), other(last=18, due=12)), None, "cron_overdue_no_worker"),  # killed since
        ((cron(last=None, due=20),), None, "cron_overdue_no_worker"),
    ],
)
def test_overdue(listed: tuple[dict[str, Any], ...], progress: list[dict[str, Any]] | None, found: str | None) -> None:
    findings = crons(*listed, progress=progress)
    assert set(findings) == ({found} if found else set())


def test_a_hanging_queue() -> None:
    """The severity does not decrease with time."""
    idle = other(last=1)
    for minutes, severity in ((20, "warning"), (70, "error"), (4320, "error")):
        begun = run(3, minutes, ended=False)
        (finding,) = crons(cron(last=minutes + 60, due=minutes), idle, progress=[run(9, 1, ended=True), begun]).values()
        assert (finding["id"], finding["severity"]) == ("cron_overdue_running", severity)
        assert begun["create_date"] in finding["evidence"]
    (dead,) = crons(cron(last=200, due=180), progress=[run(3, 180, ended=False)]).values()
    assert dead["id"] == "cron_overdue_no_worker"
    assert f"It started at {ago(180)} UTC and has not ended." in dead["evidence"]


def test_a_lock_is_proof() -> None:
    idle, held = dict.fromkeys((3, 9), False), {3: False, 9: True}
    unfinished = [run(3, 19, ended=False)]
    assert set(crons(*STOPPED, progress=unfinished, locked=idle)) == {"cron_overdue_no_worker"}
    assert set(crons(*STOPPED, progress=[], locked=held)) == {"cron_overdue_running"}
    assert set(crons(cron(last=80, due=20), progress=unfinished, locked={3: False})) == {"cron_overdue_no_worker"}


def test_pending_addons_explain_why_no_action_runs() -> None:
    findings = crons(*STOPPED, progress=[], pending_addons={"crm": "to upgrade", "base": "to install"})
    assert set(findings) == {"addons_pending"}
    assert (
        findings["addons_pending"]["evidence"]
        == "base (to install), crm (to upgrade). 2 of 2 active crons are overdue."
    )


def test_calls_without_a_worker() -> None:
    trigger = {"cron_id": [3, "Action 3"], "call_at": ago(30)}
    (finding,) = crons(cron(), late_triggers=[trigger, trigger]).values()
    assert finding["id"] == "cron_trigger_backlog"
    assert finding["evidence"] == f"2 triggers of 'Action 3' have not been processed. The oldest is from {ago(30)} UTC."
    assert finding["evidence"] in crons(*STOPPED, late_triggers=[trigger] * 2)["cron_overdue_no_worker"]["evidence"]


def test_a_call_during_a_long_run() -> None:
    """Odoo deletes a call when its run has ended, not before."""
    mailing = cron(7, "mass_mailing.ir_cron_mass_mailing_queue", last=5000)

    def called(minutes: int, progress: list[dict[str, Any]], **seen: Any) -> set[str]:
        trigger = {"cron_id": [7, "Action 7"], "call_at": ago(minutes)}
        return set(crons(cron(), mailing, progress=progress, late_triggers=[trigger], **seen))

    assert called(15, [run(7, 15, ended=False)]) == set()
    assert called(15, [], locked={7: True}) == set()
    assert called(40, []) == set()  # a worker ran 30 minutes ago
    assert called(15, []) == {"cron_trigger_backlog"}
    assert called(70, [run(7, 70, ended=False)]) == {"cron_overdue_running"}


def test_a_failing_action() -> None:
    once, often = ({"failure_count": count, "first_failure_date": ago(90)} for count in (1, 2))
    (finding,) = crons(cron(**once)).values()
    assert (finding["id"], finding["severity"]) == ("cron_failing", "warning")
    assert finding["evidence"] == f"'Action 3' has failed once since {ago(90)} UTC."
    assert crons(cron(**often))["cron_failing"]["severity"] == "error"


@pytest.mark.parametrize(
    ("code", "sends"),
    [
        ("model.process_email_queue(batch_size=1000)", True),
        (STOCK_CODE, True),
        (lanes_code([Lane("all", [], 5)], settle=0), True),
        ("env['mail.mail'].search([]).send()", True),
        ("pass", False),
        ("# model.process_email_queue()", False),
        ("model.process_email_queue(", False),
        ("", False),
    ],
)
def test_actions_of_the_queue(code: str, *, sends: bool) -> None:
    assert set(crons(cron(code=code))) == (set() if sends else {"cron_code_changed"})


def test_a_queue_that_runs_too_seldom() -> None:
    seldom = {"interval_number": 3, "interval_type": "months"}
    (finding,) = crons(cron(**seldom)).values()
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("cron_far_future", "warning", None)
    assert "interval_number" in finding["remedy"]
    assert crons(cron(interval_number=2)) == {}
    assert crons(cron(), other(**seldom)) == {}


def test_an_action_without_runs_left() -> None:
    """Up to 17.0. Whether it is overdue does not show whether there are workers."""
    (finding,) = results(check_crons, crons=[cron(numbercall=0, due=600, last=600)]).values()
    assert (finding["id"], finding["fixable"]) == ("cron_no_runs_left", "crons")
    assert results(check_crons, crons=[cron(numbercall=-1)]) == {}


def test_changed_code_matters_although_the_action_is_disabled() -> None:
    found = results(check_crons, crons=[cron(active=False, code="pass")])
    assert {"cron_disabled", "cron_code_changed"} <= found.keys()


def test_workers_of_another_odoo() -> None:
    configuration = {"max_cron_threads": "0"}
    found = results(check_crons, crons=[cron()], configuration=configuration)
    assert "The last sign of a worker: 'Action 3' ran" in found["cron_served_elsewhere"]["evidence"]
    assert "cron_served_elsewhere" not in results(check_crons, crons=[cron()])
    assert "cron_served_elsewhere" not in results(check_crons, crons=[cron(due=60)], configuration=configuration)
    # Signs of a copied database.
    old = results(check_crons, crons=[cron(last=3000)], configuration=configuration)
    assert "cron_served_elsewhere" not in old
    copy = {"database.is_neutralized": "true"}
    assert "cron_served_elsewhere" not in results(
        check_crons, crons=[cron()], configuration=configuration, parameters=copy
    )
