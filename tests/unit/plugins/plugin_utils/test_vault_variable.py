# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret in a vault file: read, replaced in one step, and refused before anything is lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.postmaster.odoo.plugins.plugin_utils import vault_variable
from ansible_collections.postmaster.odoo.plugins.plugin_utils.vault_variable import VaultVariable

SECRETS = [("default", VaultSecret(b"made-up-one"))]
KEY, NOTE = "made-up-key", "Ansible 3f9a2c1b made-up-digest"


@pytest.fixture(autouse=True)
def _given_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(SECRETS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.yml"


def variable(path: Path, name: str = "vault_key", vault_id: str | None = None) -> VaultVariable:
    return VaultVariable(str(path), name, vault_id)


def encrypted(text: str) -> str:
    return str(VaultLib(SECRETS).encrypt(text, SECRETS[0][1]).decode())


def test_a_new_file(path: Path) -> None:
    one = variable(path)
    assert (one.read(), one.read_note()) == (None, "")
    one.write(KEY, NOTE)
    assert (one.read(), one.read_note()) == (KEY, NOTE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_text()


def test_other_content_is_kept(path: Path) -> None:
    path.write_text(encrypted("# first\nvault_a: made-up-a\nvault_key: old\nlist: [1, 2]\n"))
    path.chmod(0o640)
    one = variable(path)
    assert one.read() == "old"
    one.write(KEY, NOTE)
    text = VaultLib(SECRETS).decrypt(path.read_text()).decode()
    assert text == f"# first\nvault_a: made-up-a\nvault_key: {KEY}\nlist: [1, 2]\nvault_key_name: {NOTE}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["vault.yml"]


def test_a_link_remains_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "vault.yml"
    link.symlink_to(tmp_path / "real" / "vault.yml")
    variable(link).write(KEY, NOTE)
    assert link.is_symlink()
    assert variable(link).read() == KEY


@pytest.mark.parametrize(
    "content", ["vault_key: {a: b}\n", "vault_key: '{{ other }}'\n", "vault_key: 5\n", "- a\n", "a: [\n"]
)
def test_values_that_are_not_texts(path: Path, content: str) -> None:
    before = encrypted(content)
    path.write_text(before)
    with pytest.raises(Invalid, match="vault_file"):
        variable(path).read()
    assert path.read_text() == before


def test_a_file_with_another_password(path: Path) -> None:
    other = VaultSecret(b"made-up-other")
    path.write_text(VaultLib([("default", other)]).encrypt("vault_key: old\n", other).decode())
    for use in (variable(path).read, lambda: variable(path).write(KEY, NOTE)):
        with pytest.raises(Invalid, match="None of the vault secrets"):
            use()


def test_without_a_vault_secret(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext([]))
    with pytest.raises(Invalid, match="--vault-password-file"):
        variable(path)


def test_an_unknown_vault_id(path: Path) -> None:
    with pytest.raises(Invalid, match="no vault secret with the ID 'staging'"):
        variable(path, vault_id="staging")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"the folder .* does not exist"):
        variable(tmp_path / "none" / "vault.yml")


def test_a_folder_that_is_not_writable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(Invalid, match="cannot write into the folder"):
        variable(path)


def test_a_folder_in_the_place_of_the_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(Invalid, match="not a regular file"):
        variable(path)


def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variable(path).write("old", NOTE)

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault_variable, "write_atomically", full)
    with pytest.raises(Invalid, match=r"No space left on device\. It is unchanged"):
        variable(path).write(KEY, NOTE)
    assert variable(path).read() == "old"


def test_the_owner_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file gets its owner before it replaces the former one."""
    given: list[tuple[str, int, int]] = []
    variable(path).write("old", NOTE)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda file, *owner: given.append((Path(file).suffix, *owner)))
    monkeypatch.setattr(vault_variable, "_owner_of", lambda _path: (65534, 65533))
    path.chmod(0o640)
    variable(path).write(KEY, NOTE)
    assert given == [(".part", 65534, 65533)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(("owner", "is_refused"), [((7, 8), False), ((7, 9), False), ((7, 1), True), ((1, 8), True)])
def test_an_owner_that_cannot_be_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch, owner: tuple[int, int], is_refused: bool
) -> None:
    """It is refused before anything is created."""
    variable(path).write("old", NOTE)
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    monkeypatch.setattr(os, "getegid", lambda: 8)
    monkeypatch.setattr(os, "getgroups", lambda: [9])
    monkeypatch.setattr(vault_variable, "_owner_of", lambda _path: owner)
    with pytest.raises(Invalid, match="belongs to the user") if is_refused else nullcontext():
        variable(path)


def test_the_file_is_on_disk_before_anything_is_revoked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the content is written to disk, then the folder."""
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        done.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    variable(path).write(KEY, NOTE)
    assert done == ["file", "replace", "folder"]


def test_a_disk_without_confirmation(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message does not claim that the file is unchanged, because it was changed."""

    def broken(_folder: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(vault_variable, "sync_folder", broken)
    with pytest.raises(Invalid, match="contains the new secret"):
        variable(path).write(KEY, NOTE)
    assert variable(path).read() == KEY


@pytest.mark.parametrize(
    "text", ["odoo_url: https://odoo.acme.example\n", "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00\n"]
)
def test_a_file_that_is_not_encrypted(path: Path, text: str) -> None:
    """It would be encrypted as a whole."""
    path.write_text(text)
    with pytest.raises(Invalid, match="not encrypted"):
        variable(path)
    assert path.read_text() == text


def test_an_empty_file(path: Path) -> None:
    path.write_text("\n")
    variable(path).write(KEY, NOTE)
    assert variable(path).read() == KEY


def test_one_run_at_a_time(path: Path) -> None:
    lock_owner = f"""
import fcntl, os, sys
folder = os.open({str(path.parent)!r}, os.O_RDONLY)
fcntl.flock(folder, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", lock_owner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(Conflict, match="Another run"), variable(path).locked(0.3):
        pytest.fail("two runs at a time")
    other.communicate("")
    with variable(path).locked(0.3):
        pass
