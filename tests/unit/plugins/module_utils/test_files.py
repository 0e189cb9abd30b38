# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Written files: only regular files are replaced, and links remain links."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.files import open_to_append, write_atomically


def append(path: Path) -> None:
    with open_to_append(path) as file:
        file.write("new\n")


WRITERS: dict[str, Callable[[Path], None]] = {
    "replace": lambda path: write_atomically(path, "new\n", mode=0o644),
    "append": append,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("is_link", [False, True], ids=["itself", "link"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_only_a_regular_file_is_written(
    tmp_path: Path, kind: str, write: Callable[[Path], None], is_link: bool
) -> None:
    path = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null")  # only root may create a device
    before = path.stat()
    given = path
    if is_link:
        given = tmp_path / "link"
        given.symlink_to(path)
    errors: list[OSError] = []

    def try_to_write() -> None:
        try:
            write(given)
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=try_to_write, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()  # it would wait without limit for a reader of the pipe
    assert [(error.strerror, error.filename) for error in errors] == [("it is not a regular file", str(given))]
    assert (path.stat().st_ino, stat.S_IFMT(path.stat().st_mode)) == (before.st_ino, stat.S_IFMT(before.st_mode))
    assert {one.name for one in tmp_path.iterdir()} == {"there", given.name}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_remains_a_link(tmp_path: Path, write: Callable[[Path], None], exists: bool) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder/target"
    if exists:
        target.write_text("")
    link = tmp_path / "link"
    link.symlink_to("folder/target")
    write(link)
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert [one.name for one in target.parent.iterdir()] == ["target"]


def test_existing_content_stays_before_appended_content(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("old\n")
    append(path)
    assert path.read_text() == "old\nnew\n"
