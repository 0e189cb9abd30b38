# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the mail queue: mails that wait too long, have failed, or were left behind."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Record
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import explain
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted

# The number of mails that a run sends by default in each version (docs/development/odoo-behaviour.md, Queue processing).
_SMALLEST_BATCH, _LARGEST_BATCH = 1000, 10000


def check_queue(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield findings about mails that wait, have failed, or were left behind."""
    queue = seen.queue
    oldest = queue["oldest_due"]
    since = f"mail {oldest['id']}, since {oldest['since']} UTC" if oldest else ""
    about = {"model": MAIL, "id": oldest["id"] if oldest else None, "name": None}
    if queue["due"] > limits.max_outgoing:
        evidence = f"{counted(queue['due'], 'mail is', 'mails are')} waiting to be sent (max_outgoing {limits.max_outgoing}). The oldest is {since}."
        yield Finding("backlog", evidence, about)
    if seen.stale:
        evidence = f"{counted(seen.stale, 'mail has', 'mails have')} been waiting for more than {counted(limits.stale_days, 'day')}. The oldest is {since}."
        yield Finding("stale_outgoing", evidence, about)
    if seen.late > seen.stale:
        evidence = f"{counted(seen.late - seen.stale, 'mail has', 'mails have')} been waiting for more than {limits.max_age} minutes (max_age)"
        if seen.stale:  # the oldest mail is stale
            yield Finding("oldest_too_old", f"{evidence}.", {**about, "id": None})
        else:
            yield Finding("oldest_too_old", f"{evidence}. The oldest is {since}.", about)
    yield from _interrupted(queue)
    yield from _blocked(queue, seen)
    if queue["states"]["exception"] > limits.max_exceptions:
        for failure in queue["failures"]:
            if failure["given_up"]:
                yield _given_up(failure)
            if failure["count"] > failure["given_up"]:
                yield _failure(failure, failure["count"] - failure["given_up"])
        if queue["unclassified"]:
            evidence = f"{counted(queue['unclassified'], 'more mail has', 'more mails have')} failed, each for a different reason."
            yield Finding("failures_by_class", evidence, {"model": MAIL, "id": None, "name": "unknown"})


def _interrupted(queue: Record) -> Iterator[Finding]:
    left = queue["interrupted"]
    if not left["count"]:
        return
    evidence = (
        f"The run at {left['last_run']} UTC was interrupted at one mail. "
        f"{counted(left['count'], 'mail that comes', 'mails that come')} after it {'is' if left['count'] == 1 else 'are'} still outgoing."
    )
    yield Finding("interrupted_batch", evidence, {"model": MAIL, "id": None, "name": None})


def _blocked(queue: Record, seen: Observation) -> Iterator[Finding]:
    """Yield a finding about older mails that the last run did not send.

    A run of Odoo's own code takes the newest mails. Older mails are left if there are more mails than a batch, or if the run stopped.
    """
    left, about = queue["left_behind"], {"model": MAIL, "id": None, "name": None}
    if not left["count"] or queue["interrupted"]["count"]:
        return
    one = left["count"] == 1
    were_due = (
        f"{counted(left['count'], 'mail was', 'mails were')} due when the queue last ran, at {left['last_run']} UTC"
    )
    if queue["due"] >= (seen.queue_batch or _LARGEST_BATCH):
        batch = f" A run sends {counted(seen.queue_batch, 'mail')}." if seen.queue_batch else ""
        yield Finding("queue_batch_full", f"{were_due}, and still {'waits' if one else 'wait'}.{batch}", about)
        return
    if queue["due"] >= (seen.queue_batch or _SMALLEST_BATCH):
        return
    evidence = (
        f"{were_due}, and Odoo has not tried to send {'it' if one else 'them'}. "
        f"The oldest due mail is {queue['oldest_due']['id']}. Every run stops at the same mail or mail server."
    )
    yield Finding("queue_blocked", evidence, about)


def _given_up(failure: Record) -> Finding:
    have_failed = counted(failure["given_up"], "mail has", "mails have")
    evidence = f"{have_failed} failed as {failure['class']} at every attempt: {failure['reason'] or 'without a reason'}"
    return Finding("given_up", evidence, {"model": MAIL, "id": None, "name": failure["class"]})


def _failure(failure: Record, count: int) -> Finding:
    """Return the finding about failed mails of one class."""
    kind = failure["class"] if failure["class"] in ("throttled", "no_recipient") else "failures_by_class"
    evidence = (
        f"{counted(count, 'mail has', 'mails have')} failed as {failure['class']}, such as mail {failure['id']}: "
        f"{failure['reason'] or 'without a reason'}"
    )
    if failure["class"] == "unknown" and len(failure["reasons"]) > 1:
        evidence += "".join(f" Another reason: {reason}" for reason in failure["reasons"][1:])
    # A retry is as useful for interrupted mails as for transient failures.
    fix = "transient" if failure["transient"] or failure["class"] == "interrupted" else ""
    remedy = explain(failure["reason"] or "").remedy if kind == "failures_by_class" else ""
    return Finding(
        kind, evidence, {"model": MAIL, "id": failure["id"], "name": failure["class"]}, fix=fix, remedy=remedy
    )
