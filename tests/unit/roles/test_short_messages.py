# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A misspelt option of a playbook is an error with a short message.

If the specification of a role rejects a value, Ansible prints the whole specification for every host. So the playbooks
leave the validation to the modules, and validate the other options themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.postmaster.odoo.plugins.filter.heal_plan import FIXES

CHECKOUT = Path(__file__).resolve().parents[3]
IMPORT, ASSERT = "ansible.builtin.import_role", "ansible.builtin.assert"
# It writes files on the host of Odoo before a module validates the options, so the specification must reject them.
WRITES_FIRST = {"smtp_timeout"}


def load(path: str) -> Any:
    return yaml.safe_load((CHECKOUT / path).read_text(encoding="utf-8"))


def specifications() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the roles and entry points with the options that Ansible validates."""
    for path in sorted((CHECKOUT / "roles").iterdir()):
        for entry_point, one in load(f"roles/{path.name}/meta/argument_specs.yml")["argument_specs"].items():
            yield path.name, entry_point, one["options"]


@pytest.mark.parametrize("playbook", sorted(path.name for path in (CHECKOUT / "playbooks").glob("*.yml")))
def test_no_playbook_prints_the_specification_of_a_role(playbook: str) -> None:
    long = {(role, entry_point) for role, entry_point, options in specifications() if "odoo_url" in options}
    for play in load(f"playbooks/{playbook}"):
        roles = [role["role"].removeprefix("postmaster.odoo.") for role in play.get("roles", ())]
        assert set(roles) <= WRITES_FIRST
        for task in play.get("tasks", ()):
            if IMPORT in task:
                given = task[IMPORT]
                used = given["name"].removeprefix("postmaster.odoo."), given.get("tasks_from", "main")
                assert (given.get("rolespec_validate") is False) is (used in long)


def test_no_specification_restricts_a_variable_that_the_module_validates() -> None:
    restricted = {
        (role, name)
        for role, _entry_point, options in specifications()
        for name, option in options.items()
        if name.startswith(("odoo_mail_", "odoo_queue_")) and (option["type"] != "raw" or "choices" in option)
    }
    assert restricted == set()


def accepts(playbook: str, **variables: Any) -> bool:
    """Return whether the first task of a playbook accepts these options."""
    task = load(f"playbooks/{playbook}.yml")[0]["tasks"][0]
    that = task[ASSERT]["that"]
    templar = Templar(loader=DataLoader(), variables={**task.get("vars", {}), **variables})
    conditions = that if isinstance(that, list) else [that]
    return all(templar.evaluate_conditional(trust_as_template(one)) for one in conditions)


@pytest.mark.parametrize(
    ("playbook", "valid", "invalid"),
    [
        ("doctor", {"doctor_fail_on": "warning"}, {"doctor_fail_on": "warn"}),
        ("heal", {"heal_fail_on": "never"}, {"heal_fail_on": "no"}),
        ("heal", {"heal_allow": list(FIXES)}, {"heal_allow": ["cron"]}),
        ("heal", {"heal_allow": []}, {"heal_allow": "crons"}),
        ("heal", {"heal_addons": "finish"}, {"heal_addons": "cancel"}),
        ("heal", {"heal_limit": 5, "heal_max_attempts": "7"}, {"heal_limit": "five"}),
        ("heal", {"heal_max_attempts": 7}, {"heal_max_attempts": "7 times"}),
        ("export", {"export_vault": True, "export_common": "no"}, {"export_vault": "jes"}),
        ("export", {"export_overwrite": "True"}, {"export_overwrite": "vault"}),
        ("export", {"export_common": False}, {"export_common": "all"}),
    ],
)
def test_playbooks_validate_the_options_that_no_module_validates(
    playbook: str, valid: dict[str, Any], invalid: dict[str, Any]
) -> None:
    assert accepts(playbook)
    assert accepts(playbook, **valid)
    assert not accepts(playbook, **invalid)
