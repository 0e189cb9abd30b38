# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of tasks say of instances. Knows results as plain data, and nothing of Ansible's objects.

An instance is known only as far as a task has really compared it: whatever was skipped, hidden, ignored or never reached is "cannot tell".
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

# The modules whose results have a plan, and the roles that consist of them.
MODULES = frozenset(
    f"postmaster.odoo.{name}" for name in (*(kind.name for kind in registry.RESOURCE_TYPES), "mail_stack")
)
ROLES = frozenset(f"postmaster.odoo.{name}" for name in ("drift", "provision", "queue_policy"))

_ANSIBLE = "ansible"
_LOST = frozenset({Unreachable.kind, Timeout.kind})
_HIDDEN = "its result is hidden by no_log"
# What there is, and what there should be, of a record that differs as a whole. Null where nobody has said what should be.
_AS_A_WHOLE: Mapping[str, tuple[str | None, str | None]] = {
    "create": ("absent", "present"),
    "install": ("absent", "present"),
    "delete": ("present", "absent"),
    "uninstall": ("present", "absent"),
    UNMANAGED: ("present", None),
}


@dataclass(frozen=True)
class Task:
    """A task, as far as it matters here.

    :param id: the same for every host, and for every event of the task.
    :param enforces: it is one of those whose results have a plan.
    :param asks: the module and its arguments, by which another task is known to ask for the same; empty where that cannot be told, as of a loop.
    """

    id: str
    name: str
    enforces: bool = False
    check_mode: bool = False
    run_once: bool = False
    asks: str = field(default="", repr=False)  # secrets are among it


@dataclass
class Play:
    """A play, and what it was to do.

    :param hosts: all of it, in whatever batches, the first to be reached or not.
    :param tasks: its enforcing tasks as far as they are known beforehand; what is included while it runs is not.
    :param name: what people call it.
    """

    hosts: Sequence[str]
    tasks: Sequence[Task] = ()
    enforces: bool = False
    name: str = ""


