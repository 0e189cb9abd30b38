# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the data of a report from the results of tasks. Results are plain data; this module does not use Ansible's objects.

An instance has a verdict only if a task has really compared it. If a task was skipped, hidden, ignored or never reached, the instance is unknown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import NothingDeclared, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.replayed_mail import replayed_mail
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import (
    UNMANAGED,
    Difference,
    Error,
    Instance,
    Resource,
    kinds,
    worst,
)

# The roles that use modules whose results contain a plan.
ROLES = frozenset(f"postmaster.odoo.{name}" for name in ("drift", "provision", "queue_policy"))

_ANSIBLE = "ansible"
_LOST = frozenset({Unreachable.kind, Timeout.kind})
_HIDDEN = "its result is hidden by no_log"
# The found and the declared state of a record that differs as a whole. Null if nothing is declared.
_AS_A_WHOLE: Mapping[str, tuple[str | None, str | None]] = {
    "create": ("absent", "present"),
    "install": ("absent", "present"),
    "delete": ("present", "absent"),
    "uninstall": ("present", "absent"),
    UNMANAGED: ("present", None),
}


def modules() -> frozenset[str]:
    """Return the names of the modules whose results contain a plan."""
    return frozenset(
        f"postmaster.odoo.{name}" for name in (*(kind.name for kind in registry.RESOURCE_TYPES), "mail_stack")
    )


@dataclass(frozen=True)
class Task:
    """The data of a task that the collector needs.

    :param id: the same for every host, and for every event of the task.
    :param enforces: whether its result contains a plan.
    :param asks: the module and its arguments, to find tasks that do the same; empty if that is not known, for example for a loop.
    """

    id: str
    name: str
    enforces: bool = False
    check_mode: bool = False
    run_once: bool = False
    asks: str = field(default="", repr=False)  # contains secrets


@dataclass
class Play:
    """A play with its hosts and tasks.

    :param hosts: all hosts of all batches, whether they are reached or not.
    :param tasks: its enforcing tasks that are known before the run. Tasks that are included at run time are missing.
    :param name: its name in messages.
    """

    hosts: Sequence[str]
    tasks: Sequence[Task] = ()
    enforces: bool = False
    name: str = ""


@dataclass
class _Event:
    """A task without a verdict for a host.

    :param outcome: failed, unreachable, ignored (the user ignores its errors), or hidden.
    :param asks: as in the task.
    """

    outcome: str
    own: bool
    errors: list[Error]
    asks: str = ""
    then_judged: bool = False  # a later task with the same arguments has a verdict


@dataclass
class _Host:
    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    events: list[_Event] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    jobs: dict[str, Task] = field(default_factory=dict)
    judged: bool = False
    replay: Mapping[str, Any] | None = None


