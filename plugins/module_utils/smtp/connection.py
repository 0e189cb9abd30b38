# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP connection with a timeout for each reply. Its messages are those of smtplib, as in Odoo.

smtplib itself applies the timeout to each packet, so a server that sends single bytes can block it forever. It has no timeout for name lookups.
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
    """Return the result of a function that has no timeout itself, such as a DNS lookup.

    :raises TimeoutError: if it takes longer. Its thread continues to run.
    """
    answer: futures.Future[Answer] = futures.Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # the caller raises it
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()  # an executor would wait for the thread at the end
    try:
        return answer.result(seconds)
    except futures.TimeoutError:
        raise TimeoutError("timed out") from None


def own_name(seconds: float) -> str:
    """Return the name that smtplib, and therefore Odoo, sends in EHLO on this machine."""
    return within(seconds, lambda: smtplib.SMTP().local_hostname)


def resolve(host: str, port: int, seconds: float) -> list[tuple[socket.AddressFamily, Any]]:
    """Return the addresses of a host, in the order in which to try them."""
    found = within(seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return [(family, address) for family, _type, _protocol, _name, address in found]


def connect(family: socket.AddressFamily, address: Any, seconds: float) -> socket.socket | OSError:
    """Return a TCP connection to one address, or the error."""
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        connection.connect(address)
    except OSError as error:
        connection.close()
        return error
    return connection


class _Replies:
    """A file object for smtplib, with a timeout for each whole reply."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._received = b""
        self.begin()

    def begin(self) -> None:
        """Start the timeout of the next reply."""
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
                raise OSError(f"the reply is longer than {_LONGEST_REPLY} bytes")
            self._received += received
        self._connection.settimeout(self._seconds)
        line, end, rest = self._received.partition(b"\n")
        self._received = rest
        return line + end

    def close(self) -> None:
        """Do nothing, because smtplib closes the socket."""


class SmtpConnection(smtplib.SMTP):
    """A connection to one server, with the commands of smtplib. If the network causes an error, it is the `__context__` of that error."""

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
        """Return the next reply.

        :raises TimeoutError: if it is not complete in time.
        """
        if self.file:
            self.file.begin()
        return super().getreply()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Start TLS, and forget everything that was received before."""
        plain, self.sock, self.file = self.sock, None, None  # from here on, wrap_socket owns the plain socket
        self._converse(context.wrap_socket(plain, server_hostname=host))
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def auth(self, mechanism: str, *arguments: Any, **how: Any) -> tuple[int, bytes]:
        """Try to log in with one mechanism. `login` calls this for each mechanism that both sides support."""
        self.mechanism = mechanism
        try:
            return super().auth(mechanism, *arguments, **how)
        except smtplib.SMTPAuthenticationError as error:
            self.refusal = error  # smtplib loses it if the server closes the connection before the next mechanism
            raise

    def login_with_token(self, user: str, token: str) -> tuple[int, bytes]:
        """Log in as Odoo does with Google and Microsoft."""

        def respond(challenge: bytes | None = None) -> str:
            if challenge is None:
                return f"user={user}\1auth=Bearer {token}\1\1"
            self.challenge = _told(challenge)
            return ""  # the server then sends the rejection that the challenge has announced

        return self.auth("XOAUTH2", respond)

    @property
    def mechanisms(self) -> list[str]:
        """Return the login mechanisms that the server offers at this stage."""
        return list(dict.fromkeys(str(self.esmtp_features.get("auth", "")).upper().split()))


def _told(challenge: bytes) -> str:
    """Return the text of a challenge that announces a rejected token; empty if it is not readable."""
    try:
        told = decode(challenge)
    except ValueError:
        return ""
    return ", ".join(f"{key} {value}" for key, value in told.items()) if isinstance(told, dict) else ""
