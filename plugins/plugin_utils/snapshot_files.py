# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshot files on the controller. Each file is written in one step, and only its owner can read it. No other run overwrites it."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text, write_atomically
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.reading import read_document
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.yaml_text import comment, entries
from ansible_collections.postmaster.odoo.plugins.plugin_utils.untrusted_yaml import YAML_ERRORS, is_nested_deeply
from ansible_collections.postmaster.odoo.plugins.plugin_utils.vault import Vault, has_vault_secrets

LATEST = "latest"
_MODE = 0o600
_OWN_GROUPS = frozenset({0})  # root's group, in addition to the one of the process
_HEAD = (
    "The values in this instance before a run of postmaster.odoo changed them. The playbook postmaster.odoo.rollback restores them. "
    "Names and values are those of Odoo's fields."
)
_OF_ROLLBACK = "_before_rollback"
# The time, a number if several runs started in one second, and the kind of the run.
_NAME = re.compile(r"_(?P<time>\d{8}T\d{6}Z)(?:_(?P<number>\d+))?(?P<rollback>" + _OF_ROLLBACK + r")?\.yml")


class _Loader(yaml.SafeLoader):
    """A loader of plain data. `!unsafe` marks a text that Ansible must not evaluate as a template."""

    def construct_unsafe(self, node: yaml.ScalarNode) -> Any:
        return self.construct_scalar(node)


_Loader.add_constructor("!unsafe", _Loader.construct_unsafe)


