# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code blocks of the README and the guides on a real Odoo. All of them run with CODE_BLOCKS=all (`make code-blocks`), otherwise
every third task, play and set of variables, every tenth command, and all other files.

Tasks, plays and variables run in check mode, because the mail servers of the guides do not exist.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from code_blocks import CodeBlock, code_blocks

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import Baseline
from broken_instance import BrokenInstance
from lab import Lab
from playbook import Run, ansible, ansible_playbook, play

BLOCKS = [block for block in code_blocks() if not block.reason]
ALL = os.environ.get("CODE_BLOCKS") == "all"
# Ansible runs these. The sample has every Nth of them.
EVERY = 1 if ALL else 3
EVERY_COMMAND = 1 if ALL else 10
PROGRAMS = {
    "ansible": "adhoc",
    "ansible-inventory": "inventory",
    "ansible-playbook": "playbook",
}
CONNECTION = ("url", "database", "username", "password", "api_key", "transport")
LISTS = ("servers", "odoo_mail_servers", "odoo_mail_routes")
# Exit codes of playbooks that report something about the instance.
REPORTED = {"drift": (0, 10), "doctor": (0, 2), "compare": (0, 10)}
COMMANDS = [
    (block, command)
    for block in BLOCKS
    if block.kind == "commands"
    for command in block.commands
    if re.sub(r"^([A-Z_]+=\S+ )+", "", command).split()[0] in PROGRAMS
][::EVERY_COMMAND]


def of_kind(*kinds: str) -> list[CodeBlock]:
    return [block for block in BLOCKS if block.kind in kinds]


@dataclass(frozen=True)
class Reader:
    """A reader of the guides, with a folder and an instance."""

    folder: Path
    options: dict[str, Any]

    @property
    def connection(self) -> dict[str, Any]:
        """The variables of a host that connect to the instance, and a declaration for blocks that contain none."""
        options = {f"odoo_{name}": value for name, value in self.options.items()}
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        return {**options, **local, "odoo_mail_parameters": {"mail.session.batch.size": "500"}}

    def write_inventory(self, hosts: dict[str, dict[str, Any]]) -> None:
        (self.folder / "inventory").mkdir(parents=True)
        (self.folder / "snapshots").mkdir()
        groups = {"odoo_hosts": {"hosts": {name: {} for name in hosts}}}
        (self.folder / "inventory/hosts.json").write_text(
            json.dumps({"all": {"hosts": hosts, "children": groups}}, default=str)
        )


@pytest.fixture(scope="module")
def instance(lab: Lab) -> Iterator[BrokenInstance]:
    """Return an instance with the mail server that most guides name."""
    broken = BrokenInstance.healthy(lab, "code_blocks")
    broken.server(name="Transactional")
    other = {"name": "Amazon SES", "smtp_host": lab.smtp["plain"].host, "smtp_port": lab.smtp["plain"].port}
    broken.instance.enforce({"servers": [other]})
    yield broken
    broken.drop()


@pytest.fixture
def reader(instance: BrokenInstance, tmp_path: Path) -> Reader:
    return Reader(tmp_path, instance.instance.quick_options())


def made_up(text: str) -> dict[str, Any]:
    """Return values for the variables that a block uses and that the reader of the page defines elsewhere."""
    names = set(re.findall(r"\{\{-?\s*([a-z]\w*)", text)) | set(re.findall(r"\b(vault_\w+)", text))
    own = [name for name in names if not name.startswith(("inventory_", "ansible_", "playbook_", "lookup"))]
    return {name: [] if name in LISTS else f"made-up-{name}".replace("_", "-") for name in own}


