# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the judges, shows what they say, and closes with a table of their verdicts.

    python tests/judges GROUP_OR_JUDGE...

Every judge is asked, also after one has failed, so that one run tells everything. Judges of different tracks are asked
at the same time; then what a judge says is shown whole, at its end.
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

from judges import CHECKOUT, JUDGES, Judge
from staging import COLLECTION, stage

WORK = CHECKOUT / ".work"
STAGES = WORK / "judges"
ENVIRONMENTS = CHECKOUT / ".venv"
Verdict = tuple[str, float]  # and after how many seconds
PASSED = "passed"
SKIPPED = "skipped: no Python for it found here"


def main() -> int:
    names = dict.fromkeys(name for judge in JUDGES for name in (judge.group, judge.name))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judges", nargs="+", choices=list(names), metavar="GROUP_OR_JUDGE", help=", ".join(names))
    wanted = parser.parse_args().judges
    asked = [judge for judge in JUDGES if judge.group in wanted or judge.name in wanted]

    tracks: dict[str, list[Judge]] = {}
    for judge in asked:
        # An instance that is not the lab's is all that there is.
        tracks.setdefault(judge.track if "ODOO_URL" not in os.environ else "", []).append(judge)
    with alone():
        for name in {judge.stage for judge in asked if judge.stage}:
            stage(CHECKOUT, STAGES / name)
        verdicts = hear(list(tracks.values()))
    return report({judge.name: verdicts[judge.name] for judge in asked})


def hear(tracks: list[list[Judge]]) -> dict[str, Verdict]:
    """Ask the judges of each track in their order, the tracks at the same time; their verdicts by name."""
    interrupted = Event()

    def follow(track: list[Judge]) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        for judge in track:
            if interrupted.is_set():
                break
            started = time.monotonic()
            if not (ENVIRONMENTS / judge.environment).is_dir():
                verdict = SKIPPED
            elif verdicts.get(judge.needs, (PASSED,))[0] != PASSED:
                verdict = f"failed: {judge.needs} failed"
            else:
                verdict = ask(judge, at_once=len(tracks) == 1)
            verdicts[judge.name] = verdict, time.monotonic() - started
        return verdicts

    with ThreadPoolExecutor() as meanwhile:
        try:
            return dict(ChainMap(*meanwhile.map(follow, tracks)))
        except BaseException:
            interrupted.set()
            raise


@contextmanager
def alone() -> Iterator[None]:
    """Two runs would pull the staged copies from under each other."""
    STAGES.mkdir(parents=True, exist_ok=True)
    with (STAGES / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("==> waiting for another run of the judges in this checkout", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ask(judge: Judge, *, at_once: bool) -> str:
    """The verdict of a judge, whose words are shown at once or at its end."""
    print(f"\n==> {judge.name}" if at_once else f"... {judge.name}", flush=True)
    said = [] if at_once else [f"\n==> {judge.name}\n"]
    folder = STAGES / judge.stage / COLLECTION if judge.stage else CHECKOUT
    process = subprocess.Popen(
        judge.command,
        cwd=folder,
        env=environment(judge),
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
        if judge.rejected and judge.rejected.search(line):
            rejected = rejected or line.strip()
    process.wait()
    print("".join(said), end="", flush=True)
    if process.returncode:
        return f"failed: exit code {process.returncode}"
    return f"failed: it says: {rejected}" if rejected else PASSED


def environment(judge: Judge) -> dict[str, str]:
    """The caller's variables, less those that would change what the judges say."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    collections = STAGES / judge.stage if judge.stage else WORK / "collections"
    own = {
        "PATH": f"{ENVIRONMENTS / judge.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "MYPY_CACHE_DIR": WORK / "cache/mypy",
        "RUFF_CACHE_DIR": WORK / "cache/ruff",
    }
    if not judge.stage:
        own["PYTHONPATH"] = collections
    return inherited | {name: str(value) for name, value in (own | judge.variables).items()}


def report(verdicts: dict[str, Verdict]) -> int:
    width = max(map(len, verdicts))
    print(f"\n{'judge':<{width}}  {'seconds':>7}  verdict")
    for name, (verdict, seconds) in verdicts.items():
        print(f"{name:<{width}}  {seconds:>7.1f}  {verdict}")
    words = [verdict.split(":")[0] for verdict, seconds in verdicts.values()]
    passed, failed, skipped = (words.count(word) for word in ("passed", "failed", "skipped"))
    print(f"\njudges: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
