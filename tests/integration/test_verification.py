# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`verify: connection`: new settings are tested on a candidate first, and a failed test changes nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY
from instance import LabInstance
from lab import Lab
from mail_servers import (
    Options,
    give_access_token,
    oauth2_server,
    password_server,
    run_task,
    run_tasks,
    stored,
    token_fields,
    write,
)
from playbook import Result, ansible_playbook, play
from token_endpoint import TokenEndpoint

CANDIDATE = " (postmaster.odoo candidate)"
VERIFY = {"verify": "connection"}


def rows(instance: LabInstance) -> list[dict[str, Any]]:
    """Return all mail servers with all their columns, as they are in the database."""
    found = instance.sql("SELECT row_to_json(server)::text AS row FROM ir_mail_server AS server ORDER BY id")
    return [json.loads(row["row"]) for row in found]


def everything(instance: LabInstance) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return all records, with mail servers first, so that a difference is readable."""
    return rows(instance), instance.fingerprint()


@pytest.fixture(scope="module")
def instance(fresh: Callable[[str], LabInstance]) -> LabInstance:
    return fresh("integration_verification")


def with_live_server(instance: LabInstance, lab: Lab, **changed: Any) -> LabInstance:
    """Remove everything from an instance except one mail server, which works."""
    made = rows(instance)
    with instance.session() as session:
        if made:
            session.unlink("ir.mail_server", [row["id"] for row in made])
    instance.enforce({"servers": [password_server(lab, "starttls_any_sender", name="Live", **changed)]})
    return instance


@pytest.fixture
def live(instance: LabInstance, lab: Lab) -> LabInstance:
    return with_live_server(instance, lab)


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


def assert_failed(result: Result, name: str, outcome: str, words: str) -> None:
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "rejected", False, [])
    verification = result["verification"]
    if "An option is not supported by the server: None" in verification["message"]:  # 16.0 does not say which
        outcome, words = "unknown", "An option is not supported"
    assert (verification["key"], verification["outcome"]) == (name, outcome), verification["message"]
    assert verification["seconds"] >= 0
    assert words in verification["message"]
    for text in (name, outcome, words):
        assert text in result["msg"]


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


class Watch:
    """Reads the mail servers of a database repeatedly while something runs, and records the states of each in order."""

    def __init__(self, instance: LabInstance) -> None:
        self._instance = instance
        self.seen: dict[int, list[dict[str, Any]]] = {}

    def during(self, run: Callable[[], Result]) -> Result:
        with ThreadPoolExecutor() as meanwhile:
            running = meanwhile.submit(run)
            while not running.done():
                self._look()
            self._look()
            return running.result()

    def _look(self) -> None:
        for row in rows(self._instance):
            seen = self.seen.setdefault(row["id"], [])
            if not seen or seen[-1] != row:
                seen.append(row)


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


def kill_with_children(pid: int) -> None:
    """Send SIGKILL to a process and its descendants.

    Ansible's workers are in separate sessions, which a signal to the group does not reach.
    """
    os.kill(pid, signal.SIGSTOP)  # so that it starts no further child processes meanwhile
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            kill_with_children(int(child))
    os.kill(pid, signal.SIGKILL)


def killed_while_it_tests(instance: LabInstance, folder: Path, server: Options) -> None:
    """Run as far as Odoo's test of a candidate, which does not end by itself."""
    there_were = len(rows(instance))
    task = {"postmaster.odoo.mail_server": {**instance.options(), **server, **VERIFY}}
    run = multiprocessing.get_context("spawn").Process(
        target=ansible_playbook, args=(folder / "killed", [play(task)], "--inventory", "localhost,")
    )
    run.start()
    deadline = time.monotonic() + 60
    while len(rows(instance)) == there_were:
        assert run.is_alive(), "It ended before it could be killed."
        assert time.monotonic() < deadline, "There was no candidate."
        time.sleep(0.1)
    time.sleep(0.5)  # now Odoo tests it
    kill_with_children(run.pid or 0)
    run.join()


def time_passes(instance: LabInstance) -> None:
    """Wait until the lock of a killed run has expired."""
    instance.sql(
        f"UPDATE ir_config_parameter SET write_date = write_date - interval '2 minutes' WHERE key = '{LOCK_KEY}'"
    )


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


# --- OAuth2 ---


@pytest.fixture
def endpoint(live: LabInstance, lab: Lab) -> Iterator[TokenEndpoint]:
    """Return the token service of the live instance's Odoo."""
    token = lab.smtp["xoauth2"].token or ""
    client = oauth2_server(lab, "outlook", oauth2={})["oauth2"]
    endpoint = TokenEndpoint(token, {client["client_id"]: client["client_secret"]})
    with endpoint.served() as url:
        live.enforce({"parameters": {"microsoft_outlook.endpoint": url}})
        yield endpoint
    live.enforce({"parameters": {"microsoft_outlook.endpoint": "", "microsoft_outlook_client_secret": ""}})


