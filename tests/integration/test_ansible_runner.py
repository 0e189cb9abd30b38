# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook drift as `ansible-runner` runs it, like AWX and automation controller: exit code, job events, reports,
and no remaining secret.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from instance import LabInstance
from playbook import COLLECTIONS

JOB = "42"
VAULT_PASSWORD = "vault-password-made-up"
OLD_PASSWORD = "old-smtp-password-made-up"
NEW_PASSWORD = "new-smtp-password-made-up"
SERVER = {"name": "Transactional", "smtp_host": "smtp.invalid", "smtp_port": 587, "smtp_user": "apikey"}

pytestmark = pytest.mark.in_process


@dataclass(frozen=True)
class Job:
    """A finished job: its result, its output, and its artifacts."""

    exit_code: int
    output: str
    artifacts: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        events = [json.loads(path.read_text()) for path in (self.artifacts / "job_events").glob("*.json")]
        return sorted(events, key=lambda event: event["counter"])

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads((self.artifacts / "reports/drift.json").read_text()))


@pytest.fixture(scope="module")
def acme(fresh: Callable[[str], LabInstance]) -> LabInstance:
    database = fresh("runner_acme")
    database.enforce({"servers": [{**SERVER, "smtp_pass": NEW_PASSWORD}]})
    return database


@pytest.fixture(scope="module")
def globex(fresh: Callable[[str], LabInstance]) -> LabInstance:
    database = fresh("runner_globex")
    database.enforce({"servers": [{**SERVER, "smtp_pass": OLD_PASSWORD, "smtp_port": 25}]})
    return database


def run_job(folder: Path, *instances: LabInstance) -> Job:
    """Create a private data directory as in docs/fleet.md, and run it."""
    files = {
        "project/drift.yml": [{"import_playbook": "postmaster.odoo.drift"}],
        "inventory/hosts.yml": {"all": {"hosts": {one.database: {"odoo_database": one.database} for one in instances}}},
        "inventory/group_vars/all/mail.yml": {
            "odoo_url": instances[0].url,
            "odoo_api_key": "{{ vault_odoo_api_key }}",
            "odoo_username": instances[0].username,
            "odoo_mail_servers": [{**SERVER, "smtp_pass": "{{ vault_smtp_pass }}"}],
        },
        "inventory/group_vars/all/vault.yml": {
            "vault_odoo_api_key": instances[0].needs_api_key(),
            "vault_smtp_pass": NEW_PASSWORD,
        },
        "env/envvars": {
            "ANSIBLE_CALLBACKS_ENABLED": "postmaster.odoo.drift",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "JOB_ID": JOB,
            "POSTMASTER_DRIFT_REPORT_FOLDER": f"{folder}/artifacts/$JOB_ID/reports",
        },
        "env/passwords": {r"^Vault password:\s*?$": VAULT_PASSWORD},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    (folder / "env/cmdline").write_text("--ask-vault-pass --forks 5")
    programs = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "ANSIBLE_HOME": str(folder / "home")}
    (folder / "vault-password").write_text(VAULT_PASSWORD)
    subprocess.run(
        [
            str(programs / "ansible-vault"),
            *("encrypt", "--vault-password-file", "vault-password", "inventory/group_vars/all/vault.yml"),
        ],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    (folder / "vault-password").unlink()
    done = subprocess.run(
        [str(programs / "ansible-runner"), "run", str(folder), "--playbook", "drift.yml", "--ident", JOB],
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return Job(done.returncode, done.stdout + done.stderr, folder / "artifacts" / JOB)


@pytest.fixture(scope="module")
def drifted(acme: LabInstance, globex: LabInstance, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return run_job(tmp_path_factory.mktemp("runner"), acme, globex)


def test_drift_is_exit_code_10_and_a_failed_job(drifted: Job) -> None:
    assert drifted.exit_code == 10, drifted.output
    assert (drifted.artifacts / "rc").read_text() == "10"
    assert (drifted.artifacts / "status").read_text() == "failed"


def test_no_drift_is_a_successful_job(acme: LabInstance, tmp_path: Path) -> None:
    job = run_job(tmp_path, acme)
    assert job.exit_code == 0, job.output
    assert (job.artifacts / "status").read_text() == "successful"
    assert job.report["verdict"]["status"] == "clean"


def test_job_events_contain_the_differences_and_reach_the_end(drifted: Job) -> None:
    plans = {
        event["event_data"]["host"]: event["event_data"]["res"]["plan"]
        for event in drifted.events
        if event["event"] == "runner_on_ok" and "plan" in event["event_data"]["res"]
    }
    changes = [(change["field"], change["after"]) for step in plans["runner_globex"] for change in step["changes"]]
    assert sorted(changes) == [("smtp_pass", "********"), ("smtp_port", 587)]
    assert plans["runner_acme"] == []
    (end,) = (event for event in drifted.events if event["event"] == "playbook_on_stats")
    assert (end["event_data"]["ok"].keys(), end["event_data"]["failures"]) == ({"runner_acme", "runner_globex"}, {})
    assert "smtp_pass differs" in (drifted.artifacts / "stdout").read_text()


def test_artifacts_contain_the_reports(drifted: Job) -> None:
    assert {one["instance"]: one["status"] for one in drifted.report["instances"]} == {
        "runner_acme": "clean",
        "runner_globex": "drifted",
    }
    reports = {path.name for path in (drifted.artifacts / "reports").iterdir()}
    assert reports > {"drift.json", "drift.md", "drift.xml", "drift.html"}


def test_artifacts_contain_no_secret(drifted: Job, acme: LabInstance) -> None:
    secrets = {"vault": VAULT_PASSWORD, "old": OLD_PASSWORD, "new": NEW_PASSWORD, "key": acme.api_key}
    texts = {path: path.read_bytes() for path in drifted.artifacts.rglob("*") if path.is_file()}
    assert len(texts) > 10
    for path, text in texts.items():
        assert not [name for name, secret in secrets.items() if str(secret).encode() in text], path
    assert not [name for name, secret in secrets.items() if str(secret) in drifted.output]
