# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a diagnosis. In tests/integration/test_monitoring.py, promtool reads them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.examine import checks_to_keep
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS, DEFAULT_CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.metrics import checks_in, doctor_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.metrics_file import MetricsFile
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import prometheus_text
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import CONNECTION, connect_to, shipped

LABELS = 'url="http://odoo.example",database="simulated"'
END = {"kind": "api_key", "subject": "The API key 'a'", "ends": "2026-12-04T00:00:00+00:00", "severity": "error"}


def diagnosis(**more: Any) -> dict[str, Any]:
    findings = [{"id": name, "severity": "error"} for name in ("cron_disabled", "auth_failed", "auth_failed")]
    counts = {"error": 3, "warning": 0, "info": 0}
    return {"checks": DEFAULT_CHECKS, "counts": counts, "findings": findings, "expiry": [END], **more}


def samples(found: dict[str, Any] | None) -> list[str]:
    """Return the lines of the text that are samples."""
    lines = prometheus_text(doctor_metrics(found, moment=1790000000.25), {}).splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_metrics_of_a_diagnosis() -> None:
    assert samples(diagnosis()) == [
        "odoo_mail_doctor_up{} 1",
        "odoo_mail_doctor_checked_timestamp_seconds{} 1790000000.25",
        *(f'odoo_mail_doctor_check_ran{{check="{check}"}} {int(check != "dns")}' for check in CHECKS),
        'odoo_mail_doctor_findings{severity="error"} 3',
        'odoo_mail_doctor_findings{severity="warning"} 0',
        'odoo_mail_doctor_findings{severity="info"} 0',
        'odoo_mail_doctor_findings_by_id{id="auth_failed",severity="error"} 2',
        'odoo_mail_doctor_findings_by_id{id="cron_disabled",severity="error"} 1',
        'odoo_mail_expiry_timestamp_seconds{kind="api_key",subject="The API key \'a\'",severity="error"} 1796342400',
    ]


def test_two_expiry_dates_of_one_name_are_one_sample_with_the_first() -> None:
    later = {**END, "ends": "2027-12-04T00:00:00+00:00"}
    endless = {**END, "subject": "The API key 'b'", "ends": None}
    (line,) = [line for line in samples(diagnosis(expiry=[later, END, endless])) if "mail_expiry" in line]
    assert line.endswith(" 1796342400")


def test_an_expiry_date_without_a_finding_has_no_severity() -> None:
    (line,) = [line for line in samples(diagnosis(expiry=[{**END, "severity": None}])) if "mail_expiry" in line]
    assert ',severity="none"}' in line


def test_expiry_dates_that_were_not_read_have_no_sample() -> None:
    assert not [line for line in samples(diagnosis(expiry=None)) if "mail_expiry" in line]


def test_a_label_is_text_in_utf_8() -> None:
    (line,) = [
        line for line in samples(diagnosis(expiry=[{**END, "subject": 'a\ud800"\\\n'}])) if "mail_expiry" in line
    ]
    assert 'subject="a?\\"\\\\\\n",severity="error"' in line


def test_the_module_writes_them_but_not_in_check_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(SimulatedOdoo("19.0"), monkeypatch)
    path = tmp_path / "acme.doctor.prom"
    options = {"checks": ["cron", "expiry"], "fail_on": "never", "metrics_file": str(path)}
    shipped("mail_doctor", options, capsys, check=True)
    assert not path.exists()
    result = shipped("mail_doctor", options, capsys)
    text = path.read_text()
    assert f"odoo_mail_doctor_up{{{LABELS}}} 1\n" in text
    for severity, count in result["counts"].items():
        assert f'odoo_mail_doctor_findings{{{LABELS},severity="{severity}"}} {count}\n' in text


