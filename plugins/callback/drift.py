# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: aggregate
short_description: Report the drift of all hosts, and set the exit code
version_added: 1.0.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Collects the results of the enforcing modules of this collection for each host of a run. It prints a verdict after the recap and writes reports. It also
    makes C(ansible-playbook) end with an exit code that a pipeline can branch on.
  - It works with every playbook, in check mode or not. The playbook C(postmaster.odoo.drift) is made for it.
  - Each host has one verdict. V(clean) has no drift. V(corrected) had drift, and this run has corrected it. V(accepted) has only drift that the O(baseline)
    accepts. V(drifted) has other drift. V(failed) had an error. V(unreachable) means that the host or its Odoo did not answer.
  - V(unknown) means that no task has compared the host. For example, the tasks were skipped or never reached, C(no_log) hides the results, or errors were
    ignored.
  - The verdict of the run is the worst verdict of its hosts. It is V(unknown) if there are no hosts.
  - The exit code is 4 if a host is V(unreachable). Otherwise, it is 2 if a host is V(failed) or V(unknown). Otherwise, it is the O(exit_code) if a host is
    V(drifted) or the O(baseline) has expired or unmatched entries. Otherwise, it is 0.
  - If the callback itself cannot work, for example because of an invalid baseline, the exit code is 1.
  - The callback ignores a run without an enforcing task, and a play with the variable C(drift_verdict) set to false.
  - C(docs/drift-report.md) of the collection describes the reports and the baseline.
requirements:
  - Must be enabled in the configuration, as the last of C(callbacks_enabled). Callbacks after it do not get the end of a run that ends with its exit code.
options:
  report_folder:
    description:
      - The folder for the reports. It is created if it does not exist. If not set, no files are written. An empty environment variable counts as not set.
    type: path
    env:
      - name: POSTMASTER_DRIFT_REPORT_FOLDER
    ini:
      - section: callback_drift
        key: report_folder
  formats:
    description:
      - The reports to create.
      - V(json), V(markdown), V(junit) and V(html) are the files C(drift.json), C(drift.md), C(drift.xml) and C(drift.html) in the O(report_folder).
      - V(github) prints workflow commands of GitHub Actions, which GitHub shows as annotations. It also appends the Markdown to the summary of the step,
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
      - The exit code of C(ansible-playbook) on drift.
      - V(0) keeps every exit code of Ansible, so the verdict is only reported. With V(1), V(2) or V(4), drift cannot be distinguished from Ansible's own
        exit codes.
    type: int
    default: 10
    env:
      - name: POSTMASTER_DRIFT_EXIT_CODE
    ini:
      - section: callback_drift
        key: exit_code
  baseline:
    description:
      - A file of accepted drift, for example one that the playbook C(postmaster.odoo.drift_baseline) has written. An empty environment variable counts as
        not set.
    type: path
    env:
      - name: POSTMASTER_DRIFT_BASELINE
    ini:
      - section: callback_drift
        key: baseline
  keep:
    description:
      - The number of dated copies of the JSON report (C(drift-20261124T150405Z.json)) to keep in the O(report_folder). They contain the start of a drift
        that the last run did not examine, and the history of all hosts. V(0) keeps none.
    type: int
    default: 90
    env:
      - name: POSTMASTER_DRIFT_KEEP
    ini:
      - section: callback_drift
        key: keep
  webhook_url:
    description:
      - An address that gets the verdict in a POST request at the end of the run, after the reports are written. It is a secret, and no message contains it.
        An empty environment variable counts as not set.
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
      - V(teams) is a message with an Adaptive Card for the workflows of Microsoft Teams.
    type: str
    default: json
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_FORMAT
    ini:
      - section: callback_drift
        key: webhook_format
  webhook_timeout:
    description:
      - The timeout of the whole request in seconds, from 1 to 300.
    type: int
    default: 10
    env:
      - name: POSTMASTER_DRIFT_WEBHOOK_TIMEOUT
    ini:
      - section: callback_drift
        key: webhook_timeout
  webhook_verdicts:
    description:
      - The verdicts of a run that are posted.
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

