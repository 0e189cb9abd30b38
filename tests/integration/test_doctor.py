# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on a real Odoo: a healthy instance has no findings, and each fault yields its finding and no other.

Odoo runs without cron workers, so that only the fault changes an instance. Odoo does the work of a worker on request.

Every fifth fault is tested, or all of them with FAULTS=all (`make faults`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from broken_instance import MAIN, BrokenInstance, Diagnosis
from faults import CONSEQUENCES, FAULTS
from instance import TRANSPORTS
from lab import Lab
from playbook import ansible_playbook, play
from queue_action import IS_QUEUE_ACTION
from queue_faults import without_recipient

pytestmark = pytest.mark.second_lab

SLOW = "silence"
EVERY = 1 if os.environ.get("FAULTS") == "all" else 5
# The broken instances use it one after the other: Odoo loads it again faster than it drops it.
DATABASE = "doctor"


@pytest.fixture(scope="module", autouse=True)
def _without_workers(lab: Lab, request: pytest.FixtureRequest) -> Iterator[None]:
    if any("silent_server_tested" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("silent_server_tested").result()  # a restart would interrupt it
    lab.start_odoo(max_cron_threads=0)
    yield
    lab.drop(DATABASE)
    lab.start_odoo()


def found(diagnosis: Diagnosis, *severities: str) -> list[str]:
    return [finding["id"] for finding in diagnosis["findings"] if not severities or finding["severity"] in severities]


def with_fault(broken: BrokenInstance, name: str) -> Diagnosis:
    FAULTS[name][1](broken)
    return broken.examine()


@pytest.fixture(scope="module")
def slow_diagnosis(lab: Lab, _without_workers: None) -> Iterator[Future[Diagnosis]]:
    broken = BrokenInstance.healthy(lab, "doctor_slow")
    with ThreadPoolExecutor() as meanwhile:
        yield meanwhile.submit(with_fault, broken, SLOW)
    broken.drop()


@pytest.fixture(scope="module")
def table(slow_diagnosis: Future[Diagnosis], pytestconfig: pytest.Config) -> Iterator[list[str]]:
    """Return a table with one line for each fault, which is printed at the end."""
    lines: list[str] = []
    yield lines
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(["", f"{len(lines)} faults, one at a time:", *lines]))


@pytest.fixture
def broken(lab: Lab) -> Iterator[BrokenInstance]:
    broken = BrokenInstance.healthy(lab, DATABASE)
    yield broken
    broken.rest()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_healthy_instance(broken: BrokenInstance, transport: str) -> None:
    before = broken.instance.fingerprint()
    with broken.instance.session(transport) as session:
        diagnosis = diagnose(session, Examination())
    assert diagnosis["findings"] == []
    assert diagnosis["healthy"]
    assert [test["outcome"] for test in diagnosis["tests"]] == ["ok"]
    assert broken.instance.fingerprint() == before


@pytest.mark.parametrize("name", [*[name for name in FAULTS if name != SLOW][::EVERY], SLOW])
def test_fault(name: str, broken: BrokenInstance, table: list[str], slow_diagnosis: Future[Diagnosis]) -> None:
    expected = FAULTS[name][0]
    diagnosis = slow_diagnosis.result() if name == SLOW else with_fault(broken, name)
    mine = [finding for finding in diagnosis["findings"] if finding["id"] == expected]
    table += [f"{name:40} {expected:25} {mine[0]['severity'] if mine else 'MISSED':8} also {found(diagnosis)}"]
    assert mine, diagnosis["findings"]
    assert set(found(diagnosis, "error")) <= {expected, *CONSEQUENCES.get(name, ())}, diagnosis["findings"]
    assert "made-up" not in str(diagnosis)


def test_every_finding_is_brought_about() -> None:
    """The exceptions are the fallback, a finding that needs a configuration file, and one that only Odoo up to 17.0
    has.
    """
    assert {expected for expected, _bring in FAULTS.values()} == set(CATALOGUE) - {
        "server_failing",
        "cron_served_elsewhere",
        "cron_no_runs_left",
    }


def test_another_odoo_serves_the_database(broken: BrokenInstance) -> None:
    assert found(broken.examine(configuration={"max_cron_threads": "0"})) == ["cron_served_elsewhere"]
    assert found(broken.examine(configuration={"max_cron_threads": "2"})) == []


def _long_job(broken: BrokenInstance) -> None:
    """Let an action without mails run for two hours; others have run since."""
    broken.instance.needs("ir.cron.progress")
    broken.instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '2 hours' WHERE cron_name::text LIKE '%Base: Auto-vacuum internal data%'; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        "SELECT id, 1, now() at time zone 'utc' - interval '2 hours' FROM ir_cron WHERE cron_name::text LIKE '%Base: Auto-vacuum internal data%'"
    )


