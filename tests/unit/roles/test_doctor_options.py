# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the roles doctor and heal are the options of their modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import FIXES
from ansible_collections.postmaster.odoo.plugins.modules import pending_addons
from ansible_collections.postmaster.odoo.plugins.modules.mail_doctor import SPECIFICATION
from ansible_collections.postmaster.odoo.tests.unit.roles.options import outline

ROLES = Path(__file__).resolve().parents[3] / "roles"
CONNECTION = {f"odoo_{name}" for name in connection_arguments()}
VERDICT = "fail_on"


def load(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))


def variables(role: str, entry_point: str = "main") -> dict[str, Any]:
    return outline(load(role, "meta/argument_specs.yml")["argument_specs"][entry_point]["options"])


def test_the_doctors_variables_are_the_modules_options() -> None:
    told = {**variables("doctor"), **variables("doctor", "verdict")}
    own = {f"doctor_{name}": option for name, option in outline(dict(SPECIFICATION.options)).items()}
    assert {name: option for name, option in told.items() if name not in CONNECTION} == own
    assert set(told) >= CONNECTION
    assert variables("heal", "verdict")["heal_fail_on"] == own["doctor_fail_on"]


def test_every_variable_is_passed_on() -> None:
    (task,) = load("doctor", "tasks/examine.yml")
    options = task["postmaster.odoo.mail_doctor"]
    assert set(options) == set(SPECIFICATION.options)  # the action plugin resolves the connection
    assert options.pop(VERDICT) == "never"
    for name, value in options.items():
        assert value == f"{{{{ doctor_{name} | default(omit) }}}}"


def test_heals_variables() -> None:
    told = variables("heal")
    assert set(told) == CONNECTION | {"heal_allow", "heal_addons", "heal_limit", "heal_max_attempts"}
    assert told["heal_allow"]["choices"] == list(FIXES)
    assert told["heal_addons"]["choices"] == pending_addons.SPECIFICATION.options["action"]["choices"]


def test_the_doctors_defaults_are_the_modules() -> None:
    entry_points = load("doctor", "meta/argument_specs.yml")["argument_specs"]
    told = {**entry_points["main"]["options"], **entry_points["verdict"]["options"]}
    differ = {
        name
        for name, option in SPECIFICATION.options.items()
        if told[f"doctor_{name}"].get("default") != option.get("default")
    }
    assert differ == {"from_inventory"}  # the role always has an inventory
    assert told["doctor_from_inventory"]["default"] is True


def test_the_defaults_are_those_that_are_documented() -> None:
    documented = {
        name: option["default"]
        for role in ("doctor", "heal")
        for entry_point in load(role, "meta/argument_specs.yml")["argument_specs"].values()
        for name, option in entry_point["options"].items()
        if "default" in option
    }
    defaults = {**load("doctor", "defaults/main.yml"), **load("heal", "defaults/main.yml")}
    assert {name: documented[name] for name in defaults} == defaults


def test_defaults_of_the_doctor_that_heal_uses() -> None:
    """If a variable is not set, heal uses the doctor's default."""
    text = (ROLES / "heal" / "tasks" / "repair.yml").read_text(encoding="utf-8")
    for name in ("stale_days", "max_overdue"):
        assert f"doctor_{name} | default({SPECIFICATION.options[name]['default']})" in text
