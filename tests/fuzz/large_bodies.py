# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of the maximum size, or larger. A separate process reads each, and its memory is measured."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import resource
import socket
from collections import Counter
from functools import partial
from math import inf

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http_response import LARGEST_BODY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.json2 import Json2Transport
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc import JsonRpcTransport
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import MEGABYTES, SECONDS
from ansible_collections.postmaster.odoo.tests.unit.local_server import listening

# The server of this test pours the answer through the same processors, so the process is allowed more time than its own work takes.
_PATIENCE = 60.0
# The values of each kind that use the most memory for each byte.
_PARTS = {
    "blanks": b" ",
    "brackets": b"[",
    "lists": b"[],",
    "dictionaries": b'{"":0},',
    "numbers": b"1,",
    "large numbers": b"1000000,",
    "texts": b'"ab",',
    "one text": b"a",
    "characters": "\U0001f600".encode(),
    "escapes": b"\\ud83d\\ude00",
}
_OPENING = {"one text": (b'"', b'"'), "characters": (b'"', b'"'), "escapes": (b'"', b'"')}


def fuzz_bodies(_count: int, _seed: int) -> Counter[str]:
    """Return the bodies that used too many resources."""
    faults: Counter[str] = Counter()
    for name, part in _PARTS.items():
        for endless in (False, True):
            for transport in ("json2", "jsonrpc"):
                megabytes, seconds = _measured(name, part, endless, transport)
                label = f"{name}{' without an end' if endless else ''} over {transport}"
                print(f"  {label}: {megabytes} MB, {seconds:.1f} s")
                if megabytes > MEGABYTES or seconds > SECONDS:
                    faults[f"{label}: {megabytes} MB, {seconds:.0f} s"] += 1
    return faults


def _measured(name: str, part: bytes, endless: bool, transport: str) -> tuple[int, float]:
    """Return the largest memory of a process that reads such a body, in MB, and its processor time in seconds."""
    context = multiprocessing.get_context("spawn")
    start, end = _OPENING.get(name, (b"[", b"0]"))
    with listening(partial(_pour, start, part, end, endless)) as url:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_ask, args=(url, transport, sender))
        process.start()
        process.join(2 * _PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        return receiver.recv() if receiver.poll() else (10**6, inf)


def _pour(start: bytes, part: bytes, end: bytes, endless: bool, connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + start)
    block = part * (2**18 // len(part))
    left = (LARGEST_BODY - len(start) - len(end)) // len(block)
    while left or endless:
        connection.sendall(block)
        left -= 1
    connection.sendall(end)


def _ask(url: str, transport: str, sender: multiprocessing.connection.Connection) -> None:
    http = HttpConnection(url, timeout=_PATIENCE, proxy="")
    try:
        if transport == "json2":
            Json2Transport(http, "acme", "made-up-key").execute("ir.cron", "search_read", None, {})
        else:
            odoo = JsonRpcTransport(http, "acme", "admin", "made-up-password")
            odoo.execute("ir.cron", "search_read", None, {})
    except OdooError:
        pass
    used = resource.getrusage(resource.RUSAGE_SELF)
    sender.send((used.ru_maxrss // 1024, used.ru_utime + used.ru_stime))
