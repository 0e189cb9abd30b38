# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables are the options of `queue_policy`, and must stay them."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.modules.queue_policy import SPECIFICATION
from ansible_collections.postmaster.odoo.tests.unit.roles.test_provision_options import outline

ROLE = Path(__file__).resolve().parents[3] / "roles" / "queue_policy"


def test_the_roles_variables_are_the_modules_options() -> None:
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    variables = outline(specification["argument_specs"]["main"]["options"])
    own = {f"odoo_queue_{name}": option for name, option in outline(dict(SPECIFICATION.options)).items()}
    assert {name: variables[name] for name in variables if name.startswith("odoo_queue_")} == own
    connection = {f"odoo_{name}" for name in connection_arguments()}
    assert {name for name in variables if not name.startswith("odoo_queue_")} == connection


def test_every_variable_is_handed_on() -> None:
    (task,) = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text(encoding="utf-8"))
    options = task["postmaster.odoo.queue_policy"]
    assert set(options) == set(SPECIFICATION.options)  # the action plugin resolves the connection
    for name, value in options.items():
        assert value == f"{{{{ odoo_queue_{name} | default(omit) }}}}"
