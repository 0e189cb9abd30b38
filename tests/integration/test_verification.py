# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`verify: connection`: new settings are tested on a candidate first, and a failed test changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY
from instance import LabInstance
from lab import Lab
from mail_servers import Options, password_server, run_task, run_tasks, stored, write
from playbook import Result
from verification import CANDIDATE, VERIFY, Watch, assert_failed, everything, killed_while_it_tests, rows, time_passes

# Failures without a change

# The new settings, the outcome of the test, and a word of the reason.
FAILURES: dict[str, tuple[Callable[[Lab], Options], str, str]] = {
    "wrong password": (lambda lab: {"smtp_pass": "wrong-made-up"}, "auth", "5.7.8 Authentication credentials invalid"),
    "wrong port": (lambda lab: {"smtp_port": lab.description["smtp"]["nowhere"]["port"]}, "unreachable", "refused"),
    "plain behind starttls": (
        lambda lab: {"smtp_port": lab.smtp["plain"].port},
        "starttls_unsupported",
        "STARTTLS extension not supported",
    ),
    "untrusted under strict": (
        lambda lab: {"smtp_port": lab.smtp["untrusted"].port, "smtp_encryption": "starttls_strict"},
        "certificate",
        "CERTIFICATE_VERIFY_FAILED",
    ),
    "rejected sender": (
        lambda lab: {"smtp_port": lab.smtp["starttls"].port, "from_filter": "other@lab.example"},
        "sender_rejected",
        "not owned by user sender@lab.example",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_does_not_change_the_live_server(case: str, live: LabInstance, tmp_path: Path) -> None:
    new, outcome, words = FAILURES[case]
    if str(new(live.lab).get("smtp_encryption")).endswith("_strict"):
        live.needs_strict()
    before = everything(live)
    result = run_task(live, tmp_path, "mail_server", {"name": "Live", **new(live.lab), **VERIFY})
    assert everything(live) == before
    assert_failed(result, "Live", outcome, words)


def test_a_failing_new_server_leaves_no_record(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    lacking = () if live.strict("starttls") == "starttls_strict" else ("untrusted under strict",)
    failures = {case: failure for case, failure in FAILURES.items() if case not in lacking}
    before = everything(live)
    tasks = {
        case: {
            "postmaster.odoo.mail_server": {
                **password_server(lab, "starttls_any_sender", name=case),
                **new(lab),
                **VERIFY,
            }
        }
        for case, (new, _outcome, _words) in failures.items()
    }
    results = run_tasks(live, tmp_path, tasks)
    assert everything(live) == before
    for case, (_new, outcome, words) in failures.items():
        assert_failed(results[case], case, outcome, words)


@pytest.fixture(scope="module")
def silence(
    fresh: Callable[[str], LabInstance], lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[tuple[Any, Any, Result]]]:
    """Return the states before and after, and the result for a silent server, for which Odoo waits 60 seconds."""
    instance = fresh("integration_verification_silent")
    instance.enforce({"servers": [password_server(lab, "starttls_any_sender", name="Live")]})

    def run() -> tuple[Any, Any, Result]:
        before = everything(instance)
        port = {"name": "Live", "smtp_port": lab.smtp["silent"].port}
        result = run_task(instance, tmp_path_factory.mktemp("silence"), "mail_server", {**port, **VERIFY})
        return before, everything(instance), result

    with ThreadPoolExecutor() as meanwhile:
        yield meanwhile.submit(run)


@pytest.fixture(scope="module", autouse=True)
def _silence_begins_early(request: pytest.FixtureRequest) -> None:
    """Run it while the other tests run, unless it is deselected."""
    if any("silence" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("silence")


def test_three_servers_and_one_failure(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    before = everything(live)
    stack = {
        "parameters": {"postmaster.test": "not to be written"},
        "servers": [
            {"name": "Live", "from_filter": "changed@lab.example"},
            password_server(lab, "ssl", name="Wrong", smtp_pass="wrong-made-up"),
            password_server(lab, "plain", name="New"),
        ],
        "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 7}],
    }
    result = run_task(live, tmp_path, "mail_stack", {**stack, **VERIFY})
    assert everything(live) == before
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "rejected", False, [])
    outcomes = {one["key"]: one["outcome"] for one in result["verifications"]}
    assert outcomes == {"Live": "ok", "Wrong": "auth", "New": "ok"}
    assert "'Wrong'" in result["msg"]
    assert "5.7.8 Authentication credentials invalid" in result["msg"]


# Successful tests


def test_a_live_server_changes_only_after_its_settings_are_tested(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    (before,) = rows(live)
    lab.smtp["starttls"].configure(delay=0.3)  # so that the test is visible
    watch = Watch(live)
    new = {"name": "Live", "smtp_port": lab.smtp["starttls"].port}
    result = watch.during(lambda: run_task(live, tmp_path, "mail_server", {**new, **VERIFY}))
    assert (result["failed"], result["changed"]) == (False, True), result
    assert result["verification"]["outcome"] == "ok"
    assert [(step["key"], step["action"]) for step in result["plan"]] == [("Live", "update")]

    (after,) = rows(live)
    assert after["smtp_port"] == lab.smtp["starttls"].port
    assert watch.seen.pop(before["id"]) == [before, after]
    ((candidate,),) = list(watch.seen.values())  # it existed, and was never in use
    assert (candidate["name"], candidate["active"]) == ("Live" + CANDIDATE, False)
    assert candidate["smtp_port"] == lab.smtp["starttls"].port
    assert [event["success"] for event in lab.smtp["starttls"].events("auth")] == [True]
    assert lab.smtp["starttls"].accepted() == []


def test_a_new_server_is_archived_until_it_is_tested(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    lab.smtp["ssl"].configure(delay=0.3)
    watch = Watch(live)
    new = password_server(lab, "ssl", name="New", xml_id="postmaster.new")
    result = watch.during(lambda: run_task(live, tmp_path, "mail_server", {**new, **VERIFY}))
    assert (result["failed"], result["changed"]) == (False, True), result
    assert result["verification"]["outcome"] == "ok"
    assert [(step["key"], step["action"]) for step in result["plan"]] == [("New", "create")]
    _live, seen = list(watch.seen.values())
    assert [(row["name"], row["active"]) for row in seen] == [("New" + CANDIDATE, False), ("New", True)]
    assert result["record"]["id"] == seen[-1]["id"]
    assert result["record"]["xml_id"] == "postmaster.new"
    assert [event["success"] for event in lab.smtp["ssl"].events("auth")] == [True]


def test_a_second_run_tests_nothing(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    stack = {"servers": [password_server(lab, "ssl", name="A"), password_server(lab, "plain", name="B")], **VERIFY}
    first = run_task(live, tmp_path, "mail_stack", stack)
    assert [(one["key"], one["outcome"]) for one in first["verifications"]] == [("A", "ok"), ("B", "ok")]
    for smtp in ("ssl", "plain"):
        lab.smtp[smtp].reset()
    second = run_task(live, tmp_path, "mail_stack", stack)
    assert (second["changed"], second["verifications"]) == (False, [])
    assert lab.smtp["ssl"].events() == lab.smtp["plain"].events() == []


def test_settings_that_no_test_can_prove_are_not_tested(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    archived = password_server(lab, "ssl", name="Archived", smtp_pass="wrong-made-up", active=False)
    results = run_tasks(
        live,
        tmp_path,
        {
            "no matter": {"postmaster.odoo.mail_server": {"name": "Live", "sequence": 3, "smtp_debug": True, **VERIFY}},
            "new, archived": {"postmaster.odoo.mail_server": {**archived, **VERIFY}},
            "stays archived": {"postmaster.odoo.mail_server": {**archived, "smtp_port": 1, **VERIFY}},
            "archived now": {"postmaster.odoo.mail_server": {"name": "Live", "active": False, **VERIFY}},
        },
    )
    for result in results.values():
        assert (result["failed"], result["changed"], result["verification"]) == (False, True, None), result
    assert lab.smtp["starttls_any_sender"].events() == lab.smtp["ssl"].events() == []


def test_an_archived_server_is_tested_before_it_is_activated(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    write(live, "Live", {"active": False, "smtp_pass": "wrong-made-up"})
    before = everything(live)
    result = run_task(live, tmp_path, "mail_server", {"name": "Live", "active": True, **VERIFY})
    assert_failed(result, "Live", "auth", "5.7.8 Authentication credentials invalid")
    assert everything(live) == before


def test_check_mode_creates_no_candidate_and_reports_that_nothing_was_tested(
    live: LabInstance, lab: Lab, tmp_path: Path
) -> None:
    before = everything(live)
    new = password_server(lab, "ssl", name="New", smtp_pass="wrong-made-up")
    changed = {"name": "Live", "smtp_pass": "wrong-made-up"}
    results = run_tasks(
        live,
        tmp_path,
        {
            "new": {"postmaster.odoo.mail_server": {**new, **VERIFY}, "check_mode": True},
            "changed": {"postmaster.odoo.mail_server": {**changed, **VERIFY}, "check_mode": True},
            "stack": {"postmaster.odoo.mail_stack": {"servers": [new, changed], **VERIFY}, "check_mode": True},
        },
    )
    for result in results.values():
        assert (result["failed"], result["changed"]) == (False, True), result
    for one in (results["new"]["verification"], results["changed"]["verification"], *results["stack"]["verifications"]):
        assert one["outcome"] == "not_tested"
        assert "check mode" in one["message"]
    assert [one["key"] for one in results["stack"]["verifications"]] == ["New", "Live"]
    assert everything(live) == before
    assert lab.smtp["starttls_any_sender"].events() == lab.smtp["ssl"].events() == []


# Users without an address


@pytest.fixture
def unaddressed(live: LabInstance) -> LabInstance:
    """Return a database whose administrator has no address, as in a fresh 19.0."""
    with live.session() as session:
        (user,) = session.search_read("res.users", [["login", "=", live.username]], ["partner_id"])
        session.write("res.partner", [user["partner_id"][0]], {"email": False})
    return live


def test_without_an_address_a_matching_one_is_used(unaddressed: LabInstance, lab: Lab, tmp_path: Path) -> None:
    """The SMTP server accepts only its user as a sender, and this sender is used."""
    results = run_tasks(
        unaddressed,
        tmp_path,
        {
            name: {"postmaster.odoo.mail_server": {**password_server(lab, "starttls", name=name), **options, **VERIFY}}
            for name, options in {"New": {"from_filter": ""}, "Live": {"from_filter": ""}}.items()
        },
    )
    for name, result in results.items():
        assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
        assert "sender@lab.example" in result["verification"]["message"]
        assert [step["action"] for step in result["plan"]] == [{"New": "create", "Live": "update"}[name]]
        assert stored(unaddressed, name)["from_filter"] is False
    assert [row["name"] for row in rows(unaddressed)] == ["Live", "New"]


@pytest.mark.parametrize("name", ["Live", "New"])
def test_without_an_address_a_refused_sender_is_not_an_alarm(
    name: str, unaddressed: LabInstance, lab: Lab, tmp_path: Path
) -> None:
    lab.smtp["plain"].configure(replies={"MAIL": "553 5.7.1 Not from here"})
    server = password_server(lab, "plain", name=name, from_filter="")
    result = run_task(unaddressed, tmp_path, "mail_server", {**server, **VERIFY})
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert "could not be tested" in result["verification"]["message"]
    assert any("could not be tested" in warning for warning in result["warnings"])
    assert stored(unaddressed, name)["from_filter"] is False


def test_without_an_address_everything_else_is_still_an_alarm(
    unaddressed: LabInstance, lab: Lab, tmp_path: Path
) -> None:
    before = everything(unaddressed)
    server = password_server(lab, "starttls", name="Live", from_filter="", smtp_pass="wrong-made-up")
    assert_failed(
        run_task(unaddressed, tmp_path, "mail_server", {**server, **VERIFY}),
        "Live",
        "auth",
        "5.7.8 Authentication credentials invalid",
    )
    assert everything(unaddressed) == before


# Killed runs


def locks(instance: LabInstance) -> list[dict[str, Any]]:
    return instance.read("ir.config_parameter", ["key", "=", LOCK_KEY], fields=("key",))


def test_records_that_a_killed_run_left_behind_are_found_and_removed(
    fresh: Callable[[str], LabInstance], lab: Lab, tmp_path: Path
) -> None:
    instance = fresh("integration_verification_killed")
    server = password_server(lab, "starttls_any_sender", name="Live")
    instance.enforce({"servers": [server]})
    (before,) = rows(instance)
    killed_while_it_tests(instance, tmp_path, {**server, "smtp_port": lab.smtp["silent"].port})
    live, candidate = rows(instance)
    assert live == before
    assert (candidate["name"], candidate["active"]) == ("Live" + CANDIDATE, False)
    assert len(locks(instance)) == 1

    time_passes(instance)
    unchanged = {"postmaster.odoo.mail_server": server}
    results = run_tasks(
        instance, tmp_path, {"predicted": {**unchanged, "check_mode": True}, "done": unchanged, "again": unchanged}
    )
    for name in ("predicted", "done"):
        steps = [(step["resource"], step["action"], step["key"]) for step in results[name]["plan"]]
        assert steps == [("mail_server", "delete", "Live" + CANDIDATE)], results[name]
    assert results["again"]["changed"] is False
    assert rows(instance) == [before]
    assert locks(instance) == []


# Last, because it has been running since the first test.
def test_a_silent_server(silence: Future[tuple[Any, Any, Result]]) -> None:
    before, after, result = silence.result()
    assert after == before
    assert_failed(result, "Live", "timeout", "timed out")
    assert result["verification"]["seconds"] > 55
