# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the playbook `drift` with the callback enabled, and their reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inventory import run_on
from playbook import Run

Report = dict[str, Any]


def compare(
    folder: Path,
    hosts: Mapping[str, Mapping[str, Any]],
    *arguments: str,
    callback: Mapping[str, str] | None = None,
    **variables: Any,
) -> Run:
    """Run the playbook as a user does, with the callback enabled, and its reports in the folder `reports`.

    :param callback: more of its options, as environment variables without POSTMASTER_DRIFT_.
    """
    options = {"REPORT_FOLDER": str(folder / "reports"), **(callback or {})}
    environment = {f"POSTMASTER_DRIFT_{name}": value for name, value in options.items()}
    return run_on(
        folder,
        "drift",
        hosts,
        *arguments,
        environment={"ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift", **environment},
        **variables,
    )


def report_of(folder: Path) -> Report:
    return dict(json.loads((folder / "reports" / "drift.json").read_text()))


def instance_in(report: Report, name: str) -> dict[str, Any]:
    (one,) = (one for one in report["instances"] if one["instance"] == name)
    return dict(one)