def _called_for_and_running(broken: BrokenInstance) -> None:
    """Odoo deletes the call only when the run has ended."""
    broken.instance.needs("ir.cron.progress")
    broken.instance.sql(
        "INSERT INTO ir_cron_trigger (cron_id, call_at) "
        f"SELECT id, now() at time zone 'utc' - interval '15 minutes' FROM ir_cron WHERE {IS_QUEUE_ACTION}; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        f"SELECT id, 1, now() at time zone 'utc' - interval '15 minutes' FROM ir_cron WHERE {IS_QUEUE_ACTION}"
    )


def _full_batches(broken: BrokenInstance) -> None:
    broken.parameter("mail.mail.queue.batch.size", "10")
    broken.mail(30)
    broken.age_mails("1 minute")
    broken.run_queue()


def _full_lanes(broken: BrokenInstance) -> None:
    with broken.instance.session() as session:
        policy = QUEUE_POLICY.declare({"lanes": [{"name": "all", "batch": 5}], "settle": 0})
        enforce(session, [policy], RunOptions())
    broken.mail(30)
    broken.age_mails("1 minute")
    broken.run_queue()


@pytest.mark.parametrize("do", [_long_job, _called_for_and_running, _full_batches, _full_lanes])
def test_healthy_states_that_resemble_a_fault(broken: BrokenInstance, do: Callable[[BrokenInstance], None]) -> None:
    do(broken)
    assert found(broken.examine()) == []


def test_mail_leaves_through_the_configuration_file(broken: BrokenInstance) -> None:
    broken.server(active=False)
    broken.instance.sql("UPDATE ir_mail_server SET write_date = write_date - interval '1 minute'")
    broken.mail(state="sent")
    (finding,) = broken.examine(checks=["server"])["findings"]
    assert (finding["id"], finding["severity"]) == ("no_active_server", "warning")
    relay = broken.lab.smtp["plain"]
    configuration = {"smtp_server": relay.host, "smtp_port": str(relay.port)}
    (finding,) = broken.examine(checks=["server"], configuration=configuration, probe=True)["findings"]
    assert finding["severity"] == "info"
    assert "From the machine that runs the task" in finding["evidence"]


def test_a_server_of_the_configuration_file(broken: BrokenInstance) -> None:
    broken.instance.needs_choice("ir.mail_server", "smtp_authentication", "cli")
    broken.server(smtp_authentication="cli")
    (finding,) = broken.examine(checks=["server"])["findings"]
    assert (finding["id"], finding["severity"]) == ("server_unreachable", "error")
    assert f"{MAIN!r} (the server of odoo.conf):" in finding["evidence"]
    assert "odoo.conf" in finding["remedy"]


def test_a_template_that_names_its_mail_server(broken: BrokenInstance) -> None:
    template = {"name": "A test", "model_id": broken.ids("ir.model", ["model", "=", "res.partner"])[0]}
    server = broken.ids("ir.mail_server", ["name", "=", MAIN])[0]
    broken.create("mail.template", **template, email_from="bound@else.example", mail_server_id=server)
    assert broken.examine(checks=["routing"])["findings"] == []
    broken.create("mail.template", **template, email_from='"{{ object.name }}" <free@else.example>')
    (finding,) = broken.examine(checks=["routing"])["findings"]
    assert "free@else.example" in finding["evidence"]


