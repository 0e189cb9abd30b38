# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role `drift` uses the variables of the roles that it compares with, and these roles write nothing in it."""

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


def test_its_variables_are_those_of_provision() -> None:
    own = {name: option for name, option in options("provision").items() if not name.startswith("provision_")}
    assert options("drift") == own
    assert options("drift", "compare") == own


def test_it_is_provision_in_check_mode() -> None:
    """The keyword is a constant, which no variable and no option can change."""
    (task,) = read("drift", "tasks/compare.yml")
    assert task["check_mode"] is True
    assert task["ansible.builtin.import_role"] == {"name": "postmaster.odoo.provision", "tasks_from": "enforce"}
    (enforce,) = read("provision", "tasks/enforce.yml")
    assert "check_mode" not in enforce


def parts(**variables: Any) -> Any:
    """Return the parts that are passed to the task of the tag `provision`."""
    (task,) = read("provision", "tasks/enforce.yml")
    own = DataLoader().load_from_file(str(ROLES / "provision" / "defaults" / "main.yml"), trusted_as_template=True)
    everything = trust_as_template(task["vars"]["provision_all"])
    known = {**own, "provision_all": everything, "ansible_run_tags": ["all"], "ansible_skip_tags": [], **variables}
    template = trust_as_template(task["postmaster.odoo.mail_stack"]["parts"])
    return sorted(Templar(loader=DataLoader(), variables=known).template(template))


def test_tags_select_the_parts() -> None:
    everything = options("provision")["provision_parts"]["choices"]
    assert parts() == parts(ansible_run_tags=["tagged"]) == sorted(everything)
    assert parts(ansible_run_tags=["servers", "crons", "nginx"]) == ["crons", "servers"]
    assert parts(ansible_skip_tags=["servers"]) == sorted(set(everything) - {"servers"})
    assert parts(ansible_run_tags=["servers", "crons"], ansible_skip_tags=["crons"]) == ["servers"]
    assert parts(ansible_run_tags=["servers"], provision_parts=["crons"]) == []
    assert parts(provision_parts=["crons", "server"]) == ["crons", "server"]  # the module rejects server
    (task,) = read("provision", "tasks/enforce.yml")
    tags = Templar(loader=DataLoader(), variables={"ansible_skip_tags": everything}).template(
        trust_as_template(task["tags"])
    )
    assert tags == ["never"]


def value(template: str, **variables: Any) -> Any:
    """Return the value of a template in the role, with these variables in addition to its own."""
    loader = DataLoader()
    own = loader.load_from_file(str(ROLES / "drift" / "vars" / "main.yml"), trusted_as_template=True)
    return Templar(loader=loader, variables=own | variables).template(trust_as_template(template))


def test_drift_fails_in_a_play_without_a_verdict() -> None:
    tags = read("drift", "tasks/main.yml")[-1]["tags"]
    assert "servers" in value(tags, drift_verdict=False, ansible_skip_tags=[])
