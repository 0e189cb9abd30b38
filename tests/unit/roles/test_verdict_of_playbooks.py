# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only playbooks and roles that compare an instance with its whole declaration get a verdict of the callback `drift`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import ROLES, modules
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.watch import VERDICT_WANTED

CHECKOUT = Path(__file__).resolve().parents[3]
USES_A_ROLE = ("ansible.builtin.import_role", "ansible.builtin.include_role")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def parts(given: Any) -> Iterator[str]:
    """Yield the modules and roles of plays, blocks and tasks that count for the verdict."""
    if isinstance(given, list):
        for one in given:
            yield from parts(one)
    elif isinstance(given, dict) and given.get("vars", {}).get(VERDICT_WANTED) is not False:
        yield from modules().intersection(given)
        yield from (role["role"] for role in given.get("roles", ()))
        yield from (given[name]["name"] for name in USES_A_ROLE if name in given)
        for name in ("tasks", "block", "rescue", "always"):
            yield from parts(given.get(name))


def roles_with_a_verdict() -> set[str]:
    files = {path.name: [load(file) for file in (path / "tasks").glob("*.yml")] for path in CHECKOUT.glob("roles/*")}
    inside = {f"postmaster.odoo.{role}": set(parts(tasks)) for role, tasks in files.items()}
    found = {role for role, names in inside.items() if names & modules()}
    # Another role may use the tasks of one of them, such as `drift` those of `provision`.
    return found | {role for role, names in inside.items() if names & found}


def test_roles_with_a_verdict() -> None:
    assert roles_with_a_verdict() == ROLES


def test_playbooks_with_a_verdict() -> None:
    counted = modules() | ROLES | roles_with_a_verdict()
    found = {path.stem for path in CHECKOUT.glob("playbooks/*.yml") if counted.intersection(parts(load(path)))}
    assert found == {"drift", "onboard", "provision"}
