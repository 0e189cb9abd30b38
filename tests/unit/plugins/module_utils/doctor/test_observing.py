# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examinations of simulated instances of each version, and the module that returns them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose, worst
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS, DEFAULT_CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observe import observe, read_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, add_alias_domain, neutralize, written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

TEST = ("ir.mail_server", "test_smtp_connection")
PASSWORD = "made-up-password"


def healthy(series: str, **how: Any) -> SimulatedOdoo:
    """Return an instance without findings."""
    odoo = SimulatedOdoo(series, **how)
    domain = add_alias_domain(odoo, "yourcompany.example")
    for company in odoo.records.tables["res.company"].values():
        company["alias_domain_id"] = domain
    for row in odoo.records.tables["ir.config_parameter"].values():
        if row["key"] == "web.base.url":
            row["value"] = "https://odoo.yourcompany.example"
    # It was disabled on the instance from which the facts of 19.0 were recorded.
    queue = odoo.record("ir.cron", odoo.ref(QUEUE))
    queue.update(active=True, lastcall=ago(odoo, 30), nextcall=ago(odoo, -30))
    # The certificate is verified if this Odoo can do it.
    strict = {"smtp_encryption": "starttls_strict" if odoo.major >= 19 else "starttls"}
    odoo.add("ir.mail_server", **{**MAIN, **strict})
    return odoo