def outlook(lab: Lab, oauth2: Options, **changed: Any) -> Options:
    return {**oauth2_server(lab, "outlook", oauth2=oauth2, **changed), **VERIFY}


def refresh_token(instance: LabInstance) -> str:
    return str(stored(instance, "outlook")["microsoft_outlook_refresh_token"])


def end_access_token(instance: LabInstance) -> None:
    give_access_token(instance, "outlook", "outlook", "outdated-made-up", seconds=-1)


def assert_mail_leaves(instance: LabInstance, folder: Path) -> None:
    """Odoo must first request a new token."""
    end_access_token(instance)
    canary = {"name": "outlook", "canary": "canary@elsewhere.example"}
    result = run_task(instance, folder, "mail_server_test", canary)
    assert result["failed"] is False, result
    assert result["tests"][0]["canary"]["outcome"] == "ok"


def test_a_rotated_token_reaches_the_new_server(
    live: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    consent = endpoint.consent()
    server = outlook(lab, {"refresh_token": consent})
    result = run_task(live, tmp_path, "mail_server", server)
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert (endpoint.asked, consent in endpoint.valid) == (1, False)
    assert refresh_token(live) in endpoint.valid
    again = run_task(live, tmp_path, "mail_server", server)
    assert (again["changed"], again["verification"], endpoint.asked) == (False, None, 1)
    assert_mail_leaves(live, tmp_path)


@pytest.fixture
def connected(live: LabInstance, endpoint: TokenEndpoint, lab: Lab) -> LabInstance:
    """Return a database with an Outlook server that works, and that must request a token at its next use."""
    live.enforce({"servers": [oauth2_server(lab, "outlook", oauth2={"refresh_token": endpoint.consent()})]})
    return live


def test_a_rotated_token_reaches_the_live_server(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {}, smtp_host="127.0.0.1"))
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_new_consent_reaches_the_live_server_with_its_newest_token(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    consent = endpoint.consent()
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {"refresh_token": consent, "update": "always"}))
    assert (result["failed"], result["changed"], result["verification"]["outcome"]) == (False, True, "ok"), result
    assert consent not in endpoint.valid
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_used_consent_does_not_cut_the_live_servers_link(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """`update: always` would restore a token that Odoo has replaced long ago."""
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything(connected)
    server = outlook(lab, {"refresh_token": "used-long-since-made-up", "update": "always"})
    result = run_task(connected, tmp_path, "mail_server", server)
    assert_failed(result, "outlook", "auth", "AADSTS70000")
    assert everything(connected) == before
    assert refresh_token(connected) in endpoint.valid


def test_a_valid_token_is_not_spent_on_a_test(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """A failed test then has no side effect."""
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything(connected)
    lab.smtp["xoauth2"].configure(replies={"MAIL": "550 5.7.1 Not today"})
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {}, smtp_host="127.0.0.1"))
    assert_failed(result, "outlook", "sender_rejected", "Not today")
    assert (everything(connected), endpoint.asked) == (before, 0)


def test_a_rotated_token_is_kept_although_another_server_fails(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """Only the token of the test is written, because the previous one is no longer valid."""
    token_columns = set(token_fields("outlook")) | {"write_date"}
    before = [{column: row[column] for column in row.keys() - token_columns} for row in rows(connected)]
    servers = [
        oauth2_server(lab, "outlook", oauth2={}, smtp_host="127.0.0.1"),
        password_server(lab, "ssl", name="Wrong", smtp_pass="wrong-made-up"),
    ]
    result = run_task(connected, tmp_path, "mail_stack", {"servers": servers, **VERIFY})
    assert (result["failed"], result["error_kind"], result["plan"]) == (True, "rejected", [])
    assert {one["key"]: one["outcome"] for one in result["verifications"]} == {"outlook": "ok", "Wrong": "auth"}
    assert [{column: row[column] for column in row.keys() - token_columns} for row in rows(connected)] == before
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_wrong_client_secret_changes_nothing(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything_but_times_of_parameters(connected)
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {"client_secret": "wrong-made-up"}))
    assert_failed(result, "outlook", "auth", "AADSTS7000215")
    assert everything_but_times_of_parameters(connected) == before
    assert refresh_token(connected) in endpoint.valid


