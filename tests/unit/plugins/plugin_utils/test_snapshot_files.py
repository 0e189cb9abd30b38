# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshot files: names, permissions, encryption, and refusals."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultSecret, VaultSecretsContext, is_encrypted

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    SavedRecord,
    SnapshotDocument,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils import snapshot_files
from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles

URL, DATABASE = "https://odoo.acme.example:8069", "acme/production"
SECRET = "made-up-password"
ODD = {
    "smtp_pass": SECRET,
    "smtp_host": " blanks ",
    "code": "a = '{{ x }}'\n\n\tb = 'é\u2028'\r\n",
    "smtp_port": 25,
    "active": False,
    "max_email_size": 1e-7,
    "from_filter": "yes",
}


def document(**values: Any) -> SnapshotDocument:
    former = Former(
        name="Main",
        record_id=5,
        values=values or ODD,
        references={"user_id": 2, "company_ids": [1, 2]},
        reference_names={"user_id": ["admin"], "company_ids": ["A", "B"]},
        secret=frozenset({"smtp_pass"} & (values or ODD).keys()),
    )
    record = SavedRecord("mail_server", "Main", "present", "postmaster.main", former)
    return SnapshotDocument(URL, DATABASE, "19.0", [record], [Loss("addon", "crm", "It stays.")])


@pytest.fixture
def _vault(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [("default", VaultSecret(b"made-up-vault-password"))]
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(secrets))


@pytest.fixture
def _no_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext([]))


@pytest.mark.usefixtures("_vault")
def test_a_written_snapshot_is_read_again(tmp_path: Path) -> None:
    path = Path(SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document()))
    assert path.name.startswith("odoo.acme.example-8069_acme-production_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_encrypted(path.read_text())
    for name in ("latest", str(path), path.name):
        read_path, read = SnapshotFiles(str(tmp_path)).read(name, URL, DATABASE)
        assert read_path == str(path)
        assert [one.as_document() for one in read.records] == [one.as_document() for one in document().records]
        assert read.losses == document().losses
        assert read.taken.endswith("Z")


@pytest.mark.usefixtures("_no_vault")
def test_without_a_vault_secret_no_secret_is_written(tmp_path: Path) -> None:
    path = Path(SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document()))
    assert SECRET not in path.read_text()
    _path, read = SnapshotFiles(str(tmp_path)).read("latest", URL, DATABASE)
    assert read.left_out == [("mail_server", "Main", "smtp_pass")]
    # Odoo must not send the password that stays to the former host.
    left_out = ("smtp_pass", "smtp_host", "smtp_port")
    assert read.records[0].former.values == {name: value for name, value in ODD.items() if name not in left_out}
    assert any("stay as they are: smtp_host, smtp_port." in loss.reason for loss in read.losses)


@pytest.mark.usefixtures("_vault")
def test_without_a_secret_the_file_is_plain_text(tmp_path: Path) -> None:
    path = Path(SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document(smtp_port=25)))
    assert "smtp_port: 25" in path.read_text()


