# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of the checkout for the checks.

ansible-test insists on a git checkout under ansible_collections/NAMESPACE/NAME, and no check may see ignored files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

COLLECTION = Path("ansible_collections", "postmaster", "odoo")


def stage(checkout: Path, root: Path) -> Path:
    """Write a fresh copy below root, and return the folder of the collection."""
    collection = root / COLLECTION
    output, kept = collection / "tests/output", root / "output"  # ansible-test's environments, which are slow to create
    if output.exists():
        output.rename(kept)
    shutil.rmtree(collection, ignore_errors=True)
    for name in _files(checkout):
        target = collection / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target, follow_symlinks=False)
    if kept.exists():
        kept.rename(output)
    subprocess.run(["git", "init", "--quiet"], cwd=collection, check=True)
    subprocess.run(["git", "add", "--all"], cwd=collection, check=True)
    return collection


def _files(checkout: Path) -> list[str]:
    """Return the files that git tracks or would track, without deleted ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [name for name in sorted(set(listed.split("\0"))) if name and os.path.lexists(checkout / name)]
