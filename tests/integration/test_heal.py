# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `heal`: fixable findings are repaired once, the second run changes nothing, and other findings stay.

All instances are treated in the same runs. Odoo has no cron workers until everything is repaired. Then they must send a
last mail, the canary.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY, SENDING_KEY
from broken_instance import MAIN, BrokenInstance
from faults import FAULTS
from inventory import failed_hosts, recap, run_on, shown
from lab import Lab
from mail_servers import password_server
from playbook import Run

pytestmark = pytest.mark.second_lab

PLAN, DONE, LEFT = "Show the plan", "Show the repairs", "Show the findings"
# An addon without dependents that a new database has not installed.
ADDON = "base_sparse_field"


def fault(name: str) -> Callable[[BrokenInstance], None]:
    return FAULTS[name][1]


def to_install(broken: BrokenInstance) -> None:
    with broken.instance.session() as session:
        session.call("ir.module.module", "button_install", broken.ids("ir.module.module", ["name", "=", ADDON]))


def impossible_to_install(broken: BrokenInstance) -> None:
    to_install(broken)
    broken.instance.sql(
        "UPDATE ir_module_module_dependency SET name = 'no_such_addon' "
        f"WHERE module_id = (SELECT id FROM ir_module_module WHERE name = '{ADDON}')"
    )


def waiting_for_three_hours(broken: BrokenInstance) -> None:
    broken.mail()
    broken.age_mails("3 hours")


def broken_server_beside(broken: BrokenInstance) -> None:
    server = password_server(broken.lab, MAIN, smtp_pass="wrong", from_filter="shop.example")
    broken.instance.enforce({"servers": [{**server, "name": "Shop"}]})


def killed_while_sending(broken: BrokenInstance) -> None:
    """Create the state of a run that was killed an hour ago, before Odoo began to send.

    Its mails are postponed, and its lock has expired.
    """
    broken.mail(3)
    with broken.instance.session() as session:
        mails = put_off(session, session.search_read("mail.mail", [], ["scheduled_date"]))
        lock = {"key": SENDING_KEY, "value": "elsewhere pid 1 [0a1b2c3d, 60 s]"}
        session.create("ir.config_parameter", [lock])
        past = f"{session.now - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
    broken.instance.sql(
        "UPDATE ir_config_parameter SET write_date = write_date - interval '61 minutes' WHERE key LIKE 'postmaster_odoo.%';"
        f"UPDATE ir_config_parameter SET value = replace(value, '{mails.until}', '{past}') WHERE key = '{PUT_OFF_KEY}';"
        f"UPDATE mail_mail SET scheduled_date = '{past}' WHERE scheduled_date = '{mails.until}'"
    )


@dataclass(frozen=True)
class Case:
    """An instance, its faults, and the results of the runs.

    :param found: the findings of the doctor. :param planned: the plan of heal. :param arrives: the number of sent
    mails.
    :param sentence: the message instead of an empty plan.
    :param left: the remaining errors and warnings. :param sends: whether Odoo's own workers send mail in the end.
    """

    faults: tuple[Callable[[BrokenInstance], None], ...]
    found: set[str]
    planned: tuple[str, ...] = ()
    arrives: int = 0
    left: set[str] = field(default_factory=set)
    sends: bool = True
    variables: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = "Nothing to repair."


