# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ids of users, stored between logins.

JSON-RPC needs a user's id in every call. Only Odoo's login returns it, with a check of the password that takes a third of a second.
So the id is stored in a file for each user of each instance. The file need not be trusted: the caller checks with Odoo that the id
is that user's. If the file cannot be written, nothing is stored.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text, write_atomically

# Odoo's first administrator, `base.user_admin`, has this id in every database that was created with 12.0 or later.
_FIRST_ADMINISTRATOR = ("admin", 2)


# The errors of a home that does not exist (RuntimeError), is read-only or full, and of a file that another program has written.
_NO_MEMORY = (OSError, RuntimeError, ValueError)


def _file(url: str, database: str, username: str) -> Path:
    """Return the file for an id, in Ansible's home, which an environment variable can change."""
    home = Path(os.environ.get("ANSIBLE_HOME") or "~/.ansible").expanduser()
    name = hashlib.sha256("\0".join((url, database, username)).encode("utf-8", "surrogatepass")).hexdigest()
    return home / "postmaster.odoo" / "user_ids" / name


def recall(url: str, database: str, username: str) -> int | None:
    """Return the id that a user had at the last login; None if it is unknown."""
    with suppress(*_NO_MEMORY):
        return int(read_text(_file(url, database, username)))
    login, user_id = _FIRST_ADMINISTRATOR
    return user_id if username == login else None


def is_remembered(url: str, database: str, username: str) -> bool:
    """Return whether the user has logged in at this URL before."""
    with suppress(*_NO_MEMORY):
        return _file(url, database, username).exists()
    return False


def remember(url: str, database: str, username: str, user_id: int) -> None:
    """Store the id that a login has returned."""
    with suppress(*_NO_MEMORY):
        path = _file(url, database, username)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, str(user_id), mode=0o600)