class SnapshotFiles:
    """A folder of snapshot files.

    :raises Invalid: if the folder does not exist.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(os.path.realpath(folder))
        if not self._folder.is_dir():
            raise Invalid(
                f"snapshot_folder: the folder {folder} does not exist, so no snapshot can be written. Create it, or correct the path."
            )

    def file(self, url: str, database: str, *, of_rollback: bool = False) -> _File:
        """Return a new file of an instance. It does not exist until it is written.

        :raises Invalid: if the folder is not writable.
        """
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise Invalid(
                f"snapshot_folder: the user of this run cannot write into {self._folder}. Change its permissions, or choose another folder."
            )
        return _File(self._folder, _prefix(url, database), _OF_ROLLBACK if of_rollback else "")

    def read(self, name: str, url: str, database: str) -> tuple[str, SnapshotDocument]:
        """Return the path and the content of a file.

        :param name: a path, or `latest` for the latest file of the instance that is not from a rollback.
        :raises Invalid: if the file does not exist or cannot be read.
        """
        path = self._latest(_prefix(url, database)) if name == LATEST else self._folder / Path(name).expanduser()
        return str(path), read_document(_data(path), str(path))

    def _latest(self, prefix: str) -> Path:
        found = []
        for path in self._folder.glob(f"{prefix}_*.yml"):
            parts = _NAME.fullmatch(path.name.removeprefix(prefix))
            # A run that was killed may have left an empty file, before it changed anything.
            if parts and not parts["rollback"] and not _is_empty(path):
                found.append((parts["time"], int(parts["number"] or 1), path))
        if not found:
            raise Invalid(f"{self._folder} contains no snapshot of this instance (a file {prefix}_*.yml).")
        newest = max(found)[2]
        self._refuse_planted(newest)
        return newest

    def _refuse_planted(self, path: Path) -> None:
        """Refuse a file that another user may have written, because nobody has named it, and a rollback writes its content into Odoo.

        :raises Invalid: it belongs to another user than this one and root, or others may write it or its folder.
        """
        hint = "Check the file, then give its path instead of latest."
        try:
            for one in (path, self._folder):
                found = one.stat()
                writers = _other_writers(found)
                if writers:
                    raise Invalid(
                        f"latest does not use {path}: {writers} may write {one}. Remove that permission. {hint}"
                    )
                if one is path and found.st_uid not in (0, os.geteuid()):
                    raise Invalid(f"latest does not use {path}: it belongs to another user (id {found.st_uid}). {hint}")
        except OSError as error:
            raise Invalid(f"The snapshot {path} cannot be read: {error.strerror}.") from None


class _File:
    """A file that one run writes. It writes the file again if it changes more later."""

    def __init__(self, folder: Path, prefix: str, suffix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._suffix = suffix
        self._path: Path | None = None
        self._taken = ""

    @property
    def can_encrypt(self) -> bool:
        """Return whether Ansible has a vault secret."""
        return has_vault_secrets()

    def write(self, document: SnapshotDocument) -> str:
        """Write the document in one step, without its secrets if they cannot be encrypted, and return the path.

        :raises Invalid: if it cannot be written. Then no file is left.
        """
        is_new = self._path is None
        now = datetime.now(timezone.utc)
        self._taken = self._taken or now.strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            text = self._text(replace(document, taken=self._taken))
            path = self._path or self._reserved(now)
            try:
                write_atomically(path, text, mode=_MODE, durable=True)
            except BaseException:
                if is_new:
                    path.unlink()
                raise
        except OSError as error:
            raise Invalid(
                f"The snapshot cannot be written into {self._folder}: {error.strerror}. The records that it would contain are unchanged."
            ) from None
        except AnsibleError as error:
            raise Invalid(f"The snapshot cannot be encrypted: {error.message}") from None
        self._path = path
        return str(path)

    def remove(self) -> None:
        """Remove the file, if it was written.

        :raises Invalid: it cannot be removed.
        """
        if self._path is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise Invalid(
                f"The snapshot {self._path} describes a run that has changed nothing, and cannot be removed: {error.strerror}."
            ) from None
        self._path = None

    def _text(self, document: SnapshotDocument) -> str:
        is_encrypted_file = document.has_secrets and self.can_encrypt
        kept = document if is_encrypted_file or not document.has_secrets else document.without_secrets()
        text = "\n".join(["---", *comment(_HEAD), *entries(kept.as_document())]) + "\n"
        return Vault(None).encrypted(text) if is_encrypted_file else text

    def _reserved(self, now: datetime) -> Path:
        """Create an empty file with a name that no other run has."""
        number = 1
        while True:
            counted = f"_{number}" if number > 1 else ""
            path = self._folder / f"{self._prefix}_{now:%Y%m%dT%H%M%SZ}{counted}{self._suffix}.yml"
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, _MODE))
            except FileExistsError:
                number += 1
            else:
                return path


def _other_writers(found: os.stat_result) -> str:
    """Return the other users who may write a file or a folder; empty if there are none. The group of this user is often its own."""
    if found.st_mode & stat.S_IWOTH:
        return "every user"
    is_foreign = found.st_gid not in _OWN_GROUPS and found.st_gid != os.getegid()
    return f"the group {found.st_gid}" if found.st_mode & stat.S_IWGRP and is_foreign else ""


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _prefix(url: str, database: str) -> str:
    """Return the beginning of the names of an instance's files."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{urlsplit(url).netloc.rpartition('@')[2].lower()}_{database}")


def _data(path: Path) -> Any:
    """Return the plain data of a file.

    :raises Invalid: if it cannot be read or decrypted, or is not YAML.
    """
    try:
        text = read_text(path)
        if is_encrypted(text):
            if not has_vault_secrets():
                raise Invalid(
                    f"The snapshot {path} is encrypted, and this run has no vault secret to decrypt it: add --vault-password-file, --vault-id or "
                    "--ask-vault-pass."
                )
            text = Vault(None).decrypted(text, path)
        if is_nested_deeply(text):
            raise Invalid(f"{path} is not a snapshot of this collection: it is nested too deeply.")
        return yaml.load(text, Loader=_Loader)
    except OSError as error:
        raise Invalid(f"The snapshot {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid(f"The snapshot {path} cannot be read: it is not text in UTF-8.") from None
    except AnsibleError as error:
        raise Invalid(f"The snapshot cannot be read: {error.message}") from None
    except YAML_ERRORS:
        raise Invalid(f"{path} is not a snapshot of this collection: it is not YAML.") from None
