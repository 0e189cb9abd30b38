# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP server on the loopback that a test scripts, and that records the commands of clients."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.postmaster.odoo.tests.unit.local_server import listening

# Returns the reply to a command and its argument; None disconnects. CONNECT is the greeting, CONTENT the end of a
# message.
Reply = str | None | Callable[[str], str | None]

_USUAL: Mapping[str, Reply] = {
    "CONNECT": "220 smtp.acme.example ESMTP",
    "HELO": "250 smtp.acme.example",
    "STARTTLS": "220 2.0.0 Ready to start TLS",
    "AUTH": "235 2.7.0 Authentication successful",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go ahead",
    "CONTENT": "250 2.0.0 Queued",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass
class SmtpServer:
    """The extensions of a server before and after STARTTLS, and its unusual replies."""

    features: tuple[str, ...] = ("SIZE 1000",)
    features_in_tls: tuple[str, ...] = ("SIZE 1000", "AUTH PLAIN LOGIN")
    replies: Mapping[str, Reply] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    port: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def verbs(self) -> list[str]:
        """Return the commands that it received, over all connections."""
        return [line.split(" ")[0].upper() for line in self.lines]

    def converse(self, connection: socket.socket) -> None:
        """Serve one connection until either side disconnects."""
        encrypted = self.implicit
        if self.implicit and self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        received = connection.makefile("rb")
        line = "CONNECT"
        while True:
            reply = self._reply(line, encrypted=encrypted)
            if reply is None:
                break
            connection.sendall(reply.encode() + b"\r\n")
            if line.upper() == "QUIT":
                break
            if line.upper() == "STARTTLS" and self.tls and reply.startswith("220"):
                connection = self.tls.wrap_socket(connection, server_side=True)
                received, encrypted = connection.makefile("rb"), True
            if reply.startswith("354"):
                line = "CONTENT"
                while received.readline() not in (b".\r\n", b""):
                    pass
                continue
            octets = received.readline()
            if not octets:
                break
            line = octets.decode("latin-1").rstrip("\r\n")
            self.lines.append(line)
        connection.close()

    def _reply(self, line: str, *, encrypted: bool) -> str | None:
        verb = line.split(" ")[0].upper()
        reply = self.replies.get(verb, _USUAL.get(verb, "500 5.5.2 What?"))
        if verb == "EHLO" and verb not in self.replies:
            offered = [*(self.features_in_tls if encrypted else self.features)]
            if self.tls and not encrypted:
                offered.append("STARTTLS")
            words = ["smtp.acme.example", *offered]
            reply = "\r\n".join(f"250{' ' if at == len(words) else '-'}{word}" for at, word in enumerate(words, 1))
        return reply(line) if callable(reply) else reply


@contextmanager
def smtp_server(**how: Any) -> Iterator[SmtpServer]:
    """Run a server for as long as the context lasts."""
    server = SmtpServer(**how)
    with listening(server.converse) as url:
        server.port = urlsplit(url).port or 0
        yield server
