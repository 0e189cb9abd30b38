# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a diagnosis. tests/integration/test_monitoring.py has promtool read them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.metrics import doctor_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import prometheus_text
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import CONNECTION, connect_to, shipped

LABELS = 'url="http://odoo.example",database="simulated"'
END = {"kind": "api_key", "subject": "The API key 'a'", "ends": "2026-12-04T00:00:00+00:00"}


def diagnosis(**more: Any) -> dict[str, Any]:
    findings = [{"id": name, "severity": "error"} for name in ("cron_disabled", "auth_failed", "auth_failed")]
    return {"counts": {"error": 3, "warning": 0, "info": 0}, "findings": findings, "expiry": [END], **more}


def samples(found: dict[str, Any] | None) -> list[str]:
    """The lines of the text that are samples."""
    lines = prometheus_text(doctor_metrics(found, moment=1790000000.25), {}).splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_metrics_of_a_diagnosis() -> None:
    assert samples(diagnosis()) == [
        "odoo_mail_doctor_up{} 1",
        "odoo_mail_doctor_checked_timestamp_seconds{} 1790000000.25",
        'odoo_mail_doctor_findings{severity="error"} 3',
        'odoo_mail_doctor_findings{severity="warning"} 0',
        'odoo_mail_doctor_findings{severity="info"} 0',
        'odoo_mail_doctor_findings_by_id{id="auth_failed",severity="error"} 2',
        'odoo_mail_doctor_findings_by_id{id="cron_disabled",severity="error"} 1',
        'odoo_mail_expiry_timestamp_seconds{kind="api_key",subject="The API key \'a\'"} 1796342400',
    ]


def test_two_ends_of_one_name_are_one_sample_with_the_first_end() -> None:
    later = {**END, "ends": "2027-12-04T00:00:00+00:00"}
    endless = {**END, "subject": "The API key 'b'", "ends": None}
    (line,) = [line for line in samples(diagnosis(expiry=[later, END, endless])) if "expiry" in line]
    assert line.endswith(" 1796342400")


def test_nothing_is_said_of_ends_that_were_not_looked_at() -> None:
    assert not [line for line in samples(diagnosis(expiry=None)) if "expiry" in line]


def test_a_label_is_text_in_utf_8() -> None:
    (line,) = [line for line in samples(diagnosis(expiry=[{**END, "subject": 'a\ud800"\\\n'}])) if "expiry" in line]
    assert 'subject="a?\\"\\\\\\n"' in line


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


def test_an_instance_that_cannot_be_asked_is_down(
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


def test_options_that_are_wrong_write_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    connect_to(SimulatedOdoo("19.0"), monkeypatch)
    path = tmp_path / "acme.doctor.prom"
    result = shipped("mail_doctor", {"checks": [], "metrics_file": str(path)}, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "invalid")
    assert not path.exists()