class Collector:
    """A collector of plays and results, which returns the data of each instance."""

    def __init__(self) -> None:
        self._plays: list[Play] = []
        self._hosts: dict[str, _Host] = {}

    def begin(self, play: Play) -> None:
        """Add a play that enforces something, or may do so at run time."""
        self._plays.append(play)

    @property
    def enforces(self) -> bool:
        """Return whether there is anything that needs a verdict."""
        return any(play.enforces for play in self._plays)

    def observe(self, host_name: str, task: Task, outcome: str, result: Mapping[str, Any]) -> None:
        """Add the result of a task for a host.

        :param outcome: ok, skipped, failed, ignored (an error that the user ignores) or unreachable.
        """
        host = self._hosts.setdefault(host_name, _Host())
        items = _items(result)
        if not task.enforces:
            finished = [item for item in items if item.get("finished") and _job(item) in host.jobs]
            for item in finished:  # async_status has returned the result
                failed = len(items) == 1 or item.get("failed")
                self.observe(host_name, host.jobs.pop(_job(item)), outcome if failed else "ok", item)
            if not finished and outcome in ("failed", "unreachable"):
                kind = Unreachable.kind if outcome == "unreachable" else _ANSIBLE
                host.events.append(_Event(outcome, False, [Error(task.name, kind, _message(result))]))
            return
        host.reached.add(task.id)
        if outcome == "skipped":
            return
        errors: list[Error] = []
        hidden = False
        for item in items:
            if isinstance(item.get("plan"), list):
                self._take(host, task, item)
            # If the task failed but the module did not, the task has failed_when, for drift or for another reason.
            judged = "error_kind" not in item and bool(item.get("plan") or item.get("unmanaged"))
            if "error_kind" in item or (not judged and _is_error(item, outcome, single=len(items) == 1)):
                errors.append(Error(task.name, _kind(item, outcome), _message(item)))
            elif "plan" in item:
                host.judged = True
                for event in host.events:
                    event.then_judged = event.then_judged or task.asks == event.asks != ""
            elif item.get("ansible_job_id") and not item.get("finished"):
                host.jobs[_job(item)] = task
            elif not _is_skipped(item):
                hidden = True
        if errors:
            # If the module failed but the task did not, the task has failed_when.
            host.events.append(_Event("ignored" if outcome == "ok" else outcome, True, errors, task.asks))
        elif hidden:
            host.events.append(_Event("hidden", True, []))
            self._warn(host, [f"The result of {task.name!r} is not known: {_HIDDEN}."])

    def lose(self, host_name: str, task: Task) -> None:
        """Record a result that cannot be read. It does not count as a verdict."""
        if task.enforces:
            host = self._hosts.setdefault(host_name, _Host())
            host.reached.add(task.id)
            host.events.append(_Event("hidden", True, []))
            self._warn(host, [f"The result of {task.name!r} is not known: it could not be read."])

    # --- the content of a result ---

    def _take(self, host: _Host, task: Task, item: Mapping[str, Any]) -> None:
        """Add the resources in a result."""
        for record in _records(item):
            found = _plain(record)
            self._resource(host, found["resource"], found["key"])
        status = "drifted" if task.check_mode else "corrected"
        planned = set()
        for step in map(_plain, item["plan"]):
            resource = self._resource(host, step["resource"], step["key"])
            planned.add((step["resource"], step["key"]))
            self._add(resource, step["action"], _differences(step, status))
        for record in map(_plain, item.get("unmanaged") or ()):
            key = record.get("key", record.get("name"))
            if (record["resource"], key) not in planned:
                resource = self._resource(host, record["resource"], key)
                whole = _whole(UNMANAGED, "drifted")
                whole.remark = f"it was declared before, as {record['xml_id']}" if record.get("xml_id") else ""
                self._add(resource, UNMANAGED, [whole])
        if item.get("replay"):
            host.replay = replayed_mail(_plain(item["replay"]))
        self._warn(host, [_text(warning) for warning in item.get("warnings") or ()])

    @staticmethod
    def _resource(host: _Host, kind: str, key: Any) -> Resource:
        return host.resources.setdefault((kind, str(key)), Resource(kind, str(key)))

    @staticmethod
    def _add(resource: Resource, action: str, differences: Iterable[Difference]) -> None:
        """Add the result of a task to those of earlier tasks. Earlier drift may be corrected now."""
        known = {_identity(difference): position for position, difference in enumerate(resource.differences)}
        resource.action = action
        for difference in differences:
            position = known.get(_identity(difference))
            if position is None:
                resource.differences.append(difference)
            else:
                resource.differences[position] = difference

    @staticmethod
    def _warn(host: _Host, warnings: Iterable[str]) -> None:
        host.warnings += [warning for warning in warnings if warning not in host.warnings]

    # --- the end ---

    @property
    def plays_without_hosts(self) -> list[str]:
        """Return the names of the comparing plays without hosts."""
        return [play.name for play in self._plays if play.enforces and not play.hosts]

    def instances(self, inventory: Sequence[str], *, failures: Mapping[str, int]) -> list[Instance]:
        """Return the data of each instance at the end of the run.

        :param inventory: the hosts in order.
        :param failures: the number of failed tasks that were not rescued, by host.
        """
        names = {name: None for name in inventory if self._is_instance(name)}
        names.update({name: None for name in self._names() if self._is_instance(name)})
        return [self._instance(name, failures.get(name, 0)) for name in names]

    def _names(self) -> Iterator[str]:
        for play in self._plays:
            yield from play.hosts
        yield from self._hosts

    def _is_instance(self, name: str) -> bool:
        """Return whether a play compares the host. A task with run_once counts only for the host that it runs on."""
        host = self._hosts.get(name)
        if host is not None and (host.reached or host.jobs):
            return True
        return any(
            play.enforces and name in play.hosts and not (play.tasks and all(task.run_once for task in play.tasks))
            for play in self._plays
        )

    def _instance(self, name: str, failures: int) -> Instance:
        host = self._hosts.get(name) or _Host()
        resources = sorted(host.resources.values(), key=lambda one: (_rank(one.resource), one.resource, one.key))
        instance = Instance(name, resources, [], list(host.warnings), replay=host.replay)
        complete = host.judged and not host.jobs and not self._unreached(name, host)
        outcomes = []
        # A failure that was not rescued has ended the play for this host, so it is the last event.
        failed = [event for event in host.events if event.outcome == "failed"]
        rescued = failed[: max(len(failed) - failures, 0)]
        for event in host.events:
            is_rescued = any(event is one for one in rescued)
            if (not event.own and (is_rescued or complete)) or (is_rescued and event.then_judged):
                continue  # the playbook and Ansible's recap handle it
            instance.errors += event.errors
            undeclared = event.errors and all(error.kind == NothingDeclared.kind for error in event.errors)
            if is_rescued or undeclared or event.outcome in ("ignored", "hidden"):
                outcomes.append("unknown")
            else:
                lost = event.outcome == "unreachable" or any(error.kind in _LOST for error in event.errors)
                outcomes.append("unreachable" if lost else "failed")
        if not complete and not {"failed", "unreachable"} & set(outcomes):
            if "unknown" not in outcomes:  # there is no reason yet
                instance.warnings.append(f"The state is not known: {_why_unknown(host)}.")
            outcomes.append("unknown")
        instance.outcome = worst(outcomes)
        return instance

    def _unreached(self, name: str, host: _Host) -> bool:
        return any(
            task.id not in host.reached
            for play in self._plays
            if name in play.hosts
            for task in play.tasks
            if not task.run_once
        )


