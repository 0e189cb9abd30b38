# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `doctor`: its report for a whole inventory, its files, and its failures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from broken_instance import BrokenInstance
from faults import FAULTS
from inventory import failed_hosts, run_on, shown
from lab import Lab
from playbook import Run

pytestmark = pytest.mark.in_process

ILL = ("no recipients", "a wrong password", "links to localhost", "a user of another domain")
SHOW, OVERVIEW = "Show the findings", "All instances"

Hosts = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[Hosts]:
    """Return a healthy instance, a broken one, one with warnings, one that does not answer, and one that rejects the
    key.
    """
    lab.start_odoo(max_cron_threads=0)
    faults = {"acme": (), "globex": ILL, "initech": ("throttled mails", "links to localhost")}
    broken_instances = {host: BrokenInstance.healthy(lab, f"doctor_playbook_{host}") for host in faults}
    for host, names in faults.items():
        for name in names:
            FAULTS[name][1](broken_instances[host])
    options = {host: broken.instance.options() for host, broken in broken_instances.items()}
    options["umbrella"] = {**options["acme"], "url": "http://127.0.0.1:1"}
    options["hooli"] = {**options["acme"], "api_key": "made-up-key-that-nobody-knows"}
    yield {host: {f"odoo_{name}": value for name, value in given.items()} for host, given in options.items()}
    lab.stop_odoo()
    for broken in broken_instances.values():
        broken.drop()
    lab.start_odoo()


