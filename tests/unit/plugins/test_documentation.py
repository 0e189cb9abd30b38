# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules, their documentation, their options, their resources and meta/runtime.yml are consistent."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.doc_fragments import attributes, connection
from ansible_collections.postmaster.odoo.plugins.module_utils import errors
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import OUTCOMES
from ansible_collections.postmaster.odoo.tests.unit.tasks import module_named

FRAGMENTS = "ansible_collections.postmaster.odoo.plugins.doc_fragments"
COLLECTION = Path(importlib.import_module(connection.__name__).__file__ or "").parents[2]
MODULES = sorted(path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py"))
CONNECTED = [name for name in MODULES if module_named(name).SPECIFICATION.connection]
RUNTIME = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text(encoding="utf-8"))
LISTS = {kind.stack_option: kind for kind in RESOURCE_TYPES if not kind.stack_argument}
KINDS = {
    kind.kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.OdooError) and kind not in (errors.OdooError, errors.ReadOnly)
}
# The modules with an option to wait until a user has consented (OAuth2).
WAIT_FOR_CONSENT = {"mail_server", "mail_stack"}
# The modules that fail if their findings are worse than the user allows.
JUDGE = {"mail_doctor", "mail_queue_info"}


def documentation(name: str) -> dict[str, Any]:
    documented: dict[str, Any] = yaml.safe_load(module_named(name).DOCUMENTATION)
    return documented