@pytest.mark.usefixtures("_vault")
def test_no_file_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several runs in one second use different files, but a run may replace its own file."""
    files = SnapshotFiles(str(tmp_path))

    class Still(snapshot_files.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls(2026, 11, 30, 2, 0, 0, tzinfo=tz)

    monkeypatch.setattr(snapshot_files, "datetime", Still)
    paths = []
    for number in range(11):
        file = files.file(URL, DATABASE)
        paths.append(file.write(document(smtp_port=number)))
        assert file.write(document(smtp_port=number + 100)) == paths[-1]
    before_rollback = files.file(URL, DATABASE, of_rollback=True).write(document(smtp_port=5))
    assert len({*paths, before_rollback}) == 12
    path, read = files.read("latest", URL, DATABASE)
    assert (path, read.records[0].former.values) == (paths[-1], {"smtp_port": 110})


@pytest.mark.usefixtures("_vault")
def test_an_incomplete_file_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any, **_options: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(snapshot_files, "write_atomically", full)
    with pytest.raises(Invalid, match="No space left"):
        SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document())
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not exist, so no snapshot can be written"):
        SnapshotFiles(str(tmp_path / "nowhere"))


@pytest.mark.usefixtures("_no_vault")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text", "is not a snapshot"),
        (b"[" * 5000, "nested too deeply"),
        (b"a: [", "not YAML"),
        (b"\xff", "not text in UTF-8"),
        (b"!!python/object/apply:os.getcwd []", "not YAML"),
        (b"a: 2026-13-45", "not YAML"),
        (b"a: !!timestamp foo", "not YAML"),
        (b"a: !!int foo", "not YAML"),
        (b"a: !!float foo", "not YAML"),
        (b"a: 0b_", "not YAML"),
        (b"a: !unsafe {b: 1}", "not YAML"),
        (b"? [a]\n: b", "not YAML"),
        (b"", "is not a snapshot"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n00\n", "is encrypted"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_not_a_snapshot(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "x.yml").write_bytes(content)
    with pytest.raises(Invalid, match=message):
        SnapshotFiles(str(tmp_path)).read("x.yml", URL, DATABASE)


@pytest.mark.usefixtures("_vault")
def test_another_vault_secret_does_not_decrypt_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document())
    other = [("default", VaultSecret(b"made-up-other-password"))]
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(other))
    with pytest.raises(Invalid, match="None of the vault secrets of this run decrypts the existing file"):
        SnapshotFiles(str(tmp_path)).read("latest", URL, DATABASE)


@pytest.mark.usefixtures("_vault")
def test_the_latest_snapshot_of_another_instance_is_not_used(tmp_path: Path) -> None:
    SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document())
    with pytest.raises(Invalid, match="contains no snapshot of this instance"):
        SnapshotFiles(str(tmp_path)).read("latest", URL, "other")


@pytest.mark.usefixtures("_vault")
def test_latest_ignores_an_empty_file(tmp_path: Path) -> None:
    """A killed run may have left one."""
    files = SnapshotFiles(str(tmp_path))
    path = files.file(URL, DATABASE).write(document())
    (tmp_path / "odoo.acme.example-8069_acme-production_20991130T020000Z.yml").write_text("")
    assert files.read("latest", URL, DATABASE)[0] == path


def test_no_file_exists_before_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encrypting takes long, and a run that is killed meanwhile leaves nothing."""
    found: list[list[Path]] = []

    def slow(_self: Any, _document: SnapshotDocument) -> str:
        found.append(list(tmp_path.iterdir()))
        return "text"

    monkeypatch.setattr(snapshot_files._File, "_text", slow)
    SnapshotFiles(str(tmp_path)).file(URL, DATABASE).write(document())
    assert found == [[]]


@pytest.mark.usefixtures("_vault")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_latest_refuses_a_file_that_every_user_may_write(tmp_path: Path, what: str) -> None:
    files = SnapshotFiles(str(tmp_path))
    path = Path(files.file(URL, DATABASE).write(document()))
    (path if what == "file" else tmp_path).chmod(0o777)
    with pytest.raises(Invalid, match="every user may write"):
        files.read("latest", URL, DATABASE)
    assert files.read(str(path), URL, DATABASE)[0] == str(path)


@pytest.mark.usefixtures("_vault")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_latest_refuses_a_file_if_another_group_may_write_it(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = SnapshotFiles(str(tmp_path))
    path = Path(files.file(URL, DATABASE).write(document()))
    (path if what == "file" else tmp_path).chmod(0o770)
    monkeypatch.setattr(snapshot_files.os, "getegid", lambda: path.stat().st_gid)
    assert files.read("latest", URL, DATABASE)[0] == str(path)
    monkeypatch.setattr(snapshot_files, "_OWN_GROUPS", frozenset())
    monkeypatch.setattr(snapshot_files.os, "getegid", lambda: path.stat().st_gid + 1)
    with pytest.raises(Invalid, match=r"the group \d+ may write"):
        files.read("latest", URL, DATABASE)


def test_the_host_of_an_instance_is_not_case_sensitive(tmp_path: Path) -> None:
    files = SnapshotFiles(str(tmp_path))
    path = files.file(URL, DATABASE).write(document())
    assert files.read("latest", URL.upper(), DATABASE)[0] == path


@pytest.mark.usefixtures("_vault")
def test_latest_refuses_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SnapshotFiles(str(tmp_path))
    path = Path(files.file(URL, DATABASE).write(document()))
    own = os.geteuid()
    if own == 0:
        # Files of root are accepted for every user of Ansible.
        monkeypatch.setattr(snapshot_files.os, "geteuid", lambda: 12345)
        assert files.read("latest", URL, DATABASE)[0] == str(path)
        os.chown(path, 23456, -1)
    else:
        monkeypatch.setattr(snapshot_files.os, "geteuid", lambda: own + 1)
    with pytest.raises(Invalid, match="belongs to another user"):
        files.read("latest", URL, DATABASE)
    assert files.read(str(path), URL, DATABASE)[0] == str(path)


@pytest.mark.usefixtures("_vault")
def test_a_file_can_be_removed_and_written_again(tmp_path: Path) -> None:
    file = SnapshotFiles(str(tmp_path)).file(URL, DATABASE)
    file.remove()
    file.write(document())
    file.remove()
    assert list(tmp_path.iterdir()) == []
    assert Path(file.write(document())).exists()
