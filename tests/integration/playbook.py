# Copyright: (c) 2026, The authors of postmaster.odoo
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of `ansible-playbook`. One run takes many tasks, for it costs half a second before the first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

COLLECTIONS = Path(__file__).resolve().parents[2] / ".work/collections"

Task = dict[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What a run printed and came to, and what its tasks registered, by their names."""

    exit_code: int
    output: str
    results: dict[str, Result] = field(default_factory=dict)


def ansible_playbook(
    folder: Path, plays: Sequence[Mapping[str, Any]], *arguments: str, environment: Mapping[str, str] | None = None
) -> Run:
    """Run plays in a folder of their own, in an environment that knows of no Odoo unless told."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "playbook.json").write_text(json.dumps(plays))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
    own = {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(folder / "home")}
    run = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "playbook.json", *arguments],
        cwd=folder,
        env=inherited | own | dict(environment or {}),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Run(run.returncode, run.stdout)


def run_tasks(
    folder: Path,
    tasks: Sequence[Task],
    *arguments: str,
    connection: Mapping[str, Any] | None = None,
    in_process: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run tasks one after the other, each whether or not the one before it failed, and hand back what each registered.

    :param connection: the connection options that all tasks share, set with `module_defaults`.
    :param in_process: False has the modules shipped.
    """
    registered = [{**task, "register": f"result_{number}"} for number, task in enumerate(tasks)]
    results = ", ".join(task["register"] for task in registered)
    report = {
        "ansible.builtin.copy": {"content": f"{{{{ [{results}] | to_json }}}}", "dest": str(folder / "results.json")},
        "check_mode": False,
        "diff": False,
        "no_log": True,
    }
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "ignore_errors": True,
        "vars": {"postmaster_odoo_in_process": in_process},
        "module_defaults": {"group/postmaster.odoo.odoo": dict(connection or {})},
        "tasks": [*registered, report],
    }
    run = ansible_playbook(folder, [play], *arguments, environment=environment)
    answers = json.loads((folder / "results.json").read_text())
    return replace(run, results={task["name"]: answer for task, answer in zip(tasks, answers, strict=True)})
