# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generated code of a queue policy's scheduled actions (crons), which Odoo runs.

Its templates are in code_templates.py. The functions here fill them, and read installed code back.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import code_templates
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

# The crons of the policy, in addition to Odoo's queue cron with the lanes.
BACKOFF, STALE, PURGE, WATCHDOG = (
    f"postmaster_odoo.queue_{name}" for name in ("backoff", "stale", "purge", "watchdog")
)

# Increased when installed code must be replaced although the policy has not changed.
_VERSION = 1
MARK = "# postmaster.odoo queue policy"
_BEFORE = "# Before the policy: "

# Code that works in every version, if the original code of the queue is lost.
STOCK_CODE = "model.process_email_queue()"
# Odoo's own code: up to 17.0, and from 18.0 on.
STOCK_CODES = (STOCK_CODE, "model.process_email_queue(batch_size=1000)")

# The number of mails in one connection. At one second for each mail, this is well within Odoo's limit for a job.
_AT_ONCE = 25
# If sending stops at this number of senders of one domain, the other mails of the domain wait for the next run.
SENDERS_OF_DOMAIN = 3
# If sending stops at this number of domains, the run ends.
BROKEN_DOMAINS = 10

# The beginning of the reason of a mail at which Odoo was interrupted. Up to 18.0 also of a mail without a recipient.
INTERRUPTED = "Error without exception"


@dataclass(frozen=True)
class Lane:
    """A part of the queue.

    :param domain: an Odoo domain. If it is empty, the lane takes all mails that no earlier lane takes.
    :param batch: the largest number of mails in one run.
    """

    name: str
    domain: Sequence[Any]
    batch: int


@dataclass(frozen=True)
class Listener:
    """The receiver of the watchdog's alerts: a channel, or the partner of a user."""

    model: str
    id: int


def lanes_code(lanes: Sequence[Lane], *, settle: int) -> str:
    """Return code that sends the queue lane by lane, the oldest mails of each lane first.

    :param settle: seconds between the creation of a mail and its first attempt.
    """
    rows = [f"    ({lane.name!r}, {list(lane.domain)!r}, {lane.batch})," for lane in lanes]
    return _finished(
        "lanes",
        code_templates.LANES.format(
            lanes="\n".join(rows),
            settle=settle,
            commit=code_templates.COMMIT,
            at_once=_AT_ONCE,
            broken_domains=BROKEN_DOMAINS,
            senders_of_domain=SENDERS_OF_DOMAIN,
        ),
    )


def backoff_code(*, first_delay: int, max_delay: int, give_up_after: int, max_attempts: int) -> str:
    """Return code that retries mails with transient failures, after a delay that doubles with each attempt. All delays are in minutes.

    A mail that failed at the age of n minutes is retried n minutes later.
    """
    # Takes 4 ms, and only a declared backoff needs it.
    from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import TEMPORARY, verdict_patterns
    from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import ADDRESS

    verdicts = _verdicts(verdict_patterns())
    reasons = [
        f"            WHEN mail.told ~* %(reason_{number})s{_VERDICTS[verdict]}"
        for number, (verdict, _pattern) in enumerate(verdicts)
    ]
    values = [f"    'reason_{number}': {pattern!r}," for number, (_verdict, pattern) in enumerate(verdicts)]
    return _finished(
        "backoff",
        code_templates.BACKOFF.format(
            first_delay=first_delay,
            max_delay=max_delay,
            give_up_after=give_up_after,
            max_attempts=max_attempts,
            key=ATTEMPTS_KEY,
            mailbox=ADDRESS,
            temporary=TEMPORARY,
            reasons="\n".join(reasons),
            values="\n".join(values),
            interrupted=f"{INTERRUPTED}%",
            commit=code_templates.COMMIT,
        ),
    )


def stale_code(days: int) -> str:
    """Return code that cancels mails that have been due for a number of days."""
    return _finished("stale", code_templates.STALE.format(days=days, commit=code_templates.COMMIT))


def purge_code(days: int) -> str:
    """Return code that deletes failed and cancelled mails without a change for a number of days."""
    return _finished("purge", code_templates.PURGE.format(days=days, commit=code_templates.COMMIT))


def watchdog_code(*, max_overdue: int, max_outgoing: int | None, listener: Listener | None) -> str:
    """Return code that activates and reschedules the crons of the queue and of the policy, and sends alerts about that.

    :param max_overdue: minutes.
    """
    tell = ""
    if listener is not None:
        to_channel = ("message_post", "message_type='comment', subtype_xmlid='mail.mt_comment'")
        to_partner = ("message_notify", "partner_ids=target.ids")
        method, more = to_partner if listener.model == "res.partner" else to_channel
        tell = code_templates.TELL.format(model=listener.model, id=listener.id, method=method, more=more)
    return _finished(
        "watchdog",
        code_templates.WATCHDOG.format(
            max_overdue=max_overdue,
            queue=QUEUE,
            crons=(QUEUE, BACKOFF, STALE, PURGE),
            backlog="" if max_outgoing is None else code_templates.BACKLOG.format(max_outgoing=max_outgoing),
            tell=tell,
        ),
    )


