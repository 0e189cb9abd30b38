# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a mail queue, read in a constant number of grouped calls."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import describe_lock
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import parse_put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.server_secrets import read_server_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY, Attempts
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import INTERRUPTED, keeps_order
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT, moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.record_groups import RecordGroups
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import explain_mail
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import Meaning
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_STATES = ("outgoing", "sent", "received", "exception", "cancel")
# Many servers repeat the address in their reply, so that each mail has a different reason.
_REASONS = 1000
_SHOWN_REASONS = 5
# Parts that differ in reasons with the same meaning: addresses, and the numbers of sessions and messages.
_VARYING = re.compile(r"\S*@\S*|\d{4,}")
_SENDERS = 10000
# `lastcall` may be the end of a run. Odoo kills a run that takes longer (limit_time_real_cron).
_LONGEST_RUN = timedelta(minutes=15)


@dataclass(frozen=True)
class Thresholds:
    """Limits for the state of the queue. None means no limit.

    :param max_age: minutes.
    :raises Invalid: if a number is negative.
    """

    max_outgoing: int | None = None
    max_age: int | None = None
    max_exceptions: int | None = None
    fail_on: Sequence[str] = ()

    def __post_init__(self) -> None:
        names = ("max_outgoing", "max_age", "max_exceptions")
        problems = [problem for name in names for problem in beyond(name, getattr(self, name), least=0)]
        if problems:
            raise Invalid(f"{'; '.join(problems)}.")


def queue_action_id(session: Session) -> int | None:
    """Return the id of the cron that sends the queue; None if it was deleted."""
    row = read_external_ids(session, {QUEUE}).get(QUEUE)
    return row["res_id"] if row else None


def due(moment: str) -> list[Any]:
    """Return the domain of mails that are due at a moment."""
    return [["state", "=", "outgoing"], "|", ["scheduled_date", "=", False], ["scheduled_date", "<=", moment]]


def ask_queue(session: Session, by: Sequence[str] = ()) -> dict[str, Any]:
    """Return the state of the queue.

    :param by: `server` and `from_domain` add counts by these.
    """
    now = session.now.strftime(DATETIME_FORMAT)
    groups = RecordGroups(session, MAIL)
    states = dict.fromkeys(_STATES, 0)
    states.update({group["state"]: group["__count"] for group in groups.count([], ["state"])})
    scheduled = session.call(MAIL, "search_count", domain=[["state", "=", "outgoing"], ["scheduled_date", ">", now]])
    secrets = read_server_secrets(session)
    parameters = _read_notes(session)
    notes = {key: row["value"] or "" for key, row in parameters.items()}
    put_off = parse_put_off(notes.get(PUT_OFF_KEY, ""))
    sender = parameters.get(SENDING_KEY)
    retried, given_up = _retried(session, Attempts.from_text(notes.get(ATTEMPTS_KEY, "")))
    failures = _failures(session, groups, secrets, given_up)
    queue: dict[str, Any] = {
        "states": states,
        "due": max(0, states["outgoing"] - scheduled),
        "scheduled": scheduled,
        "put_off": put_off.count(session),
        "sending": describe_lock(sender, session.now) if sender else None,
        "oldest_due": _oldest_due(session, now),
        "failures": failures,
        "retried": retried,
        "unclassified": max(0, states["exception"] - sum(failure["count"] for failure in failures)),
        **_last_run(session),
    }
    if "server" in by:
        queue["by_server"] = _by_server(groups)
    if "from_domain" in by:
        queue["by_from_domain"] = _by_from_domain(groups)
    return queue


def _read_notes(session: Session) -> dict[str, dict[str, Any]]:
    """Return the system parameters in which the collection stores data about mails, by their keys, in one call."""
    domain = [["key", "in", [ATTEMPTS_KEY, PUT_OFF_KEY, SENDING_KEY]]]
    rows = session.search_read(SYSTEM_PARAMETER.model, domain, ["key", "value", "create_date", "write_date"])
    return {row["key"]: row for row in rows}