def ago(odoo: SimulatedOdoo, minutes: float) -> str:
    return (odoo.now - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def all_overdue(odoo: SimulatedOdoo) -> None:
    """Every action has been due for twenty minutes, and none has run since."""
    for cron in odoo.records.tables["ir.cron"].values():
        cron.update(nextcall=ago(odoo, 20), lastcall=ago(odoo, 80))


MAIN = {
    "name": "Main",
    "smtp_host": "smtp.yourcompany.example",
    "smtp_port": 587,
    "smtp_user": "robot",
    "smtp_pass": PASSWORD,
    "from_filter": "yourcompany.example",
}


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    return healthy(series)


def examine(odoo: SimulatedOdoo, *, check: bool = False, **how: Any) -> dict[str, Any]:
    return diagnose(odoo.session(read_only=check), Examination(**how))


def look(session: Session, checks: Collection[str] = CHECKS) -> Observation:
    return observe(session, Limits(), checks, read_servers(session, checks))


def found(odoo: SimulatedOdoo, **how: Any) -> list[str]:
    return [finding["id"] for finding in examine(odoo, **how)["findings"]]


def test_no_findings(odoo: SimulatedOdoo) -> None:
    diagnosis = examine(odoo)
    assert diagnosis["findings"] == []
    assert diagnosis["counts"] == {"error": 0, "warning": 0, "info": 0}
    assert diagnosis["healthy"]
    assert [test["outcome"] for test in diagnosis["tests"]] == ["ok"]
    assert written(odoo) == [TEST]


def test_check_mode_only_reads(odoo: SimulatedOdoo) -> None:
    odoo.smtp = lambda _server: "Connection refused"
    all_overdue(odoo)
    diagnosis = examine(odoo, check=True, lock_probe=True)
    assert [test["outcome"] for test in diagnosis["tests"]] == ["not_tested"]
    assert [finding["id"] for finding in diagnosis["findings"]] == ["cron_overdue_no_worker"]
    assert written(odoo) == []


def test_without_live_tests_no_server_is_contacted(odoo: SimulatedOdoo) -> None:
    assert examine(odoo, live_tests=False)["tests"] == []
    assert written(odoo) == []


def test_the_number_of_calls_is_the_same_for_any_size(series: str) -> None:
    prices = []
    for count in (1, 40):
        odoo = healthy(series)
        for number in range(count):
            odoo.add("ir.mail_server", name=f"S{number}", smtp_host=f"smtp{number}.example", active=False)
            odoo.add("mail.mail", state="exception", failure_reason=f"{number}", email_from=f"{number}@b.example")
            odoo.add("res.users", login=f"u{number}", name="U", email=f"u{number}@yourcompany.example", active=True)
            odoo.add("res.company", name=f"C{number}")
        session = odoo.session(read_only=True)
        look(session)
        prices.append(len(session.calls))
    assert prices[0] == prices[1] <= 54


def test_the_tests_do_not_repeat_reads(odoo: SimulatedOdoo) -> None:
    without, with_tests = odoo.session(), odoo.session()
    diagnose(without, Examination(live_tests=False))
    diagnose(with_tests, Examination())
    assert sorted(with_tests.calls) == sorted([*without.calls, "ir.mail_server.test_smtp_connection"])


@pytest.mark.parametrize("check", DEFAULT_CHECKS)
def test_a_check_reads_its_inputs(odoo: SimulatedOdoo, check: str) -> None:
    assert found(odoo, checks=[check]) == []
    models = {model for model, _method, _ids, _arguments in odoo.log}
    assert ("mail.mail" in models) is (check in ("queue", "routing", "setup"))
    assert (TEST in written(odoo)) is (check == "server")


def test_no_secret_is_returned(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="google_gmail_client_secret", value="made-up-client-secret")
    odoo.smtp = lambda _server: f"Server replied with following exception:\n (535, b'5.7.8 {PASSWORD} is wrong')"
    seen = look(odoo.session(read_only=True))
    diagnosis = examine(odoo)
    assert "auth_failed" in [finding["id"] for finding in diagnosis["findings"]]
    assert PASSWORD not in repr(seen) + repr(diagnosis)
    assert "made-up-client-secret" not in repr(seen) + repr(diagnosis)


def test_a_neutralized_copy_is_one_finding(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    odoo.smtp = lambda _server: "Name or service not known"
    assert found(odoo, checks=["cron", "server", "queue", "setup"]) == ["neutralized"]


def test_locks_show_the_running_action(odoo: SimulatedOdoo) -> None:
    all_overdue(odoo)
    odoo.running_crons.add(odoo.ref(QUEUE))
    (finding,) = examine(odoo, checks=["cron"], lock_probe=True)["findings"]
    assert finding["id"] == "cron_overdue_running"
    assert "has locked 'Mail: Email Queue Manager'" in finding["evidence"]
    odoo.running_crons.clear()
    (finding,) = examine(odoo, checks=["cron"], lock_probe=True)["findings"]
    assert finding["id"] == "cron_overdue_no_worker"
    assert "No worker has locked it." in finding["evidence"]
    assert {call for call in written(odoo) if call != TEST} == {("ir.cron", "write")}


def test_missing_settings_of_oauth2(odoo: SimulatedOdoo) -> None:
    for server in odoo.records.tables["ir.mail_server"].values():
        server["active"] = False
    odoo.add(
        "ir.mail_server",
        name="Gmail",
        smtp_authentication="gmail",
        smtp_encryption="starttls",
        smtp_host="smtp.gmail.com",
        smtp_user="sales@yourcompany.example",
        from_filter="yourcompany.example",
    )
    odoo.add("ir.config_parameter", key="google_gmail_client_id", value="made-up-client")
    findings = {finding["id"]: finding for finding in examine(odoo)["findings"]}
    assert set(findings) == {"oauth_misconfigured", "oauth_not_connected"}
    assert "google_gmail_client_secret" in findings["oauth_misconfigured"]["evidence"]


def test_up_to_16_parameters_replace_alias_domains() -> None:
    odoo = SimulatedOdoo("16.0")
    odoo.add("ir.mail_server", **MAIN, smtp_encryption="starttls")
    assert found(odoo, checks=["setup"]) == ["alias_domain_missing", "default_from_missing", "base_url_localhost"]
    odoo.add("ir.config_parameter", key="mail.catchall.domain", value="yourcompany.example")
    odoo.add("ir.config_parameter", key="mail.default.from", value="notifications")
    assert found(odoo, checks=["setup"]) == ["base_url_localhost"]
    (rules,) = look(odoo.session()).rules
    assert rules.notifications == "notifications@yourcompany.example"


def test_waiting_mails_by_age(odoo: SimulatedOdoo) -> None:
    for hours in (1, 3, 200, 200):
        mail = odoo.add("mail.mail", state="outgoing", email_from="info@yourcompany.example")
        odoo.record("mail.mail", mail)["create_date"] = ago(odoo, 60 * hours)
    findings = {finding["id"]: finding for finding in examine(odoo, checks=["queue"])["findings"]}
    assert findings["oldest_too_old"]["evidence"] == "1 mail has been waiting for more than 120 minutes (max_age)."
    assert findings["stale_outgoing"]["evidence"].startswith(
        "2 mails have been waiting for more than 7 days. The oldest is mail "
    )


def test_senders_of_mail_without_a_server_of_its_own(odoo: SimulatedOdoo) -> None:
    server = next(iter(odoo.records.tables["ir.mail_server"]))
    odoo.add("mail.template", name="Bound", email_from="bound@else.example", mail_server_id=server)
    odoo.add("mail.mail", state="sent", email_from="sent@else.example", mail_server_id=server)
    odoo.add("mail.template", name="Named", email_from='"{{ object.name }}" <named@else.example>')
    odoo.add("mail.template", name="Half", email_from="{{ object.name }}@else.example")
    odoo.add("mail.template", name="Whole", email_from="{{ object.email or 'a@else.example' }}")
    odoo.add("mail.mail", state="sent", email_from="recent@else.example")
    senders = look(odoo.session(), ["routing"]).senders
    assert {sender.address for sender in senders if "else.example" in sender.address} == {
        "named@else.example",
        "recent@else.example",
    }


def test_mail_that_leaves_without_a_server(odoo: SimulatedOdoo) -> None:
    (server,) = odoo.records.tables["ir.mail_server"].values()
    server.update(active=False, write_date=ago(odoo, 60))
    mail = odoo.add("mail.mail", state="sent", email_from="info@yourcompany.example")
    for minutes, severity in ((90, "error"), (30, "warning")):
        odoo.record("mail.mail", mail)["write_date"] = ago(odoo, minutes)
        (finding,) = examine(odoo, checks=["server"])["findings"]
        assert (finding["id"], finding["severity"]) == ("no_active_server", severity)


def test_the_relay_is_contacted(odoo: SimulatedOdoo) -> None:
    (server,) = odoo.records.tables["ir.mail_server"].values()
    server["active"] = False
    relay = {"smtp_server": "127.0.0.1", "smtp_port": "1"}
    (finding,) = examine(odoo, checks=["server"], probe=True, configuration=relay)["findings"]
    assert (finding["id"], finding["severity"]) == ("no_active_server", "error")
    assert "From the machine that runs the task: 127.0.0.1:1, connect: " in finding["evidence"]


def test_the_queue_alone_needs_no_parameters(odoo: SimulatedOdoo) -> None:
    """Only the notes about attempts, about postponed mails, and about the sender of the queue are read."""
    examine(odoo, checks=["queue"])
    asked = [arguments["domain"] for model, _method, _ids, arguments in odoo.log if model == "ir.config_parameter"]
    assert asked == [[["key", "in", [ATTEMPTS_KEY, PUT_OFF_KEY, SENDING_KEY]]]]


def test_an_examination_without_checks() -> None:
    with pytest.raises(Invalid, match="checks is empty"):
        Examination(checks=[])


def test_findings_are_a_verdict() -> None:
    findings = [{"id": name, "severity": name, "evidence": "…"} for name in ("error", "warning", "info")]
    diagnosis = {"findings": findings}
    assert worst(diagnosis, "never") == []
    assert worst(diagnosis, "error") == ["error: …"]
    assert worst(diagnosis, "warning") == ["error: …", "warning: …"]


# The module


def test_the_module(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = connect_to(odoo, monkeypatch)
    assert shipped("mail_doctor", {}, capsys)["healthy"] is True
    odoo.record("ir.cron", odoo.ref(QUEUE))["active"] = False
    failed = shipped("mail_doctor", {}, capsys)
    assert (failed["failed"], failed["error_kind"], failed["changed"]) == (True, "threshold", False)
    assert failed["msg"].startswith("cron_disabled: 'Mail: Email Queue Manager' is inactive.")
    assert failed["findings"][0]["id"] == "cron_disabled"
    for wrong in ({"checks": []}, {"max_age": -1}, {"stale_days": 10**7}):
        assert shipped("mail_doctor", wrong, capsys)["error_kind"] == "invalid"
    told = shipped("mail_doctor", {"fail_on": "never", "live_tests": False}, capsys)
    assert told.get("failed") is None
    assert told["findings"] == failed["findings"]
    assert [one["read_only"] for one in asked] == [False, False, True]


def test_the_module_reads_the_configuration_file(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(odoo, monkeypatch)
    path = tmp_path / "odoo.conf"
    path.write_text(
        "[options]\nsmtp_server = relay.example\nsmtp_password = made-up\nmax_cron_threads = 0\nemail_from = False\n"
    )
    result = shipped("mail_doctor", {"config_file": str(path)}, capsys)
    elsewhere, finding = result["findings"]
    assert (elsewhere["id"], elsewhere["severity"]) == ("cron_served_elsewhere", "info")
    assert (finding["id"], finding["severity"]) == ("config_file_overridden", "info")
    assert "odoo.conf names the SMTP server relay.example:25" in finding["evidence"]
    assert "made-up" not in str(result)
    all_overdue(odoo)
    overdue = shipped("mail_doctor", {"config_file": str(path), "checks": ["cron"]}, capsys)
    assert "In odoo.conf max_cron_threads is 0." in overdue["findings"][0]["evidence"]
    missing = shipped("mail_doctor", {"config_file": str(tmp_path / "none")}, capsys)
    assert missing["error_kind"] == "invalid"
    assert missing["msg"].startswith(f"config_file: cannot read {tmp_path / 'none'} as")
