# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An export passes the linters that a project runs on its inventory. They are only in the environment of the checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from adopted import Adoption, furnish
from instance import LabInstance
from lab import Lab


def test_linters_accept_the_files(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    furnish(database)
    adoption = Adoption(tmp_path / "project", "acme", database)
    run = adoption.run("export", export_vault=True)
    assert run.exit_code == 0, run.output
    (adoption.folder / ".yamllint").write_text("extends: default\nrules: {line-length: {max: 160}}\n")
    for linter in (["yamllint", "--strict"], ["ansiblelint", "--offline", "--strict", "--profile", "production"]):
        lint = subprocess.run(
            [sys.executable, "-m", *linter, "host_vars/acme/mail.yml"],
            cwd=adoption.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert (lint.returncode, lint.stdout) == (0, ""), lint.stdout + lint.stderr
