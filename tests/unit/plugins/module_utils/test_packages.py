# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of module_utils: each imports only packages below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils import errors

PREFIX = "ansible_collections.postmaster.odoo.plugins.module_utils."
ROOT = Path(errors.__file__).parent

# Each package with the packages that it may import. Every package may import the files outside of packages.
MAY_IMPORT: dict[str, set[str]] = {
    "secrets": set(),
    "engine": set(),
    "rpc": {"secrets"},
    "routing": {"engine", "rpc"},
    "smtp": {"engine", "routing", "rpc", "secrets"},
    "queue_policy": {"rpc", "smtp"},
    "resources": {"engine", "queue_policy", "routing", "rpc", "secrets", "smtp"},
    "api_keys": {"resources", "rpc", "secrets"},
    "enforcement": {"engine", "resources", "routing", "rpc", "secrets", "smtp"},
    "dns": {"resources", "routing"},
    "queue": {"enforcement", "engine", "queue_policy", "resources", "rpc", "secrets", "smtp"},
    "doctor": {"api_keys", "dns", "engine", "queue", "queue_policy", "resources", "routing", "rpc", "secrets", "smtp"},
    "events": {"doctor", "rpc", "secrets"},
    "removal": {"api_keys", "engine", "enforcement", "queue", "queue_policy", "resources", "rpc", "smtp"},
    "export": {"doctor", "engine", "queue", "queue_policy", "resources", "rpc", "secrets"},
    "rollback": {"enforcement", "engine", "export", "resources", "rpc", "secrets"},
}


def imported_modules(file: Path) -> set[str]:
    """Return the modules that a file imports, those for type checking included."""
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    imports = [node for node in tree if isinstance(node, ast.ImportFrom) and node.module]
    return {name for node in imports for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names))}


def test_every_package_is_listed() -> None:
    assert {folder.parent.name for folder in ROOT.glob("*/__init__.py")} == set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_packages_below_it(package: str) -> None:
    found = {
        module.removeprefix(PREFIX).split(".")[0]
        for file in (ROOT / package).rglob("*.py")
        for module in imported_modules(file)
        if module.startswith(PREFIX)
    }
    assert (found & set(MAY_IMPORT)) - {package} <= MAY_IMPORT[package]


def test_there_is_no_cycle() -> None:
    order = list(MAY_IMPORT)
    for package, below in MAY_IMPORT.items():
        assert all(order.index(one) < order.index(package) for one in below), package


@pytest.mark.parametrize("package", ["engine", "resources"])
def test_the_core_imports_no_ansible(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert not [one for one in imported_modules(file) if one.split(".")[0] == "ansible"], file


CONCRETE = {
    "addon",
    "alias_domain",
    "cron",
    "mail_server",
    "queue_policy",
    "system_parameter",
    "server_trials",
    "oauth2",
}


@pytest.mark.parametrize("package", ["engine", "enforcement"])
def test_the_generic_packages_name_no_resource_type(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        imported = {one.removeprefix(f"{PREFIX}resources.") for one in imported_modules(file)}
        text = file.read_text(encoding="utf-8")
        assert not imported & CONCRETE, file
        assert not [name for name in CONCRETE if f'"{name}"' in text or name.upper() in text], file
