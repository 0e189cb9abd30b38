"""Processes that outlive the program that started them: start, identify, stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import LabError
from .layout import Layout, write_atomically

# They are stored so that an ended child is reaped, and Python gives no warning about a process that continues to run.
_children: list[subprocess.Popen[bytes]] = []

# The prefix of a command of a step: if the lab is killed, no process continues to write to its folder.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


def clean_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without variables that affect the lab's Python, PostgreSQL or Odoo."""
    steering = ("PYTHON", "PG", "ODOO_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {**kept, **changes}


def run(
    command: Sequence[str | Path],
    doing: str,
    *,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    folder: Path | None = None,
) -> str:
    """Run a command to its end and return its output; on failure raise a LabError with the end of the output."""
    done = subprocess.run(
        [*DIES_WITH_US, *map(str, command)],
        input=stdin,
        env=environment or clean_environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last_words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise LabError(f"{doing} failed: {Path(command[0]).name} ended with {done.returncode} and said:\n{last_words}")
    return done.stdout


class Daemon:
    """One background process of the lab, identified by its pid file."""

    def __init__(self, layout: Layout, name: str) -> None:
        self.layout = layout
        self.name = name
        self.log = layout.log(name)
        self._pid_file = layout.processes / f"{name}.json"

    @property
    def key(self) -> str | None:
        """Return the key of the running process that was passed to `start`; None if no process runs."""
        return self._running().get("key")

    @property
    def is_running(self) -> bool:
        return bool(self._running())

    def start(
        self,
        command: Sequence[str | Path],
        key: str,
        is_ready: Callable[[], bool],
        *,
        seconds: float,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command and wait until `is_ready`, `seconds` at most."""
        for folder in (self._pid_file.parent, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            begins_at = log.tell()
            child = subprocess.Popen(
                [*map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment or clean_environment(),
                cwd=self.layout.folder,
                start_new_session=True,
            )
        _children.append(child)
        write_atomically(self._pid_file, json.dumps({"pid": child.pid, "started": _started(child.pid), "key": key}))
        deadline = time.monotonic() + seconds
        while not is_ready():
            if child.poll() is not None or time.monotonic() > deadline:
                state = (
                    f"ended with {child.returncode}"
                    if child.returncode is not None
                    else f"is not ready after {seconds:.0f} s"
                )
                last_words = "\n".join(self.log.read_bytes()[begins_at:].decode(errors="replace").splitlines()[-15:])
                self.stop()
                raise LabError(f"{self.name} {state}; its log {self.log} ends with:\n{last_words}")
            time.sleep(0.02)

    def stop(self, first_signal: signal.Signals = signal.SIGTERM, seconds: float = 10) -> bool:
        """Send a signal to end the process, after `seconds` kill it; return whether there was one."""
        pid = self._running().get("pid")
        if pid:
            for how, patience in ((first_signal, seconds), (signal.SIGKILL, 5.0)):
                if self._end(pid, how, patience):
                    break
        self._pid_file.unlink(missing_ok=True)
        return bool(pid)

    def _end(self, pid: int, how: signal.Signals, seconds: float) -> bool:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while self._running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _running(self) -> dict[str, Any]:
        """Return the content of the pid file if it names a living process of this lab, otherwise nothing."""
        for child in _children:
            child.poll()
        try:
            known = json.loads(self._pid_file.read_text())
        except FileNotFoundError:
            return {}
        # A pid may be used again. Together with the start time of the process it is unique.
        return known if _started(known["pid"]) == known["started"] else {}


def _started(pid: int) -> str | None:
    """Return the start time of a process (clock ticks since boot), with the boot's id; None for ended processes and
    zombies.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start_ticks = after_name[0], after_name[19]
    return None if state in "ZX" else f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{start_ticks}"
