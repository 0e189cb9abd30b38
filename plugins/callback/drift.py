# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: aggregate
short_description: The verdict on the drift of a fleet, as reports and as an exit code
version_added: 0.1.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Collects what the enforcing modules of this collection say of each instance, prints a verdict after the recap, writes reports, and has
    C(ansible-playbook) end with an exit code that a pipeline can branch on.
requirements:
  - enable in configuration, as the last of the callbacks
options:
  report_folder:
    description:
      - The folder to write reports into. It is created where it does not exist. Without it no files are written.
    type: path
    env:
      - name: POSTMASTER_DRIFT_REPORT_FOLDER
    ini:
      - section: callback_drift
        key: report_folder
  formats:
    description:
      - The reports to write.
    type: list
    elements: str
    choices: [json, markdown, junit, html, github]
    default: [json]
    env:
      - name: POSTMASTER_DRIFT_FORMATS
    ini:
      - section: callback_drift
        key: formats
  exit_code:
    description:
      - What C(ansible-playbook) ends with on drift.
    type: int
    default: 10
    env:
      - name: POSTMASTER_DRIFT_EXIT_CODE
    ini:
      - section: callback_drift
        key: exit_code
"""

import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import report as drift_report
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import watch
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.files import write_reports

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "postmaster.odoo.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._collector = Collector()
        self._began = time.time()
        self._playbooks: list[Playbook] = []
        self._started: dict[str, Any] = {}
        self._current: Any = None
        self._inventory: list[str] = []
        self._wrong_options = ""

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the options. Of wrong ones Ansible would warn and go on without a verdict; so they are told later, and end the run."""
        try:
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        except AnsibleError as error:
            self._wrong_options = str(error)

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        if self._wrong_options:
            self._end(1, f"postmaster.odoo.drift: {self._wrong_options}")
        # Tasks may ask whether there will be a verdict: the role does.
        os.environ["POSTMASTER_DRIFT_CALLBACK"] = "active"
        self._playbooks.append(playbook)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._current = None
        if not watch.wants_verdict(play):
            self._started.setdefault(play._uuid, None)
            return
        if play._uuid not in self._started:  # not just another batch of it
            self._started[play._uuid] = watch.play_of(play)
            self._collector.begin(self._started[play._uuid])
            self._inventory = watch.inventory_of(play)
        self._current = self._started[play._uuid]

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        if self._current is not None and not self._current.enforces and watch.task_of(task).enforces:
            self._current.enforces = True

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._observe(result, "ok")

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._observe(result, "skipped")

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._observe(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._observe(result, "ignored" if result.task.ignore_unreachable else "unreachable")

    def _observe(self, result: CallbackTaskResult, outcome: str) -> None:
        if self._current is not None:
            self._collector.observe(result.host.get_name(), watch.task_of(result.task), outcome, result.result)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        ansible_code = 4 if any(stats.dark.values()) else 2 if any(stats.failures.values()) else 0
        for play in watch.unstarted_plays(self._playbooks[-1], set(self._started)):
            self._collector.begin(play)
        if not self._collector.enforces:
            return
        instances = self._collector.instances(self._inventory, failures=stats.failures)
        generated = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for instance in instances:
            for resource in instance.resources:
                for difference in resource.differences:
                    difference.since = generated
        verdict = drift_report.verdict(instances, ansible_code=ansible_code, drift_code=self.get_option("exit_code"))
        report = drift_report.document(
            generated=generated,
            run=watch.run_of(self._playbooks[-1], time.time() - self._began),
            verdict=verdict,
            instances=instances,
            baseline=None,
            history=[],
        )
        folder = self.get_option("report_folder")
        if folder:
            write_reports(Path(folder), self.get_option("formats"), report)
        if not ansible_code and not watch.is_last_playbook(len(self._playbooks)):
            return  # Ansible goes on with the next
        if self.get_option("exit_code") and verdict["exit_code"]:
            raise SystemExit(verdict["exit_code"])

    def _end(self, exit_code: int, message: str) -> None:
        self._display.error(message, wrap_text=False)
        raise SystemExit(exit_code)
