# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do something to chosen mails of the queue: in chunks, each chosen right before it is worked on, and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import MINUTES, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    Conflict,
    Invalid,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import (
    MAIL,
    count_attempt,
    give_up,
    read_attempts,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import left_put_off, put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.server_secrets import read_server_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import (
    add_failure,
    by_frequency,
    due,
    mark_unaddressed,
    meaning_of_mail,
    queue_action_id,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import MAX_ATTEMPTS
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import BROKEN_DOMAINS, SENDERS_OF_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The states that an action takes mails from; the first ones where the user does not say.
STATES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "process": (("outgoing",), ()),
    "retry": (("exception",), ()),
    "cancel": (("outgoing",), ("exception",)),
    "purge": (("exception", "cancel"), ()),
}
_DONE = {"process": "tried", "retry": "queued again", "cancel": "cancelled", "purge": "deleted"}
# Deleting loads each mail and what hangs on it; writing a state does not.
_CHUNKS = {"retry": 10000, "cancel": 10000, "purge": 1000}
# Odoo answers when the batch is through: a minute for a server that is silent, and its mails.
_BATCH_SECONDS = 900.0
# So many refused calls are split to find the mail at fault; after that a refused chunk is left as a whole.
_SPLITS = 500
_SHOWN = 20

_NO_DOCUMENT = (
    "These mails belong to no document, and then Odoo lets nobody delete their message over RPC: "
    "cancel them, or have queue_policy purge them on Odoo's side."
)

# Failures of which nothing is known that another attempt could not cure.
_UNCERTAIN = ("interrupted", "unknown")
_NO_CURE = "No waiting cures why these failed: correct the cause, then name their class in failure_class."

Progress = Callable[[str], None]
# How a mail leaves, as far as the mail says: the server that it is bound to, or False, and its sender.
_Way = tuple[Any, str]


class Held:
    """The ways at which Odoo broke off in a run."""

    def __init__(self) -> None:
        self._ways: set[_Way] = set()

    def add(self, way: _Way) -> None:
        """Note that Odoo broke off at a way."""
        self._ways.add(way)

    def holds(self, way: _Way) -> bool:
        """Return whether the mails of a way wait: at a few senders of a domain it is the server of the domain that is broken."""
        alike = [one for one in self._ways if _domain_way(one) == _domain_way(way)]
        return way in self._ways or len(alike) >= SENDERS_OF_DOMAIN

    @property
    def is_enough(self) -> bool:
        """Whether the run ends: the SMTP server behind all of them is likely one and the same."""
        return len({_domain_way(one) for one in self._ways}) >= BROKEN_DOMAINS


@dataclass(frozen=True)
class Selection:
    """Which mails are meant: those that all of these fit.

    :param server: the name of the server that they are bound to; empty: bound to none.
    :param transient_only: only those whose failure may pass without a change. :param lasting_only: only the others.
    """

    states: Sequence[str] = ()
    failure_class: Sequence[str] = ()
    older_than: int | None = None
    server: str | None = None
    from_domain: str | None = None
    ids: Sequence[int] | None = None
    limit: int | None = None
    transient_only: bool = False
    lasting_only: bool = False

    @property
    def looks_at_reasons(self) -> bool:
        """Whether the database cannot choose the mails alone."""
        return bool(self.failure_class) or self.transient_only or self.lasting_only

    def fits(self, mail: Mapping[str, Any]) -> bool:
        """Return whether a mail failed in a way that is meant."""
        meaning = meaning_of_mail(mail)
        if self.failure_class and meaning.outcome not in self.failure_class:
            return False
        may_pass = meaning.passes or meaning.outcome in _UNCERTAIN
        return not (self.lasting_only if may_pass else self.transient_only)


@dataclass
class Work:
    """What came of an action.

    :param refused: {reason, count, ids} of mails that Odoo did not let us touch.
    :param cut_off: Odoo's words, where it ended before the last mail.
    :param error: what ended the action early.
    :param given_up: how many mails were not queued again because they have failed as often as is allowed.
    :param put_back: how many mails an interrupted run had put off, which are due again.
    :param may_go_on: Odoo may still be sending although nobody waits for its answer.
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
        entry["ids"] += list(ids)[: _SHOWN - len(entry["ids"])]

    def as_result(self) -> dict[str, Any]:
        """For the result of a task."""
        result: dict[str, Any] = {"action": self.action, "count": self.count, "refused": list(self.refused.values())}
        if self.action == "process":
            # Apart from the result's own keys: there, `failed` is Ansible's word for the task.
            names = ("sent", "failed", "postponed", "unsent")
            result["outcomes"] = {name: getattr(self, name) for name in names}
            result["failures"] = by_frequency(self.classes)
        if self.action == "retry":
            result["given_up"] = self.given_up
        return result


def act(
    session: Session,
    action: str,
    selection: Selection,
    *,
    batch_size: int,
    max_attempts: int = MAX_ATTEMPTS,
    progress: Progress = lambda _text: None,
) -> Work:
    """Do it; with a read-only session only count the mails that would be touched.

    :param max_attempts: a mail that was tried so often is not queued again; 0 queues it whatever was before.
    :raises Invalid: a filter that makes no sense. :raises Unsupported: a server that there is not.
    """
    work = Work(action)
    domain = _domain(session, action, selection, batch_size, max_attempts)
    if action == "purge":
        domain = _without_undeletable(session, domain, selection, work)
    if action == "retry":
        if not selection.failure_class and selection.ids is None:
            selection = replace(selection, transient_only=True)
        if selection.transient_only:
            _refuse_lasting(session, domain, selection, work)
        domain = _without_exhausted(session, domain, selection, max_attempts, work)
    if session.read_only:
        work.count = _count(session, domain, selection)
    elif action == "process":
        _process(session, domain, selection, batch_size, work, progress)
    else:
        _change(session, domain, selection, work, progress, anew=not max_attempts)
    return work


# Choosing


def _domain(session: Session, action: str, selection: Selection, batch_size: int, max_attempts: int) -> list[Any]:
    problems = [
        *beyond("batch_size", batch_size, least=1),
        *beyond("max_attempts", max_attempts, least=0),
        *beyond("limit", selection.limit, least=1),
        *beyond("older_than", selection.older_than, least=0, most=MINUTES),
    ]
    if problems:
        raise Invalid(f"{'; '.join(problems)}.")
    default, more = STATES[action]
    for state in selection.states:
        if state not in default + more:
            raise Invalid(f"states: {action} takes mails that are {' or '.join(default + more)}, not {state}.")
    domain: list[Any] = [["state", "in", list(selection.states or default)]]
    if action == "process":
        domain = due(session.now.strftime(DATETIME_FORMAT))
    if selection.older_than is not None:
        before = (session.now - timedelta(minutes=selection.older_than)).strftime(DATETIME_FORMAT)
        # What is scheduled is as old as the moment at which it was to leave.
        domain += [["create_date", "<=", before], "|", ["scheduled_date", "=", False], ["scheduled_date", "<=", before]]
    if selection.server is not None:
        domain.append(["mail_server_id", "=", _server_id(session, selection.server)])
    if selection.from_domain is not None:
        if not re.fullmatch(r"[^@\s<>%_\\]+", selection.from_domain):
            raise Invalid(f"from_domain takes a domain such as acme.example, and {selection.from_domain!r} is none.")
        domain += ["|", *(["email_from", "=ilike", f"%@{selection.from_domain}{end}"] for end in ("", ">"))]
    if selection.ids is not None:
        domain.append(["id", "in", list(selection.ids)])
    return domain


def _server_id(session: Session, name: str) -> int | bool:
    if not name:
        return False
    found = session.search_read("ir.mail_server", [["name", "=", name]], ["name"])
    if len(found) > 1:
        ids = ", ".join(str(server["id"]) for server in found)
        raise Ambiguous(f"{len(found)} mail servers are called {name!r} (ids {ids}): rename all but one.")
    if not found:
        raise Unsupported(f"There is no mail server {name!r} in database {session.database} at {session.url}.")
    return int(found[0]["id"])


def _without_undeletable(session: Session, domain: list[Any], selection: Selection, work: Work) -> list[Any]:
    """Leave out what RPC may not delete (docs/development/odoo-behaviour.md, Mails), and say how much that is: trying would fail one by one."""
    undeletable = [*domain, ["is_notification", "=", False], "|", ["model", "=", False], ["res_id", "in", [False, 0]]]
    count = _count(session, undeletable, selection)
    if count:
        ids = next(_chunks(session, undeletable, selection, _SHOWN), [])
        work.refuse(ids, _NO_DOCUMENT, count=count)
    return [*domain, "|", ["is_notification", "=", True], "&", ["model", "!=", False], ["res_id", "not in", [False, 0]]]


def _refuse_lasting(session: Session, domain: list[Any], selection: Selection, work: Work) -> None:
    """Say how many mails are left as they are because another attempt would fail in the same way."""
    lasting = replace(selection, transient_only=False, lasting_only=True, limit=None)
    ids = [mail_id for chunk in _chunks(session, domain, lasting, _CHUNKS["retry"]) for mail_id in chunk]
    if ids:
        work.refuse(ids, _NO_CURE)


def _without_exhausted(
    session: Session, domain: list[Any], selection: Selection, max_attempts: int, work: Work
) -> list[Any]:
    """Leave out mails that were tried as often as is allowed, and note that they are given up."""
    exhausted = read_attempts(session).exhausted(max_attempts)
    if not exhausted:
        return domain
    meant = _chunks(session, [*domain, ["id", "in", exhausted]], replace(selection, limit=None), len(exhausted))
    given_up = [mail_id for chunk in meant for mail_id in chunk]
    work.given_up = len(given_up)
    if given_up and not session.read_only:
        give_up(session, given_up)
    return [*domain, ["id", "not in", exhausted]]


def _count(session: Session, domain: list[Any], selection: Selection) -> int:
    if selection.looks_at_reasons:
        return sum(len(ids) for ids in _chunks(session, domain, selection, _CHUNKS["cancel"]))
    count: int = session.call(MAIL, "search_count", domain=domain)
    return count if selection.limit is None else min(count, selection.limit)


def _chunks(session: Session, domain: list[Any], selection: Selection, size: int) -> Iterator[list[int]]:
    """The ids of the mails that are meant, the oldest first, each chunk read when it is asked for."""
    last, left = 0, selection.limit
    while left is None or left > 0:
        page: list[Any] = [*domain, ["id", ">", last]]
        if selection.looks_at_reasons:
            mails = session.search_read(MAIL, page, ["failure_reason", "failure_type"], limit=max(size, 1000))
            mark_unaddressed(session, mails)
            found = [mail["id"] for mail in mails]
            ids = [mail["id"] for mail in mails if selection.fits(mail)]
        else:
            ids = found = session.call(
                MAIL, "search", domain=page, order="id", limit=size if left is None else min(size, left)
            )
        if not found:
            return
        last = found[-1]
        if left is not None:
            ids = ids[:left]
            left -= len(ids)
        for start in range(0, len(ids), size):
            yield ids[start : start + size]


# Doing


def _change(
    session: Session, domain: list[Any], selection: Selection, work: Work, progress: Progress, *, anew: bool
) -> None:
    """Queue again, cancel or delete.

    :param anew: forget how often the mails were tried before.
    """
    method = {"retry": "mark_outgoing", "cancel": "cancel", "purge": "unlink"}[work.action]
    splits = _SPLITS
    for chunk in _chunks(session, domain, selection, _CHUNKS[work.action]):
        if work.action == "retry":
            # Before: a run that dies in between has counted an attempt too many, not one too few.
            count_attempt(session, chunk, anew=anew)
        waiting = [chunk]
        while waiting:
            ids = waiting.pop()
            try:
                session.call(MAIL, method, ids)
                work.count += len(ids)
            except (AccessRefused, Conflict, Rejected) as error:
                # One mail is enough for Odoo to refuse them all.
                if len(ids) > 1 and splits > 0:
                    splits -= 1
                    middle = len(ids) // 2
                    waiting += [ids[middle:], ids[:middle]]
                else:
                    work.refuse(ids, error.message)
        progress(f"{work.count} mails {_DONE[work.action]}")


def _process(
    session: Session, domain: list[Any], selection: Selection, batch_size: int, work: Work, progress: Progress
) -> None:
    """Have Odoo send, batch by batch, and read the state of each mail afterwards.

    Odoo itself returns nothing (docs/development/odoo-behaviour.md, Queue processing).
    """
    if left_put_off(session) is None and next(_chunks(session, domain, selection, 1), None) is None:
        return
    action_id = queue_action_id(session)
    work.secrets = read_server_secrets(session)
    try:
        # Two that send the same mails send some of them twice.
        with exclusive_run(session, key=SENDING_KEY, warn=work.remarks.append) as lock:
            left = left_put_off(session)
            work.put_back = left.put_back(session) if left else 0
            for batch in _chunks(session, domain, selection, batch_size):
                lock.check()
                try:
                    _send_batch(session, batch, action_id, work)
                finally:
                    lock.expires = work.may_go_on
                progress(f"{work.sent} mails sent, {work.failed} failed")
                if work.error or work.held.is_enough:
                    break
    except OdooError as error:
        work.error = work.error or error


def _send_batch(session: Session, batch: list[int], action_id: int | None, work: Work) -> None:
    """Send a batch, less the mails that would leave a way at which Odoo has broken off."""
    still_due = [["id", "in", batch], *due(session.now.strftime(DATETIME_FORMAT))]
    chosen = session.search_read(MAIL, still_due, ["scheduled_date", "mail_server_id", "email_from"])
    passing = [mail for mail in chosen if not work.held.holds(_way(mail))]
    unsent = _send(session, passing, action_id, work) if passing else set()
    work.unsent += len(unsent) + len(chosen) - len(passing)


def _way(mail: Mapping[str, Any]) -> _Way:
    bound = mail["mail_server_id"]
    return (bound[0] if bound else False, mail["email_from"] or "")


def _domain_way(way: _Way) -> _Way:
    server, sender = way
    return (server, sender.rpartition("@")[2].strip("> "))


def _send(session: Session, chosen: Sequence[Mapping[str, Any]], action_id: int | None, work: Work) -> set[int]:
    """Send mails that Odoo's own queue does not send meanwhile, and return the ids of those that are still to be sent.

    The mails are put off, which takes them from the queue's action, unless that has chosen them already; so it must not be running. Nor before they
    are: it would break off at the first mail that is written to meanwhile, and forget that it has sent it.
    """
    _refuse_running(session, action_id)
    mails = put_off(session, chosen)
    try:
        _refuse_running(session, action_id)
    except OdooError:
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
    """Send mails, those of each way in one call, and return the ids of those that Odoo did not try.

    :param until: the moment until which they are put off.
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


def _by_way(mails: Sequence[Mapping[str, Any]]) -> dict[_Way, list[int]]:
    """Return the ids of mails by the way that they leave."""
    ways: dict[_Way, list[int]] = {}
    for mail in mails:
        ways.setdefault(_way(mail), []).append(mail["id"])
    return ways


def _send_alike(session: Session, ids: list[int], work: Work) -> bool:
    """Send mails of one way in one call, note Odoo's answer, and return whether Odoo broke off.

    Mails of several ways must not share a call: Odoo writes the failure of a mail with the next one. If PostgreSQL refuses it, because an SMTP server's
    words contain a NUL, Odoo forgets that the next mail has left, and it would leave again.
    """
    # This process may end before Odoo answers.
    work.may_go_on = True
    try:
        # Not `process_email_queue`, which only takes what is due; committed mail by mail as there.
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
    """
    :raises Conflict: the queue's action is running, which Odoo says of nothing but a write.
    """
    if action_id is None:
        return
    try:
        session.write(CRON.model, [action_id], {})
    except Conflict as error:
        raise CRON.is_running(session, action_id, error) from error


def _read_back(session: Session, ids: Sequence[int], until: str, work: Work) -> set[int]:
    """Count what became of mails, and return the ids of those that Odoo did not try.

    :param until: the moment until which they are put off.
    """
    unsent = set()
    fields = ["state", "failure_reason", "failure_type", "scheduled_date"]
    mails = session.search_read(MAIL, [["id", "in", list(ids)]], fields)
    mark_unaddressed(session, mails)
    found = {mail["id"]: mail for mail in mails}
    for mail_id in ids:
        mail = found.get(mail_id)
        if mail is None or mail["state"] in ("sent", "received"):  # `auto_delete` deletes what was sent
            work.sent += 1
        elif mail["state"] == "exception":
            work.failed += 1
            add_failure(work.classes, mail, work.secrets)
        elif mail["state"] == "outgoing" and mail["scheduled_date"] == until:
            unsent.add(mail_id)
            continue
        else:
            work.postponed += 1  # 19.0 paces users' own servers so
        work.count += 1
    return unsent


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
    sentences += work.remarks
    if work.unsent and not work.error:
        sentences.append(f"{work.unsent} mails are still outgoing, for the next run: {work.cut_off}")
    return sentences


def work_result(work: Work) -> TaskResult:
    """Return what came of an action on the mail queue as the result of a task."""
    failure, kind = (without_secrets(work.error.message, work.secrets), work.error.kind) if work.error else ("", "")
    return TaskResult(work.as_result(), bool(work.count), warnings(work), failure, kind)
