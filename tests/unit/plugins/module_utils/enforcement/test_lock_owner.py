# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the process that holds a lock is still there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import lock_owner

# Elsewhere nothing can be told, and the last test's answer holds for everything.
pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="processes are told apart by /proc")


def of_process(pid: int) -> str:
    return (
        lock_owner.this_process().replace(f"pid {os.getpid()} ", f"pid {pid} ").rpartition(".")[0] + f".{started(pid)}]"
    )


def started(pid: int) -> str:
    return lock_owner._birth(pid).rpartition(".")[2]


def test_this_process_lives() -> None:
    assert not lock_owner.has_died(lock_owner.this_process())


def test_another_process_lives_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        held = of_process(process.pid)
        assert not lock_owner.has_died(held)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert lock_owner.has_died(held), "a zombie holds nothing"
    assert lock_owner.has_died(held)


def test_a_number_that_was_given_anew_is_another_process() -> None:
    assert lock_owner.has_died(lock_owner.this_process()[:-1].rpartition(".")[0] + ".1]")


@pytest.mark.parametrize(
    "held",
    [
        "elsewhere pid 1 [1.2.3]",
        f"{socket.gethostname()} pid 999999999 [1.2.3]",  # a container of the same name
        f"{socket.gethostname()} pid 999999999",
        f"{socket.gethostname()} pid 999999999 []",
        "",
    ],
)
def test_what_cannot_be_told_counts_as_alive(held: str) -> None:
    assert not lock_owner.has_died(held)


def test_a_process_that_proc_hides_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """As /proc does with hidepid, for the processes of other users."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        held = of_process(process.pid)
        opened = open

        def hide(path: str, *arguments: object, **options: object) -> object:
            if path == f"/proc/{process.pid}/stat":
                raise FileNotFoundError(path)
            return opened(path, *arguments, **options)  # type: ignore[call-overload]  # whatever open takes

        monkeypatch.setattr("builtins.open", hide)
        assert not lock_owner.has_died(held)
        process.kill()
    assert lock_owner.has_died(held)
