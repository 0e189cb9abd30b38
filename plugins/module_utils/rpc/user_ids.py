# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ids of users, remembered from one login to the next.

JSON-RPC wants a user's id with every call, and Odoo tells it for a login alone: a check of the password, a third of a second,
only to learn the same number again. So it is kept in a file of its own for each user of each instance, which nobody need trust:
whoever takes an id from here asks Odoo whether it is that user's. Where nothing can be kept, nothing is.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text, write_atomically

# Odoo's first administrator, `base.user_admin`, has this id in every database that was born with 12.0 or later.
_FIRST_ADMINISTRATOR = ("admin", 2)


# A home that is nowhere (RuntimeError), read-only or full, and a file that somebody else has written.
_NO_MEMORY = (OSError, RuntimeError, ValueError)


def _file(url: str, database: str, username: str) -> Path:
    """Where an id is kept: in Ansible's home, which the environment may have moved."""
    home = Path(os.environ.get("ANSIBLE_HOME") or "~/.ansible").expanduser()
    name = hashlib.sha256("\0".join((url, database, username)).encode()).hexdigest()
    return home / "postmaster.odoo" / "user_ids" / name


def recall(url: str, database: str, username: str) -> int | None:
    """The id that a user had at the last login, None where nobody knows."""
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
    """Keep the id that a login has told."""
    with suppress(*_NO_MEMORY):
        path = _file(url, database, username)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, str(user_id), mode=0o600)