# The errors of Python's parser, also for code that is nested too deeply.
_NOT_PARSED = (MemoryError, RecursionError, SyntaxError, ValueError)


def sends_queue(code: str) -> bool:
    """Return whether code of the queue's cron sends mails: Odoo's own, that of the policy, or code that calls the same methods."""
    try:
        nodes = list(ast.walk(_parsed(code.strip())))
    except ValueError:
        return False
    return any(isinstance(node, ast.Attribute) and node.attr in ("process_email_queue", "send") for node in nodes)


def keeps_order(code: str) -> bool:
    """Return whether code of the queue's cron sends mails in Odoo's own order."""
    return sends_queue(code) and before_of(code) is None


def part_of(code: str) -> str | None:
    """Return the part of the policy that generated the code, such as `stale`; None if the policy did not."""
    found = re.match(rf"\s*{re.escape(MARK)}, (\w+), version", code)
    return found[1] if found else None


def listener_in(code: str) -> Listener | None:
    """Return the receiver of alerts in code of the watchdog."""
    target = re.search(r"^ *target = env\['([\w.]+)'\]\.browse\((\d+)\)", code, re.MULTILINE)
    return Listener(target[1], int(target[2])) if target else None


def lanes_in(code: str) -> list[Lane]:
    """Return the lanes in code of the queue.

    :raises ValueError: if it contains no lanes, because it was changed.
    """
    try:
        statements = _parsed(code).body
        rows = next(
            ast.literal_eval(one.value)
            for one in statements
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "lanes"
        )
        return [Lane(name, list(domain), batch) for name, domain, batch in rows]
    except (StopIteration, TypeError, *_NOT_PARSED) as error:
        raise ValueError("it contains no lanes") from error


def _parsed(code: str) -> ast.Module:
    """Return the syntax tree of code, which may be of any origin.

    :raises ValueError: if it is not Python, or nested too deeply.
    """
    try:
        return ast.parse(code)
    except _NOT_PARSED as error:
        raise ValueError("it is not Python") from error


def numbers_in(code: str) -> list[int]:
    """Return the numbers in the code of a part, in the order of the code: seconds, minutes, days or mails."""
    body = re.sub(r"^ *#.*$", "", code, flags=re.MULTILINE)  # without the comment that contains the earlier code
    found = re.findall(
        r"timedelta\((?:seconds|minutes|days)=(\d+)\)|interval '(\d+) minutes'|^if waiting > (\d+):|abs\(attempts\.get\(mail_id, 1\)\) < (\d+)",
        body,
        re.MULTILINE,
    )
    return [int("".join(groups)) for groups in found]


def with_before(code: str, before: Mapping[str, Any]) -> str:
    """Return code with a comment that contains the values from before the policy."""
    head, _newline, body = code.partition("\n")
    return f"{head}\n{_BEFORE}{json.dumps(before, sort_keys=True)}\n{body}"


def before_of(code: str) -> dict[str, Any] | None:
    """Return the values from before the policy that its code contains; None if the code is not from the policy.

    If the comment is not readable, the result is Odoo's own code.
    """
    if not code.lstrip().startswith(MARK):
        return None
    for line in code.splitlines():
        if line.startswith(_BEFORE):
            try:
                before = decode(line[len(_BEFORE) :].encode())
            except ValueError:
                break
            if isinstance(before, dict) and before.get("code"):
                return before
    return {"code": STOCK_CODE}


def _finished(part: str, body: str) -> str:
    """Return the code with a first line that names its origin, version and checksum."""
    body = code_templates.SAY + body
    body = "\n".join(line for line in body.splitlines() if line.strip())
    checksum = hashlib.sha256(body.encode()).hexdigest()[:12]
    return (
        f"{MARK}, {part}, version {_VERSION}, {checksum}. Do not edit: Ansible generates and updates this code.\n{body}"
    )


_VERDICTS = {True: " THEN true", False: " THEN false", None: " AND mail.told ~* %(temporary)s THEN true"}


def _verdicts(patterns: Iterable[tuple[bool | None, str]]) -> list[tuple[bool | None, str]]:
    """Return whether failures are transient, by regular expressions of PostgreSQL. The first match wins.

    Neighbours with the same verdict are joined. Permanent failures at the end are left out, because they are the default.
    """
    verdicts: list[tuple[bool | None, str]] = []
    for verdict, expression in patterns:
        if verdicts and verdicts[-1][0] is verdict:
            verdicts[-1] = (verdict, f"{verdicts[-1][1]}|{expression}")
        else:
            verdicts.append((verdict, expression))
    while verdicts and verdicts[-1][0] is False:
        del verdicts[-1]
    return verdicts
