# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the reports into a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.files import write_atomically
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.history import NEWEST, dated_name

# The formats of reports that are files, with the modules that render them.
FILES: Mapping[str, tuple[str, str]] = {
    "json": (NEWEST, "as_json"),
    "markdown": ("drift.md", "as_markdown"),
    "junit": ("drift.xml", "as_junit"),
    "html": ("drift.html", "as_html"),
}
_RENDERERS = "ansible_collections.postmaster.odoo.plugins.plugin_utils.drift"


def prepare(folder: Path) -> None:
    """Create the folder, and check that it is writable.

    :raises OSError: if it is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_reports(
    folder: Path, formats: Sequence[str], report: Mapping[str, Any], *, keep: int, narrower: bool = False
) -> list[Path]:
    """Write the requested reports, each completely or not at all, and return their paths.

    :param keep: the number of dated copies of the JSON report; 0 for none.
    :param narrower: whether the run was limited in another way than the run of the newest report. Then it must not replace that report.
    :raises OSError: if the folder cannot be written.
    """
    written = []
    for one in formats:
        if one in FILES:
            name, module = FILES[one]
            text = import_module(f"{_RENDERERS}.{module}").render(report)
            if narrower:
                name = f"{Path(name).stem}-limited{Path(name).suffix}"
            elif one == "json" and keep:
                write(folder / dated_name(report["generated"]), text)
            written.append(write(folder / name, text))
    return written


def write(path: Path, text: str) -> Path:
    """Write a file in one step, so that a reader finds either the old or the new content."""
    write_atomically(path, text, mode=0o666 & ~_umask())
    return path


def _umask() -> int:
    """Return the umask of this process. To read it, a process must set it."""
    umask = os.umask(0)
    os.umask(umask)
    return umask
