# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables are the options of `mail_stack`, and must stay them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.modules.mail_stack import SPECIFICATION

ROLE = Path(__file__).resolve().parents[3] / "roles" / "provision"
SAID_OF_AN_OPTION = ("type", "elements", "choices", "required", "no_log")


def outline(options: dict[str, Any]) -> dict[str, Any]:
    """What a value must be like, without words and defaults."""
    return {
        name: {
            **{what: option[what] for what in SAID_OF_AN_OPTION if what in option},
            **({"options": outline(option["options"])} if "options" in option else {}),
        }
        for name, option in options.items()
    }


def test_the_roles_variables_are_the_modules_options() -> None:
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    variables = outline(specification["argument_specs"]["main"]["options"])
    stack = {f"odoo_mail_{name}": option for name, option in outline(dict(SPECIFICATION.options)).items()}
    assert {name: variables[name] for name in variables if name.startswith("odoo_mail_")} == stack
    connection = {f"odoo_{name}" for name in connection_arguments()}
    assert {name for name in variables if name.startswith("odoo_") and not name.startswith("odoo_mail_")} == connection


def test_every_variable_is_handed_on() -> None:
    (task,) = yaml.safe_load((ROLE / "tasks" / "enforce.yml").read_text(encoding="utf-8"))
    options = task["postmaster.odoo.mail_stack"]
    assert set(options) == set(SPECIFICATION.options)  # the action plugin resolves the connection
    parts = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))["provision_parts"]
    for name, value in options.items():
        where = f" if '{name}' in provision_parts else omit" if name in parts else ""
        assert value == f"{{{{ odoo_mail_{name} | default(omit){where} }}}}"


def test_the_parts_are_what_a_stack_declares() -> None:
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    parts = specification["argument_specs"]["main"]["options"]["provision_parts"]["choices"]
    assert parts == yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))["provision_parts"]
    declared = [name for name, option in dict(SPECIFICATION.options).items() if option["type"] in ("list", "dict")]
    assert sorted(parts) == sorted(declared)
