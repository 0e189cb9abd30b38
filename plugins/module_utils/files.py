# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write files in one step."""

from __future__ import annotations

import os
import tempfile


def write_atomically(path: str | os.PathLike[str], text: str, *, mode: int) -> None:
    """Replace a file, so that a reader finds either the former content or the new one, never a part.

    :param mode: the permissions of the file, such as 0o644.
    :raises OSError: the file cannot be written there. Nothing is left behind.
    """
    folder, name = os.path.split(os.fspath(path))
    # Collectors of metrics and of reports go by the ending: the unfinished file has another one.
    descriptor, temporary = tempfile.mkstemp(dir=folder or ".", prefix=f".{name}.", suffix=".part")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
