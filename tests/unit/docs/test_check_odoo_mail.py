# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugin for Nagios and Icinga, with reports of the filter `doctor_report`.

tests/integration/test_doctor_playbook.py runs it on real reports.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.filter.doctor_report import doctor_report
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import DEFAULT_CHECKS

PLUGIN = Path(__file__).resolve().parents[3] / "docs/monitoring/check_odoo_mail.py"
# The output that the plugin guidelines of Nagios require: text, a bar, and labels with values and units.
LINE = re.compile(r"ODOO MAIL (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \|( \w+=-?\d+s?)+)?\n")

QUEUE = {"states": {"exception": 3}, "due": 2, "oldest_due": {"age_seconds": 90}}

Check = Callable[..., tuple[int, str]]


def result(*findings: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = [{"id": name, "severity": severity, "title": name} for name, severity in findings]
    return {"findings": found, "queue": QUEUE, "expiry": [], "checks": DEFAULT_CHECKS, **more}


HEALTHY = result(("unverified_tls", "info"))
WARNS = result(("base_url_localhost", "warning"), ("unverified_tls", "info"))
ILL = result(("cron_disabled", "error"), ("cron_disabled", "error"), ("base_url_localhost", "warning"))
LOST = {"msg": "secret | words", "error_kind": "unreachable"}


def plugin(*arguments: str | Path) -> tuple[int, str]:
    """Return the exit code and the output of the plugin."""
    run = subprocess.run([sys.executable, PLUGIN, *arguments], capture_output=True, text=True, check=False)
    assert not run.stderr
    assert LINE.fullmatch(run.stdout), run.stdout
    return run.returncode, run.stdout


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Run the plugin on a report of these results."""

    def check(results: dict[str, Any], *arguments: str, hours: float = 0) -> tuple[int, str]:
        generated = f"{datetime.now(timezone.utc) - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        path = tmp_path / "doctor.json"
        path.write_text(json.dumps(doctor_report(results, generated=generated)))
        return plugin("--report", path, *arguments)

    return check


@pytest.mark.parametrize(
    ("test_result", "test_code", "test_words"),
    [
        (HEALTHY, 0, "OK - acme: healthy | errors=0 warnings=0 not_queried=0 due=2 failed=3 oldest_due=90s"),
        (WARNS, 1, "WARNING - acme: base_url_localhost | errors=0 warnings=1"),
        (ILL, 2, "CRITICAL - acme: cron_disabled, base_url_localhost | errors=2 warnings=1"),
        (LOST, 3, "UNKNOWN - acme: not queried (unreachable) | errors=0 warnings=0 not_queried=1"),
    ],
)
def test_one_instance(check: Check, test_result: dict[str, Any], test_code: int, test_words: str) -> None:
    code, line = check({"globex": ILL, "acme": test_result}, "--instance", "acme")
    assert code == test_code
    assert line.startswith(f"ODOO MAIL {test_words}")


def test_all_instances_have_the_status_of_the_worst(check: Check) -> None:
    assert check({"a": HEALTHY, "b": HEALTHY})[0] == 0
    assert check({"a": HEALTHY, "b": WARNS})[0] == 1
    assert check({"a": WARNS, "b": LOST})[0] == 3
    code, line = check({"a": WARNS, "b": LOST, "c": ILL, "d": HEALTHY})
    assert code == 2
    assert line.startswith(
        "ODOO MAIL CRITICAL - c: cron_disabled, base_url_localhost; b: not queried (unreachable); a: base_url_localhost |"
    )


def test_many_findings_are_counted(check: Check) -> None:
    _code, line = check({"a": result(*((f"finding_{number}", "error") for number in range(8)))})
    assert "finding_4 and 3 more | errors=8" in line


def test_the_next_expiry_is_performance_data(check: Check) -> None:
    ends = [{"ends": "2001-01-01T00:00:00+00:00"}, {"ends": None}, {"ends": "2101-01-01T00:00:00+00:00"}]
    assert re.search(r" next_end=-\d+s\n", check({"a": result(expiry=ends)})[1])


def test_a_name_cannot_forge_performance_data(check: Check) -> None:
    code, line = check({"a|errors=0\nOK": LOST})
    assert code == 3
    assert "a?errors=0?OK: not queried" in line


def test_an_old_report_is_unknown(check: Check) -> None:
    assert check({"a": HEALTHY}, hours=25)[0] == 0
    code, line = check({"a": HEALTHY}, hours=27)
    assert (code, "is 27 hours old (at most 26)" in line) == (3, True)
    assert check({"a": HEALTHY}, "--max-age", "1", hours=2)[0] == 3


def test_a_report_from_the_future_is_unknown(check: Check) -> None:
    assert check({"a": HEALTHY}, hours=-0.1)[0] == 0
    code, line = check({"a": HEALTHY}, hours=-2)
    assert (code, "is 2.0 hours in the future: set the clocks" in line) == (3, True)


@pytest.mark.parametrize("test_hours", ["nan", "inf", "-1", "0", "x"])
def test_a_maximum_age_must_be_a_positive_number(check: Check, test_hours: str) -> None:
    code, line = check({"a": HEALTHY}, f"--max-age={test_hours}")
    assert (code, "--max-age" in line) == (3, True)


def test_an_instance_that_is_not_in_the_report_is_unknown(check: Check) -> None:
    code, line = check({"a": HEALTHY}, "--instance", "b")
    assert (code, line.endswith("has no instance b\n")) == (3, True)
    assert check({})[0] == 3


@pytest.mark.parametrize(
    "test_text", ["", "[]", "{", "[" * 100_000, '{"format": 2}', '{"format": 1}', '{"format": 1, "generated": 5}']
)
def test_a_file_that_is_not_a_report_is_unknown(tmp_path: Path, test_text: str) -> None:
    (tmp_path / "doctor.json").write_text(test_text)
    assert plugin("--report", tmp_path / "doctor.json")[0] == 3


def values(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container of a report with each of its keys."""
    if isinstance(node, (dict, list)):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from values(node[key])


@pytest.mark.parametrize(
    "test_value", [None, [], {}, "x", "x\nOK|a=1", "\ud800", -1, 1e400, [[1]], {"x": 1}], ids=ascii
)
def test_a_damaged_report_never_ends_in_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], test_value: Any
) -> None:
    spec = importlib.util.spec_from_file_location(PLUGIN.stem, PLUGIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = tmp_path / "doctor.json"
    expiry = [{"ends": "2101-01-01T00:00:00+00:00"}]
    report = doctor_report(
        {"a": {**ILL, "expiry": expiry}, "b": LOST}, generated=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    )
    tried = list(values(report))
    assert len(tried) > 60
    for container, key in tried:
        former, container[key] = container[key], test_value
        path.write_text(json.dumps(report))
        container[key] = former
        assert module.main(["--report", str(path)]) in range(4)
        assert LINE.fullmatch(capsys.readouterr().out), (container, key)


def test_a_text_of_the_user_does_not_add_a_line(check: Check, tmp_path: Path) -> None:
    name = "nope\n|x=1"
    assert check({"a": HEALTHY}, "--instance", name)[1].endswith("has no instance nope??x=1\n")
    assert plugin("--report", tmp_path / name)[0] == 3
    assert plugin("--report", tmp_path, f"--{name}")[0] == 3


def test_a_name_that_the_output_cannot_encode_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "doctor.json"
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    path.write_text(json.dumps(doctor_report({"müller": WARNS}, generated=now)))
    run = subprocess.run(
        [sys.executable, PLUGIN, "--report", path],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert (run.returncode, "WARNING - m\\xfcller: base_url_localhost |" in run.stdout) == (1, True)


def test_findings_have_precedence_over_a_status_that_is_too_good(check: Check, tmp_path: Path) -> None:
    check({"a": ILL})
    path = tmp_path / "doctor.json"
    report = json.loads(path.read_text())
    report["instances"][0]["status"] = "healthy"
    path.write_text(json.dumps(report))
    assert plugin("--report", path)[0] == 2


def test_a_file_or_an_option_that_is_missing_is_unknown(tmp_path: Path) -> None:
    assert plugin("--report", tmp_path / "doctor.json") == (
        3,
        f"ODOO MAIL UNKNOWN - the report {tmp_path / 'doctor.json'} cannot be read: No such file or directory\n",
    )
    assert plugin()[0] == 3


def test_checks_that_did_not_run_are_unknown(check: Check) -> None:
    narrowed = {**HEALTHY, "checks": ["cron", "queue"]}
    code, line = check({"a": narrowed, "b": HEALTHY})
    assert code == 3
    assert line.startswith("ODOO MAIL UNKNOWN - a: not examined: server, routing, setup, expiry |")
    assert check({"a": narrowed}, "--checks", "cron,queue")[0] == 0
    # A known error remains the worse status.
    code, line = check({"a": {**ILL, "checks": ["cron"]}})
    assert code == 2
    assert "cron_disabled, base_url_localhost, not examined: server, routing, queue, setup, expiry |" in line


def test_the_default_checks_are_those_of_the_doctor() -> None:
    options = subprocess.run([sys.executable, PLUGIN, "--help"], capture_output=True, text=True, check=True)
    assert "--checks" in options.stdout
    text = PLUGIN.read_text(encoding="utf-8")
    assert f"DEFAULT_CHECKS = {json.dumps(DEFAULT_CHECKS)}".replace("[", "(").replace("]", ")") in text