ACTIVATE = "activate and reschedule Mail: Email Queue Manager"
THROTTLED = "retry mails that failed as throttled"
SEND = "send due mails"
CASES = {
    "disabled": Case(
        (fault("the queue's action is disabled"), waiting_for_three_hours),
        {"cron_disabled", "oldest_too_old"},
        (ACTIVATE, SEND),
        arrives=1,
    ),
    "far": Case((fault("next call in a month"),), {"cron_far_future"}, (ACTIVATE,)),
    "transient": Case((fault("throttled mails"),), {"throttled"}, (THROTTLED, SEND), arrives=3),
    "interrupted": Case(
        (fault("cut off in the middle"),),
        {"interrupted_batch", "failures_by_class"},
        ("retry mails that failed as interrupted", SEND),
        arrives=4,
        variables={"heal_allow": ["interrupted"]},
    ),
    "killed": Case((killed_while_sending,), set(), (SEND,), arrives=3),
    "stale": Case(
        (fault("a mail of last week"),),
        {"stale_outgoing"},
        ("cancel mails that have been waiting for more than 7 days",),
        variables={"heal_allow": ["crons", "stale"]},
    ),
    "called_off": Case(
        (fault("an addon waits to be upgraded"),),
        {"addons_pending"},
        ("cancel pending changes of addons",),
        variables={"heal_allow": ["addons"], "odoo_transport": "jsonrpc"},
    ),
    "finished": Case(
        (to_install,),
        {"addons_pending"},
        ("finish pending changes of addons",),
        variables={"heal_allow": ["addons"], "heal_addons": "finish"},
    ),
    # Findings that are not repaired
    "well": Case((), set()),
    "unfixable": Case(
        (fault("no recipients"), fault("links to localhost")),
        {"no_recipient", "base_url_localhost"},
        left={"no_recipient", "base_url_localhost"},
        sentence="No repair exists for the findings below. A person must check them.",
    ),
    "not_allowed": Case(
        (fault("an addon waits to be upgraded"),),
        {"addons_pending"},
        left={"addons_pending"},
        sends=False,
        sentence="heal_allow does not permit the repair of addons_pending (addons).",
    ),
    "no_server": Case(
        (fault("throttled mails"), fault("a wrong password"), fault("the queue's action is disabled")),
        {"throttled", "auth_failed", "cron_disabled"},
        ("held back: Mail through a mail server that does not work fails permanently:",),
        left={"throttled", "auth_failed", "cron_disabled"},
        sends=False,
    ),
    "one_of_two": Case(
        (broken_server_beside, fault("the queue's action is disabled")),
        {"auth_failed", "cron_disabled"},
        ("held back: Mail through a mail server that does not work fails permanently: Shop",),
        left={"auth_failed", "cron_disabled"},
        sends=False,
    ),
    "old": Case(
        (fault("a mail of last week"), fault("the queue's action is disabled")),
        {"stale_outgoing", "cron_disabled"},
        ("held back: 1 mail has been waiting for more than 7 days. The oldest is mail N, since",),
        left={"stale_outgoing", "cron_disabled"},
        sends=False,
    ),
    "copy": Case(
        (fault("throttled mails"), fault("a neutralized copy")),
        {"throttled", "neutralized"},
        ("held back: This database is a neutralized copy, which sends nothing on purpose.",),
        left={"throttled", "neutralized"},
        sends=False,
    ),
    "broken": Case(
        (impossible_to_install,),
        {"addons_pending"},
        ("finish pending changes of addons",),
        left={"addons_pending"},
        sends=False,
        variables={"heal_allow": ["addons"], "heal_addons": "finish"},
    ),
}
MENDED = sorted(name for name, case in CASES.items() if case.planned and not case.left)


def address(name: str) -> str:
    return f"{name}@else.example"


def canary(name: str) -> str:
    return address(f"canary-{name}")


@dataclass(frozen=True)
class HealedFleet:
    """The results of all instances, in order."""

    doctor: Run
    check: Run
    touched_by_check: list[str]
    heal: Run
    arrived: Counter[str]
    states: Mapping[str, Counter[str]]
    own_parameters: Mapping[str, list[str]]
    again: Run
    touched_again: list[str]
    report: Mapping[str, Any]
    before: Mapping[str, set[str]]
    canaries: set[str]


