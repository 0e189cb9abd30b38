# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resources of processes: processor time and memory, from /proc."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# The interval between two measurements. Measuring a dozen processes takes some milliseconds.
_INTERVAL = 0.1

# A process may end while it is being read.
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass
class Usage:
    """A run of a command: seconds of the clock and of the processor, and bytes at their peak.

    :param controller_cpu: of the command's own process. :param workers_cpu: of its child processes.
    :param controller_memory: resident in the command's own process. :param worker_memory: resident in the largest of its workers.
    :param memory: of all of them together, each shared page counted once.
    :param others_cpu: of the other measured processes, by name.
    """

    exit_code: int = 0
    output: str = ""
    seconds: float = 0
    controller_cpu: float = 0
    workers_cpu: float = 0
    controller_memory: int = 0
    worker_memory: int = 0
    memory: int = 0
    others_cpu: dict[str, float] = field(default_factory=dict)


def run(command: Sequence[str], environment: Mapping[str, str], others: Mapping[str, int]) -> Usage:
    """Run a command to its end and measure it.

    :param others: the ids of other processes by name; their child processes count too.
    """
    usage = Usage()
    before = {name: _tree_cpu(process) for name, process in others.items()}
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, usage))
        watcher.start()
        assert process.stdout
        usage.output = process.stdout.read()
        _pid, status, total = os.wait4(process.pid, 0)
        usage.seconds = time.perf_counter() - started
        usage.exit_code = process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
    usage.workers_cpu = total.ru_utime + total.ru_stime - usage.controller_cpu
    usage.others_cpu = {name: _tree_cpu(process) - before[name] for name, process in others.items()}
    return usage


def _watch(controller: int, ended: threading.Event, usage: Usage) -> None:
    while not ended.wait(_INTERVAL):
        with suppress(*_GONE):
            usage.controller_cpu = _cpu(controller)[0]
            workers = list(_descendants(controller))
            usage.controller_memory = max(usage.controller_memory, _memory(controller, "Rss"))
            together = _memory(controller, "Pss")
            for worker in workers:
                with suppress(*_GONE):
                    usage.worker_memory = max(usage.worker_memory, _memory(worker, "Rss"))
                    together += _memory(worker, "Pss")
            usage.memory = max(usage.memory, together)


def _cpu(process: int) -> tuple[float, float]:
    """Return the processor time in seconds: of the process, and of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    own_user, own_system, children_user, children_system = map(int, fields[11:15])
    return (own_user + own_system) / _TICKS, (children_user + children_system) / _TICKS


def _tree_cpu(process: int) -> float:
    seconds = 0.0
    for one in (process, *_descendants(process)):
        with suppress(*_GONE):
            seconds += sum(_cpu(one))
    return seconds


def _descendants(process: int) -> Iterator[int]:
    with suppress(*_GONE):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child
                yield from _descendants(child)


def _memory(process: int, name: str) -> int:
    """Return bytes: `Rss`, resident, or `Pss`, in which a shared page counts in part."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
