"""Runs a playbook of the collection as a user does, shows it, and reads its recap."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import screen
from errors import DemoError

CHECKOUT = Path(__file__).resolve().parents[2]
INVENTORY = Path("tests/demo/inventory")

_ESCAPES = re.compile(r"\033\[[0-9;]*m")
_RECAP = re.compile(r"ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)")


@dataclass(frozen=True)
class Run:
    """A run with the expected end."""

    output: str
    changed: int


def play(name: str, *options: str, environment: Mapping[str, str], exit_code: int = 0) -> Run:
    """Run `postmaster.odoo.NAME`; its output is shown immediately.

    :param exit_code: the expected exit code. :raises DemoError: it has another exit code, or reached no host.
    """
    command = ["ansible-playbook", "-i", str(INVENTORY), f"postmaster.odoo.{name}", *options]
    screen.say(screen.coloured(f"$ {shlex.join(command)}", "1"))
    settings = {
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".work/collections"),
        "PYTHONUNBUFFERED": "1",
        **({"ANSIBLE_FORCE_COLOR": "true"} if screen.COLOURS else {"ANSIBLE_NOCOLOR": "true"}),
    }
    lines = []
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **settings, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(_ESCAPES.sub("", line))
    output = "".join(lines)
    recap = _RECAP.search(output)
    if process.returncode != exit_code or recap is None:
        raise DemoError(f"ansible-playbook postmaster.odoo.{name} ended with {process.returncode}.")
    return Run(output, int(recap.group(2)))
