# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Odoo that counts its checks of passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lab import Lab

NAME = "password_checks"
MANIFEST = '{"name": "Counts how often a password is checked", "license": "GPL-3", "installable": False}\n'
# It is loaded with the server, into no database. Passwords and API keys both use this function; keys have a hundred
# times fewer rounds.
MODULE = r"""
import os

from passlib.context import CryptContext


def counted(check):
    def count(self, secret, hash, *arguments, **options):
        if not hash.startswith("$pbkdf2-sha512$6000$"):
            with open(os.environ["PASSWORD_CHECKS"], "a") as file:
                file.write(f"{os.getpid()}\n")
        return check(self, secret, hash, *arguments, **options)

    return count


for name in ("verify", "verify_and_update"):
    setattr(CryptContext, name, counted(getattr(CryptContext, name)))
"""


class CountingOdoo(NamedTuple):
    """The URL of an Odoo, and the file with a line for each check of a password."""

    url: str
    file: Path

    def checks(self) -> int:
        """Return the number of checks since the last call."""
        lines = self.file.read_text().splitlines()
        self.file.write_text("")
        return len(lines)


@contextmanager
def counting_odoo(lab: Lab, folder: Path) -> Iterator[CountingOdoo]:
    """Run a second Odoo of the lab. It has just started, so its caches are empty."""
    addon = lab.extra_addons / NAME
    addon.mkdir(parents=True, exist_ok=True)
    (addon / "__manifest__.py").write_text(MANIFEST)
    (addon / "__init__.py").write_text(MODULE)
    file = folder / NAME
    file.write_text("")
    with lab.second_odoo(f"--load=base,rpc,web,{NAME}", PASSWORD_CHECKS=str(file)) as url:
        yield CountingOdoo(url, file)
