# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of module_utils: each imports only packages below it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils import errors
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES

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


# Words of one resource type that are not in its names.
OF_ONE_TYPE = ("oauth2", "server trials")
# Words of Odoo and Ansible that the engine does not know.
UNKNOWN_TO_ENGINE = ("ansible", "cron", "mail")
# Odoo's own concepts: addons own records and fields, and a system parameter contains the lock, which users may have to delete.
ALLOWED = {
    ("enforcement/lock.py", "system parameter"),
    ("enforcement/planner.py", "addon"),
    ("enforcement/snapshot.py", "addon"),
    ("enforcement/stack.py", "addon"),
}
GENERIC = [file for package in ("engine", "enforcement") for file in sorted((ROOT / package).rglob("*.py"))]


def names_of_types() -> set[str]:
    """Return the names, labels and options of all resource types, as they are written in code and in prose."""
    return {text for kind in RESOURCE_TYPES for text in (kind.name, kind.label, kind.stack_option)}


def as_prose(text: str) -> str:
    """Return a text in lower case, with the words of identifiers separated: `odoo_mail_servers` is "odoo mail servers"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()


def words_of(file: Path) -> str:
    """Return the text of a file, without the header of the license. Of modules of this collection, only the name below `module_utils` is left."""
    lines = file.read_text(encoding="utf-8").replace(PREFIX, "").splitlines()
    # The module of the keys of locks.
    return as_prose("\n".join(lines[1:])).replace("resources.known parameters", "")


def found_words(file: Path) -> set[str]:
    """Return the words in a file that belong to resource types, in the singular."""
    texts = {*names_of_types(), *OF_ONE_TYPE, *(UNKNOWN_TO_ENGINE if file.parent.name == "engine" else ())}
    singular = {form: as_prose(text) for text in texts for form in plurals(as_prose(text))}
    singular |= {form: kind.label for kind in RESOURCE_TYPES for form in plurals(as_prose(kind.stack_option))}
    pattern = "|".join(sorted(singular, key=len, reverse=True))
    return {singular[form] for form in re.findall(rf"\b(?:{pattern})\b", words_of(file))}


def plurals(words: str) -> set[str]:
    """Return words in the singular and the plural."""
    return {words, f"{words}s", f"{words.removesuffix('y')}ies"}


def allowed_in(file: Path) -> set[str]:
    return {word for name, word in ALLOWED if name == file.relative_to(ROOT).as_posix()}


@pytest.mark.parametrize("file", GENERIC, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_generic_packages_name_no_resource_type(file: Path) -> None:
    assert found_words(file) == allowed_in(file)


@pytest.mark.parametrize("file", GENERIC, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_generic_packages_use_no_resource_type(file: Path) -> None:
    """Code that uses a resource type imports it, or contains its name as a text, even if its words are allowed in prose."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    identifiers = {value for node in nodes for name, value in ast.iter_fields(node) if name in ("id", "attr", "name")}
    assert not {type(kind).__module__ for kind in RESOURCE_TYPES} & imported_modules(file)
    assert not texts & names_of_types()
    assert not identifiers & {kind.name.upper() for kind in RESOURCE_TYPES}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# the crons of an instance", {"cron"}),
        ('f"set odoo_mail_servers"', {"mail server"}),
        ("if kind is QUEUE_POLICY: ...", {"queue policy"}),
        ("class MailServer: ...", {"mail server"}),
        ('"""All queue policies and alias domains."""', {"queue policy", "alias domain"}),
        ("self.ignored_parameters", {"system parameter"}),
        (f"from {PREFIX}resources.mail_server_login import X", {"mail server"}),
        (f"from {PREFIX}resources.known_parameters import LOCK_KEY", set()),
        ("the time of the server", set()),
    ],
)
def test_every_spelling_of_a_resource_type_is_found(tmp_path: Path, text: str, expected: set[str]) -> None:
    file = tmp_path / "enforcement" / "example.py"
    file.parent.mkdir()
    file.write_text(f"# Copyright\n{text}\n", encoding="utf-8")
    assert found_words(file) == expected


# The names that Ansible requires.
REQUIRED_BY_ANSIBLE = {
    "ActionModule",
    "CallbackModule",
    "FilterModule",
    "InventoryModule",
    "LookupModule",
    "ModuleDocFragment",
}


def test_every_class_has_its_own_name() -> None:
    files = ROOT.parent.rglob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    counts = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    assert {name for name, count in counts.items() if count > 1} <= REQUIRED_BY_ANSIBLE