def without_connection(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task of a guide that connects to the instance of the test."""
    return {
        name: {option: given for option, given in value.items() if option not in CONNECTION}
        if name.startswith("postmaster.odoo.") and isinstance(value, dict)
        else value
        for name, value in task.items()
    }


def refuse_mistakes(run: Run) -> None:
    """Fail if a run ended because of an error in the block itself."""
    for mistake in ("Traceback", "Unsupported parameters", "is not a valid", "couldn't resolve", "undefined"):
        assert mistake not in run.output, run.output


@pytest.mark.parametrize("block", code_blocks(), ids=str)
def test_a_block_can_be_run_or_says_why_not(block: CodeBlock) -> None:
    assert block.reason or block.kind, f"{block}: add <!-- not run: REASON --> before the block"


@pytest.mark.parametrize("block", of_kind("tasks")[::EVERY], ids=str)
def test_tasks(block: CodeBlock, reader: Reader) -> None:
    defaults = {name: f"{{{{ odoo_{name} }}}}" for name in reader.options}
    reader.write_inventory({"acme": reader.connection})
    tasks = [without_connection(task) for task in block.value]
    variables = {name: value for name, value in made_up(block.text).items() if f"register: {name}" not in block.text}
    plays = [play(*tasks, module_defaults={"group/postmaster.odoo.odoo": defaults}, vars=variables)]
    run = ansible_playbook(reader.folder, plays, "--inventory", "inventory", "--check", "--diff")
    refuse_mistakes(run)
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize("block", of_kind("plays")[::EVERY], ids=str)
def test_plays(block: CodeBlock, reader: Reader) -> None:
    reader.write_inventory({"acme": {**made_up(block.text), **reader.connection}})
    plays = [{**one, "hosts": "acme", "gather_facts": False} if "hosts" in one else one for one in block.value]
    (reader.folder / "password").write_text("vault-password-made-up")
    arguments = ("--inventory", "inventory", "--vault-password-file", "password", "--check")
    with_drift = {"ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift"} if "drift" in block.text else {}
    run = ansible_playbook(reader.folder, plays, *arguments, environment=with_drift)
    refuse_mistakes(run)
    assert run.exit_code in (0, 10), run.output


@pytest.mark.parametrize("block", of_kind("variables")[::EVERY], ids=str)
def test_variables(block: CodeBlock, reader: Reader, instance: BrokenInstance) -> None:
    if "_strict" in block.text:
        instance.instance.needs_strict()
    if "odoo_mail_alias_domains" in block.value:
        instance.instance.needs("mail.alias.domain")
    for server in block.value.get("odoo_mail_servers", ()):
        if "smtp_authentication" in server:
            instance.instance.needs_choice("ir.mail_server", "smtp_authentication", server["smtp_authentication"])
    given = {name: value for name, value in block.value.items() if name.removeprefix("odoo_") not in CONNECTION}
    reader.write_inventory({"acme": {**made_up(block.text), **reader.connection, **given}})
    playbook = next((name for name in ("heal", "doctor") if next(iter(given), "").startswith(f"{name}_")), "provision")
    if not any(name.startswith(("odoo_mail_", "odoo_queue_")) for name in given) and playbook == "provision":
        playbook = "doctor"  # the block only contains the connection
    run = ansible(reader.folder, "playbook", f"postmaster.odoo.{playbook}", "--inventory", "inventory", "--check")
    refuse_mistakes(run)
    assert run.exit_code in (0, *REPORTED.get(playbook, ())), run.output


@pytest.mark.parametrize("block", of_kind("inventory"), ids=str)
def test_inventories(block: CodeBlock, reader: Reader) -> None:
    """The databases of the lab replace the ones of the guide."""
    given = block.value
    for server in given.get("servers", [given]):
        server["url"] = reader.options["url"]
    (reader.folder / "odoo_databases.yml").write_text(
        yaml.safe_dump({**given, "exclude": [], "odoo_databases": ["acme"]})
    )
    run = ansible(reader.folder, "inventory", "--inventory", "odoo_databases.yml", "--list")
    refuse_mistakes(run)
    assert run.exit_code == 0, run.output
    assert reader.options["url"].partition("://")[2] in run.output, run.output


@pytest.mark.parametrize("block", of_kind("baseline"), ids=str)
def test_baselines(block: CodeBlock, tmp_path: Path) -> None:
    """A mistake in the file is an error."""
    (tmp_path / "baseline.yml").write_text(block.text)
    assert Baseline.read(tmp_path / "baseline.yml").name.endswith("baseline.yml")


@pytest.mark.parametrize("block", of_kind("ini"), ids=str)
def test_configurations(block: CodeBlock, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(block.text)
    parser = configparser.ConfigParser()
    parser.read_string(block.text)
    run = ansible(tmp_path, "config", "view", environment={"ANSIBLE_CONFIG": "ansible.cfg"})
    assert run.exit_code == 0, run.output
    for section in parser.sections():
        assert f"[{section}]" in run.output


@pytest.mark.parametrize(
    ("block", "command"), COMMANDS, ids=[f"{block}: {command[:60]}" for block, command in COMMANDS]
)
def test_commands(block: CodeBlock, command: str, reader: Reader) -> None:
    """Absolute folders of a guide are below the folder of the test."""
    hosts = dict.fromkeys(("acme", "globex", "staging"), reader.connection)
    reader.write_inventory(hosts)
    (reader.folder / "example_inventory").symlink_to(reader.folder / "inventory")
    (reader.folder / "password").write_text("vault-password-made-up")
    (reader.folder / "ansible.cfg").write_text("[defaults]\ninventory = inventory\n")
    words = shlex.split(re.sub(r"(?<=[= ])/(?=(srv|var|opt)/)", f"{reader.folder}/", command))
    for word in words:
        if str(reader.folder) in word:
            Path(word.partition("=")[2] or word).mkdir(parents=True, exist_ok=True)
    environment = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    program, *arguments = [
        word for word in words if word not in {f"{name}={value}" for name, value in environment.items()}
    ]
    run = ansible(reader.folder, PROGRAMS[program], *arguments)
    refuse_mistakes(run)
    playbook = next(
        (word.removeprefix("postmaster.odoo.") for word in arguments if word.startswith("postmaster.odoo.")), ""
    )
    assert run.exit_code in (0, *REPORTED.get(playbook, ())), run.output
