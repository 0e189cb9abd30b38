# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables are the options of `mail_stack_info` and `mail_secrets`, and must stay them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.postmaster.odoo.plugins.filter import controller_path
from ansible_collections.postmaster.odoo.plugins.lookup import mail_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.modules.mail_stack_info import SPECIFICATION
from ansible_collections.postmaster.odoo.tests.unit.roles.options import outline

# An export compares no secrets.
OF_EXPORT = {name: option for name, option in SPECIFICATION.options.items() if name != "digest_key"}
ROLE = Path(__file__).resolve().parents[3] / "roles" / "export"


def read(file: str) -> Any:
    return yaml.safe_load((ROLE / file).read_text(encoding="utf-8"))


def variable(option: str) -> str:
    return f"odoo_{option}" if option in connection_arguments() else f"export_{option.removeprefix('more_')}"


def test_the_roles_variables_are_the_modules_options() -> None:
    variables = outline(read("meta/argument_specs.yml")["argument_specs"]["main"]["options"])
    own = {variable(name): option for name, option in outline(OF_EXPORT).items()}
    assert {name: variables[name] for name in own} == own
    files = {
        "export_folder",
        "export_overwrite",
        "export_vault",
        "export_vault_id",
        "export_common",
        "export_common_group",
    }
    assert variables.keys() == {*own, *files, *map(variable, connection_arguments())}


def test_the_defaults_are_those_that_are_documented() -> None:
    options = read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert read("defaults/main.yml") == {name: documented[name] for name in documented if name.startswith("export_")}


def test_every_variable_is_handed_on() -> None:
    (task,) = (one for one in read("tasks/main.yml") if "postmaster.odoo.mail_stack_info" in one)
    options = task["postmaster.odoo.mail_stack_info"]
    assert set(options) == set(OF_EXPORT)  # the action plugin resolves the connection
    for name, value in options.items():
        assert value == f"{{{{ {variable(name)} }}}}"


def test_the_secrets_are_read_from_the_same_instance_by_the_same_options() -> None:
    (task,) = (one for one in read("tasks/main.yml") if one["name"] == "Read the secrets")
    expression = task["ansible.builtin.set_fact"]["export_vault_content"]
    documented = yaml.safe_load(mail_secrets.DOCUMENTATION)["options"]
    for name in documented.keys() - {"_terms", "path", "connection", "vault_id"}:
        assert f"{name}={variable(name)}" in expression


def test_what_is_encrypted_stays_so() -> None:
    """The copy action decrypts what it copies, unless told."""
    (block,) = (one["block"] for one in read("tasks/main.yml") if "block" in one)
    (task,) = (one for one in block if one["name"].startswith("Write the secrets"))
    assert task["ansible.builtin.copy"]["decrypt"] is False
    assert task["ansible.builtin.copy"]["mode"] == "u=rw,go="
    assert task["diff"] is False


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({"inventory_dir": "/inventory"}, "/inventory"),
        ({"inventory_dir": "/inventory", "export_folder": "/other"}, "/other"),
        ({"inventory_dir": "/inventory", "export_folder": "some/inventory"}, "{here}/some/inventory"),
        ({"inventory_dir": "/inventory", "export_folder": "~/other"}, "{home}/other"),
        ({"inventory_dir": "None", "export_folder": "other"}, "{here}/other"),
        ({"inventory_dir": "None"}, ""),
        ({"inventory_dir": None}, ""),
        ({}, ""),
    ],
)
def test_where_it_writes_is_where_the_user_means(
    given: dict[str, Any], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ansible calls modules in the playbook's folder, and gives a host of no file the inventory_dir "None"."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    # Ansible's loader finds collections only in its own programs.
    filter_loader.add_directory(str(Path(controller_path.__file__).parent))
    text = read("vars/main.yml")["export_inventory"].replace("postmaster.odoo.controller_path", "controller_path")
    expression = trust_as_template(text)
    rendered = Templar(loader=DataLoader(), variables=given).template(expression)
    assert rendered == folder.format(here=tmp_path.resolve(), home=tmp_path.resolve() / "home")


def test_a_host_of_no_file_has_no_place_to_write_to() -> None:
    first = read("tasks/main.yml")[0]
    assert (first["when"], "Set export_folder" in first["ansible.builtin.fail"]["msg"]) == (
        "export_inventory | length == 0",
        True,
    )