def test_a_secret_in_a_name_is_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    odoo = SimulatedOdoo("19.0")
    ends = (odoo.now + timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S")
    name = f"for {CONNECTION['api_key']}"
    odoo.add("res.users.apikeys", name=name, user_id=odoo.uid, scope=False, expiration_date=ends)
    connect_to(odoo, monkeypatch)
    path = tmp_path / "acme.doctor.prom"
    shipped("mail_doctor", {"checks": ["expiry"], "fail_on": "never", "metrics_file": str(path)}, capsys)
    text = path.read_text()
    assert 'kind="api_key"' in text
    assert "for ****" in text
    assert CONNECTION["api_key"] not in text


def test_an_unreachable_instance_is_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def unreachable(**_options: Any) -> Any:
        raise Unreachable("Odoo at http://odoo.example: connection refused.")

    monkeypatch.setattr(rpc_session, "connect", unreachable)
    path = tmp_path / "acme.doctor.prom"
    result = shipped("mail_doctor", {"metrics_file": str(path)}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "unreachable")
    text = path.read_text()
    assert f"odoo_mail_doctor_up{{{LABELS}}} 0\n" in text
    assert "odoo_mail_doctor_findings" not in text


def test_wrong_options_write_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(SimulatedOdoo("19.0"), monkeypatch)
    path = tmp_path / "acme.doctor.prom"
    result = shipped("mail_doctor", {"checks": [], "metrics_file": str(path)}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "invalid")
    assert not path.exists()


def test_a_run_with_fewer_checks_does_not_replace_the_metrics_of_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    odoo = SimulatedOdoo("19.0")
    connect_to(odoo, monkeypatch)
    path = tmp_path / "acme.doctor.prom"

    def run(*checks: str) -> dict[str, Any]:
        return shipped("mail_doctor", {"checks": checks, "fail_on": "never", "metrics_file": str(path)}, capsys)

    assert run("cron", "queue")["checks"] == ["cron", "queue"]
    text = path.read_text()
    assert f'odoo_mail_doctor_check_ran{{{LABELS},check="queue"}} 1\n' in text
    assert f'odoo_mail_doctor_check_ran{{{LABELS},check="expiry"}} 0\n' in text
    (warning,) = [one for one in run("cron")["warnings"] if "metrics_file" in one]
    assert "of the checks queue, which did not run now" in warning
    assert path.read_text() == text
    run("cron", "queue", "setup")
    assert 'check="setup"} 1\n' in path.read_text()


def test_a_check_on_request_may_be_left_out_again(tmp_path: Path) -> None:
    with_dns = prometheus_text(doctor_metrics(diagnosis(checks=CHECKS), moment=0), {"url": "u"})
    assert checks_in(with_dns) == set(CHECKS)
    path = tmp_path / "acme.prom"
    path.write_text(with_dns)
    file = MetricsFile(str(path), {}, ())
    assert checks_to_keep(file, diagnosis()) == []
    assert checks_to_keep(file, diagnosis(checks=["cron", "dns"])) == ["expiry", "queue", "routing", "server", "setup"]


def test_metrics_that_cannot_be_written_take_nothing_from_the_diagnosis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(SimulatedOdoo("19.0"), monkeypatch)
    path = tmp_path / "nowhere/acme.prom"
    words = f"metrics_file {path} cannot be written: No such file or directory. Choose a path in a folder that this user can write to."
    for name, key, options in (
        ("mail_doctor", "findings", {"checks": ["cron"], "fail_on": "never"}),
        ("mail_queue_info", "queue", {}),
    ):
        result = shipped(name, {**options, "metrics_file": str(path)}, capsys)
        assert key in result
        assert (result["failed"], result["error_kind"], result["msg"]) == (True, "invalid", words)
        assert (result["metrics_error"], result["warnings"]) == (words, [words])


def test_metrics_that_cannot_be_written_do_not_hide_why_an_instance_was_not_queried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def unreachable(**_options: Any) -> Any:
        raise Unreachable("Odoo at http://odoo.example: nothing listens there.")

    monkeypatch.setattr(rpc_session, "connect", unreachable)
    result = shipped("mail_doctor", {"metrics_file": str(tmp_path / "nowhere/acme.prom")}, capsys)
    assert (result["error_kind"], result["msg"]) == (
        "unreachable",
        "Odoo at http://odoo.example: nothing listens there.",
    )
    assert "cannot be written" in result["warnings"][0]
