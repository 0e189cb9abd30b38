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
  - Collects what the enforcing modules of this collection find in each host of a run, prints a verdict after the recap, writes reports, and has
    C(ansible-playbook) end with an exit code that a pipeline can branch on. It works with every playbook, in check mode or not; the playbook
    C(postmaster.odoo.drift) is made for it.
  - >-
    Each host is V(clean), V(corrected) (it differed, and this run has corrected it), V(accepted) (it differs only as the O(baseline) accepts),
    V(drifted), V(unknown) (the play was to compare it and no task has: they were skipped or never reached, hidden by C(no_log), or their errors
    were ignored), V(failed), or V(unreachable) (the host or its Odoo did not answer). The verdict on the run is that of the worst of them, and
    V(unknown) where there is none.
  - >-
    The exit code is 4 where something is V(unreachable), else 2 where something failed or is V(unknown), else the O(exit_code) where something drifted or
    the O(baseline) does not hold, else 0. Where the callback itself cannot do its work (a baseline that is wrong, a folder that cannot be written), it is 1.
  - A run without an enforcing task is left alone, and so is a play with the variable C(drift_verdict) set to false.
  - The reports and the baseline are described in C(docs/drift-report.md) of the collection.
requirements:
  - To be enabled in the configuration, as the last of C(callbacks_enabled), since those after it do not see the end of a run that ends with its exit code.
options:
  report_folder:
    description:
      - The folder to write reports into, made where it does not exist. Without it no files are written; an environment variable that is empty is
        one that is not set.
    type: path
    env:
      - name: POSTMASTER_DRIFT_REPORT_FOLDER
    ini:
      - section: callback_drift
        key: report_folder
  formats:
    description:
      - The reports to make.
      - V(json), V(markdown), V(junit) and V(html) are the files C(drift.json), C(drift.md), C(drift.xml) and C(drift.html) in the O(report_folder).
      - V(github) prints workflow commands of GitHub Actions, which it shows as annotations, and appends the Markdown to the summary of the step,
        which must be a regular file.
    type: list
    elements: str
    default: [json, markdown, junit, html]
    env:
      - name: POSTMASTER_DRIFT_FORMATS
    ini:
      - section: callback_drift
        key: formats
  exit_code:
    description:
      - What C(ansible-playbook) ends with on drift.
      - V(0) leaves every exit code to Ansible; the verdict is only reported. V(1), V(2) and V(4) would not tell drift from what Ansible ends with.
    type: int
    default: 10
    env:
      - name: POSTMASTER_DRIFT_EXIT_CODE
    ini:
      - section: callback_drift
        key: exit_code
  baseline:
    description:
      - A file of accepted drift, such as the playbook C(postmaster.odoo.drift_baseline) writes. An environment variable that is empty is one that is not
        set.
    type: path
    env:
      - name: POSTMASTER_DRIFT_BASELINE
    ini:
      - section: callback_drift
        key: baseline
  keep:
    description:
      - How many dated copies of the JSON report (C(drift-20261124T150405Z.json)) stay in the O(report_folder). They tell since when a field drifts where
        the last run did not look, and how the fleet was before. V(0) keeps none.
    type: int
    default: 90
    env:
      - name: POSTMASTER_DRIFT_KEEP
    ini:
      - section: callback_drift
        key: keep
  webhook_url:
    description:
      - An address that gets the verdict in a POST request at the end of the run, after the reports are written. It is a secret, and appears in no message.
        An environment variable that is empty is one that is not set.
      - The message names instances, resources and fields. It contains no values, and no texts of errors.
      - If the address does not accept it, the run prints one warning. The exit code and the reports stay the same. Redirects are not followed.
    type: str
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_URL
    ini:
      - section: callback_drift
        key: webhook_url
  webhook_format:
    description:
      - The service that the message is for. V(json) is one object for a program of yours, see C(docs/alerts.md) of the collection.
      - V(teams) is a message with an Adaptive Card, as the workflows of Microsoft Teams take it.
    type: str
    default: json
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_FORMAT
    ini:
      - section: callback_drift
        key: webhook_format
  webhook_timeout:
    description:
      - Seconds for the whole request, from 1 to 300.
    type: int
    default: 10
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_TIMEOUT
    ini:
      - section: callback_drift
        key: webhook_timeout
  webhook_verdicts:
    description:
      - The verdicts on the run that are posted.
    type: list
    elements: str
    default: [drifted, unknown, failed, unreachable]
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_VERDICTS
    ini:
      - section: callback_drift
        key: webhook_verdicts
seealso:
  - module: postmaster.odoo.mail_stack
"""

EXAMPLES = r"""
ansible.cfg: |
  [defaults]
  callbacks_enabled = postmaster.odoo.drift

  [callback_drift]
  report_folder = reports
  baseline = baseline.yml

environment: >
  ANSIBLE_CALLBACKS_ENABLED=postmaster.odoo.drift POSTMASTER_DRIFT_REPORT_FOLDER=reports ansible-playbook -i inventory postmaster.odoo.drift

