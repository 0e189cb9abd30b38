# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that end a process, turned into an exception. An interrupted run first removes its lock and its copies of mail servers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# ansible-playbook passes its signal on to its workers. After SIGINT (Ctrl-C) it also sends SIGTERM, once or twice, immediately unless
# WORKER_SHUTDOWN_POLL_COUNT is set. Signals within this number of seconds count as one.
_TOGETHER_SECONDS = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The arrival of a signal. Not an Exception, so that only code that cleans up catches it."""


@contextmanager
def cleaned_up_after_signals() -> Iterator[None]:
    """Raise Interrupted inside the context at the first signal. After the context, end the process as the signal would have ended it.

    A signal that arrives more than a few seconds later ends the process immediately. Python delivers signals to the main thread only: in any other
    thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[tuple[int, float]] = []
    former: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if not received:
            received.append((number, time.monotonic()))
            raise Interrupted
        if time.monotonic() - received[0][1] > _TOGETHER_SECONDS:
            restore()
            os.kill(os.getpid(), number)

    for number in _SIGNALS:
        # None means a handler that was not installed from Python. It could not be restored.
        if signal.getsignal(number) is not None:
            former[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        restore()
        if received:
            os.kill(os.getpid(), received[0][0])
