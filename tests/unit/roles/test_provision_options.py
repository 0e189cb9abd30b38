# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role `provision` are those from which a stack is read."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.modules.mail_stack import SPECIFICATION
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import (
    RUN_OPTIONS,
    known_variables,
    stack_options,
)

ROLES = Path(__file__).resolve().parents[3] / "roles"


def variables(role: str) -> list[str]:
    specification = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return [name for name in specification["argument_specs"]["main"]["options"] if name.startswith("odoo_")]


def test_the_variables_are_documented() -> None:
    connection = [f"odoo_{name}" for name in connection_arguments()]
    assert sorted(variables("provision")) == sorted([*connection, *known_variables()])
    queue = [name for name in known_variables() if name.startswith("odoo_queue_")]
    assert sorted(variables("queue_policy")) == sorted([*connection, *queue])


def test_every_option_of_the_stack_has_a_variable() -> None:
    named = {*stack_options(), *RUN_OPTIONS}
    assert named | {"from_inventory", "parts"} == set(SPECIFICATION.options)
    assert SPECIFICATION.options["parts"]["choices"] == stack_options()


def test_the_readme_has_a_row_for_every_declaration() -> None:
    readme = (ROLES / "provision" / "README.md").read_text(encoding="utf-8")
    named = [f"odoo_mail_{name}" for name in stack_options() if f"odoo_mail_{name}" in known_variables()]
    assert [name for name in named if f"\n| `{name}` |" not in readme] == []
