# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions on mails of the queue. Mails are selected in chunks, each immediately before its change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Conflict, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import (
    MAIL,
    count_attempt,
    give_up,
    read_attempts,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import (
    Selection,
    chunks_of,
    count_mails,
    domain_of,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.sending import Progress, process
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import due
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import SHOWN, Work
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import MAX_ATTEMPTS
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_DONE = {"retry": "queued again", "cancel": "cancelled", "purge": "deleted"}
# The chunks of purge are smaller, because Odoo loads each mail and its related records to delete it.
_CHUNKS = {"retry": 10000, "cancel": 10000, "purge": 1000}
# The number of rejected calls that are split to find the mail that causes the error. After that, rejected chunks are left as a whole.
_SPLITS = 500

_NO_DOCUMENT = (
    "These mails belong to no document, so Odoo does not allow anybody to delete their messages over RPC. "
    "Cancel them, or purge them with queue_policy, which runs inside Odoo."
)

_NO_CURE = "These mails have permanent failures. Correct the cause, then run retry with their class in failure_class."


def act(
    session: Session,
    action: str,
    selection: Selection,
    *,
    batch_size: int,
    max_attempts: int = MAX_ATTEMPTS,
    progress: Progress = lambda _text: None,
) -> Work:
    """Run an action. With a read-only session, only count the mails that it would change.

    :param max_attempts: mails with this number of attempts are not queued again; 0 means no limit.
    :raises Invalid: if a filter is not valid.
    :raises Unsupported: if a mail server does not exist.
    """
    work = Work(action)
    domain = domain_of(session, action, selection, batch_size, max_attempts)
    if action == "purge":
        domain = _without_undeletable(session, domain, selection, work)
    if action == "retry":
        if not selection.failure_class and selection.ids is None:
            selection = replace(selection, transient_only=True)
        if selection.transient_only:
            _refuse_lasting(session, domain, selection, work)
        domain = _without_exhausted(session, domain, selection, max_attempts, work)
    if session.read_only:
        work.count = count_mails(session, domain, selection)
        if action == "process" and selection.limit is not None:
            work.due = count_mails(session, domain, replace(selection, limit=None)) - work.count
    elif action == "process":
        process(session, domain, selection, batch_size, work, progress)
    else:
        _change(session, domain, selection, work, progress, anew=not max_attempts)
    return work


def _without_undeletable(session: Session, domain: list[Any], selection: Selection, work: Work) -> list[Any]:
    """Return the domain without mails that cannot be deleted over RPC (docs/development/odoo-behaviour.md, Mails), and count those."""
    undeletable = [*domain, ["is_notification", "=", False], "|", ["model", "=", False], ["res_id", "in", [False, 0]]]
    count = count_mails(session, undeletable, selection)
    if count:
        ids = next(chunks_of(session, undeletable, selection, SHOWN), [])
        work.refuse(ids, _NO_DOCUMENT, count=count)
    return [*domain, "|", ["is_notification", "=", True], "&", ["model", "!=", False], ["res_id", "not in", [False, 0]]]


def _refuse_lasting(session: Session, domain: list[Any], selection: Selection, work: Work) -> None:
    """Record the mails with permanent failures as refused."""
    lasting = replace(selection, transient_only=False, lasting_only=True, limit=None)
    ids = [mail_id for chunk in chunks_of(session, domain, lasting, _CHUNKS["retry"]) for mail_id in chunk]
    if ids:
        work.refuse(ids, _NO_CURE)


def _without_exhausted(
    session: Session, domain: list[Any], selection: Selection, max_attempts: int, work: Work
) -> list[Any]:
    """Return the domain without mails that have reached `max_attempts`, and record these as given up.

    Also count the mails that were queued again before and are due.
    """
    attempts = read_attempts(session)
    if attempts.counts:
        requeued = [["id", "in", list(attempts.counts)], *due(session.now.strftime(DATETIME_FORMAT))]
        work.requeued = session.call(MAIL, "search_count", domain=requeued)
    exhausted = attempts.exhausted(max_attempts)
    if not exhausted:
        return domain
    meant = chunks_of(session, [*domain, ["id", "in", exhausted]], replace(selection, limit=None), len(exhausted))
    given_up = [mail_id for chunk in meant for mail_id in chunk]
    work.given_up = len(given_up)
    if given_up and not session.read_only:
        give_up(session, given_up)
    return [*domain, ["id", "not in", exhausted]]


def _change(
    session: Session, domain: list[Any], selection: Selection, work: Work, progress: Progress, *, anew: bool
) -> None:
    """Retry, cancel or delete mails.

    :param anew: forget the earlier attempts at the mails.
    """
    method = {"retry": "mark_outgoing", "cancel": "cancel", "purge": "unlink"}[work.action]
    splits = _SPLITS
    for chunk in chunks_of(session, domain, selection, _CHUNKS[work.action]):
        if work.action == "retry":
            # Count first: if the run is killed, the count is too high by one, and not too low.
            count_attempt(session, chunk, anew=anew)
        waiting = [chunk]
        while waiting:
            ids = waiting.pop()
            try:
                session.call(MAIL, method, ids)
                work.count += len(ids)
            except (AccessRefused, Conflict, Rejected) as error:
                # Odoo rejects all mails of a call because of one.
                if len(ids) > 1 and splits > 0:
                    splits -= 1
                    middle = len(ids) // 2
                    waiting += [ids[middle:], ids[:middle]]
                else:
                    work.refuse(ids, error.message)
        progress(f"{work.count} mails {_DONE[work.action]}")
