# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of `ansible-playbook` by the benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def playbook(name: str, environment: dict[str, str], *arguments: str) -> str:
    """Run one of the benchmarks' playbooks on this machine, and return its output. If it fails, the benchmark fails."""
    path = str(HERE / "playbooks" / f"{name}.yml")
    command = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        path,
        *arguments,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}.yml failed:\n{done.stdout}{done.stderr}")
    return done.stdout
