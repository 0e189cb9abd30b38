# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role `drift` takes the variables of the roles that it compares with, and has them write nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).resolve().parents[3] / "roles"


def read(role: str, file: str) -> Any:
    return yaml.safe_load((ROLES / role / file).read_text(encoding="utf-8"))


def options(role: str, entry_point: str = "main") -> dict[str, Any]:
    return dict(read(role, "meta/argument_specs.yml")["argument_specs"][entry_point]["options"])


def test_its_variables_are_those_of_both_roles() -> None:
    both = options("queue_policy") | options("provision")
    own = {name: option for name, option in both.items() if not name.startswith("provision_")}
    assert options("drift") == own
    assert options("drift", "compare") == own


def test_what_it_imports_runs_in_check_mode() -> None:
    """As a constant: a keyword that no variable and no flag can lift."""
    imports = read("drift", "tasks/compare.yml")
    assert [task["check_mode"] for task in imports] == [True] * len(imports)
    assert [task["ansible.builtin.import_role"]["name"] for task in imports] == [
        "postmaster.odoo.provision",
        "postmaster.odoo.queue_policy",
    ]


def test_no_task_of_these_roles_has_a_check_mode_of_its_own() -> None:
    for tasks in (read("provision", "tasks/enforce.yml"), read("queue_policy", "tasks/main.yml")):
        assert not [task for task in tasks if "check_mode" in task]
        assert not [task for task in tasks if not any(name.startswith("postmaster.odoo.") for name in task)]


def test_its_kinds_are_the_parts_of_a_stack() -> None:
    parts = read("provision", "defaults/main.yml")["provision_parts"]
    stack, _policy = read("drift", "tasks/compare.yml")
    assert stack["vars"]["drift_kinds"] == parts
    assert f"'{' '.join(parts)}'" in stack["tags"]
    assert f"'{' '.join([*parts, 'queue_policy'])}'" in read("drift", "tasks/main.yml")[-1]["tags"]


def value(template: str, **variables: Any) -> Any:
    """What a template comes to in the role, with these variables beside its own."""
    loader = DataLoader()
    own = loader.load_from_file(str(ROLES / "drift" / "vars" / "main.yml"), trusted_as_template=True)
    return Templar(loader=loader, variables=own | variables).template(trust_as_template(template))


def test_drift_fails_in_a_play_that_wants_no_verdict() -> None:
    tags = read("drift", "tasks/main.yml")[-1]["tags"]
    assert "servers" in value(tags, drift_verdict=False, ansible_skip_tags=[])


def test_names_from_odoo_are_only_text() -> None:
    step = {"resource": "mail_server", "key": "Ä b\n::error::x\x1b[31m##[add-mask]y"}
    assert value("{{ drift_subjects }}", provision_result={"plan": [step]}) == [
        "mail_server Ä b?::error::x?[31m??[add-mask]y"
    ]
