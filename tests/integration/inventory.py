# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories, playbooks of the collection on them, and what these print for each host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playbook import COLLECTIONS, Run, ansible, ansible_playbook

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


def run_directly(
    folder: Path, name: str, hosts: Mapping[str, Mapping[str, Any]], *arguments: str, **variables: Any
) -> Run:
    """Run a playbook of the collection by its name, as users do. The folder of the playbook is then the one in the collection."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "variables.json").write_text(json.dumps(variables))
    own = ("--inventory", "inventory.json", "--extra-vars", "@variables.json")
    return ansible(folder, "playbook", f"postmaster.odoo.{name}", *own, *arguments)


def listed(folder: Path, *arguments: str, **environment: str) -> Run:
    """Run `ansible-inventory` on the folder `inventory` in a folder. The results are the variables of each host."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
    own = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "ansible", "inventory", "--inventory", "inventory", "--list", *arguments],
        cwd=folder,
        env=inherited | own | environment,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    hosts = json.loads(run.stdout)["_meta"]["hostvars"] if run.stdout else {}
    plain = {
        host: {
            name: value["__ansible_unsafe"] if isinstance(value, dict) else value for name, value in variables.items()
        }
        for host, variables in hosts.items()
    }
    return Run(run.returncode, " ".join(run.stderr.split()), plain)


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
