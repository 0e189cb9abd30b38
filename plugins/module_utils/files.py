# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading of files that any user can have put there, and writing of files in one step."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

# The largest file that is read, in bytes.
LARGEST_FILE = 32 * 1024 * 1024


def read_text(path: str | os.PathLike[str], largest: int = LARGEST_FILE) -> str:
    """Return the text of a regular file in UTF-8. Pipes and devices are rejected because reading them may never end.

    :param largest: the greatest number of bytes.
    :raises OSError: it cannot be read, is not a regular file, or is too large; `strerror` says why.
    :raises UnicodeDecodeError: it is not UTF-8.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor)
        if not stat.S_ISREG(kind.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
        with open(descriptor, "rb", closefd=False) as file:
            # Files in systems such as /proc have size 0.
            content = file.read(largest + 1) if kind.st_size <= largest else b""
    finally:
        os.close(descriptor)
    if kind.st_size > largest or len(content) > largest:
        raise OSError(errno.EFBIG, f"it has more than {largest} bytes", os.fspath(path))
    return content.decode("utf-8")


def write_atomically(
    path: str | os.PathLike[str], text: str, *, mode: int, owner: tuple[int, int] | None = None, durable: bool = False
) -> None:
    """Replace a file in one step. A reader finds either the former content or the new one, never a part. A link remains a link.

    :param mode: the permissions of the file, such as 0o644.
    :param owner: the ids of its user and group; None for those of this process.
    :param durable: wait until the content is on the disk, so that a power cut leaves no empty file. `sync_folder` makes the replacement durable.
    :raises OSError: the file cannot be written there. No temporary file remains.
    """
    path = _regular_file(path)
    folder, name = os.path.split(os.fspath(path))
    # Collectors of metrics and of reports select files by their ending, so the unfinished file has another one.
    descriptor, temporary = tempfile.mkstemp(dir=folder or ".", prefix=f".{name}.", suffix=".part")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if owner is not None:
            os.chown(temporary, *owner)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def open_to_append(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """Open a regular file to append text in UTF-8 to it; create it if it does not exist.

    :raises OSError: it cannot be opened, or is not a regular file.
    """
    target = _regular_file(path)
    # If a pipe has replaced the file meanwhile, opening it must not block.
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    with open(descriptor, "a", encoding="utf-8", newline="\n") as file:
        yield file


def _regular_file(path: str | os.PathLike[str]) -> str:
    """Return the file that a path refers to, after links are resolved. It need not exist.

    :raises OSError: the path is not a regular file but a device, a pipe or a folder. Replacing it would remove it.
    """
    target = os.path.realpath(path)
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
    return target


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Wait until the entries of a folder are on the disk. Some file systems do that themselves and reject the call.

    :raises OSError: the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