def _why_unknown(host: _Host) -> str:
    """Return the reason why the state is not known although nothing failed."""
    if host.jobs:
        return "a task runs in the background, and no task has read its result"
    if host.judged:
        return "the run ended before everything was compared"
    return "all comparing tasks were skipped" if host.reached else "no comparing task was reached"


def _items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the results of a loop, or the one result of another task."""
    loop = result.get("results")
    return [item for item in loop if isinstance(item, Mapping)] if isinstance(loop, list) else [result]


def _job(item: Mapping[str, Any]) -> str:
    """Return the job id of a task in the background; empty for other tasks."""
    return str(item.get("ansible_job_id") or "")


def _records(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the compared records of a result, each with its resource and its key in plans."""
    single = item.get("record")
    for record in [*(item.get("records") or ()), *([single] if single else ())]:
        if "resource" in record:
            yield {
                "resource": record["resource"],
                "key": record.get("key") or record.get("name") or record.get("xml_id"),
            }


def _differences(step: Mapping[str, Any], status: str) -> list[Difference]:
    """Return the differences that a step of a plan corrects."""
    changes = step.get("changes") or ()
    if not changes:
        return [_whole(step["action"], status)]
    return [
        Difference(
            change["field"],
            change["before"],
            change["after"],
            status,
            secret=MASK in (change["before"], change["after"]),
            managed_elsewhere=bool(change.get("managed_elsewhere")),
            remark=str(change.get("remark") or ""),
        )
        for change in changes
    ]


def _whole(action: str, status: str) -> Difference:
    before, after = _AS_A_WHOLE.get(action, ("present", action))
    return Difference(None, before, after, status)


def _identity(difference: Difference) -> str:
    return json.dumps([difference.field, difference.before, difference.after], sort_keys=True)


def _rank(resource: str) -> int:
    known = kinds()
    return known.index(resource) if resource in known else len(known)


def _is_skipped(item: Mapping[str, Any]) -> bool:
    return bool(item.get("skipped")) or "skip_reason" in item


def _is_error(item: Mapping[str, Any], outcome: str, *, single: bool) -> bool:
    """Return whether a result without a plan is an error. In a loop, each item has its own status."""
    if outcome == "ok" or _is_skipped(item):
        return False
    return single or bool(item.get("failed") or item.get("unreachable") or "exception" in item)


def _kind(item: Mapping[str, Any], outcome: str) -> str:
    if item.get("unreachable") or (outcome == "unreachable" and "error_kind" not in item):
        return Unreachable.kind
    return str(item.get("error_kind", _ANSIBLE))


def _message(result: Mapping[str, Any]) -> str:
    if "censored" in result:
        return f"The task failed, and {_HIDDEN}."
    for name in ("msg", "reason", "module_stderr"):
        if result.get(name):
            return _text(result[name])
    return "The task failed without a message."


def _text(value: Any) -> str:
    return str(_plain(value if isinstance(value, str) else str(value)))


def _plain(value: Any) -> Any:
    """Return a value that every format can contain: a type of JSON, in valid Unicode."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_text(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)  # without Ansible's tags
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return _text(str(value))
