# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that texts are in plain English: `python tests/checks/prose [FILE_OR_FOLDER...]`. The rules are in rules.yml.

All files that git tracks are examined, or only those that are given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from texts import texts_of

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
NODE = CHECKOUT / ".venv/node"
# Generated files and licenses.
LEFT_OUT = {
    "CHANGELOG.md",
    "LICENSE",
    "changelogs/changelog.yaml",
    "tests/checks/prose/rules.yml",
    "CODE_OF_CONDUCT.md",
}


def main() -> int:
    named = [str(Path(name).resolve().relative_to(CHECKOUT)) for name in sys.argv[1:]]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *named],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = [
        {"path": name, "lines": texts}
        for name in sorted(filter(None, listed))
        if name not in LEFT_OUT and not name.startswith("LICENSES/") and (CHECKOUT / name).is_file()
        if (texts := texts_of(CHECKOUT / name))
    ]
    environment = {**os.environ, "POSTMASTER_NODE": str(NODE)}
    done = subprocess.run(["node", HERE / "lint.mjs"], input=json.dumps(files), text=True, env=environment, check=False)
    if done.returncode == 0:
        print(f"{sum(len(file['lines']) for file in files)} texts of {len(files)} files are in plain English.")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
