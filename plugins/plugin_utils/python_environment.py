# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare Python environments by the paths of their interpreters."""

from __future__ import annotations

import os
import shutil


def is_same_environment(interpreter: str, other: str, path: str | None = None) -> bool:
    """Return whether two paths of an interpreter mean the same binary with the same packages.

    `venv/bin/python`, `venv/bin/python3` and `venv/bin/python3.11` are the same environment. Two virtual environments of one Python are not.

    :param interpreter: a path, or a name that `path` resolves.
    :param path: a PATH; None for that of this process.
    """
    return _environment(shutil.which(interpreter, path=path) or interpreter) == _environment(other)


def _environment(interpreter: str) -> tuple[str, str | None]:
    """Return the real binary, and the folder of the virtual environment if there is one.

    Python searches pyvenv.cfg in the folder of its path and in the folder above, without resolving symbolic links
    (documentation of the module `site`).
    """
    folder = os.path.dirname(os.path.abspath(interpreter))
    environments = [one for one in (folder, os.path.dirname(folder)) if os.path.exists(os.path.join(one, "pyvenv.cfg"))]
    return os.path.realpath(interpreter), os.path.realpath(environments[0]) if environments else None
