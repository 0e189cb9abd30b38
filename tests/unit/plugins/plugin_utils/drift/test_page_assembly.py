# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the page follow the rules that make it sound to join them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import page_assembly

PAGE = Path(page_assembly.__file__).with_name("page")
IMPORT = re.compile(r'^import \{ *([\w,\s]+?),? *\} from "\./(\w+\.mjs)";$', re.MULTILINE)
DECLARATION = re.compile(r"^(?:export )?(?:const|let|function|class) (\w+)", re.MULTILINE)
MODULES = page_assembly.modules_in_order()


def test_every_file_is_in_the_page() -> None:
    files = {str(file.relative_to(PAGE)) for file in PAGE.rglob("*") if file.is_file()}
    assert files == {
        "page.html",
        *(f"styles/{name}.css" for name in page_assembly.STYLES),
        *(f"scripts/{name}" for name in MODULES),
    }


def test_imported_modules_come_first() -> None:
    order = list(MODULES)
    for position, text in enumerate(MODULES.values()):
        for _names, imported in IMPORT.findall(text):
            assert imported in order[:position], f"{order[position]} imports {imported}, which is not before it"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_and_exports_only_in_forms_that_are_removed(name: str) -> None:
    text = MODULES[name]
    lines = text.splitlines()
    assert len(IMPORT.findall(text)) == sum(line.startswith("import") for line in lines)
    assert all(re.match(r"export (const|let|function|class) \w", line) for line in lines if line.startswith("export"))
    # DECLARATION finds names at the top level only in these forms.
    assert not [line for line in lines if re.match(r"(export )?(var|async|const [\[{]|let [\[{])", line)]


def test_the_joined_script_has_no_import_and_no_export() -> None:
    assert not re.findall(r"^(?:import|export)\b.*|^/\*.*", page_assembly.script(), re.MULTILINE)


def test_every_imported_name_is_exported_by_its_module() -> None:
    for text in MODULES.values():
        for names, imported in IMPORT.findall(text):
            exported = set(re.findall(r"^export (?:const|let|function|class) (\w+)", MODULES[imported], re.MULTILINE))
            assert {name.strip() for name in names.split(",")} <= exported


def test_no_name_is_declared_twice() -> None:
    names = Counter(name for text in MODULES.values() for name in DECLARATION.findall(text))
    assert len(names) > len(MODULES)
    assert not [name for name, count in names.items() if count > 1]


def test_everything_is_declared_in_the_joined_script_as_in_the_modules() -> None:
    names = [name for text in MODULES.values() for name in DECLARATION.findall(text)]
    assert DECLARATION.findall(page_assembly.script()) == names


def test_nothing_ends_the_elements_of_script_and_style() -> None:
    assert not re.findall(r"</?script|<!--", page_assembly.script(), re.IGNORECASE)
    assert not re.findall(r"</?style|<!--", page_assembly.style(), re.IGNORECASE)


def test_licences_are_not_repeated_in_the_page() -> None:
    assert "SPDX" not in page_assembly.script() + page_assembly.style()
    assert page_assembly.template().count("SPDX") == 1
