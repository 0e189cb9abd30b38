# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command and playbook of docs/how-a-mail-leaves-odoo.md on a healthy real Odoo."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from broken_instance import BrokenInstance
from lab import Lab
from playbook import COLLECTIONS, ansible, ansible_playbook

pytestmark = pytest.mark.in_process

PAGE = (COLLECTIONS / "ansible_collections/postmaster/odoo/docs/how-a-mail-leaves-odoo.md").read_text()
COMMANDS = re.findall(r"^\$ (ansible.*)$", PAGE, re.MULTILINE)
PROGRAMS = {"ansible": "adhoc", "ansible-playbook": "playbook"}


@pytest.fixture(scope="module")
def healthy(lab: Lab) -> Iterator[BrokenInstance]:
    """Return an instance with the mail server that the page names."""
    broken = BrokenInstance.healthy(lab, "guide_commands")
    broken.server(name="Transactional")
    yield broken
    broken.drop()


@pytest.fixture
def folder(healthy: BrokenInstance, tmp_path: Path) -> Path:
    """Return a folder with an inventory like that of the page's reader."""
    variables = {f"odoo_{name}": value for name, value in healthy.instance.quick_options().items()}
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/hosts.json").write_text(json.dumps({"all": {"hosts": {"acme": variables}}}))
    return tmp_path


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("command", dict.fromkeys(COMMANDS))
def test_a_command_of_the_page(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    run = ansible(folder, PROGRAMS[program], *arguments)
    assert run.exit_code == 0, run.output


def test_the_playbook_of_the_page(folder: Path) -> None:
    """The route is that of the instance: its server is for another domain than the page's."""
    (plays,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    run = ansible_playbook(folder, yaml.safe_load(plays), "--inventory", "inventory")
    assert run.exit_code == 0, run.output
    route = run.results["Show the route"]["msg"]
    assert (route["server"], route["rule"]) == ("Transactional", "first")
