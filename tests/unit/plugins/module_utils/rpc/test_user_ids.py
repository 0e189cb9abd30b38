# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ids of users: each is stored for exactly one user of one instance, and no problem with it causes an error."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.user_ids import recall, remember

URL = "https://odoo.acme.example"


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_an_id_is_stored_for_one_user_of_one_instance() -> None:
    remember(URL, "acme", "ops", 7)
    assert recall(URL, "acme", "ops") == 7
    assert recall(URL, "acme", "dev") is None
    assert recall(URL, "acme2", "ops") is None
    assert recall("http://odoo.acme.example", "acme", "ops") is None
    assert recall(URL, "acm", "eops") is None


def test_the_last_login_counts(ansible_home: Path) -> None:
    for user_id in (7, 1234, 8):
        remember(URL, "acme", "ops", user_id)
        assert recall(URL, "acme", "ops") == user_id
    assert len(files(ansible_home)) == 1


def test_the_first_administrator_is_assumed_until_a_login_shows_another_id() -> None:
    assert recall(URL, "acme", "admin") == 2
    remember(URL, "acme", "admin", 5)
    assert recall(URL, "acme", "admin") == 5
    assert recall(URL, "other", "admin") == 2


def test_only_the_id_is_stored(ansible_home: Path) -> None:
    remember(URL, "acme", "ops", 7)
    (kept,) = files(ansible_home)
    assert kept.read_text() == "7"
    assert not any(word in kept.name for word in ("acme", "ops", "odoo"))
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"seven", b"7 8", b"\xff\xfe"])
def test_an_invalid_id_is_ignored(ansible_home: Path, content: bytes) -> None:
    remember(URL, "acme", "ops", 7)
    (kept,) = files(ansible_home)
    kept.write_bytes(content)
    assert recall(URL, "acme", "ops") is None
    remember(URL, "acme", "ops", 8)
    assert recall(URL, "acme", "ops") == 8


def test_without_a_writable_folder_nothing_is_stored(ansible_home: Path) -> None:
    ansible_home.write_text("a file where the folder should be")
    remember(URL, "acme", "ops", 7)
    assert recall(URL, "acme", "ops") is None
    assert recall(URL, "acme", "admin") == 2


def test_without_a_home_nothing_is_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This happens in a container whose user has no entry in the user database."""

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.delenv("ANSIBLE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    remember(URL, "acme", "ops", 7)
    assert recall(URL, "acme", "ops") is None
    assert list(tmp_path.iterdir()) == []


def test_ansibles_own_home_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANSIBLE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    remember(URL, "acme", "ops", 7)
    (kept,) = files(tmp_path)
    assert kept.is_relative_to(tmp_path / ".ansible")


def test_a_name_with_a_byte_that_is_not_utf_8() -> None:
    """Python reads such a byte of an environment variable as half of a surrogate pair."""
    account = ("https://odoo.acme.example", "acme", "half\udcffname")
    remember(*account, 7)
    assert recall(*account) == 7
