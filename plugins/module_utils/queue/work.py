# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of an action on the mail queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import by_frequency
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import BROKEN_DOMAINS, SENDERS_OF_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted

# The number of ids of refused mails in a result.
SHOWN = 20

# The mail server that a mail names, or False, and its sender.
Way = tuple[Any, str]


class Held:
    """The mail servers and senders at which Odoo stopped in a run."""

    def __init__(self) -> None:
        self._ways: set[Way] = set()

    def add(self, way: Way) -> None:
        """Record that Odoo stopped at a mail server and sender."""
        self._ways.add(way)

    def holds(self, way: Way) -> bool:
        """Return whether mails of a mail server and sender must wait.

        If Odoo stopped at several senders of a domain, all mails of the domain wait, because its server is broken.
        """
        alike = [one for one in self._ways if _domain_way(one) == _domain_way(way)]
        return way in self._ways or len(alike) >= SENDERS_OF_DOMAIN

    @property
    def is_enough(self) -> bool:
        """Return whether the run ends, because it is likely that all of them use the same SMTP server."""
        return len({_domain_way(one) for one in self._ways}) >= BROKEN_DOMAINS


def _domain_way(way: Way) -> Way:
    server, sender = way
    return (server, sender.rpartition("@")[2].strip("> "))


@dataclass
class Work:
    """The result of an action.

    :param refused: {reason, count, ids} of mails that were not changed.
    :param cut_off: Odoo's error message, if it stopped before the last mail.
    :param error: the error that ended the action early.
    :param given_up: the number of mails that were not queued again, because they have reached the limit of attempts.
    :param due: the number of selected mails that are due in the end. Mails that were created during the run do not count.
    :param requeued: the number of due mails that were queued again before.
    :param put_back: the number of mails that an interrupted run had postponed, and that are due again.
    :param may_go_on: Odoo may still be sending, although this run no longer waits for its answer.
    :param remarks: more sentences for the user.
    :param held: the mail servers and senders at which Odoo stopped. Their mails are left for the next run.
    :param secrets: texts that replies of SMTP servers must not contain.
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
        """Record that mails were not changed."""
        entry = self.refused.setdefault(reason, {"reason": reason, "count": 0, "ids": []})
        entry["count"] += len(ids) if count is None else count
        entry["ids"] += list(ids)[: SHOWN - len(entry["ids"])]

    def as_result(self) -> dict[str, Any]:
        """Return the values for the result of a task."""
        result: dict[str, Any] = {"action": self.action, "count": self.count, "refused": list(self.refused.values())}
        if self.action == "process":
            # In a separate key, because `failed` has a meaning of its own in the result of a task.
            names = ("sent", "failed", "postponed", "unsent", "due")
            result["outcomes"] = {name: getattr(self, name) for name in names}
            result["failures"] = by_frequency(self.classes)
        if self.action == "retry":
            result["given_up"] = self.given_up
        return result


def warnings(work: Work) -> list[str]:
    """Return sentences for the user about an action that has finished."""
    sentences = [
        f"{counted(one['count'], 'mail was', 'mails were')} not changed: {without_secrets(one['reason'], work.secrets)}"
        for one in work.refused.values()
    ]
    if work.given_up:
        sentences.append(
            f"{counted(work.given_up, 'mail has', 'mails have')} reached max_attempts and will not be retried. Correct the cause. "
            "Then run retry with max_attempts 0, or run cancel."
        )
    if work.put_back:
        sentences.append(
            f"{counted(work.put_back, 'mail that an interrupted run had postponed is', 'mails that an interrupted run had postponed are')} due again."
        )
    if work.requeued:
        sentences.append(
            f"{counted(work.requeued, 'mail of an earlier retry is', 'mails of earlier retries are')} still due. "
            "The queue's cron sends due mails. To send now, run mail_queue with action process."
        )
    if work.unsent and not work.error:
        sentences.append(
            f"{counted(work.unsent, 'mail is', 'mails are')} still outgoing and left for the next run: {work.cut_off}"
        )
    return [*sentences, *work.remarks]


def work_result(work: Work) -> TaskResult:
    """Return the result of an action as the result of a task."""
    failure, kind = (without_secrets(work.error.message, work.secrets), work.error.kind) if work.error else ("", "")
    return TaskResult(work.as_result(), bool(work.count), warnings(work), failure, kind)
