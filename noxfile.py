# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions of nox. They run the checks of tests/checks/checks.py, as the Makefile does.

nox                 the checks and the unit tests
nox --list          all sessions
nox -s mypy         one check
"""

# /// script
# dependencies = ["nox>=2025.02.09", "antsibull-nox"]
# ///

from __future__ import annotations

import sys
from pathlib import Path

import antsibull_nox
import nox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "tests/checks"))

from checks import CHECKS, Check  # noqa: E402 (the path is set above)

PYTHON = HERE / ".venv/checks/bin/python"
DEFAULT = ("checks", "units")

antsibull_nox.load_antsibull_nox_toml()


def add_group(name: str) -> None:
    """Add a session that runs the target of the Makefile for a group of checks."""

    def run(session: nox.Session) -> None:
        session.run("make", name, external=True)

    run.__doc__ = f"Run `make {name}`."
    nox.session(name=name, python=False, default=name in DEFAULT)(run)


def add_check(check: Check) -> None:
    """Add a session that runs one check alone."""

    def run(session: nox.Session) -> None:
        if not PYTHON.exists():
            session.run("make", "environments", external=True)
        session.run(str(PYTHON), "tests/checks", check.name, external=True)

    run.__doc__ = f"Run the check {check.name}."
    nox.session(name=check.name, python=False, default=False)(run)


GROUPS = ("checks", "units", "browser", "integration")
for group in GROUPS:
    add_group(group)
for single in CHECKS:
    if single.group == "checks" and single.name != "nox":
        add_check(single)


if __name__ == "__main__":
    nox.main()
