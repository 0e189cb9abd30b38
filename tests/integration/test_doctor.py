# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on a real Odoo: a healthy instance has nothing, and each fault that is brought into one is found, and no other.

Odoo runs without cron workers meanwhile, so that nothing but a fault changes an instance. What a worker would do, Odoo does on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.policy import Policy
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.installation import enforce_queue_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.policy import QueuePolicy
from instance import TRANSPORTS
from lab import Lab
from patient import FAULTS, MAIN, Diagnosis, Patient, queue_runs, without_recipient
from playbook import ansible_playbook, play

SLOW = "silence"
# One patient after the other has it: Odoo loads it anew in less time than it takes to drop it.
DATABASE = "doctor"


@pytest.fixture(scope="module", autouse=True)
def _without_workers(lab: Lab, request: pytest.FixtureRequest) -> Iterator[None]:
    if any("silent_server_tested" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("silent_server_tested").result()  # which a restart would cut off
    lab.start_odoo(max_cron_threads=0)
    yield
    lab.drop(DATABASE)
    lab.start_odoo()


def found(diagnosis: Diagnosis, *severities: str) -> list[str]:
    return [finding["id"] for finding in diagnosis["findings"] if not severities or finding["severity"] in severities]


def with_fault(patient: Patient, name: str) -> Diagnosis:
    FAULTS[name][1](patient)
    return patient.examine()


@pytest.fixture(scope="module")
def slow_diagnosis(lab: Lab, _without_workers: None) -> Iterator[Future[Diagnosis]]:
    patient = Patient.healthy(lab, "doctor_slow")
    with ThreadPoolExecutor() as meanwhile:
        yield meanwhile.submit(with_fault, patient, SLOW)
    patient.discharge()


@pytest.fixture(scope="module")
def table(slow_diagnosis: Future[Diagnosis], pytestconfig: pytest.Config) -> Iterator[list[str]]:
    """One line for each fault, printed at the end for all to see."""
    lines: list[str] = []
    yield lines
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(["", f"{len(lines)} faults, one at a time:", *lines]))


@pytest.fixture
def patient(lab: Lab) -> Iterator[Patient]:
    patient = Patient.healthy(lab, DATABASE)
    yield patient
    patient.rest()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_healthy_instance(patient: Patient, transport: str) -> None:
    before = patient.instance.fingerprint()
    with patient.instance.session(transport) as session:
        diagnosis = diagnose(session, Examination())
    assert diagnosis["findings"] == []
    assert diagnosis["healthy"]
    assert [test["outcome"] for test in diagnosis["tests"]] == ["ok"]
    assert patient.instance.fingerprint() == before


@pytest.mark.parametrize("name", [*(name for name in FAULTS if name != SLOW), SLOW])
def test_fault(name: str, patient: Patient, table: list[str], slow_diagnosis: Future[Diagnosis]) -> None:
    expected = FAULTS[name][0]
    diagnosis = slow_diagnosis.result() if name == SLOW else with_fault(patient, name)
    mine = [finding for finding in diagnosis["findings"] if finding["id"] == expected]
    table += [f"{name:40} {expected:25} {mine[0]['severity'] if mine else 'MISSED':8} also {found(diagnosis)}"]
    assert mine, diagnosis["findings"]
    assert set(found(diagnosis, "error")) <= {expected}, diagnosis["findings"]
    assert "made-up" not in str(diagnosis)


def test_every_finding_is_brought_about() -> None:
    """But for one, which is for what nobody foresaw."""
    assert {expected for expected, _bring in FAULTS.values()} == set(CATALOGUE) - {"server_failing"}


def _long_job(patient: Patient) -> None:
    """What mail does not depend on has been at it for two hours; others have run since."""
    patient.instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '2 hours' WHERE cron_name = 'Base: Auto-vacuum internal data'; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        "SELECT id, 1, now() at time zone 'utc' - interval '2 hours' FROM ir_cron WHERE cron_name = 'Base: Auto-vacuum internal data'"
    )


def _called_for_and_running(patient: Patient) -> None:
    """Odoo forgets the call only when the run has ended."""
    patient.instance.sql(
        "INSERT INTO ir_cron_trigger (cron_id, call_at) "
        "SELECT id, now() at time zone 'utc' - interval '15 minutes' FROM ir_cron WHERE cron_name = 'Mail: Email Queue Manager'; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        "SELECT id, 1, now() at time zone 'utc' - interval '15 minutes' FROM ir_cron WHERE cron_name = 'Mail: Email Queue Manager'"
    )


def _full_batches(patient: Patient) -> None:
    patient.parameter("mail.mail.queue.batch.size", "10")
    patient.mail(30)
    patient.age_mails("1 minute")
    patient.run_queue()


