# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count the operations of the collection instead of measuring time: the count is the same in every run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_COUNTED = "/postmaster/odoo/plugins/"


class _Counter:
    """A trace function that counts the operations of Python in the code of the collection, but not those of a
    simulation.
    """

    def __init__(self) -> None:
        self.operations = 0

    def __call__(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        if _COUNTED not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        return self._count

    def _count(self, _frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        self.operations += 1
        return self._count


def count_operations(work: Callable[[], object]) -> int:
    """Return the number of operations of the collection's code in a piece of work."""
    counter, former = _Counter(), sys.gettrace()
    # Python 3.12 reports operations only if a frame requested them before the trace function was set (issue 103615 of
    # CPython).
    sys._getframe().f_trace_opcodes = True
    sys.settrace(counter)
    try:
        work()
    finally:
        sys.settrace(former)
    return counter.operations


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """Return the ratio of the operations of the third part of some work to those of the second.

    It is 1 if the work is linear, and 1.67 if it grows with the square.

    :param work: prepares work of a size, which is not counted, and returns it.
    """
    first, second, third = (count_operations(work(size * factor)) for factor in (1, 2, 3))
    return (third - second) / (second - first)