@dataclass
class _Event:
    """A task that did not come to a verdict on a host.

    :param outcome: failed, unreachable, ignored (what the user wants not to count), or hidden.
    :param asks: as of the task.
    """

    outcome: str
    own: bool
    errors: list[Error]
    asks: str = ""
    then_judged: bool = False  # afterwards, by a task that asked for the same


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
    """Takes in plays and results, and says what is known of each instance."""

    def __init__(self) -> None:
        self._plays: list[Play] = []
        self._hosts: dict[str, _Host] = {}

    def begin(self, play: Play) -> None:
        """A play that enforces something, or turns out to as it runs."""
        self._plays.append(play)

    @property
    def enforces(self) -> bool:
        """Whether there is anything to have a verdict on."""
        return any(play.enforces for play in self._plays)

    def observe(self, host_name: str, task: Task, outcome: str, result: Mapping[str, Any]) -> None:
        """What came of a task on a host.

        :param outcome: ok, skipped, failed, ignored (an error that the user wants not to count) or unreachable.
        """
        host = self._hosts.setdefault(host_name, _Host())
        items = _items(result)
        if not task.enforces:
            finished = [item for item in items if item.get("finished") and _job(item) in host.jobs]
            for item in finished:  # looked after by async_status
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
            # A task that failed although the module did not has failed_when: on drift, or for a reason of its own.
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
            # The module failed, and the task did not: failed_when has it so.
            host.events.append(_Event("ignored" if outcome == "ok" else outcome, True, errors, task.asks))
        elif hidden:
            host.events.append(_Event("hidden", True, []))
            self._warn(host, [f"Cannot tell what {task.name!r} has found: {_HIDDEN}."])

    def lose(self, host_name: str, task: Task) -> None:
        """A result that could not be understood: whatever it says, it is no verdict."""
        if task.enforces:
            host = self._hosts.setdefault(host_name, _Host())
            host.reached.add(task.id)
            host.events.append(_Event("hidden", True, []))
            self._warn(host, [f"Cannot tell what {task.name!r} has found: its result is not understood."])

    # --- what a result says ---

    def _take(self, host: _Host, task: Task, item: Mapping[str, Any]) -> None:
        """Take what a result says of resources into what is known of them."""
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
        """Add what a task says to what others have said before: what was drift may be corrected by now."""
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
        """The plays that were to compare, and had nobody to compare."""
        return [play.name for play in self._plays if play.enforces and not play.hosts]

    def instances(self, inventory: Sequence[str], *, failures: Mapping[str, int]) -> list[Instance]:
        """What is known of each instance, at the end.

        :param inventory: the hosts in order.
        :param failures: how many tasks failed on a host without being rescued.
        """
        names = {name: None for name in inventory if self._is_instance(name)}
        names.update({name: None for name in self._names() if self._is_instance(name)})
        return [self._instance(name, failures.get(name, 0)) for name in names]

    def _names(self) -> Iterator[str]:
        for play in self._plays:
            yield from play.hosts
        yield from self._hosts

    def _is_instance(self, name: str) -> bool:
        """Whether a play was to judge the host; a task that runs once is for the host that it runs on."""
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
        # What failed and was not rescued ended the play for this host: it is the last.
        failed = [event for event in host.events if event.outcome == "failed"]
        rescued = failed[: max(len(failed) - failures, 0)]
        for event in host.events:
            is_rescued = any(event is one for one in rescued)
            if (not event.own and (is_rescued or complete)) or (is_rescued and event.then_judged):
                continue  # it is the business of the playbook, and of Ansible's recap
            instance.errors += event.errors
            undeclared = event.errors and all(error.kind == NothingDeclared.kind for error in event.errors)
            if is_rescued or undeclared or event.outcome in ("ignored", "hidden"):
                outcomes.append("unknown")
            else:
                lost = event.outcome == "unreachable" or any(error.kind in _LOST for error in event.errors)
                outcomes.append("unreachable" if lost else "failed")
        if not complete and not {"failed", "unreachable"} & set(outcomes):
            if "unknown" not in outcomes:  # nothing has said why yet
                instance.warnings.append(f"Cannot tell: {_why_unknown(host)}.")
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
    """Why nothing failed and nothing is known."""
    if host.jobs:
        return "a task runs in the background, and nobody has asked for its result"
    if host.judged:
        return "the run ended before everything was compared"
    return "all that compares was skipped" if host.reached else "nothing that compares was reached"


def _items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of a loop; of another task its one result."""
    loop = result.get("results")
    return [item for item in loop if isinstance(item, Mapping)] if isinstance(loop, list) else [result]


def _job(item: Mapping[str, Any]) -> str:
    """The name of a task in the background; empty where there is none."""
    return str(item.get("ansible_job_id") or "")


def _records(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The records of a result that were looked at, each with its resource and the key that plans have for it."""
    single = item.get("record")
    for record in [*(item.get("records") or ()), *([single] if single else ())]:
        if "resource" in record:
            yield {
                "resource": record["resource"],
                "key": record.get("key") or record.get("name") or record.get("xml_id"),
            }


def _differences(step: Mapping[str, Any], status: str) -> list[Difference]:
    """The differences that a step of a plan does away with."""
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
    """Whether a result without a plan is an error; in a loop each item says it for itself."""
    if outcome == "ok" or _is_skipped(item):
        return False
    return single or bool(item.get("failed") or item.get("unreachable") or "exception" in item)


def _kind(item: Mapping[str, Any], outcome: str) -> str:
    if item.get("unreachable") or (outcome == "unreachable" and "error_kind" not in item):
        return Unreachable.kind
    return str(item.get("error_kind", _ANSIBLE))


def _message(result: Mapping[str, Any]) -> str:
    if "censored" in result:
        return f"It failed, and {_HIDDEN}."
    for name in ("msg", "reason", "module_stderr"):
        if result.get(name):
            return _text(result[name])
    return "It failed without saying why."


def _text(value: Any) -> str:
    return str(_plain(value if isinstance(value, str) else str(value)))


def _plain(value: Any) -> Any:
    """A value as every format can hold it: what JSON knows, in valid Unicode."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_text(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)  # and not one that carries Ansible's tags
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    return _text(str(value))
