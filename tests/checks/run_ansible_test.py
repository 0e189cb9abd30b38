# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs `ansible-test sanity` or `ansible-test units` on every supported and installed Python.

Supported: the collection supports it (tests/config.yml), and so does this ansible-core. Installed: it is found on this
machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import yaml
from ansible_test._util.target.common.constants import CONTROLLER_PYTHON_VERSIONS, REMOTE_ONLY_PYTHON_VERSIONS
from packaging.specifiers import SpecifierSet

import interpreters
import pip_bootstrap

OWN = "{}.{}".format(*sys.version_info)
# Units need packages on the Python that runs them, so ansible-test creates a virtual environment for each.
TARGET = {"sanity": "{}", "units": "venv/{}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=TARGET)
    parser.add_argument(
        "--oldest-python", action="store_true", help="only on the oldest Python, and with --own-python on both"
    )
    parser.add_argument("--own-python", action="store_true", help="only on the Python that runs this script")
    parser.add_argument(
        "--controller", action="store_true", help="only the unit tests of plugins that run on the controller"
    )
    arguments = parser.parse_args()

    own = {OWN: Path(sys.executable)}
    pythons = testable() | own
    if arguments.oldest_python or arguments.own_python:
        oldest = dict(list(pythons.items())[:1]) if arguments.oldest_python else {}
        pythons = oldest | (own if arguments.own_python else {})

    command = ["ansible-test", arguments.command, "--color", "no", "--controller", f"origin:python={OWN}"]
    if arguments.command == "sanity":
        command += ["--allow-disabled", "--enable-optional-errors"]
    if arguments.controller:
        command += ["--exclude", "tests/unit/plugins/module_utils/"]
    for version in pythons:
        pip_bootstrap.provide(version)
        command += ["--target-python", TARGET[arguments.command].format(version)]

    # ansible-test searches PATH for pythonX.Y, and a version manager's shim would be found before the real one.
    folders = [str(python.parent) for python in (own | pythons).values()]
    os.environ["PATH"] = os.pathsep.join([*folders, os.environ["PATH"]])
    os.execvp(command[0], command)


def testable() -> dict[str, Path]:
    supported = SpecifierSet(yaml.safe_load(Path("tests/config.yml").read_text())["modules"]["python_requires"])
    known = (*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)
    return {
        version: path for version, path in interpreters.found().items() if version in known and version in supported
    }


if __name__ == "__main__":
    main()