def everything_but_times_of_parameters(instance: LabInstance) -> Any:
    """Return all records without the times of parameters.

    Odoo reads a client's secret from a parameter. A test of a new secret changes the parameter and restores it at once.
    """
    servers, tables = everything(instance)
    parameters = instance.sql("SELECT id, key, value FROM ir_config_parameter ORDER BY id")
    return servers, tables | {"ir_config_parameter": ""}, parameters


def test_a_new_client_secret_is_tested_with_the_live_server(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    endpoint.clients["outlook-client-id"] = "new-client-secret-made-up"
    server = outlook(lab, {"client_secret": "new-client-secret-made-up"})
    result = run_task(connected, tmp_path, "mail_server", server)
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert [(step["resource"], step["key"]) for step in result["plan"]] == [
        ("system_parameter", "microsoft_outlook_client_secret")
    ]
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)
    assert run_task(connected, tmp_path, "mail_server", server)["changed"] is False


def client_secret(database: LabInstance) -> str:
    domain = ["key", "=", "microsoft_outlook_client_secret"]
    (parameter,) = database.read("ir.config_parameter", domain, fields=("value",))
    return str(parameter["value"])


def test_a_client_secret_that_is_tested_is_never_in_force(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """Even if the run is killed, the live servers always have the client that works."""
    right = client_secret(connected)
    wrong = outlook(lab, {"client_secret": "wrong-made-up"})
    lab.smtp["xoauth2"].configure(silent=True)
    killed_while_it_tests(connected, tmp_path, wrong)
    lab.smtp["xoauth2"].reset()
    assert client_secret(connected) == right
    time_passes(connected)
    again = run_task(connected, tmp_path, "mail_server", wrong)
    assert (again["failed"], again["verification"]["outcome"]) == (True, "auth"), again
    assert "AADSTS7000215" in again["msg"]
    assert [step["action"] for step in again["plan"]] == ["delete"], "only what the killed run had left"
    assert client_secret(connected) == right
    assert_mail_leaves(connected, tmp_path)
    assert run_task(connected, tmp_path, "mail_server", outlook(lab, {}))["changed"] is False
    assert [row["name"] for row in rows(connected)] == ["Live", "outlook"]
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_gmail_is_tested_with_its_stored_token(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    live.enforce({"servers": [oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"})]})
    give_access_token(live, "gmail", "gmail", lab.smtp["xoauth2"].token or "")
    before = stored(live, "gmail")
    new = oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"}, from_filter="other@lab.example")
    result = run_task(live, tmp_path, "mail_server", {**new, **VERIFY})
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    after = stored(live, "gmail")
    assert after["from_filter"] == "other@lab.example"
    assert [after[field] for field in token_fields("gmail")] == [before[field] for field in token_fields("gmail")]


def test_gmail_with_a_refused_token(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    live.enforce({"servers": [oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"})]})
    give_access_token(live, "gmail", "gmail", "revoked-made-up")
    before = everything(live)
    new = oauth2_server(lab, "gmail", oauth2={}, from_filter="other@lab.example")
    assert_failed(
        run_task(live, tmp_path, "mail_server", {**new, **VERIFY}), "gmail", "auth", "Authentication Required"
    )
    assert everything(live) == before


def test_a_server_without_consent_stays_out_of_use(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    new = oauth2_server(lab, "gmail", name="New", oauth2={})
    result = run_task(live, tmp_path, "mail_server", {**new, **VERIFY})
    assert (result["failed"], result["changed"], result["connected"]) == (False, True, False), result
    assert result["verification"]["outcome"] == "not_tested"
    assert any("New" in warning and "archived" in warning for warning in result["warnings"])
    assert stored(live, "New")["active"] is False
    assert run_task(live, tmp_path, "mail_server", {**new, **VERIFY})["changed"] is False

    write(live, "New", {"google_gmail_refresh_token": "token-made-up"})
    give_access_token(live, "New", "gmail", lab.smtp["xoauth2"].token or "")
    result = run_task(live, tmp_path, "mail_server", {**new, "active": True, **VERIFY})
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert stored(live, "New")["active"] is True


def test_a_live_server_does_not_change_to_settings_without_consent(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    before = rows(live)
    server = oauth2_server(lab, "gmail", name="Live", oauth2={})
    result = run_task(live, tmp_path, "mail_server", {**server, **VERIFY})
    assert (result["failed"], result["connected"]) == (False, False), result
    assert result["verification"]["outcome"] == "not_tested"
    assert any("'Live'" in warning for warning in result["warnings"])
    assert rows(live) == before


# Last, because it has been running since the first test.
def test_a_silent_server(silence: Future[tuple[Any, Any, Result]]) -> None:
    before, after, result = silence.result()
    assert after == before
    assert_failed(result, "Live", "timeout", "timed out")
    assert result["verification"]["seconds"] > 55
