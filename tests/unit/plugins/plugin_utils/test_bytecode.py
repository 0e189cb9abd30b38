# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loader of this collection's code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.postmaster.odoo.plugins import filter as filters
from ansible_collections.postmaster.odoo.plugins.module_utils import errors
from ansible_collections.postmaster.odoo.plugins.plugin_utils import bytecode

PACKAGE = "ansible_collections.postmaster.odoo.plugins.module_utils.made_up"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a package of the collection in a folder of its own."""
    # Another test may have imported the action plugin.
    finders = [finder for finder in sys.meta_path if not isinstance(finder, bytecode._Finder)]
    monkeypatch.setattr(sys, "meta_path", finders)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "answer.py").write_text("ANSWER = 42\n")
    package = ModuleType(PACKAGE)
    package.__path__ = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    yield tmp_path
    sys.modules.pop(f"{PACKAGE}.answer", None)


def test_bytecode_is_kept(package: Path) -> None:
    bytecode.keep_bytecode()
    assert importlib.import_module(f"{PACKAGE}.answer").ANSWER == 42
    assert len(list((package / "__pycache__").glob("answer.*.pyc"))) == 1


def test_a_changed_file_is_compiled_again(package: Path) -> None:
    bytecode.keep_bytecode()
    importlib.import_module(f"{PACKAGE}.answer")
    (package / "answer.py").write_text("ANSWER = 4242\n")
    del sys.modules[f"{PACKAGE}.answer"]
    assert importlib.import_module(f"{PACKAGE}.answer").ANSWER == 4242


def test_without_a_writable_folder_the_file_is_still_loaded(package: Path) -> None:
    (package / "__pycache__").touch()
    bytecode.keep_bytecode()
    assert importlib.import_module(f"{PACKAGE}.answer").ANSWER == 42


@pytest.mark.usefixtures("package")
def test_it_loads_only_the_collection() -> None:
    before = len(sys.meta_path)
    bytecode.keep_bytecode()
    bytecode.keep_bytecode()
    assert len(sys.meta_path) == before + 1
    finder = sys.meta_path[0]
    folder = [str(Path(errors.__file__).parent)]
    found = finder.find_spec(errors.__name__, folder, None)
    assert found is not None
    assert isinstance(found.loader, SourceFileLoader)
    assert finder.find_spec(f"{PACKAGE}.nothing", folder, None) is None
    # Ansible finds filters by the file of this package, which Python's loader does not set.
    assert finder.find_spec(filters.__name__, filters.__path__, None) is None
    assert finder.find_spec("ansible_collections.other.name.plugins.module_utils.errors", folder, None) is None