def test_five_at_once(broken: BrokenInstance) -> None:
    without_recipient(broken)
    broken.queue_action(active=False)
    broken.server(smtp_pass="wrong")
    broken.parameter("web.base.url", "http://localhost:8069")
    broken.admin_address("admin@else.example")
    assert found(broken.examine()) == [
        "cron_disabled",
        "auth_failed",
        "no_recipient",
        "base_url_localhost",
        "from_rewritten",
    ]


def test_the_owner_of_the_lock(broken: BrokenInstance) -> None:
    broken.overdue()
    assert found(broken.examine(checks=["cron"], lock_probe=True)) == ["cron_overdue_no_worker"]
    with broken.instance.locked("ir_cron", IS_QUEUE_ACTION):
        (finding,) = broken.examine(checks=["cron"], lock_probe=True)["findings"]
    assert finding["id"] == "cron_overdue_running"
    assert "A worker has locked 'Mail: Email Queue Manager'." in finding["evidence"]


def test_findings_of_an_smtp_dialogue(broken: BrokenInstance) -> None:
    broken.server(smtp_encryption=broken.instance.strict("ssl"))
    with broken.instance.session(read_only=True) as session:
        (finding,) = diagnose(session, Examination(probe=True))["findings"]
    assert finding["id"] == "tls_mismatch"
    assert "From the machine that runs the task" not in broken.examine()["findings"][0]["evidence"]
    strict = broken.instance.strict("starttls")
    assert finding["remedy"] == f"Use smtp_encryption: {strict}, smtp_port: {broken.lab.smtp[MAIN].port}."
    broken.instance.needs_strict()
    broken.through("expired", smtp_encryption="starttls_strict")
    mismatch, ended = broken.examine(probe=True)["findings"]
    assert "Its certificate is for localhost" in mismatch["evidence"]
    assert ended["id"] == "certificate_expires"


@pytest.mark.parametrize("in_process", [True, False])
def test_the_module(broken: BrokenInstance, tmp_path: Path, in_process: bool) -> None:
    """The module and the plugin show no secret at any verbosity, even if the server repeats it."""
    password = "made-up-password-of-a-test"
    broken.server(smtp_pass=password)
    broken.lab.smtp[MAIN].configure(replies={"AUTH": f"535 5.7.8 {password} is not welcome"})
    configuration = tmp_path / "odoo.conf"
    configuration.write_text("[options]\nsmtp_server = relay.example\nsmtp_password = made-up-password-in-a-file\n")
    options = broken.instance.options()
    tasks = {
        "gate": {},
        "told": {"fail_on": "never", "config_file": str(configuration)},
        "quiet": {"live_tests": False},
    }
    run = ansible_playbook(
        tmp_path,
        [
            play(
                *({"name": name, "postmaster.odoo.mail_doctor": options | more} for name, more in tasks.items()),
                {"name": "checked", "postmaster.odoo.mail_doctor": options, "check_mode": True},
                in_process=in_process,
                ignore_errors=True,
            )
        ],
        *("--inventory", "localhost,", "-vvvv"),
    )
    gate, told, quiet, checked = (run.results[name] for name in (*tasks, "checked"))
    assert (gate["failed"], gate["error_kind"], gate["changed"]) == (True, "threshold", False)
    assert gate["msg"].startswith("auth_failed: ")
    assert found(told) == ["auth_failed", "config_file_overridden"]
    assert (told["failed"], told["counts"]) == (False, {"error": 1, "warning": 0, "info": 1})
    assert quiet["healthy"]
    assert quiet["tests"] == []
    assert [test["outcome"] for test in checked["tests"]] == ["not_tested"]
    assert "made-up-password" not in run.output