@pytest.fixture(scope="module")
def fleet(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HealedFleet]:
    folder = tmp_path_factory.mktemp("heal")
    lab.start_odoo(max_cron_threads=0)
    broken_instances = {name: BrokenInstance.healthy(lab, f"heal_{name}") for name in CASES}
    for name, case in CASES.items():
        for bring in case.faults:
            bring(broken_instances[name])
        broken_instances[name].age_mails("2 minutes")  # the newest ones may be in progress, and are not changed
        broken_instances[name].instance.sql(f"UPDATE mail_mail SET email_to = '{address(name)}' WHERE email_to != ''")
    smtp = lab.smtp[MAIN]
    smtp.reset()
    hosts = {
        name: {f"odoo_{option}": value for option, value in broken.instance.options().items()} | CASES[name].variables
        for name, broken in broken_instances.items()
    }
    # This port has no listener.
    hosts["lost"] = {**hosts["well"], "odoo_url": "http://127.0.0.1:1"}

    def fingerprints() -> dict[str, Any]:
        return {name: broken.instance.fingerprint() for name, broken in broken_instances.items()}

    def changed(before: Mapping[str, Any]) -> list[str]:
        return [name for name, fingerprint in fingerprints().items() if fingerprint != before[name]]

    try:
        doctor = run_on(folder / "doctor", "doctor", hosts, doctor_report_folder=str(folder / "before"))
        untouched = fingerprints()
        check = run_on(folder / "check", "heal", hosts, "--check")
        touched_by_check = changed(untouched)
        heal = run_on(folder / "heal", "heal", hosts, doctor_report_folder=str(folder / "left"))
        arrived = Counter(record["to"] for record in smtp.accepted())
        states = {
            name: Counter(mail["state"] for mail in broken.instance.read("mail.mail", fields=("state",)))
            for name, broken in broken_instances.items()
        }
        own_parameters = {
            name: [
                row["key"]
                for row in broken.instance.read(
                    "ir.config_parameter", ["key", "like", "postmaster_odoo."], fields=("key",)
                )
            ]
            for name, broken in broken_instances.items()
        }
        healed = fingerprints()
        again = run_on(folder / "again", "heal", hosts)
        touched_again = changed(healed)
        yield HealedFleet(
            doctor,
            check,
            touched_by_check,
            heal,
            arrived,
            states,
            own_parameters,
            again,
            touched_again,
            json.loads((folder / "left" / "doctor.json").read_text()),
            found_in(json.loads((folder / "before" / "doctor.json").read_text())),
            _canaries(lab, broken_instances),
        )
    finally:
        lab.stop_odoo()  # it would take as long for each database as it takes to start
        for broken in broken_instances.values():
            broken.drop()
        lab.start_odoo()


def _canaries(lab: Lab, broken_instances: Mapping[str, BrokenInstance]) -> set[str]:
    """Queue a mail in each instance, start the workers, and return the instances whose mail arrives: the expected ones
    and the others.
    """
    for name, broken in broken_instances.items():
        broken.mail(email_to=canary(name))
        broken.instance.sql("UPDATE ir_cron SET nextcall = now() at time zone 'utc'")
    lab.start_odoo(max_cron_threads=1)
    for name, broken in broken_instances.items():
        # Up to 17.0 Odoo runs the crons of databases that received a request. The first request after a start finishes
        # pending operations of addons.
        if CASES[name].sends:
            broken.ids("ir.cron")
    expected = {canary(name) for name, case in CASES.items() if case.sends}
    deadline = time.monotonic() + 180
    while True:
        arrived = {record["to"] for record in lab.smtp[MAIN].accepted() if record["to"].startswith("canary-")}
        if arrived >= expected or time.monotonic() > deadline:
            return arrived
        time.sleep(0.5)


def found_in(report: Mapping[str, Any], *severities: str) -> dict[str, set[str]]:
    return {
        one["instance"]: {
            finding["id"] for finding in one["findings"] if finding["severity"] in (severities or ("error", "warning"))
        }
        for one in report["instances"]
    }


@pytest.mark.parametrize("name", CASES)
def test_the_doctor_reports_the_finding(fleet: HealedFleet, name: str) -> None:
    assert fleet.before[name] == CASES[name].found


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_shown(fleet: HealedFleet, name: str) -> None:
    """The plan of a check is that of a run, except that a check cannot find out that a server does not work."""
    planned, checked = (
        [re.sub(r"\bmail \d+", "mail N", line) for line in shown(run, PLAN)[name]] for run in (fleet.heal, fleet.check)
    )
    assert tuple(planned[: len(CASES[name].planned)]) == (CASES[name].planned or ())
    if not CASES[name].planned:
        assert planned == [CASES[name].sentence]
    if "auth_failed" not in CASES[name].found:
        assert checked[: len(CASES[name].planned)] == planned[: len(CASES[name].planned)]


def test_a_check_counts_and_changes_nothing(fleet: HealedFleet) -> None:
    assert fleet.touched_by_check == []
    done = shown(fleet.check, DONE)
    assert done["transient"] == [
        "3 failed mails would be queued again",
        "0 due mails would be sent, and the mails that are queued again",
    ]
    assert done["interrupted"] == [
        "1 failed mail would be queued again",
        "3 due mails would be sent, and the mails that are queued again",
    ]
    assert done["stale"] == ["1 stale mail would be cancelled"]
    assert done["called_off"][0] == "digest (to upgrade) would be cancelled"
    assert done["disabled"][0] == "Mail: Email Queue Manager: active false -> true"
    assert done["far"] == [line for line in done["far"] if line.startswith("Mail: Email Queue Manager: nextcall ")]
    assert failed_hosts(fleet.check) == {"lost"}


