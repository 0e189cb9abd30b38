# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One SMTP connection that never waits longer than it is told, with smtplib's own words: Odoo's are the same.

smtplib alone gives each packet its timeout, so that a server which sends a byte now and then holds it for ever, and looks up names
without any.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any, TypeVar

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

_LONGEST_REPLY = 64 * 1024

Answer = TypeVar("Answer")


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What a function answers that knows no timeout itself, such as a look-up in DNS.

    :raises TimeoutError: it took longer; it is left behind.
    """
    answer: futures.Future[Answer] = futures.Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # whatever it is, it is raised where it was asked
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()  # an executor would wait for it at the end
    try:
        return answer.result(seconds)
    except futures.TimeoutError:
        raise TimeoutError("timed out") from None


def own_name(seconds: float) -> str:
    """The name that smtplib, and so Odoo, introduces itself with on this machine."""
    return within(seconds, lambda: smtplib.SMTP().local_hostname)


def resolve(host: str, port: int, seconds: float) -> list[tuple[socket.AddressFamily, Any]]:
    """The addresses of a host, in the order in which they are to be tried."""
    found = within(seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return [(family, address) for family, _type, _protocol, _name, address in found]


def connect(family: socket.AddressFamily, address: Any, seconds: float) -> socket.socket | OSError:
    """A TCP connection to one address, or why there is none."""
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        connection.connect(address)
    except OSError as error:
        connection.close()
        return error
    return connection


class _Replies:
    """What smtplib reads replies from, in place of a file on the socket: each reply as a whole is to be there in time."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._received = b""
        self.begin()

    def begin(self) -> None:
        """A reply is expected from now on."""
        self._deadline = time.monotonic() + self._seconds
        self._left = _LONGEST_REPLY

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._received and len(self._received) < limit:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("timed out")
            self._connection.settimeout(seconds)
            received = self._connection.recv(4096)
            if not received:
                break
            self._left -= len(received)
            if self._left < 0:
                raise OSError(f"a reply of more than {_LONGEST_REPLY} bytes")
            self._received += received
        self._connection.settimeout(self._seconds)
        line, end, rest = self._received.partition(b"\n")
        self._received = rest
        return line + end

    def close(self) -> None:
        """The socket is smtplib's to close."""


class SmtpConnection(smtplib.SMTP):
    """A conversation with one server. Its commands are smtplib's; what they raise because of the network has it as `__context__`."""

    def __init__(self, connection: socket.socket, *, name: str, seconds: float) -> None:
        super().__init__(local_hostname=name)
        self._seconds = seconds
        self._converse(connection)
        self.mechanism = ""
        self.challenge = ""
        self.refusal: smtplib.SMTPAuthenticationError | None = None

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(self._seconds)
        self.sock: Any = connection
        self.file: Any = _Replies(connection, self._seconds)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply, within the timeout."""
        if self.file:
            self.file.begin()
        return super().getreply()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS, as if nothing had been said before."""
        plain, self.sock, self.file = self.sock, None, None  # whatever becomes of it, wrap_socket owns the plain one
        self._converse(context.wrap_socket(plain, server_hostname=host))
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def auth(self, mechanism: str, *arguments: Any, **how: Any) -> tuple[int, bytes]:
        """One attempt to log in; `login` makes one for each mechanism that both sides know."""
        self.mechanism = mechanism
        try:
            return super().auth(mechanism, *arguments, **how)
        except smtplib.SMTPAuthenticationError as error:
            self.refusal = error  # where the server then hangs up, smtplib forgets it at the next mechanism
            raise

    def login_with_token(self, user: str, token: str) -> tuple[int, bytes]:
        """Log in as Odoo does at Google and Microsoft."""

        def respond(challenge: bytes | None = None) -> str:
            if challenge is None:
                return f"user={user}\1auth=Bearer {token}\1\1"
            self.challenge = _told(challenge)
            return ""  # which asks for the refusal that the challenge has announced

        return self.auth("XOAUTH2", respond)

    @property
    def mechanisms(self) -> list[str]:
        """How the server lets one log in, at this point of the conversation."""
        return list(dict.fromkeys(str(self.esmtp_features.get("auth", "")).upper().split()))


def _told(challenge: bytes) -> str:
    """What the challenge that announces a refused token says."""
    try:
        told = decode(challenge)
    except ValueError:
        return ""
    return ", ".join(f"{key} {value}" for key, value in told.items()) if isinstance(told, dict) else ""