webhook: >
  POSTMASTER_DRIFT_WEBHOOK_URL="$(cat /run/secrets/slack_webhook)" POSTMASTER_DRIFT_WEBHOOK_FORMAT=slack
  ansible-playbook -i inventory postmaster.odoo.drift
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import secrets_in_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import (
    as_github,
    as_text,
    report,
    watch,
    webhook_messages,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import Baseline, BaselineError
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.files import FILES, prepare, write_reports
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.history import History
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.webhook import Webhook, is_usable_url

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.inventory.host import Host
    from ansible.playbook import Playbook
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task

    from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import collect

# A task can tell by this variable of the environment that there will be a verdict.
_ACTIVE = "POSTMASTER_DRIFT_CALLBACK"
_CANNOT_WORK = 1
_FORMATS = (*FILES, "github")
# An empty one is not set. Ansible would make the current folder of a path.
_UNSET_IF_EMPTY = ("POSTMASTER_DRIFT_REPORT_FOLDER", "POSTMASTER_DRIFT_BASELINE", "POSTMASTER_DRIFT_WEBHOOK_URL")
_COLOURS = {
    "clean": constants.COLOR_OK,
    "corrected": constants.COLOR_CHANGED,
    "accepted": constants.COLOR_SKIP,
    "drifted": constants.COLOR_CHANGED,
    "unknown": constants.COLOR_ERROR,
    "failed": constants.COLOR_ERROR,
    "unreachable": constants.COLOR_UNREACHABLE,
}


class CallbackModule(CallbackBase):
    """Watches a run, and has the last word on it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "postmaster.odoo.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._began = time.time()
        self._collector = Collector()
        self._playbooks: list[Playbook] = []
        # By the ids of plays; None for one that is not to be judged.
        self._plays: dict[str, collect.Play | None] = {}
        self._play: collect.Play | None = None
        self._inventory: list[str] = []
        # By host and task, of loops that are not over yet.
        self._check_modes: dict[tuple[str, str], bool] = {}
        self._prepared = False
        self._baseline: Baseline | None = None
        self._wrong_options = ""

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the options. Of wrong ones Ansible would warn, and go on without a verdict: they end the run when it begins."""
        for name in _UNSET_IF_EMPTY:
            if os.environ.get(name) == "":
                del os.environ[name]
        try:
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        except AnsibleError as error:
            self._wrong_options = str(error)
        else:
            # What a shell would take for another number, 256 for 0 and so on.
            limits = {"exit_code": (0, 255), "keep": (0, 100_000), "webhook_timeout": (1, 300)}
            wrong = [
                f"{name} must be from {least} to {most}."
                for name, (least, most) in limits.items()
                if not least <= self.get_option(name) <= most
            ]
            choices = {
                "formats": (self.get_option("formats"), _FORMATS),
                "webhook_format": ([self.get_option("webhook_format")], webhook_messages.FORMATS),
                "webhook_verdicts": (self.get_option("webhook_verdicts"), report.STATUSES),
            }
            wrong += [
                f"{one!r} in {name} is not valid. Valid values: {', '.join(known)}."
                for name, (given, known) in choices.items()
                for one in given
                if one not in known
            ]
            if self.get_option("webhook_url") and not is_usable_url(self.get_option("webhook_url")):
                wrong.append("webhook_url (not shown, because it is a secret) is not an http:// or https:// URL.")
            self._wrong_options = " ".join(wrong)

    # --- watching ---

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        if self._wrong_options:
            self._end(_CANNOT_WORK, self._wrong_options)
        os.environ[_ACTIVE] = "active"
        self._playbooks.append(playbook)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        if not self._playbooks:
            return  # ad hoc
        with self._no_silent_defect():
            if play._uuid not in self._plays:  # and not just another batch of it
                self._plays[play._uuid] = self._begin(play) if watch.wants_verdict(play) else None
            self._play = self._plays[play._uuid]
            if self._play is not None and self._play.enforces:
                self._prepare()

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        # What is included while a play runs is seen here first.
        with self._no_silent_defect():
            self._take_in(watch.task_of(task))

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._observe(result, "ok")

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._observe(result, "skipped")

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._observe(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._observe(result, "ignored" if result.task.ignore_unreachable else "unreachable")

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        self._notice(result)

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._notice(result)

    def _notice(self, result: CallbackTaskResult) -> None:
        """An item of a loop knows whether it was a check; the loop as a whole still has the template of it."""
        self._check_modes[result.host.get_name(), result.task._uuid] = bool(result.task.check_mode)

    def _begin(self, play: Play) -> collect.Play:
        begun = watch.play_of(play)
        self._collector.begin(begun)
        self._inventory = watch.inventory_of(play)
        return begun

    def _take_in(self, task: collect.Task) -> None:
        """A task that enforces makes the play one that does."""
        if self._play is not None and not self._play.enforces and task.enforces:
            self._play.enforces = True
            self._prepare()

    def _prepare(self) -> None:
        """Read the baseline and make the folder before anything is compared: a wrong one ends the run while that costs nothing."""
        if self._prepared:
            return
        self._prepared = True
        path, folder = self.get_option("baseline"), self.get_option("report_folder")
        try:
            if path:
                self._baseline = Baseline.read(Path(path))
            if folder:
                prepare(Path(folder))
        except BaselineError as error:
            self._end(_CANNOT_WORK, str(error))
        except OSError as error:
            self._end(_CANNOT_WORK, f"The report_folder {folder} cannot be written: {error.strerror}.")

    def _observe(self, result: CallbackTaskResult, outcome: str) -> None:
        if self._play is None:
            return
        host = result.host.get_name()
        task = watch.task_of(result.task, check_mode=self._check_modes.pop((host, result.task._uuid), None))
        with self._no_silent_defect():
            self._take_in(task)
        try:
            self._collector.observe(host, task, outcome, result.result)
        except Exception:  # Ansible warns of it and goes on; what was in the result is then not known
            self._collector.lose(host, task)
            raise

    # --- the verdict ---

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        if not self._playbooks:
            return  # ad hoc
        ansible_code = 0
        if any(stats.dark.values()):
            ansible_code = report.UNREACHABLE
        elif any(stats.failures.values()):
            ansible_code = report.FAILED
        if not ansible_code and not watch.is_last_playbook(len(self._playbooks)):
            return  # Ansible goes on with the next
        with self._no_silent_defect():
            for play in watch.unstarted_plays(self._playbooks[-1], set(self._plays)):
                self._collector.begin(play)
            if self._collector.enforces:
                self._prepare()
                self._conclude(ansible_code, stats.failures)

    def _conclude(self, ansible_code: int, failures: dict[str, int]) -> None:
        """Say the verdict, write the reports, and end with the exit code."""
        folder = Path(self.get_option("report_folder")) if self.get_option("report_folder") else None
        formats, keep, drift_code = (self.get_option(name) for name in ("formats", "keep", "exit_code"))
        history = History(folder if "json" in formats else None)
        document = self._document(history, failures, ansible_code=ansible_code, drift_code=drift_code, keep=keep)
        self._display.banner("DRIFT")
        for status, line in as_text.render(document):
            self._display.display(line, color=_COLOURS[status])
        try:
            if folder is not None:
                narrower = history.is_narrower(document["run"])
                written = write_reports(folder, formats, document, keep=keep, narrower=narrower)
                if not narrower:
                    history.prune(keep)
                if written:
                    self._display.display(f"Reports: {', '.join(printable(_from_here(path)) for path in written)}")
            if "github" in formats:
                self._tell_github(document)
        except OSError as error:
            self._end(_CANNOT_WORK, f"The reports cannot be written: {error.strerror}: {error.filename}.")
        finally:
            for warning in history.warnings:
                self._display.warning(_safe(warning))
        self._post(document)
        if drift_code and document["verdict"]["exit_code"]:
            raise SystemExit(document["verdict"]["exit_code"])

    def _document(
        self, history: History, failures: dict[str, int], *, ansible_code: int, drift_code: int, keep: int
    ) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        generated = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        run = watch.run_of(self._playbooks[-1], time.time() - self._began)
        # A limit leaves plays without hosts on purpose.
        without_hosts = [] if "limit" in run else self._collector.plays_without_hosts
        if without_hosts:
            run["without_hosts"] = without_hosts
        instances = self._collector.instances(self._inventory, failures=failures)
        baseline = None
        if self._baseline is not None:
            baseline = self._baseline.apply(
                instances, now.date(), self._inventory, partial=report.is_partial(run), limited="limit" in run
            )
        history.date(instances, generated)
        return report.document(
            generated=generated,
            run=run,
            verdict=report.verdict(
                instances,
                problems=bool(baseline and baseline["problems"]),
                without_hosts=bool(without_hosts),
                ansible_code=ansible_code,
                drift_code=drift_code,
            ),
            instances=instances,
            baseline=baseline,
            history=history.of_fleet(keep),
        )

    def _post(self, document: dict[str, Any]) -> None:
        """Post the verdict to the webhook, if there is one that takes it."""
        url, to, timeout, verdicts = (
            self.get_option(f"webhook_{name}") for name in ("url", "format", "timeout", "verdicts")
        )
        if url and document["verdict"]["status"] in verdicts:
            problem = Webhook(url, to, timeout).post(document)
            if problem:
                self._display.warning(_safe(problem))

    def _tell_github(self, document: dict[str, Any]) -> None:
        for command in as_github.commands(document):
            self._display.display(command)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            as_github.append_summary(Path(summary), document)

    @contextmanager
    def _no_silent_defect(self) -> Iterator[None]:
        """Ansible makes a warning of whatever goes wrong in a callback; a run must not be green for want of its verdict."""
        try:
            yield
        except Exception as error:
            self._end(
                _CANNOT_WORK, f"There is no verdict, for the callback has failed: {type(error).__name__}: {error}"
            )

    def _end(self, exit_code: int, message: str) -> None:
        self._display.error(f"postmaster.odoo.drift: {_safe(message)}", wrap_text=False)
        raise SystemExit(exit_code)


def _safe(message: str) -> str:
    """Return a message without what a terminal obeys, and without the secrets of the environment: those of tasks are not known here."""
    return safe_message(message, secrets_in_environment())


def _from_here(path: Path) -> str:
    """A path as short as it can be said from the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
