# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of `ansible-playbook`. One run has many tasks, because starting it takes half a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLLECTIONS = Path(__file__).resolve().parents[2] / ".work/collections"
CALLBACKS = Path(__file__).resolve().parent / "callbacks"

Task = dict[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """The output and the exit code of a run, and the results of its tasks by their names."""

    exit_code: int
    output: str
    results: dict[str, Result]


def ansible_playbook(
    folder: Path, plays: Sequence[Mapping[str, Any]], *arguments: str, environment: Mapping[str, str] | None = None
) -> Run:
    """Run plays in a separate folder, in an environment without variables of an Odoo by default."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "playbook.json").write_text(json.dumps(plays))
    return ansible(folder, "playbook", "playbook.json", *arguments, environment=environment)


def ansible(folder: Path, program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Run:
    """Run one of Ansible's programs in a folder, in an environment without variables of an Odoo by default.

    :param program: `playbook` for `ansible-playbook`, `adhoc` for `ansible`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.jsonl"
    results.write_text("")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
    own = {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "recorder",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        # If the home in the environment is not the user's, Ansible writes jobs to one and reads them from the other.
        "ANSIBLE_ASYNC_DIR": str(folder / "home/async"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "RECORDER_FILE": str(results),
    }
    run = subprocess.run(
        [sys.executable, "-m", "ansible", program, *arguments],
        cwd=folder,
        env=inherited | own | dict(environment or {}),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = map(json.loads, results.read_text().splitlines())
    return Run(run.returncode, run.stdout, {line["task"]: line["result"] for line in lines})


def play(*tasks: Task, in_process: bool = True, **keywords: Any) -> dict[str, Any]:
    """Return a play on this machine.

    :param in_process: False runs the modules in separate processes.
    """
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "postmaster_odoo_in_process": in_process,
    }
    return {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "vars": variables,
        "tasks": list(tasks),
        **keywords,
    }