def _oldest_due(session: Session, now: str) -> dict[str, Any] | None:
    """Return the mail that has been waiting for the longest time, since its creation or its scheduled date; None without one."""
    outgoing = ["state", "=", "outgoing"]
    waiting = [
        (mail[since], mail["id"])
        for since, domain in (
            ("create_date", [outgoing, ["scheduled_date", "=", False]]),
            ("scheduled_date", [outgoing, ["scheduled_date", "<=", now]]),
        )
        for mail in session.search_read(MAIL, domain, [since], order=f"{since}, id", limit=1)
    ]
    if not waiting:
        return None
    since, mail_id = min(waiting)
    age = max(0, int((session.now - moment_of(since)).total_seconds()))
    return {"id": mail_id, "since": since[:19], "age_seconds": age, "age_minutes": age // 60}


def _failures(
    session: Session, groups: RecordGroups, secrets: Collection[str], given_up: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the failed mails by the class of their failure, the most frequent first.

    :param given_up: mails that are no longer retried. They are also counted separately.
    """
    classes: dict[str, dict[str, Any]] = {}
    failed = [["state", "=", "exception"], ["id", "not in", [mail["id"] for mail in given_up]]]
    counted = groups.count(failed, ["failure_type", "failure_reason"], newest=True, limit=_REASONS)
    ambiguous = [group["failure_reason"] for group in counted if is_ambiguous(group)]
    if ambiguous:
        failed += [["failure_reason", "in", ambiguous], *_without_recipient(session)]
        wholes = {(one["failure_type"], one["failure_reason"]): one for one in counted}
        for group in groups.count(failed, ["failure_type", "failure_reason"], newest=True):
            # More mails may have failed between the two calls.
            if whole := wholes.get((group["failure_type"], group["failure_reason"])):
                whole["__count"] -= group["__count"]
                counted.append({**group, "unaddressed": True})
    for group in counted:
        if group["__count"] > 0:
            add_failure(classes, {**group, "id": group["newest"]}, secrets, group["__count"])
    for failure in classes.values():
        failure["given_up"] = 0
    for mail in given_up:
        failure = add_failure(classes, mail, secrets)
        failure["given_up"] = failure.get("given_up", 0) + 1
    return by_frequency(classes)


def _retried(session: Session, attempts: Attempts) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Count the mails that were queued again by their state, and return those that are no longer retried, in at most one call."""
    domain = [["id", "in", sorted(attempts.counts)], ["state", "in", ["outgoing", "exception"]]]
    fields = ["state", "failure_reason", "failure_type"]
    mails = session.search_read(MAIL, domain, fields) if attempts.counts else []
    mark_unaddressed(session, mails)
    failed = [mail for mail in mails if mail["state"] == "exception"]
    given_up = [mail for mail in failed if mail["id"] in attempts.given_up]
    counts = {"failed": len(failed) - len(given_up), "given_up": len(given_up)}
    return {"waiting": len(mails) - len(failed), **counts}, given_up


def is_ambiguous(mail: Mapping[str, Any]) -> bool:
    """Return whether a mail was interrupted or has no recipient. Up to 18.0 the reason is the same for both."""
    return (mail["failure_reason"] or "").startswith(INTERRUPTED)


def mark_unaddressed(session: Session, mails: Sequence[dict[str, Any]]) -> None:
    """Mark the mails without a recipient among those with an ambiguous reason, in one call if there are any."""
    ambiguous = [mail["id"] for mail in mails if is_ambiguous(mail)]
    if ambiguous:
        domain = [["id", "in", ambiguous], *_without_recipient(session)]
        unaddressed = set(session.call(MAIL, "search", domain=domain))
        for mail in mails:
            if mail["id"] in unaddressed:
                mail["unaddressed"] = True


def _without_recipient(session: Session) -> list[Any]:
    """Return the domain of mails without a recipient."""
    contacts = [name for name in ("recipient_ids", "recipient_cc_ids") if name in session.fields(MAIL)]
    return [[name, "in", [False, ""]] for name in ("email_to", "email_cc")] + [[name, "=", False] for name in contacts]


def meaning_of_mail(mail: Mapping[str, Any]) -> Meaning:
    """Return the meaning of a mail's failure.

    :param mail: with `failure_reason` and `failure_type`, and marked if it has no recipient.
    """
    if mail.get("unaddressed"):
        return explain_mail("", "mail_email_missing")
    return explain_mail(mail["failure_reason"] or "", mail["failure_type"] or "")


def add_failure(
    classes: dict[str, dict[str, Any]], mail: Mapping[str, Any], secrets: Collection[str], count: int = 1
) -> dict[str, Any]:
    """Add failed mails to the counts of their class, and return the class.

    The entry of a class contains the first mail as a sample, and a few reasons. They differ in more than an address or a number.

    :param secrets: texts that the reasons must not contain.
    """
    reason = mail["failure_reason"] or ""
    meaning = meaning_of_mail(mail)
    kind = meaning.outcome
    shown = " ".join(without_secrets(reason, secrets).split())
    new = {"class": kind, "count": 0, "transient": False, "reason": shown, "reasons": [], "id": mail["id"]}
    failure = classes.setdefault(kind, new)
    failure["count"] += count
    failure["transient"] |= meaning.passes
    reasons: list[str] = failure["reasons"]
    if shown and len(reasons) < _SHOWN_REASONS and _alike(shown) not in map(_alike, reasons):
        reasons.append(shown)
    return failure


def _alike(reason: str) -> str:
    """Return a reason without the addresses and numbers in which similar reasons differ."""
    return _VARYING.sub("", reason)


def by_frequency(classes: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the classes of failures, the most frequent first."""
    return sorted(classes.values(), key=lambda failure: (-failure["count"], failure["class"]))


def _last_run(session: Session) -> dict[str, Any]:
    """Return the mails that the last run of the queue's cron left behind, in at most three calls.

    This applies only if the code of the cron has Odoo's own order. Odoo takes one batch of the newest due mails, and sends them in the order of
    their ids.
    """
    crons = session.search_read(CRON.model, [["id", "=", queue_action_id(session)]], ["lastcall", "code"])
    last_run = crons[0]["lastcall"][:19] if crons and crons[0]["lastcall"] else None
    counts = {"interrupted": 0, "left_behind": 0}
    if last_run and keeps_order(crons[0]["code"] or ""):
        counts = {"interrupted": _interrupted(session, last_run), "left_behind": _left_behind(session, last_run)}
    return {name: {"count": count, "last_run": last_run} for name, count in counts.items()}


def _interrupted(session: Session, last_run: str) -> int:
    """Count the mails that the last run would have sent without an interruption.

    The reason of one mail shows that the run was interrupted at it. Newer mails come after it. Older mails do not count, because the batch may have
    had no room for them.
    """
    stopped_at = [
        *(["state", "=", "exception"], ["write_date", ">=", last_run]),
        ["failure_reason", "=like", f"{INTERRUPTED}%"],
    ]
    for mail in session.search_read(MAIL, stopped_at, ["id"], order="id desc", limit=1):
        left = [["failure_reason", "=", False], ["create_date", "<=", last_run], ["id", ">", mail["id"]]]
        return int(session.call(MAIL, "search_count", domain=[*due(last_run), *left]))
    return 0


def _left_behind(session: Session, last_run: str) -> int:
    """Count the mails that were due well before the last run and have not been changed since.

    If they are fewer than a batch, Odoo stopped without a reason in any mail, because it could not store the reason of a failure.
    """
    before = (moment_of(last_run) - _LONGEST_RUN).strftime(DATETIME_FORMAT)
    return int(session.call(MAIL, "search_count", domain=[*due(before), ["write_date", "<=", before]]))


def _by_server(groups: RecordGroups) -> list[dict[str, Any]]:
    """Return counts by the server that a mail names. Most mails name none, and Odoo chooses a server when it sends them."""
    counts: dict[Any, dict[str, Any]] = {}
    for group in groups.count([], ["mail_server_id", "state"]):
        server_id, name = group["mail_server_id"] or (None, None)
        entry = counts.setdefault(server_id, {"server": name, "id": server_id, "states": dict.fromkeys(_STATES, 0)})
        states = entry["states"]
        states[group["state"]] = states.get(group["state"], 0) + group["__count"]
    return sorted(counts.values(), key=lambda entry: -sum(entry["states"].values()))


def _by_from_domain(groups: RecordGroups) -> list[dict[str, Any]]:
    """Return counts by the domain of the sender. Only the most frequent senders count."""
    counts: dict[str | None, dict[str, Any]] = {}
    for group in groups.count([], ["email_from", "state"], limit=_SENDERS):
        match = re.search(r"@([^@\s<>]+)>?\s*$", group["email_from"] or "")
        domain = match[1].lower() if match else None
        entry = counts.setdefault(domain, {"from_domain": domain, "states": dict.fromkeys(_STATES, 0)})
        states = entry["states"]
        states[group["state"]] = states.get(group["state"], 0) + group["__count"]
    return sorted(counts.values(), key=lambda entry: -sum(entry["states"].values()))


def exceeded(queue: Mapping[str, Any], thresholds: Thresholds) -> list[str]:
    """Return one sentence for each threshold that the queue exceeds."""
    oldest = queue["oldest_due"]
    sentences = []
    if thresholds.max_outgoing is not None and queue["due"] > thresholds.max_outgoing:
        sentences.append(
            f"{counted(queue['due'], 'mail is', 'mails are')} waiting to be sent (max_outgoing {thresholds.max_outgoing})."
        )
    if thresholds.max_age is not None and oldest and oldest["age_seconds"] > thresholds.max_age * 60:
        sentences.append(
            f"Mail {oldest['id']} has been waiting for {counted(oldest['age_minutes'], 'minute')}, since {oldest['since']} UTC "
            f"(max_age {thresholds.max_age})."
        )
    if thresholds.max_exceptions is not None and queue["states"]["exception"] > thresholds.max_exceptions:
        sentences.append(
            f"{counted(queue['states']['exception'], 'mail has', 'mails have')} failed (max_exceptions {thresholds.max_exceptions})."
        )
    sentences += [
        f"{counted(failure['count'], 'mail has', 'mails have')} failed as {failure['class']} (fail_on), such as mail {failure['id']}: "
        f"{failure['reason'] or 'without a reason'}"
        for failure in queue["failures"]
        if failure["class"] in thresholds.fail_on
    ]
    return sentences