# Tasks read this environment variable to find out whether there will be a verdict.
_ACTIVE = "POSTMASTER_DRIFT_CALLBACK"
_CANNOT_WORK = 1
_FORMATS = (*FILES, "github")
# An empty value counts as not set. Ansible would use the current folder for an empty path.
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
    """The callback: it observes a run and sets its verdict."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "postmaster.odoo.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._began = time.time()
        self._collector = Collector()
        self._playbooks: list[Playbook] = []
        # The plays by their IDs; None for a play without a verdict.
        self._plays: dict[str, collect.Play | None] = {}
        self._play: collect.Play | None = None
        self._inventory: list[str] = []
        # The check modes of loops that have not ended, by host and task.
        self._check_modes: dict[tuple[str, str], bool] = {}
        self._prepared = False
        self._baseline: Baseline | None = None
        self._wrong_options = ""

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Read the options. If one is invalid, the run ends when it begins, because Ansible would only warn and continue without a verdict."""
        for name in _UNSET_IF_EMPTY:
            if os.environ.get(name) == "":
                del os.environ[name]
        try:
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        except AnsibleError as error:
            self._wrong_options = str(error)
        else:
            # A shell would change a larger exit code, such as 256 to 0.
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
            if play._uuid not in self._plays:  # not another batch of the same play
                self._plays[play._uuid] = self._begin(play) if watch.wants_verdict(play) else None
            self._play = self._plays[play._uuid]
            if self._play is not None and self._play.enforces:
                self._prepare()

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        # Tasks that are included during the play appear here first.
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
        """Store the check mode of an item of a loop. The result of the whole loop only contains the template of `check_mode`."""
        self._check_modes[result.host.get_name(), result.task._uuid] = bool(result.task.check_mode)

    def _begin(self, play: Play) -> collect.Play:
        begun = watch.play_of(play)
        self._collector.begin(begun)
        self._inventory = watch.inventory_of(play)
        return begun

    def _take_in(self, task: collect.Task) -> None:
        """Mark the play as enforcing if the task enforces."""
        if self._play is not None and not self._play.enforces and task.enforces:
            self._play.enforces = True
            self._prepare()

    def _prepare(self) -> None:
        """Read the baseline and create the folder before anything is compared, so that an error ends the run early."""
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
        except Exception:  # Ansible only warns and continues, so the content of the result is unknown
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
            return  # Ansible continues with the next playbook
        with self._no_silent_defect():
            for play in watch.unstarted_plays(self._playbooks[-1], set(self._plays)):
                self._collector.begin(play)
            if self._collector.enforces:
                self._prepare()
                self._conclude(ansible_code, stats.failures)

    def _conclude(self, ansible_code: int, failures: dict[str, int]) -> None:
        """Print the verdict, write the reports, and end with the exit code."""
        folder = Path(self.get_option("report_folder")) if self.get_option("report_folder") else None
        formats, keep, drift_code = (self.get_option(name) for name in ("formats", "keep", "exit_code"))
        history = History(folder if "json" in formats else None)
        document = self._document(history, failures, ansible_code=ansible_code, drift_code=drift_code, keep=keep)
        self._display.banner("DRIFT")
        for status, line in as_text.render(document):
            self._display.display(line, color=_COLOURS[status])
        try:
            if folder is not None:
                narrower = history.is_narrower(document["run"], self._left_out(document))
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
        # With a limit, plays without hosts are expected.
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

    def _left_out(self, document: dict[str, Any]) -> set[str]:
        """Return the hosts of the inventory that the run was not for. If a failure has stopped the run early, these hosts are not known."""
        if watch.is_stopped_early(self._playbooks, set(self._plays)):
            return set()
        return set(self._inventory).difference(one["instance"] for one in document["instances"])

    def _post(self, document: dict[str, Any]) -> None:
        """Post the verdict to the webhook, if one is set and its verdicts include it."""
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
        """End the run with an error if the callback fails. Ansible would only warn, and the run would be green without a verdict."""
        try:
            yield
        except Exception as error:
            self._end(
                _CANNOT_WORK,
                f"There is no verdict because the callback has failed: {type(error).__name__}: {error}. "
                "This is a defect of the collection: please report it.",
            )

    def _end(self, exit_code: int, message: str) -> None:
        self._display.error(f"postmaster.odoo.drift: {_safe(message)}", wrap_text=False)
        raise SystemExit(exit_code)


def _safe(message: str) -> str:
    """Return a message without commands for a terminal and without the secrets of the environment. The secrets of tasks are not known here."""
    return safe_message(message, secrets_in_environment())


def _from_here(path: Path) -> str:
    """Return a path relative to the current folder, if it is in this folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
