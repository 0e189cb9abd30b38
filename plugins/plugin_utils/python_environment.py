# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Python environment the path of an interpreter means."""

from __future__ import annotations

import os
import shutil


def is_same_environment(interpreter: str, other: str) -> bool:
    """Return whether two paths of an interpreter mean the same binary with the same packages.

    `venv/bin/python`, `venv/bin/python3` and `venv/bin/python3.11` are the same environment. Two virtual environments of one Python are not.

    :param interpreter: a path, or a name that PATH resolves.
    """
    return _environment(interpreter) == _environment(other)


def _environment(interpreter: str) -> tuple[str, str | None]:
    """Return the real binary, and the folder of the virtual environment if there is one.

    Python looks for pyvenv.cfg in the folder of the interpreter and in the folder above, before it resolves a symbolic link of the
    interpreter itself (documentation of the module `site`).
    """
    path = shutil.which(interpreter) or interpreter
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    environments = [one for one in (folder, os.path.dirname(folder)) if os.path.exists(os.path.join(one, "pyvenv.cfg"))]
    return os.path.realpath(path), environments[0] if environments else None
