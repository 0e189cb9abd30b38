# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Independent reads at the same time, over a few connections to one instance."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AuthenticationFailed, Timeout, Unreachable

# The default for the number of connections to one instance. It is small, because Odoo has few workers and other clients.
CONNECTIONS = 4

# After one of these errors, further reads would fail too, each after its own timeout.
_HOPELESS = (AuthenticationFailed, Timeout, Unreachable)

_Result = TypeVar("_Result")


class Read(Generic[_Result]):
    """A read of one or more calls, and its result or its error.

    :param read: a function that makes the calls over the connection that it gets.
    :param connection: the connection for a read that was not made in parallel with others.
    """

    def __init__(self, read: Callable[[Any], _Result], connection: Any) -> None:
        self._read = read
        self._connection = connection
        self._results: list[_Result] = []
        self._error: Exception | None = None

    def make(self, connection: Any) -> None:
        """Make the calls over a connection, and store the result or the error for `result`."""
        try:
            self._results.append(self._read(connection))
        except Exception as error:
            self._error = error

    @property
    def is_hopeless(self) -> bool:
        """Whether the instance cannot be read at the moment."""
        return isinstance(self._error, _HOPELESS)

    def result(self) -> _Result:
        """Return the result. If the read was not made yet, make it now.

        :raises OdooError: the read failed.
        """
        if self._error is not None:
            raise self._error
        if not self._results:
            self._results.append(self._read(self._connection))
        return self._results[0]


def make_side_by_side(reads: Sequence[Read[Any]], connections: Sequence[Any]) -> None:
    """Make reads over several connections, and return after all threads have ended.

    Each connection makes one read after the other and begins with the read at its own position. This thread uses the first connection. If a read
    shows that the instance cannot be read, no further read begins.

    :param connections: at most as many as there are reads.
    """
    waiting = deque(reads[len(connections) :])

    def work(read: Read[Any], connection: Any) -> None:
        with suppress(IndexError):  # no read is waiting
            while True:
                read.make(connection)
                if read.is_hopeless:
                    waiting.clear()
                read = waiting.popleft()

    pairs = list(zip(reads, connections, strict=False))
    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in pairs[1:]]
    for thread in threads:
        thread.start()
    try:
        work(*pairs[0])
    finally:
        for thread in threads:
            thread.join()