def comparable(option: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of an option that its documentation and its specification must agree on."""
    kept = {key: option[key] for key in ("type", "elements", "required", "choices", "default") if option.get(key)}
    nested = option.get("options") or option.get("suboptions")
    return {**kept, **({"options": {name: comparable(one) for name, one in nested.items()}} if nested else {})}


def all_comparable(options: dict[str, Any]) -> dict[str, Any]:
    return {name: comparable(option) for name, option in options.items()}


def test_sections_about_odoo_exist() -> None:
    """Code names its sources by the titles of sections: behaviour document, Title; Another title."""
    document = COLLECTION / "docs" / "development" / "odoo-behaviour.md"
    titles = set(re.findall(r"^##+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE))
    named: dict[str, set[str]] = {}
    for path in sorted((COLLECTION / "plugins").rglob("*.py")) + sorted((COLLECTION / "tests").rglob("*.py")):
        for names in re.findall(r"odoo-behaviour\.md, ([^).\n]+)", path.read_text(encoding="utf-8")):
            named.setdefault(path.name, set()).update(names.split("; "))
    assert len(named) >= 20
    assert {name: missing for name, names in named.items() if (missing := names - titles)} == {}


def test_there_are_modules() -> None:
    assert {kind.name for kind in RESOURCE_TYPES} < set(MODULES)


def test_every_module_that_calls_odoo_is_in_the_action_group() -> None:
    """No other module is in it: a password of the group is the password of Odoo."""
    assert sorted(RUNTIME["action_groups"]["odoo"]) == CONNECTED


def test_every_module_uses_the_one_action() -> None:
    actions = [path.stem for path in (COLLECTION / "plugins" / "action").glob("*.py")]
    assert actions == ["mail_stack"]
    assert RUNTIME["plugin_routing"]["modules"] == {
        name: {"action_plugin": f"postmaster.odoo.{actions[0]}"} for name in MODULES
    }


@pytest.mark.parametrize("name", MODULES)
def test_the_documented_options_are_those_of_the_module(name: str) -> None:
    documented = documentation(name)
    assert documented["module"] == name
    for fragment in documented.get("extends_documentation_fragment", ()):
        if not fragment.startswith(("postmaster.odoo.connection", "postmaster.odoo.attributes")):
            loaded = importlib.import_module(f"{FRAGMENTS}.{fragment.rpartition('.')[2]}")
            documented["options"] |= yaml.safe_load(loaded.ModuleDocFragment.DOCUMENTATION)["options"]
    assert all_comparable(documented["options"]) == all_comparable(dict(module_named(name).SPECIFICATION.options))


def test_the_documented_connection_is_that_of_the_modules() -> None:
    documented = yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)["options"]
    specified = connection_arguments()
    assert all_comparable(documented) == all_comparable(specified)
    for name, option in documented.items():
        (variable,) = specified[name]["fallback"][1]
        assert f"E({variable})" in str(option["description"])


def test_no_option_of_a_module_is_one_of_the_connection() -> None:
    for name in CONNECTED:
        assert not set(module_named(name).SPECIFICATION.options) & set(connection_arguments())


@pytest.mark.parametrize("name", CONNECTED)
def test_the_fragments_of_a_module(name: str) -> None:
    asks = name.endswith("_info") or name == "mail_doctor"
    fragments = documentation(name)["extends_documentation_fragment"]
    assert "postmaster.odoo.connection" in fragments
    assert ("postmaster.odoo.attributes.info" in fragments) is asks
    if name in {kind.name for kind in RESOURCE_TYPES} | {"mail_stack"}:
        assert "postmaster.odoo.attributes" in fragments


@pytest.mark.parametrize("fragment", ["DOCUMENTATION", "INFO"])
def test_the_attributes_name_the_action_group(fragment: str) -> None:
    told = yaml.safe_load(getattr(attributes.ModuleDocFragment, fragment))["attributes"]
    assert {"check_mode", "diff_mode", "idempotent", "action_group"} <= set(told)
    assert told["action_group"]["membership"] == [f"postmaster.odoo.{group}" for group in RUNTIME["action_groups"]]


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.name)
def test_a_module_has_every_option_of_its_resource(kind: ResourceType) -> None:
    options = module_named(kind.name).SPECIFICATION.options
    for name, option in kind.options.items():
        assert options[name] == option


@pytest.mark.parametrize("name", LISTS)
def test_a_stack_has_every_option_of_its_resources(name: str) -> None:
    option = module_named("mail_stack").SPECIFICATION.options[name]
    states = {"state"} & set(option["options"])
    assert set(option["options"]) - states == set(resource_arguments(LISTS[name]))
    for suboption, specification in LISTS[name].options.items():
        assert option["options"][suboption] == specification
    for rule, value in LISTS[name].option_rules.items():
        assert option[rule] == value
    alone = module_named(LISTS[name].name).SPECIFICATION
    for suboption in option["options"]:
        assert option["options"][suboption] == alone.options[suboption]


@pytest.mark.parametrize("kind", RESOURCE_TYPES, ids=lambda kind: kind.name)
def test_secret_fields_are_secret_options(kind: ResourceType) -> None:
    for name, option in kind.options.items():
        assert bool(option.get("no_log")) is (kind.field_names.get(name, name) in kind.secret_fields)


@pytest.mark.parametrize("name", MODULES)
def test_every_kind_of_error_is_documented(name: str) -> None:
    returned = yaml.safe_load(module_named(name).RETURN)
    assert returned["error_kind"]["returned"] == "failure"
    text = str(returned["error_kind"]["description"])
    possible = KINDS - {errors.Threshold.kind} - (set() if name in WAIT_FOR_CONSENT else {errors.NotConnected.kind})
    possible -= set() if name == "mail_stack" else {errors.NothingDeclared.kind}
    assert ("V(threshold)" in text) is (name in JUDGE)
    if "as in M(" not in text:
        assert {kind for kind in KINDS if f"V({kind})" in text} == possible


def test_every_outcome_of_a_test_is_documented() -> None:
    returned = yaml.safe_load(module_named("mail_server_test").RETURN)
    text = str(returned["tests"]["contains"]["outcome"]["description"])
    assert {outcome for outcome in OUTCOMES if f"V({outcome})" in text} == set(OUTCOMES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_tasks_of_the_module(name: str) -> None:
    options = module_named(name).SPECIFICATION.arguments
    for task in yaml.safe_load(module_named(name).EXAMPLES):
        assert "name" in task
        assert set(task[f"postmaster.odoo.{name}"] or {}) <= set(options)