@pytest.mark.parametrize("name", MENDED)
def test_repairs(fleet: HealedFleet, name: str) -> None:
    assert recap(fleet.heal)[name]["changed"] > 0
    assert fleet.arrived[address(name)] == CASES[name].arrives
    assert found_in(fleet.report)[name] == set()
    assert set(fleet.states[name]) <= ({"cancel"} if name == "stale" else {"sent"})


@pytest.mark.parametrize("name", sorted(set(CASES) - set(MENDED)))
def test_findings_that_need_a_human(fleet: HealedFleet, name: str) -> None:
    assert recap(fleet.heal)[name]["changed"] == 0
    assert fleet.arrived[address(name)] == 0
    assert found_in(fleet.report)[name] == CASES[name].left
    for finding in CASES[name].left:
        assert any(line.startswith(f"* {finding}: ") for line in shown(fleet.heal, LEFT)[name])


def test_mails_that_an_interrupted_run_postponed_are_reported_and_sent(fleet: HealedFleet) -> None:
    assert shown(fleet.heal, DONE)["killed"] == ["3 mails sent, 0 failed, 0 still due"]
    assert "3 mails that an interrupted run had postponed are due again." in " ".join(fleet.heal.output.split())
    assert fleet.own_parameters["killed"] == []


def test_a_fix_that_fails(fleet: HealedFleet) -> None:
    lines = shown(fleet.heal, DONE)["broken"]
    assert lines[0].startswith("failed: base.module.upgrade.upgrade_module")
    assert "no_such_addon" in " ".join(lines)


def test_hosts_that_fail(fleet: HealedFleet) -> None:
    """They have remaining errors, or could not be reached. The others were still repaired."""
    errors = {name for name, ids in found_in(fleet.report, "error").items() if ids}
    assert errors == {"not_allowed", "no_server", "one_of_two", "old", "copy", "broken"}
    for run in (fleet.heal, fleet.again):
        assert run.exit_code == 2
        assert failed_hosts(run) == errors | {"lost"}
    assert shown(fleet.heal, LEFT)["lost"][0].startswith("lost: not queried (unreachable): ")


def test_the_second_run_changes_nothing(fleet: HealedFleet) -> None:
    assert {name: counts["changed"] for name, counts in recap(fleet.again).items() if counts["changed"]} == {}
    assert fleet.touched_again == []


@pytest.mark.parametrize("name", CASES)
def test_odoo_sends_again(fleet: HealedFleet, name: str) -> None:
    assert (canary(name) in fleet.canaries) is CASES[name].sends


def test_a_running_queue_is_awaited(lab: Lab, tmp_path: Path) -> None:
    """Its mails are sent once, and it is not interrupted."""
    broken = BrokenInstance.healthy(lab, "heal_running")
    try:
        broken.instance.needs_lasting_lock()
        fault("throttled mails")(broken)
        broken.instance.sql(f"UPDATE mail_mail SET email_to = '{address('failed')}'")
        # At more than a second each, these last until heal has reached them, and end within its timeout.
        broken.mail(20, email_to=address("queued"))
        broken.age_mails("2 minutes")
        lab.smtp[MAIN].configure(delay=0.3)
        broken.begin_queue()
        while not lab.smtp[MAIN].accepted():
            time.sleep(0.1)
        options = {f"odoo_{option}": value for option, value in broken.instance.options().items()}
        run = run_on(tmp_path, "heal", {"running": options})
        assert run.exit_code == 0, run.output
        assert run.results["Send the due mails"]["attempts"] > 1
        assert shown(run, LEFT)["running"] == [
            f"running: healthy (Odoo {lab.description['odoo']['version']})",
            "  Not examined: expiry. Nothing is known about their findings.",
        ]
        arrived = Counter(record["to"] for record in lab.smtp[MAIN].accepted())
        assert arrived == {address("failed"): 3, address("queued"): 20}
    finally:
        broken.drop()


def test_no_secret_is_shown(fleet: HealedFleet, lab: Lab) -> None:
    known = lab.environment()
    secrets = [lab.smtp[MAIN].password, known["ODOO_PASSWORD"], known["ODOO_API_KEY"]]
    for run in (fleet.doctor, fleet.check, fleet.heal, fleet.again):
        assert not [secret for secret in secrets if secret and secret in run.output]
