# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of interpreters, and whether they belong to the same Python environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.plugin_utils.python_environment import is_same_environment

BINARY = Path(sys.executable).resolve()


def environment(folder: Path) -> Path:
    """Lay out a virtual environment, and return its interpreter."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    (folder / "bin/python3").symlink_to(BINARY)
    (folder / "bin/python").symlink_to("python3")
    return folder / "bin/python3"


def test_different_paths_of_one_environment_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python3 = environment(tmp_path / "venv")
    (tmp_path / "link").symlink_to("venv")
    monkeypatch.setenv("PATH", str(python3.parent))
    for spelling in (python3, python3.with_name("python"), tmp_path / "venv/../link/bin/python", "python3"):
        assert is_same_environment(str(spelling), str(python3)), spelling


def test_two_environments_of_one_binary_differ(tmp_path: Path) -> None:
    one, other = environment(tmp_path / "one"), environment(tmp_path / "other")
    assert not is_same_environment(str(one), str(other))
    assert not is_same_environment(str(one), str(BINARY))


def test_links_to_a_python_without_environment_are_equal(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(BINARY)
    assert is_same_environment(str(tmp_path / "python"), str(BINARY))
    assert not is_same_environment(str(tmp_path / "missing"), str(BINARY))
