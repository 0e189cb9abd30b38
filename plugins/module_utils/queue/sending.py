# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have Odoo send mails of the queue in batches, and read the result of each mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import (
    exclusive_run,
    remove_expired_locks,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import left_put_off, put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection, chunks_of, count_mails
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.server_secrets import read_server_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import (
    add_failure,
    due,
    mark_unaddressed,
    queue_action_id,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import Way, Work
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo answers when the batch is finished. A server that does not answer takes a minute.
_BATCH_SECONDS = 900.0

Progress = Callable[[str], None]


def process(
    session: Session, domain: list[Any], selection: Selection, batch_size: int, work: Work, progress: Progress
) -> None:
    """Have Odoo send mails in batches, and read the state of each mail afterwards.

    Odoo itself returns no results (docs/development/odoo-behaviour.md, Queue processing).
    """
    started = session.now.strftime(DATETIME_FORMAT)
    if left_put_off(session) is None and next(chunks_of(session, domain, selection, 1), None) is None:
        remove_expired_locks(session, SENDING_KEY, LOCK_KEY)
        return
    # An interrupted heal may have finished its changes, so that no other task of the next heal takes over their lock.
    remove_expired_locks(session, LOCK_KEY)
    action_id = queue_action_id(session)
    work.secrets = read_server_secrets(session)
    try:
        # Two runs with the same mails would send some of them twice.
        with exclusive_run(session, key=SENDING_KEY, warn=work.remarks.append) as lock:
            left = left_put_off(session)
            if left:
                left.wait_until_quiet(session)
                work.put_back = left.put_back(session)
                work.remarks += [left.spoilt] if left.spoilt else []
            for batch in chunks_of(session, domain, selection, batch_size):
                lock.check()
                try:
                    _send_batch(session, batch, action_id, work)
                finally:
                    lock.expires = work.may_go_on
                progress(f"{counted(work.sent, 'mail')} sent, {work.failed} failed")
                if work.error or work.held.is_enough:
                    break
            if not work.error:
                _count_due(session, [*domain, ["create_date", "<=", started]], selection, work)
    except OdooError as error:
        work.error = work.error or error


def _count_due(session: Session, domain: list[Any], selection: Selection, work: Work) -> None:
    """Count the selected mails that are still due. A lost connection is only a remark, because all mails have been sent."""
    try:
        work.due = session.insist(partial(count_mails, session, domain, replace(selection, limit=None)))
    except (Timeout, Unreachable) as error:
        work.remarks.append(f"It is not known how many mails are still due: {error.message}")
        return
    more = work.due - work.unsent
    if more <= 0:
        return
    reason = "They became due while the task ran, or another program has queued them again. Run the task again."
    if work.held.is_enough:
        reason = (
            "Sending failed for so many mail servers and senders that the task ended early. Correct the cause first."
        )
    elif selection.limit is not None and work.count + work.unsent >= selection.limit:
        reason = f"The limit is {selection.limit}. Run the task again, or set a higher limit."
    other = "more " if work.unsent else ""
    work.remarks.append(f"{counted(more, f'{other}mail is', f'{other}mails are')} still due. {reason}")


def _send_batch(session: Session, batch: list[int], action_id: int | None, work: Work) -> None:
    """Send a batch, without the mails of servers and senders at which Odoo has stopped before."""
    still_due = [["id", "in", batch], *due(session.now.strftime(DATETIME_FORMAT))]
    chosen = session.search_read(MAIL, still_due, ["scheduled_date", "mail_server_id", "email_from"])
    passing = [mail for mail in chosen if not work.held.holds(_way(mail))]
    unsent = _send(session, passing, action_id, work) if passing else set()
    work.unsent += len(unsent) + len(chosen) - len(passing)


def _way(mail: Mapping[str, Any]) -> Way:
    bound = mail["mail_server_id"]
    return (bound[0] if bound else False, mail["email_from"] or "")


def _send(session: Session, chosen: Sequence[Mapping[str, Any]], action_id: int | None, work: Work) -> set[int]:
    """Send mails while Odoo's own queue ignores them, and return the ids of those that are not sent yet.

    The mails are postponed first, so that the cron of the queue ignores them. The cron must not be running afterwards, because it may have
    chosen the mails already. It must not be running before either. A write to one of its mails would stop it, and it would lose the information
    that it has sent that mail.
    """
    _refuse_running(session, action_id)
    mails = put_off(session, chosen)
    try:
        _refuse_running(session, action_id)
    except BaseException:  # also a signal
        mails.put_back(session)
        raise
    try:
        unsent = _send_by_way(session, chosen, mails.until, work)
    except OdooError as error:
        (work.error or error).message += f" {mails.remark}"
        raise
    if unsent and work.may_go_on and work.error:
        work.error.message += f" Odoo may still be sending. {mails.remark}"
    else:
        work.may_go_on = False
        mails.put_back(session)
    if not work.error:
        for mail in chosen:
            if mail["id"] in unsent:
                work.held.add(_way(mail))
    return unsent


def _send_by_way(session: Session, chosen: Sequence[Mapping[str, Any]], until: str, work: Work) -> set[int]:
    """Send mails, in one call for each mail server and sender, and return the ids of those that Odoo did not try.

    :param until: the moment until which they are postponed.
    """
    read: set[int] = set()
    unsent: set[int] = set()
    for way, ids in _by_way(chosen).items():
        if work.held.is_enough or work.held.holds(way):
            continue
        broke_off = _send_alike(session, ids, work)
        if work.error:
            break
        if broke_off:
            read.update(ids)
            left = session.insist(partial(_read_back, session, ids, until, work))
            unsent |= left
            if left:
                work.held.add(way)
    rest = [mail["id"] for mail in chosen if mail["id"] not in read]
    return unsent | session.insist(partial(_read_back, session, rest, until, work))


def _by_way(mails: Sequence[Mapping[str, Any]]) -> dict[Way, list[int]]:
    """Return the ids of mails by mail server and sender."""
    ways: dict[Way, list[int]] = {}
    for mail in mails:
        ways.setdefault(_way(mail), []).append(mail["id"])
    return ways


def _send_alike(session: Session, ids: list[int], work: Work) -> bool:
    """Send mails of one mail server and sender in one call, record Odoo's answer, and return whether Odoo stopped early.

    Mails of several servers or senders must not share a call. Odoo writes the failure of a mail together with the next mail. PostgreSQL rejects
    it if the reply of an SMTP server contains a NUL. Odoo then loses the result of the next mail, and sends it again.
    """
    # This process may end before Odoo answers.
    work.may_go_on = True
    try:
        # `process_email_queue` would send only due mails. As there, each mail is committed.
        with session.patience(_BATCH_SECONDS):
            session.call(MAIL, "send", ids, auto_commit=True)
    except Rejected as error:
        work.may_go_on = False
        work.cut_off = without_secrets(error.message, work.secrets)
        return True
    except OdooError as error:
        work.may_go_on = isinstance(error, (Timeout, Unreachable)) and error.details.get("is_sent", True)
        work.error = error
        return False
    work.may_go_on = False
    return False


def _refuse_running(session: Session, action_id: int | None) -> None:
    """Raise an error if the cron of the queue is running. Only a write shows that.

    :raises Conflict: if the cron is running.
    """
    if action_id is None:
        return
    try:
        session.write(CRON.model, [action_id], {})
    except Conflict as error:
        raise CRON.is_running(session, action_id, error) from error


def _read_back(session: Session, ids: Sequence[int], until: str, work: Work) -> set[int]:
    """Count the results of mails, and return the ids of those that Odoo did not try.

    :param until: the moment until which they are postponed.
    """
    unsent = set()
    fields = ["state", "failure_reason", "failure_type", "scheduled_date"]
    mails = session.search_read(MAIL, [["id", "in", list(ids)]], fields)
    mark_unaddressed(session, mails)
    found = {mail["id"]: mail for mail in mails}
    for mail_id in ids:
        mail = found.get(mail_id)
        if mail is None or mail["state"] in ("sent", "received"):  # `auto_delete` deletes mails after they are sent
            work.sent += 1
        elif mail["state"] == "exception":
            work.failed += 1
            add_failure(work.classes, mail, work.secrets)
        elif mail["state"] == "outgoing" and mail["scheduled_date"] == until:
            unsent.add(mail_id)
            continue
        else:
            work.postponed += 1  # 19.0 postpones mails of servers that belong to users, to limit their rate
        work.count += 1
    return unsent