def _full_lanes(patient: Patient) -> None:
    with patient.instance.session() as session:
        policy = QueuePolicy({"lanes": [{"name": "all", "batch": 5}], "settle": 0})
        enforce_queue_policy(session, policy, Policy())
    patient.mail(30)
    patient.age_mails("1 minute")
    patient.run_queue()


@pytest.mark.parametrize("do", [_long_job, _called_for_and_running, _full_batches, _full_lanes])
def test_what_only_looks_like_a_fault(patient: Patient, do: Callable[[Patient], None]) -> None:
    do(patient)
    assert found(patient.examine()) == []


def test_mail_leaves_through_the_configuration_file(patient: Patient) -> None:
    patient.server(active=False)
    patient.instance.sql("UPDATE ir_mail_server SET write_date = write_date - interval '1 minute'")
    patient.mail(state="sent")
    (finding,) = patient.examine(checks=["server"])["findings"]
    assert (finding["id"], finding["severity"]) == ("no_active_server", "warning")
    relay = patient.lab.smtp["plain"]
    configuration = {"smtp_server": relay.host, "smtp_port": str(relay.port)}
    (finding,) = patient.examine(checks=["server"], configuration=configuration, probe=True)["findings"]
    assert finding["severity"] == "info"
    assert "From where the task runs" in finding["evidence"]


def test_a_server_of_the_configuration_file(patient: Patient) -> None:
    patient.server(smtp_authentication="cli")
    (finding,) = patient.examine(checks=["server"])["findings"]
    assert (finding["id"], finding["severity"]) == ("server_unreachable", "error")
    assert f"{MAIN!r} (the server of odoo.conf):" in finding["evidence"]
    assert "odoo.conf" in finding["remedy"]


def test_a_template_that_names_its_mail_server(patient: Patient) -> None:
    template = {"name": "A test", "model_id": patient.ids("ir.model", ["model", "=", "res.partner"])[0]}
    server = patient.ids("ir.mail_server", ["name", "=", MAIN])[0]
    patient.create("mail.template", **template, email_from="bound@else.example", mail_server_id=server)
    assert patient.examine(checks=["routing"])["findings"] == []
    patient.create("mail.template", **template, email_from='"{{ object.name }}" <free@else.example>')
    (finding,) = patient.examine(checks=["routing"])["findings"]
    assert "free@else.example" in finding["evidence"]


def test_five_at_once(patient: Patient) -> None:
    without_recipient(patient)
    patient.queue_action(active=False)
    patient.server(smtp_pass="wrong")
    patient.parameter("web.base.url", "http://localhost:8069")
    patient.admin_address("admin@else.example")
    assert found(patient.examine()) == [
        "cron_disabled",
        "auth_failed",
        "no_recipient",
        "base_url_localhost",
        "from_rewritten",
    ]


def test_who_holds_the_lock(patient: Patient) -> None:
    patient.overdue()
    assert found(patient.examine(checks=["cron"], lock_probe=True)) == ["cron_overdue_no_worker"]
    queue_runs(patient, delay=2)
    (finding,) = patient.examine(checks=["cron"], lock_probe=True)["findings"]
    assert finding["id"] == "cron_overdue_running"
    assert "A worker holds the lock of 'Mail: Email Queue Manager'." in finding["evidence"]


def test_what_speaking_smtp_adds(patient: Patient) -> None:
    patient.server(smtp_encryption="ssl_strict")
    with patient.instance.session(read_only=True) as session:
        (finding,) = diagnose(session, Examination(probe=True))["findings"]
    assert finding["id"] == "tls_mismatch"
    assert "From where the task runs" not in patient.examine()["findings"][0]["evidence"]
    assert finding["remedy"] == f"Use smtp_encryption: starttls_strict, smtp_port: {patient.lab.smtp[MAIN].port}."
    patient.through("expired", smtp_encryption="starttls_strict")
    (finding,) = patient.examine(probe=True)["findings"]
    assert "Its certificate is for localhost" in finding["evidence"]


@pytest.mark.parametrize("in_process", [True, False])
def test_the_module(patient: Patient, tmp_path: Path, in_process: bool) -> None:
    """Both front ends; at any verbosity without a secret, also where the server repeats it."""
    password = "made-up-password-of-a-test"
    patient.server(smtp_pass=password)
    patient.lab.smtp[MAIN].configure(replies={"AUTH": f"535 5.7.8 {password} is not welcome"})
    configuration = tmp_path / "odoo.conf"
    configuration.write_text("[options]\nsmtp_server = relay.example\nsmtp_password = made-up-password-in-a-file\n")
    options = patient.instance.options()
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
