# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a lock: a process, in words that also let others on its machine see that it has died."""

from __future__ import annotations

import os
import re
import socket

_OWNER = re.compile(r"(?P<host>\S+) pid (?P<pid>\d+) \[(?P<birth>\S+)\]")
_UNSEEN = "?"


def this_process() -> str:
    """This process as a owner: `host.example pid 4711 [4026531836.8a2f….12345678]`."""
    return f"{plain_owner()} [{_birth(os.getpid())}]"


def plain_owner() -> str:
    """Return this process as an owner that never counts as dead: `host.example pid 4711`."""
    return f"{socket.gethostname()} pid {os.getpid()}"


def has_died(owner: str) -> bool:
    """Whether the owner was a process of this very machine and is no more. What cannot be told counts as alive."""
    parts = _OWNER.fullmatch(owner)
    if parts is None or parts["host"] != socket.gethostname():
        return False
    here, now = _birth(os.getpid()), _birth(int(parts["pid"]))
    # A container of the same name has processes of its own: its numbers mean nothing here.
    if not here or here.rpartition(".")[0] != parts["birth"].rpartition(".")[0]:
        return False
    # Of another user's process /proc may say nothing (hidepid), though it lives.
    return now != parts["birth"] and not now.endswith(_UNSEEN)


def _birth(pid: int) -> str:
    """Namespace and boot that a process number belongs to, and the moment when this one was taken; empty where there is no /proc."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        return ""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            # proc(5): after the name in parentheses the fields are plain; the 22nd of all is the start time. Z and X are dead.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return f"{namespace}.{boot}.{_UNSEEN if _exists(pid) else ''}"
    return f"{namespace}.{boot}.{fields[19] if fields[0] not in 'ZX' else ''}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
