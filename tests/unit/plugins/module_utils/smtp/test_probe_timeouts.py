# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of servers that never answer: each ends after its timeout."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.postmaster.odoo.tests.unit.local_server import listening
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import AUTH, LOGIN, USER, probed
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server


def hold(connection: socket.socket) -> None:
    """Send nothing."""
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """Send one byte at intervals."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def prattle(connection: socket.socket) -> None:
    """Send a reply that never ends, line after line."""
    while True:
        connection.sendall(b"220-more\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("script", [hold, drip, prattle])
@pytest.mark.parametrize(("encryption", "stage"), [("none", "banner"), ("starttls", "banner")])
def test_a_server_that_never_answers(script: Any, encryption: str, stage: str) -> None:
    with listening(script) as url:
        begin = time.monotonic()
        result = probed(urlsplit(url).port or 0, encryption=encryption, timeout=0.3)
        took = time.monotonic() - begin
    assert (result["outcome"], result["stage"]) == ("timeout", stage)
    assert "no answer within 0.3 s" in result["message"]
    assert 0.3 <= result["stages"][-1]["seconds"] < 2
    assert took < 4  # including the alternatives


def test_a_tls_handshake_that_never_ends() -> None:
    def hold_once_it_has_begun(connection: socket.socket) -> None:
        connection.recv(4096)
        hold(connection)

    with listening(hold_once_it_has_begun) as url:
        result = probed(urlsplit(url).port or 0, encryption="ssl", timeout=0.3)
    assert (result["outcome"], result["stage"]) == ("timeout", "tls")


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT", "QUIT"])
def test_a_stage_that_never_ends(verb: str) -> None:
    stop = threading.Event()

    def hang(_line: str) -> str:
        stop.wait(10)
        return "250 at last"

    with smtp_server(**AUTH, replies={verb: hang}) as server:
        result = probed(server, **LOGIN, sender=USER, recipient=USER, timeout=0.3)
        stop.set()
    stage = {"EHLO": "ehlo", "AUTH": "auth", "MAIL": "sender", "RCPT": "recipient", "QUIT": "quit"}[verb]
    assert result["outcome"] == ("ok" if verb == "QUIT" else "timeout")
    assert result["stage"] == (None if verb == "QUIT" else stage)
    assert next(one for one in result["stages"] if not one["ok"])["stage"] == stage


@pytest.mark.parametrize(("function", "whose"), [("getaddrinfo", ""), ("getfqdn", "for this machine's own name")])
def test_name_servers_that_never_answer(function: str, whose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    with smtp_server() as server:
        monkeypatch.setattr(socket, function, lambda *_what, **_how: stop.wait(10))
        result = probed(server, name="", connect_timeout=0.3, explore=True)
        stop.set()
    assert (result["outcome"], result["stage"], result["alternatives"]) == ("timeout", "resolve", [])
    assert f"no answer within 0.3 s {whose}".strip() in result["message"]
    assert "name servers" in result["suggestion"]
    assert server.lines == []
