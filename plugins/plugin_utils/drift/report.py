# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of a drift report: differences, resources, statuses and counts of instances, and their JSON document.

Every renderer reads only that document. `docs/drift-report.md` describes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.route_assertions import ROUTE

# Increased when readers of reports must be changed.
FORMAT = 1

# From the best to the worst.
STATUSES = ("clean", "corrected", "accepted", "drifted", "unknown", "failed", "unreachable")
# The statuses of an instance that was not compared, or only in part.
NOT_COMPARED = ("unknown", "failed", "unreachable")
# The statuses of a difference.
DIFFERENCE_STATUSES = ("corrected", "accepted", "drifted")

# The action for an unmanaged record. The other actions are those of a plan's steps.
UNMANAGED = "unmanaged"

# Exit codes of ansible-playbook.
FAILED, UNREACHABLE = 2, 4


@dataclass(frozen=True)
class DriftKind:
    """A kind of resources, with its names in reports."""

    id: str
    one: str
    many: str


def all_kinds() -> list[DriftKind]:
    """Return the kinds of resources, in the order of a stack. Routes have no resource type, because they are not records."""
    titles = [(kind.name, kind.title or kind.label.capitalize()) for kind in registry.RESOURCE_TYPES]
    return [DriftKind(name, title, f"{title}s") for name, title in [*titles, (ROUTE, "Route")]]


def kinds() -> list[str]:
    """Return the names of the kinds of resources, in the order of a stack."""
    return [kind.id for kind in all_kinds()]


def worst(statuses: Iterable[str]) -> str:
    """Return the worst of statuses; `clean` without any."""
    return max(statuses, key=STATUSES.index, default=STATUSES[0])


@dataclass
class Difference:
    """One field that differs from its declaration; without a field, the whole record.

    :param remark: the cause of the difference and its remedy, if they are known.
    :param since: the time of the first report of an unbroken series with this difference. UTC, as `generated`.
    :param accepted: reason, owner and expires of the baseline's entry that accepts it.
    :param expired: the same, if that entry has expired.
    """

    field: str | None
    before: Any
    after: Any
    status: str
    secret: bool = False
    managed_elsewhere: bool = False
    remark: str = ""
    since: str | None = None
    accepted: Mapping[str, str] | None = None
    expired: Mapping[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        result = {
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "status": self.status,
            "since": self.since,
        }
        for name in ("secret", "managed_elsewhere", "remark", "accepted", "expired"):
            value = getattr(self, name)
            if value:
                result[name] = dict(value) if isinstance(value, Mapping) else value
        return result


@dataclass
class Resource:
    """One compared resource. Without differences it is clean."""

    resource: str
    key: str
    action: str | None = None
    differences: list[Difference] = field(default_factory=list)

    @property
    def status(self) -> str:
        return worst(difference.status for difference in self.differences)

    def as_dict(self) -> dict[str, Any]:
        result: dict[str, Any] = {"resource": self.resource, "key": self.key, "status": self.status}
        if self.differences:
            result["action"] = self.action
            result["differences"] = [difference.as_dict() for difference in self.differences]
        return result


@dataclass(frozen=True)
class Error:
    """The error of a task.

    :param kind: the `error_kind` of a module of this collection; "ansible" for other errors.
    """

    task: str
    kind: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"task": self.task, "kind": self.kind, "message": self.message}


@dataclass
class Instance:
    """The results of a run for one host of the inventory.

    :param outcome: the status without its differences: clean, unknown, failed or unreachable.
    :param replay: the changes of a plan to the mail of real senders, if they were compared.
    """

    name: str
    resources: list[Resource] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outcome: str = "clean"
    replay: Mapping[str, Any] | None = None

    @property
    def status(self) -> str:
        return worst([self.outcome, *(resource.status for resource in self.resources)])

    def as_dict(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "instance": self.name,
            "status": self.status,
            "resources": [resource.as_dict() for resource in self.resources],
            "errors": [error.as_dict() for error in self.errors],
            "warnings": list(self.warnings),
        }
        if self.replay is not None:
            result["replay"] = dict(self.replay)
        return result


def is_partial(run: Mapping[str, Any]) -> bool:
    """Return whether options or tags may have excluded some kinds of resources."""
    return not {"tags", "skip_tags", "start_at_task"}.isdisjoint(run)


def verdict(
    instances: Sequence[Instance],
    *,
    problems: bool = False,
    without_hosts: bool = False,
    ansible_code: int = 0,
    drift_code: int = 10,
) -> dict[str, Any]:
    """Return the verdict of a run.

    :param problems: whether the baseline has entries that are expired or unmatched.
    :param without_hosts: whether a comparing play had no hosts.
    :param ansible_code: the exit code of ansible-playbook itself.
    :param drift_code: the exit code on drift; 0 to keep that of ansible-playbook.
    """
    # Without hosts nothing is known: a pipeline with a misspelled group must not be green.
    status = worst(instance.status for instance in instances) if instances else "unknown"
    if without_hosts:
        status = worst([status, "unknown"])
    if problems:
        status = worst([status, "drifted"])
    differences = Counter(
        difference.status
        for instance in instances
        for resource in instance.resources
        for difference in resource.differences
    )
    statuses = Counter(instance.status for instance in instances)
    return {
        "status": status,
        "exit_code": _exit_code(status, ansible_code, drift_code),
        "instances": {status: statuses[status] for status in STATUSES},
        "differences": {status: differences[status] for status in DIFFERENCE_STATUSES},
    }


def _exit_code(status: str, ansible_code: int, drift_code: int) -> int:
    if not drift_code:
        return ansible_code
    if ansible_code == UNREACHABLE or status == "unreachable":
        return UNREACHABLE
    if ansible_code or status in ("failed", "unknown"):
        return ansible_code or FAILED
    return drift_code if status == "drifted" else 0


def document(
    *,
    generated: str,
    run: Mapping[str, Any],
    verdict: Mapping[str, Any],
    instances: Sequence[Instance],
    baseline: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the JSON document."""
    result: dict[str, Any] = {
        "format": FORMAT,
        "generated": generated,
        "run": dict(run),
        "verdict": dict(verdict),
        "instances": [instance.as_dict() for instance in instances],
    }
    if baseline is not None:
        result["baseline"] = dict(baseline)
    result["history"] = [dict(one) for one in history]
    return result