@pytest.fixture(scope="module")
def run(hosts: Hosts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("doctor")
    report = folder / "reports" / "mail"
    return run_on(folder, "doctor", hosts, "-vvvv", doctor_report_folder=str(report)), report


def test_the_report_of_each(run: tuple[Run, Path], lab: Lab) -> None:
    lines = shown(run[0], SHOW)
    assert lines["acme"] == [f"acme: healthy (Odoo {lab.description['odoo']['version']})"]
    ill = lines["globex"]
    assert ill[0] == f"globex: 1 error, 2 warnings, 1 remark (Odoo {lab.description['odoo']['version']})"
    assert [line for line in ill if line.isupper()] == ["ERRORS", "WARNINGS", "REMARKS"]
    at = ill.index("* auth_failed: A mail server rejects the login (starttls_any_sender)")
    assert ill[at + 1].startswith("  'starttls_any_sender' (localhost:")
    assert "  -> Correct smtp_user and smtp_pass. Many providers require an app password or an API" in ill
    assert "* no_recipient: Mails have no recipient" in ill
    assert any(
        line.startswith("  -> [the playbook postmaster.odoo.heal corrects it: transient] Send fewer mails")
        for line in lines["initech"]
    )
    assert lines["umbrella"][0].startswith("umbrella: not queried (unreachable): Odoo at http://127.0.0.1:1: ")
    assert lines["hooli"][0].startswith("hooli: not queried (authentication): ")
    for line in (line for each in lines.values() for line in each):
        assert len(f"        {json.dumps(line)},") <= 100, line


def test_the_summary_of_all_hosts(run: tuple[Run, Path]) -> None:
    (lines,) = shown(run[0], OVERVIEW).values()
    assert lines == [
        "5 instances",
        "  1 with errors: globex",
        "  1 with warnings: initech",
        "  1 healthy: acme",
        "  2 not queried: umbrella, hooli",
        "Most frequent",
        "  warning base_url_localhost in 2: globex, initech",
    ]


def test_hosts_that_fail(run: tuple[Run, Path]) -> None:
    """Hosts fail only after all hosts have been reported, and each for its own reason."""
    assert run[0].exit_code == 2
    assert failed_hosts(run[0]) == {"globex", "umbrella", "hooli"}
    assert "Found: auth_failed. See the report above." in run[0].output
    assert "Not queried (unreachable): " in run[0].output


def test_contents_of_the_report(run: tuple[Run, Path], lab: Lab) -> None:
    report = json.loads((run[1] / "doctor.json").read_text())
    assert set(report) == {"format", "generated", "summary", "frequent", "instances"}
    assert report["summary"] == {
        "error": ["globex"],
        "warning": ["initech"],
        "healthy": ["acme"],
        "not_queried": ["umbrella", "hooli"],
    }
    by_name = {one["instance"]: one for one in report["instances"]}
    assert [finding["id"] for finding in by_name["globex"]["findings"]] == [
        "auth_failed",
        "no_recipient",
        "base_url_localhost",
        "from_rewritten",
    ]
    assert [test["outcome"] for test in by_name["acme"]["tests"]] == ["ok"]
    assert by_name["acme"]["queue"]["due"] == 0
    assert by_name["umbrella"]["error_kind"] == "unreachable"
    text = (run[1] / "doctor.md").read_text()
    assert text.startswith("# The doctor's report\n\n20")
    assert (
        f"| <code>globex</code> | 1 error, 2 warnings, 1 remark | <code>{lab.description['odoo']['version']}</code> |"
        in text
    )
    assert "/findings/auth_failed.html))\n  - <code>'starttls_any_sender' (localhost" in text
    assert sorted(path.name for path in run[1].iterdir()) == ["doctor.json", "doctor.md"]


def test_output_for_nagios(run: tuple[Run, Path]) -> None:
    """The plugin in docs/monitoring reads the report."""
    plugin = Path(__file__).resolve().parents[2] / "docs/monitoring/check_odoo_mail.py"
    expected = {
        "acme": (0, "ODOO MAIL OK - acme: healthy | errors=0 warnings=0 not_queried=0 due=0 "),
        "initech": (1, "ODOO MAIL WARNING - initech: "),
        "globex": (
            2,
            "ODOO MAIL CRITICAL - globex: auth_failed, no_recipient, base_url_localhost | errors=1 warnings=2 ",
        ),
        "umbrella": (3, "ODOO MAIL UNKNOWN - umbrella: not queried (unreachable) | errors=0 "),
    }
    for instance, (exit_code, beginning) in expected.items():
        told = subprocess.run(
            [sys.executable, plugin, "--report", run[1] / "doctor.json", "--instance", instance],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (told.returncode, told.stdout[: len(beginning)], told.stderr) == (exit_code, beginning, "")


def test_no_secret_is_shown(run: tuple[Run, Path], hosts: Hosts, lab: Lab) -> None:
    secrets = [
        lab.smtp["starttls_any_sender"].password,
        "made-up-key-that-nobody-knows",
        hosts["acme"]["odoo_password"],
    ]
    for text in (run[0].output, *(path.read_text() for path in run[1].iterdir())):
        assert not [secret for secret in secrets if secret in text]


def test_it_fails_by_the_configured_severity(hosts: Hosts, tmp_path: Path) -> None:
    asked = ("--limit", "acme,globex,initech")
    never = run_on(tmp_path / "never", "doctor", hosts, *asked, doctor_fail_on="never")
    assert (never.exit_code, failed_hosts(never)) == (0, set())
    warning = run_on(tmp_path / "warning", "doctor", hosts, *asked, doctor_fail_on="warning")
    assert (warning.exit_code, failed_hosts(warning)) == (2, {"globex", "initech"})
    lost = run_on(tmp_path / "lost", "doctor", hosts, "--limit", "umbrella", doctor_fail_on="never")
    assert (lost.exit_code, failed_hosts(lost)) == (2, {"umbrella"})


def test_options_reach_the_module(hosts: Hosts, tmp_path: Path) -> None:
    run = run_on(
        tmp_path, "doctor", hosts, "--limit", "globex", doctor_checks=["queue", "setup"], doctor_max_exceptions=1
    )
    assert run.exit_code == 0, run.output
    found = [line for line in shown(run, SHOW)["globex"] if line.startswith("* ")]
    assert [line.partition(":")[0] for line in found] == ["* base_url_localhost"]


def test_a_check_tests_nothing_and_writes_nothing(hosts: Hosts, tmp_path: Path) -> None:
    report = tmp_path / "reports"
    run = run_on(tmp_path, "doctor", hosts, "--check", "--limit", "acme,globex", doctor_report_folder=str(report))
    assert run.exit_code == 0, run.output
    assert "auth_failed" not in run.output
    assert not report.exists()
