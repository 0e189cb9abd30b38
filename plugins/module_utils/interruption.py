# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that end a process, turned into an exception: a run that is interrupted removes its lock and its copies of mail servers first."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# ansible-playbook sends its workers the signal that it gets itself. After SIGINT (Ctrl-C) it sends SIGTERM as well, once or twice, at once unless
# WORKER_SHUTDOWN_POLL_COUNT says otherwise. Signals within so many seconds are one.
_TOGETHER_SECONDS = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal has arrived. Not an Exception, so that only code that cleans up notices it."""


@contextmanager
def cleaned_up_after_signals() -> Iterator[None]:
    """Raise Interrupted within the context at the first signal, and end the process as the signal would have, once that has left the context.

    A signal that arrives seconds later ends the process at once. Python gives signals to the main thread: in another one this does nothing.
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
        # None stands for a handler that was not installed from Python, which could not be restored.
        if signal.getsignal(number) is not None:
            former[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        restore()
        if received:
            os.kill(os.getpid(), received[0][0])
