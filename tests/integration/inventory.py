# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of the collection on an inventory, and what they print for each host."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playbook import Run, ansible_playbook

_SHOWN = re.compile(r"^ok: \[(?P<host>[^\]]+)\] => (?P<result>\{$.*?^\})$", re.MULTILINE | re.DOTALL)
_RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=.*)$", re.MULTILINE)


def run_on(
    folder: Path,
    name: str,
    hosts: Mapping[str, Mapping[str, Any]],
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    **variables: Any,
) -> Run:
    """Run a playbook of the collection.

    :param hosts: each with its variables. :param environment: more of it. :param variables: extra ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "variables.json").write_text(json.dumps(variables))
    return ansible_playbook(
        folder,
        [{"import_playbook": f"postmaster.odoo.{name}"}],
        *("--inventory", "inventory.json", "--extra-vars", "@variables.json", *arguments),
        environment=environment,
    )


def shown(run: Run, task: str) -> dict[str, list[str]]:
    """The lines that a debug task, known by the end of its name, has printed for each host."""
    blocks = [block for block in run.output.split("\nTASK [") if block.partition("]")[0].endswith(task)]
    return {found["host"]: json.loads(found["result"])["msg"] for block in blocks for found in _SHOWN.finditer(block)}


def recap(run: Run) -> dict[str, dict[str, int]]:
    """How many tasks came to what, for each host."""
    return {
        found["host"]: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", found["counts"])}
        for found in _RECAP.finditer(run.output)
    }


def failed_hosts(run: Run) -> set[str]:
    return {host for host, counts in recap(run).items() if counts["failed"] or counts["unreachable"]}
