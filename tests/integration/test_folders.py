# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relative folders of playbooks are below the working directory, never in the installed collection."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inventory import run_directly

CHECKOUT = Path(__file__).resolve().parents[2]
LOST = {"acme": {"odoo_url": "http://127.0.0.1:9", "odoo_database": "acme", "odoo_username": "a", "odoo_password": "b"}}
SOURCES = [
    *CHECKOUT.glob("playbooks/*.yml"),
    *CHECKOUT.glob("roles/*/tasks/*.yml"),
    *CHECKOUT.glob("roles/*/vars/*.yml"),
]
# Variables that name a folder or a file on the controller, which a playbook or role writes or reads.
ON_CONTROLLER = {
    "compare_report_folder",
    "doctor_metrics_folder",
    "doctor_report_folder",
    "drift_baseline_file",
    "export_folder",
    "queue_metrics_folder",
}
# Modules resolve these: on the host of the task, or in snapshot_files.py against the working directory.
OF_MODULES = {"doctor_config_file", "doctor_metrics_file", "odoo_mail_snapshot_folder"}
REGISTERED = {"export_mail_file", "export_vault_file"}
EXPRESSION = re.compile(r"\{\{(?P<code>.*?)\}\}", re.DOTALL)
NAME = re.compile(r"\b[a-z]+_[a-z_]*(?:folder|_file)\b")


def test_every_folder_is_resolved_in_one_way() -> None:
    found = set()
    for path in SOURCES:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
        for expression in EXPRESSION.finditer("\n".join(lines)):
            names = set(NAME.findall(expression["code"])) - OF_MODULES - REGISTERED
            assert names <= ON_CONTROLLER, f"{path}: {expression['code']}"
            assert not names or "| postmaster.odoo.controller_path" in expression["code"], (
                f"{path}: {expression['code']}"
            )
            found |= names
    assert found == ON_CONTROLLER


@pytest.fixture(scope="module")
def before() -> set[Path]:
    return set((CHECKOUT / "playbooks").rglob("*"))


def test_the_doctor_writes_below_the_working_directory(before: set[Path], tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    run = run_directly(tmp_path, "doctor", LOST, doctor_report_folder="out/reports", doctor_metrics_folder="metrics")
    assert run.exit_code == 2, run.output
    assert {path.name for path in (tmp_path / "out/reports").iterdir()} == {"doctor.json", "doctor.md"}
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["acme.doctor.prom"]
    assert set((CHECKOUT / "playbooks").rglob("*")) == before


def test_a_baseline_is_below_the_working_directory(before: set[Path], tmp_path: Path) -> None:
    """The file that is there already is found."""
    (tmp_path / "baseline.yml").write_text("accepted: []\n")
    options = {"drift_baseline_reason": "a", "drift_baseline_owner": "b", "drift_baseline_expires": "2099-01-31"}
    run = run_directly(tmp_path, "drift_baseline", LOST, **options)
    assert run.exit_code == 2, run.output
    assert f"{tmp_path / 'baseline.yml'} already exists" in run.output
    assert set((CHECKOUT / "playbooks").rglob("*")) == before
