# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and replace a secret in a vault file on the controller."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ansible.errors import AnsibleError

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import sync_folder, write_atomically
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_file import VaultFile

_HEAD = "Secrets that the module postmaster.odoo.api_key stores."
_NEW_MODE = 0o600
# The note is a variable with this suffix.
_NOTE = "_name"
_POLL_SECONDS = 0.2


class VaultVariable:
    """A variable of a vault file.

    :param path: the file on the controller. Its folder must exist.
    :param vault_id: as in `VaultFile`.
    :raises Invalid: if the run has no matching vault secret, or the file cannot be written.
    """

    def __init__(self, path: str, name: str, vault_id: str | None) -> None:
        # A symbolic link is not replaced.
        self._path = os.path.realpath(path)
        self._name = name
        self._folder = os.path.dirname(self._path)
        self._vault_id = vault_id
        self._vault()
        if not os.path.isdir(self._folder):
            raise Invalid(f"vault_file {path} cannot be written: the folder {self._folder} does not exist. Create it.")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise Invalid(
                f"vault_file {path} cannot be written: the user of this run cannot write into the folder {self._folder}. Change its permissions."
            )
        if os.path.exists(self._path) and not os.path.isfile(self._path):
            raise Invalid(f"vault_file {path} cannot be written: it is not a regular file.")
        owner = _owner_of(self._path)
        if owner and not _can_give_to(*owner):
            raise Invalid(
                f"vault_file {path} belongs to the user {owner[0]} and the group {owner[1]}, and the user of this run cannot preserve that. "
                "Run the task as that user, or change the owner of the file."
            )
        if self._is_plain():
            raise Invalid(
                f"vault_file {path} contains variables that are not encrypted, and the task would encrypt all of them. Use a separate file, or "
                "first encrypt this one with ansible-vault encrypt."
            )

    @property
    def place(self) -> str:
        """Return a text with the file and the variable."""
        return f"{self._path} (variable {self._name})"

    def read(self) -> str | None:
        """Return the secret; None if the file or the variable does not exist.

        :raises Invalid: if the file cannot be read or decrypted.
        """
        try:
            return self._vault().text_of(self._name)
        except AnsibleError as error:
            raise Invalid(f"vault_file: {error.message}") from None

    def read_note(self) -> str:
        """Return the note that is stored with the secret, or an empty text.

        :raises Invalid: if the file cannot be read or decrypted.
        """
        try:
            return self._vault().text_of(f"{self._name}{_NOTE}") or ""
        except AnsibleError as error:
            raise Invalid(f"vault_file: {error.message}") from None

    def write(self, secret: str, note: str) -> None:
        """Replace the secret and its note in one step, and preserve the rest of the file.

        :raises Invalid: if the file cannot be written or decrypted. Then it is unchanged.
        """
        try:
            content = self._vault().content("", {self._name: secret, f"{self._name}{_NOTE}": note}, _HEAD)
            mode = stat.S_IMODE(os.stat(self._path).st_mode) if os.path.exists(self._path) else _NEW_MODE
            # The old key is revoked next, so a power failure must not restore it.
            write_atomically(self._path, content, mode=mode, owner=_owner_of(self._path), durable=True)
        except AnsibleError as error:
            raise Invalid(f"vault_file: {error.message}") from None
        except OSError as error:
            raise Invalid(f"vault_file {self._path} cannot be written: {error.strerror}. It is unchanged.") from None
        try:
            sync_folder(self._folder)
        except OSError as error:
            raise Invalid(
                f"vault_file {self._path} contains the new secret, but the disk did not confirm the write: {error.strerror}. Check the disk."
            ) from None

    @contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Lock this folder, so that no other run on this controller replaces a secret in it.

        :param seconds: how long to wait for another run.
        :raises Conflict: if another run does not end in this time.
        """
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        deadline = time.monotonic() + seconds
        try:
            while not _is_locked(folder):
                if time.monotonic() >= deadline:
                    raise Conflict(
                        f"Another run is replacing a secret in {self._folder}. Run the task again when it has ended."
                    )
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(folder)

    def _is_plain(self) -> bool:
        try:
            return self._vault().is_plain()
        except AnsibleError as error:
            raise Invalid(f"vault_file: {error.message}") from None

    def _vault(self) -> VaultFile:
        """Return the current file. `VaultFile` stores the vault secret that has decrypted it."""
        try:
            return VaultFile(self._path, self._vault_id)
        except AnsibleError as error:
            raise Invalid(f"vault_file: {error.message}") from None


def _owner_of(path: str) -> tuple[int, int] | None:
    """Return the ids of the user and the group of a file; None if the file does not exist."""
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return None
    return state.st_uid, state.st_gid


def _can_give_to(user: int, group: int) -> bool:
    """Return whether this process can create files with this owner."""
    return os.geteuid() == 0 or (user == os.geteuid() and group in (os.getegid(), *os.getgroups()))


def _is_locked(folder: int) -> bool:
    """Lock a folder, and return whether that succeeded. The lock ends with the process."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
