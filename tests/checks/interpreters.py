# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this machine.

As a script it prints the one that supports the newest ansible-core, or nothing if there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSIONS = tuple(f"3.{minor}" for minor in range(10, 15))
NEWEST_CORE_NEEDS = "3.12"


def order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def found() -> dict[str, Path]:
    """Return the interpreters by version: those in the variable PYTHONS first, then PATH, then those of pyenv."""
    pythons: dict[str, Path] = {}
    for candidate in _candidates():
        answer = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys._base_executable)"],
            check=False,
            capture_output=True,
            text=True,
        )
        if answer.returncode == 0:  # a shim may exist for a Python that is not installed
            version, executable = answer.stdout.strip().split(" ", 1)
            if version in VERSIONS:
                pythons.setdefault(version, Path(executable))
    return dict(sorted(pythons.items(), key=lambda item: order(item[0])))


def newest() -> Path | None:
    able = [path for version, path in found().items() if order(version) >= order(NEWEST_CORE_NEEDS)]
    return able[-1] if able else None


def _candidates() -> Iterator[str]:
    named = os.environ.get("PYTHONS", "").split()
    on_path = [f"python{version}" for version in VERSIONS]
    yield from (found for name in named + on_path if (found := shutil.which(name)))
    # pyenv stores every version in a separate folder, next to the one that runs this script.
    for versions in (Path.home() / ".pyenv/versions", Path(sys.base_prefix).parent):
        yield from map(str, sorted(versions.glob("3.*/bin/python3"), reverse=True))


if __name__ == "__main__":
    print(newest() or "")
