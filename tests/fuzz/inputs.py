# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile inputs, one after the other, in a process that a hang or a lack of memory may end."""

from __future__ import annotations

import faulthandler
import resource
import signal
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.hostile.inputs import INPUTS, try_input
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import MEGABYTES, SECONDS

# An input that makes the collection wait uses no processor time. On a busy machine any input takes long.
_WAITS = 120


class _Hangs(BaseException):
    pass


def fuzz_inputs(count: int, seed: int) -> Counter[str]:
    """Return the defects, and how often each happened."""
    faults: Counter[str] = Counter()
    faulthandler.enable()

    def hangs(*_what: Any) -> None:
        raise _Hangs

    for signal_number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(signal_number, hangs)
    names, slowest = list(INPUTS), ("", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            name = names[number % len(names)]
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.alarm(_WAITS)
            try:
                fault, seconds = try_input(name, Random(f"{seed} {number}"), Path(folder))
            except _Hangs:
                fault, seconds = f"{name} hangs", SECONDS
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.alarm(0)
            if fault:
                faults[fault] += 1
            slowest = max(slowest, (f"{name} {number}", seconds), key=lambda one: one[1])
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if after > MEGABYTES * 1024 and after > before:
                faults[f"{name} takes {after // 1024} MB of memory"] += 1
    print(
        f"  at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, slowest {slowest[0]}: {slowest[1]:.1f} s"
    )
    return faults
