# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of `verify`: an instance with one working mail server, its records, and killed runs."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import LOCK_KEY
from instance import LabInstance
from lab import Lab
from mail_servers import Options, password_server
from playbook import Result, ansible_playbook, play

CANDIDATE = " (postmaster.odoo candidate)"
VERIFY = {"verify": "connection"}


def rows(instance: LabInstance) -> list[dict[str, Any]]:
    """Return all mail servers with all their columns, as they are in the database."""
    found = instance.sql("SELECT row_to_json(server)::text AS row FROM ir_mail_server AS server ORDER BY id")
    return [json.loads(row["row"]) for row in found]


def everything(instance: LabInstance) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return all records, with mail servers first, so that a difference is readable."""
    return rows(instance), instance.fingerprint()


def with_live_server(instance: LabInstance, lab: Lab, **changed: Any) -> LabInstance:
    """Remove everything from an instance except one mail server, which works."""
    made = rows(instance)
    with instance.session() as session:
        if made:
            session.unlink("ir.mail_server", [row["id"] for row in made])
    instance.enforce({"servers": [password_server(lab, "starttls_any_sender", name="Live", **changed)]})
    return instance


def assert_failed(result: Result, name: str, outcome: str, words: str) -> None:
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "rejected", False, [])
    verification = result["verification"]
    if "An option is not supported by the server: None" in verification["message"]:  # 16.0 does not say which
        outcome, words = "unknown", "An option is not supported"
    assert (verification["key"], verification["outcome"]) == (name, outcome), verification["message"]
    assert verification["seconds"] >= 0
    assert words in verification["message"]
    for text in (name, outcome, words):
        assert text in result["msg"]


class Watch:
    """Reads the mail servers of a database repeatedly while something runs, and records the states of each in order."""

    def __init__(self, instance: LabInstance) -> None:
        self._instance = instance
        self.seen: dict[int, list[dict[str, Any]]] = {}

    def during(self, run: Callable[[], Result]) -> Result:
        with ThreadPoolExecutor() as meanwhile:
            running = meanwhile.submit(run)
            while not running.done():
                self._look()
            self._look()
            return running.result()

    def _look(self) -> None:
        for row in rows(self._instance):
            seen = self.seen.setdefault(row["id"], [])
            if not seen or seen[-1] != row:
                seen.append(row)


def kill_with_children(pid: int) -> None:
    """Send SIGKILL to a process and its descendants.

    Ansible's workers are in separate sessions, which a signal to the group does not reach.
    """
    os.kill(pid, signal.SIGSTOP)  # so that it starts no further child processes meanwhile
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            kill_with_children(int(child))
    os.kill(pid, signal.SIGKILL)


def killed_while_it_tests(instance: LabInstance, folder: Path, server: Options) -> None:
    """Run as far as Odoo's test of a candidate, which does not end by itself."""
    there_were = len(rows(instance))
    task = {"postmaster.odoo.mail_server": {**instance.options(), **server, **VERIFY}}
    run = multiprocessing.get_context("spawn").Process(
        target=ansible_playbook, args=(folder / "killed", [play(task)], "--inventory", "localhost,")
    )
    run.start()
    deadline = time.monotonic() + 60
    while len(rows(instance)) == there_were:
        assert run.is_alive(), "It ended before it could be killed."
        assert time.monotonic() < deadline, "There was no candidate."
        time.sleep(0.1)
    time.sleep(0.5)  # now Odoo tests it
    kill_with_children(run.pid or 0)
    run.join()


def time_passes(instance: LabInstance) -> None:
    """Wait until the lock of a killed run has expired."""
    instance.sql(
        f"UPDATE ir_config_parameter SET write_date = write_date - interval '2 minutes' WHERE key = '{LOCK_KEY}'"
    )
