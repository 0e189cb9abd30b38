# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks, print their output, and end with a table of their verdicts.

    python tests/checks GROUP_OR_CHECK...

Every check runs, even after another has failed, so that one run reports everything. Checks of different tracks run
at the same time; then the output of a check is printed as a whole at its end.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import time
from collections import ChainMap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from checks import CHECKOUT, CHECKS, Check
from staging import COLLECTION, stage

WORK = CHECKOUT / ".work"
STAGES = WORK / "checks"
ENVIRONMENTS = CHECKOUT / ".venv"
Verdict = tuple[str, float]  # and the seconds until the result
PASSED = "passed"
SKIPPED = "skipped: no Python for it found here"


def main() -> int:
    names = dict.fromkeys(name for check in CHECKS for name in (check.group, check.name))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="+", choices=list(names), metavar="GROUP_OR_CHECK", help=", ".join(names))
    wanted = parser.parse_args().checks
    asked = [check for check in CHECKS if check.group in wanted or check.name in wanted]

    tracks: dict[str, list[Check]] = {}
    for check in asked:
        # An external instance is the only one.
        tracks.setdefault(check.track if "ODOO_URL" not in os.environ else "", []).append(check)
    with alone():
        for name in {check.stage for check in asked if check.stage}:
            stage(CHECKOUT, STAGES / name)
        verdicts = hear(list(tracks.values()))
    return report({check.name: verdicts[check.name] for check in asked})


def hear(tracks: list[list[Check]]) -> dict[str, Verdict]:
    """Run the checks of each track in their order, and the tracks in parallel; return their verdicts by name."""
    interrupted = Event()

    def follow(track: list[Check]) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        for check in track:
            if interrupted.is_set():
                break
            started = time.monotonic()
            if not (ENVIRONMENTS / check.environment).is_dir():
                verdict = SKIPPED
            elif verdicts.get(check.needs, (PASSED,))[0] != PASSED:
                verdict = f"failed: {check.needs} failed"
            else:
                verdict = ask(check, at_once=len(tracks) == 1)
            verdicts[check.name] = verdict, time.monotonic() - started
        return verdicts

    with ThreadPoolExecutor() as meanwhile:
        try:
            return dict(ChainMap(*meanwhile.map(follow, tracks)))
        except BaseException:
            interrupted.set()
            raise


@contextmanager
def alone() -> Iterator[None]:
    """Two runs would delete each other's staged copies."""
    STAGES.mkdir(parents=True, exist_ok=True)
    with (STAGES / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("==> waiting for another run of the checks in this checkout", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ask(check: Check, *, at_once: bool) -> str:
    """Return the verdict of a check, whose output is printed immediately or at its end."""
    print(f"\n==> {check.name}" if at_once else f"... {check.name}", flush=True)
    said = [] if at_once else [f"\n==> {check.name}\n"]
    folder = STAGES / check.stage / COLLECTION if check.stage else CHECKOUT
    process = subprocess.Popen(
        check.command,
        cwd=folder,
        env=environment(check),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    rejected = None
    for line in process.stdout:
        if at_once:
            print(line, end="", flush=True)
        else:
            said.append(line)
        if check.rejected and check.rejected.search(line):
            rejected = rejected or line.strip()
    process.wait()
    print("".join(said), end="", flush=True)
    if process.returncode:
        return f"failed: exit code {process.returncode}"
    return f"failed: it says: {rejected}" if rejected else PASSED


def environment(check: Check) -> dict[str, str]:
    """Return the caller's variables without those that would change the results of the checks."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    collections = STAGES / check.stage if check.stage else WORK / "collections"
    own = {
        "PATH": f"{ENVIRONMENTS / check.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "MYPY_CACHE_DIR": WORK / "cache/mypy",
        "RUFF_CACHE_DIR": WORK / "cache/ruff",
    }
    if not check.stage:
        own["PYTHONPATH"] = collections
    return inherited | {name: str(value) for name, value in (own | check.variables).items()}


def report(verdicts: dict[str, Verdict]) -> int:
    width = max(map(len, verdicts))
    print(f"\n{'check':<{width}}  {'seconds':>7}  verdict")
    for name, (verdict, seconds) in verdicts.items():
        print(f"{name:<{width}}  {seconds:>7.1f}  {verdict}")
    words = [verdict.split(":")[0] for verdict, seconds in verdicts.values()]
    passed, failed, skipped = (words.count(word) for word in ("passed", "failed", "skipped"))
    print(f"\nchecks: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
