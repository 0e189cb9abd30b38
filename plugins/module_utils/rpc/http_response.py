# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading of an answer from an HTTP server that may send it slowly or endlessly."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

# The largest body that is read, in bytes: about 20,000 mail servers. More would fill the memory.
LARGEST_BODY = 32 * 1024 * 1024
_PIECE = 65536


class TooLarge(http.client.HTTPException):
    """The body has more than `LARGEST_BODY` bytes."""


class DeadlineResponse(http.client.HTTPResponse):
    """An answer that must be complete within the timeout of its connection, even if the server sends it byte by byte."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(_DeadlineSocket(sock), *arguments, **options)  # type: ignore[arg-type]  # it only calls makefile

    def read_whole(self) -> bytes:
        """Return the body.

        :raises TooLarge: it has more than `LARGEST_BODY` bytes.
        :raises TimeoutError: it is not complete in time.
        """
        if self.length is not None:
            if self.length > LARGEST_BODY:
                raise TooLarge
            return self.read()
        # Without a length the body ends with the last chunk or with the connection. Chunks of one byte take 50 bytes of memory each if they are read at once.
        body = bytearray()
        while piece := self.read(_PIECE):
            body += piece
            if len(body) > LARGEST_BODY:
                raise TooLarge
        return bytes(body)


class _DeadlineSocket:
    """The part of a socket that `HTTPResponse` uses."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a file to read the answer from."""
        return io.BufferedReader(_DeadlineReader(self._socket))


class _DeadlineReader(io.RawIOBase):
    """A reader of a socket with one deadline for all reads, and a limit a little above `LARGEST_BODY`."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()
        self._deadline = time.monotonic() + (self._timeout or 0)
        # The limit also covers the headers, and the sizes and trailers of chunks.
        self._left = LARGEST_BODY * 5 // 4

    def readable(self) -> bool:
        """Return whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read the available bytes. Wait for them until the deadline at most."""
        if self._left < 0:
            raise TooLarge
        count = self._read(buffer)
        self._left -= count or 0
        return count

    def _read(self, buffer: Any) -> int | None:
        if self._timeout is None:
            return self._file.readinto(buffer)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer is not complete")
        self._socket.settimeout(left)
        try:
            return self._file.readinto(buffer)
        finally:
            self._socket.settimeout(self._timeout)

    def close(self) -> None:
        """Release the socket."""
        self._file.close()
        super().close()
