# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Provide the pip that ansible-test installs into its virtual environments.

ansible-test fetches a script for this from its own site, unless its cache contains one. This script writes one there,
next to pip's wheel from the package index. A machine then needs only the package index.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

CACHE = Path.home() / ".ansible/test/cache"

SCRIPT = '''\
"""Installs pip from the wheel beside this file."""

import os
import runpy
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "{wheel}"))
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.argv[1:] = ["install", "--upgrade", "--force-reinstall"] + arguments
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def provide(python_version: str) -> None:
    """Provide the pip that ansible-test pins for this version of Python."""
    pip = get_venv_packages(SimpleNamespace(version=python_version))["pip"]
    script = CACHE / f"get_pip_{pip.replace('.', '_')}.py"
    if script.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    download = ["download", "--quiet", "--no-deps", "--dest", str(CACHE), f"pip=={pip}"]
    subprocess.run([sys.executable, "-m", "pip", *download], check=True)
    script.write_text(SCRIPT.format(wheel=f"pip-{pip}-py3-none-any.whl"))
