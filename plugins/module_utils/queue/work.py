# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of an action on the mail queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import by_frequency
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import BROKEN_DOMAINS, SENDERS_OF_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

# How many ids of refused mails a result has.
SHOWN = 20

# How a mail leaves, as far as the mail says: the server that it is bound to, or False, and its sender.
Way = tuple[Any, str]


class Held:
    """The ways at which Odoo broke off in a run."""

    def __init__(self) -> None:
        self._ways: set[Way] = set()

    def add(self, way: Way) -> None:
        """Note that Odoo broke off at a way."""
        self._ways.add(way)

    def holds(self, way: Way) -> bool:
        """Return whether the mails of a way wait: at a few senders of a domain it is the server of the domain that is broken."""
        alike = [one for one in self._ways if _domain_way(one) == _domain_way(way)]
        return way in self._ways or len(alike) >= SENDERS_OF_DOMAIN

    @property
    def is_enough(self) -> bool:
        """Whether the run ends: the SMTP server behind all of them is likely one and the same."""
        return len({_domain_way(one) for one in self._ways}) >= BROKEN_DOMAINS


def _domain_way(way: Way) -> Way:
    server, sender = way
    return (server, sender.rpartition("@")[2].strip("> "))


@dataclass
class Work:
    """What came of an action.

    :param refused: {reason, count, ids} of mails that Odoo did not let us touch.
    :param cut_off: Odoo's words, where it ended before the last mail.
    :param error: what ended the action early.
    :param given_up: how many mails were not queued again because they have failed as often as is allowed.
    :param due: how many mails that fit are due in the end. Mails that were created meanwhile do not count.
    :param requeued: how many mails that were queued again before are due.
    :param put_back: how many mails an interrupted run had put off, which are due again.
    :param may_go_on: Odoo may still be sending, although this run no longer waits for its answer.
    :param remarks: what else a user should know.
    :param held: where Odoo broke off: the mails are left to the next run.
    :param secrets: what no words of SMTP servers must show.
    """

    action: str
    count: int = 0
    sent: int = 0
    failed: int = 0
    postponed: int = 0
    unsent: int = 0
    given_up: int = 0
    due: int = 0
    requeued: int = 0
    classes: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    put_back: int = 0
    may_go_on: bool = False
    cut_off: str = ""
    error: OdooError | None = None
    remarks: list[str] = field(default_factory=list)
    held: Held = field(default_factory=Held, repr=False)
    secrets: Collection[str] = field(default=frozenset(), repr=False)

    def refuse(self, ids: Sequence[int], reason: str, *, count: int | None = None) -> None:
        """Note that mails were left as they are."""
        entry = self.refused.setdefault(reason, {"reason": reason, "count": 0, "ids": []})
        entry["count"] += len(ids) if count is None else count
        entry["ids"] += list(ids)[: SHOWN - len(entry["ids"])]

    def as_result(self) -> dict[str, Any]:
        """For the result of a task."""
        result: dict[str, Any] = {"action": self.action, "count": self.count, "refused": list(self.refused.values())}
        if self.action == "process":
            # Apart from the result's own keys: there, `failed` is Ansible's word for the task.
            names = ("sent", "failed", "postponed", "unsent", "due")
            result["outcomes"] = {name: getattr(self, name) for name in names}
            result["failures"] = by_frequency(self.classes)
        if self.action == "retry":
            result["given_up"] = self.given_up
        return result


def warnings(work: Work) -> list[str]:
    """What a user should know of an action that went through."""
    sentences = [
        f"{one['count']} mails were left as they are: {without_secrets(one['reason'], work.secrets)}"
        for one in work.refused.values()
    ]
    if work.given_up:
        sentences.append(
            f"{work.given_up} mails are given up: they have failed as often as max_attempts allows. Correct the cause, "
            "then queue them again with max_attempts 0, or cancel them."
        )
    if work.put_back:
        sentences.append(f"{work.put_back} mails that an interrupted run had put off were due again.")
    if work.requeued:
        sentences.append(
            f"{work.requeued} mails that were queued again before are still due: they leave with the queue's cron, or with action process."
        )
    if work.unsent and not work.error:
        sentences.append(f"{work.unsent} mails are still outgoing, for the next run: {work.cut_off}")
    return [*sentences, *work.remarks]


def work_result(work: Work) -> TaskResult:
    """Return what came of an action on the mail queue as the result of a task."""
    failure, kind = (without_secrets(work.error.message, work.secrets), work.error.kind) if work.error else ("", "")
    return TaskResult(work.as_result(), bool(work.count), warnings(work), failure, kind)
