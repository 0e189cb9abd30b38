# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code of a queue policy's scheduled actions: text that Odoo runs on its own side.

It runs inside Odoo's safe_eval, on 16.0 to 20.0: no import, no `with`, no assignment to attributes, nothing with two underscores, and of
Python's functions no `getattr`, `hasattr` or `type` (what is there is asked by trying). Functions must not close over variables, and a `try` must
be the last statement of a function or a loop: Python 3.13 leaves any other with an opcode that safe_eval does not know.
20.0 compares every object that takes part in a call with a list of trusted types, and may raise what no `except Exception` catches
(20.0:odoo/tools/safe_eval/evaluation.py, `safe_call` and `UnsafeError`). So an exception is never an argument of a call: it is formatted outside of
calls, and what must be kept is kept before anything is logged.
Whatever one job does it commits batch by batch, and none begins another batch after a minute: Odoo kills a job after two.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

# Odoo's own queue, which carries the lanes, and the policy's actions beside it.
BACKOFF, STALE, PURGE, WATCHDOG = (
    f"postmaster_odoo.queue_{name}" for name in ("backoff", "stale", "purge", "watchdog")
)

# Counts up when code that is installed must be replaced although nobody changed the policy.
_VERSION = 1
MARK = "# postmaster.odoo queue policy"
_BEFORE = "# Before the policy: "

# What every version runs, for a queue whose own code is lost.
STOCK_CODE = "model.process_email_queue()"
# What the versions ship: up to 17.0, and from 18.0 on.
STOCK_CODES = (STOCK_CODE, "model.process_email_queue(batch_size=1000)")

# From 19.0 on a job that says how far it got is not counted as failed when it is killed.
_COMMIT = """\
def progress():
    try:
        return env['ir.cron']._commit_progress
    except Exception:  # up to 18.0
        return None
commit_progress = progress()
def commit(done):
    if commit_progress:
        commit_progress(done, remaining=0)
    else:
        env.cr.commit()
"""

# Server actions of 16.0 have no logger, but a table (Settings, Technical, Logging).
_SAY = """\
def say(level, text):
    try:
        {'info': _logger.info, 'warning': _logger.warning, 'error': _logger.error}[level]('%s', text)
    except Exception:
        log(text, level=level)
"""

_LANES = """\
lanes = [
{lanes}
]
now = env.cr.now()
deadline = time.time() + 60
# Who creates a mail often sends it, too, right after: what is younger may be on its way already, and must not leave twice.
due = [
    ('state', '=', 'outgoing'), ('create_date', '<=', now - datetime.timedelta(seconds={settle})),
    '|', ('scheduled_date', '=', False), ('scheduled_date', '<=', now),
]
{commit}
def find(name, domain):
    try:
        return model.search(due + domain, order='id').ids
    except Exception as error:  # a field that is gone, say; these mails go with the last lane
        env.cr.rollback()
        say('error', 'Mail queue: the domain of lane %s does not work: %r' % (name, error))
        return []
def send(mails):
    try:
        mails.send(auto_commit=True)
        return ''
    except Exception as error:  # the server hung up
        return '%r' % error
def keep():
    # Odoo has noted the mail that it was at as failed: or it would be the first of the next run again, and stop all behind it.
    try:
        env.cr.commit()
        return ''
    except Exception as error:  # Odoo could not note why a mail failed
        env.cr.rollback()
        return '%r' % error
def way(mail):
    return (mail.mail_server_id.id, mail.email_from)
def domain_way(one):
    return (one[0], (one[1] or '').rpartition('@')[2].strip('> '))
def is_held(mail):
    # Three senders of a domain that break off: the server of that domain is broken.
    return way(mail) in held or held_domains.count(domain_way(way(mail))) >= {senders_of_domain}
seen = set()
held = []
held_domains = []
for name, domain, batch in lanes:
    fitting = find(name, domain)
    mail_ids = [mail_id for mail_id in fitting if mail_id not in seen][:batch]
    seen.update(fitting)
    while time.time() < deadline and len(set(held_domains)) < {broken_domains}:
        waiting = model.search(due + [('id', 'in', mail_ids)], order='id').filtered(lambda mail: not is_held(mail))
        if not waiting:
            break
        # One sender after the other: what Odoo could not note of a broken one would else undo what it noted of another one's mail that has left.
        current = way(waiting[0])
        mails = waiting.filtered(lambda mail: way(mail) == current)[:{at_once}]
        say('info', 'Mail queue: lane %s sends %s' % (name, len(mails)))
        interruption = send(mails)
        interruption = keep() or interruption
        if interruption:
            say('warning', 'Mail queue: lane %s was interrupted: %s' % (name, interruption))
        left = model.search(due + [('id', 'in', mails.ids)])
        commit(len(mails) - len(left))
        mail_ids = [mail_id for mail_id in mail_ids if mail_id not in mails.ids]
        if left:  # the mails of other servers and senders leave all the same
            held.append(current)
            held_domains.append(domain_way(current))
"""

# So many mails go through one connection; at a second each that is well within what Odoo gives a job.
_AT_ONCE = 25
# At so many senders of one domain Odoo breaks off before the rest of the domain waits for the next run.
SENDERS_OF_DOMAIN = 3
# After so many domains at which Odoo broke off, a run ends.
BROKEN_DOMAINS = 10

# How Odoo begins the reason of a mail that it was at when it was interrupted; up to 18.0 also of one that nobody can receive.
INTERRUPTED = "Error without exception"

_BACKOFF = '''\
# From 20.0 on partners can be in copy, too.
recipients = ' UNION ALL '.join([
    'SELECT %s AS mail_id, %s AS partner_id FROM %s' % (field.column1, field.column2, field.relation)
    for field in [model._fields[name] for name in ('recipient_ids', 'recipient_cc_ids') if name in model._fields] if field.store
])
query = """
    SELECT mail.id, mail.in_time
    FROM (
        SELECT *, GREATEST(create_date, scheduled_date) AS due_date,
            GREATEST(create_date, scheduled_date) > %(now)s - interval '{give_up_after} minutes' AS in_time,
            regexp_replace(regexp_replace(failure_reason, %(server)s, ''), %(mailbox)s, '', 'g') AS told
        FROM mail_mail
        WHERE state = 'exception' AND id > %(last_id)s AND id != ALL(%(given_up)s)
    ) mail
    WHERE (mail.in_time OR mail.id = ANY(%(tried)s))
      AND mail.write_date + LEAST(
            GREATEST(mail.write_date - mail.due_date, interval '{first_delay} minutes'),
            interval '{max_delay} minutes'
          ) <= %(now)s
      AND CASE
            WHEN mail.failure_reason LIKE %(interrupted)s THEN
                concat_ws(' ', mail.email_to, mail.email_cc) ~ %(address)s OR EXISTS (
                    SELECT FROM (""" + recipients + """) recipient
                    JOIN res_partner partner ON partner.id = recipient.partner_id
                    WHERE recipient.mail_id = mail.id AND partner.email ~ %(address)s
                )
{reasons}
            ELSE false
          END
    ORDER BY mail.id
    LIMIT 500
"""
note = env['ir.config_parameter'].sudo().search([('key', '=', {key!r})], limit=1)
# How often mails were tried that were queued again, with the attempt that they are queued for; below zero they are given up.
attempts = {{}}
for word in (note.value or '').split():
    mail_id, _equals, count = word.partition('=')
    if len(word) < 30 and mail_id.isdecimal() and (count[1:] if count[:1] == '-' else count).isdecimal():
        attempts[int(mail_id)] = int(count)
def keep(note):
    env.cr.execute("SELECT id FROM mail_mail WHERE id = ANY(%s) AND state IN ('outgoing', 'exception')", [list(attempts)])
    kept = ' '.join(['%s=%s' % (row[0], attempts[row[0]]) for row in sorted(env.cr.fetchall())])
    if not note:
        return note.create({{'key': {key!r}, 'value': kept}})
    note.write({{'value': kept}})
    return note
values = {{
    'now': env.cr.now(),
    'interrupted': {interrupted!r},
    'address': '[^@[:space:]]@[^@[:space:]]',
    'server': 'via SMTP server [^\\n]*',
    'mailbox': {mailbox!r},
    'temporary': {temporary!r},
    'last_id': 0,
    # What another one has given up after fewer attempts goes on here.
    'given_up': [mail_id for mail_id in attempts if attempts[mail_id] <= -{max_attempts}],
    'tried': list(attempts),
{values}
}}
deadline = time.time() + 60
{commit}
while time.time() < deadline:
    env.cr.execute(query, values)
    failed = env.cr.fetchall()
    if not failed:
        break
    values['last_id'] = failed[-1][0]
    again = [mail_id for mail_id, in_time in failed if in_time and abs(attempts.get(mail_id, 1)) < {max_attempts}]
    over = [mail_id for mail_id, in_time in failed if mail_id not in again and attempts.get(mail_id, 1) > 0]
    attempts.update([(mail_id, abs(attempts.get(mail_id, 1)) + 1) for mail_id in again])
    attempts.update([(mail_id, -attempts.get(mail_id, 1)) for mail_id in over])
    model.browse(again).mark_outgoing()
    note = keep(note)
    if again:
        say('info', 'Mail queue: %s mails that failed for a passing reason are tried again' % len(again))
    if over:
        first = (len(over), -attempts[over[0]], over[0])
        say('warning', 'Mail queue: %s mails are given up after %s attempts, such as mail.mail %s' % first)
    commit(len(failed))
'''

_STALE = """\
limit = env.cr.now() - datetime.timedelta(days={days})
domain = [
    ('state', '=', 'outgoing'), ('create_date', '<', limit),
    '|', ('scheduled_date', '=', False), ('scheduled_date', '<', limit),
]
deadline = time.time() + 60
{commit}
while time.time() < deadline:
    mails = model.search(domain, order='id', limit=500)
    if not mails:
        break
    mails.cancel()
    say('info', 'Mail queue: %s mails are too old to be sent and were cancelled' % len(mails))
    commit(len(mails))
"""

_PURGE = """\
limit = env.cr.now() - datetime.timedelta(days={days})
domain = [('state', 'in', ['exception', 'cancel']), ('write_date', '<', limit)]
deadline = time.time() + 60
last_id = 0
{commit}
def purge(mails):
    try:
        mails.unlink()
        env.cr.commit()
        return True
    except Exception as error:
        env.cr.rollback()
        if len(mails) == 1:
            say('warning', 'Mail queue: mail.mail %s cannot be purged: %r' % (mails.id, error))
        return False
while time.time() < deadline:
    # As the superuser: Odoo refuses it even to its administrators where a mail has no document.
    mails = model.sudo().search(domain + [('id', '>', last_id)], order='id', limit=500)
    if not mails:
        break
    last_id = mails.ids[-1]
    if not purge(mails):  # one refuses for all: one by one
        for mail in mails:
            purge(mail)
    commit(len(mails))
"""

_WATCHDOG = """\
now = env.cr.now()
patience = datetime.timedelta(minutes={max_overdue})
alerts = []
for xml_id in {crons!r}:
    cron = env.ref(xml_id, raise_if_not_found=False)
    if not cron:
        if xml_id == {queue!r}:
            alerts.append((
                'Mail queue: its scheduled action is gone', 'Somebody has deleted %s; an update of the addon mail brings it back.' % xml_id,
            ))
        continue
    try:
        wrong = ''
        interval = dateutil.relativedelta.relativedelta(**{{cron.interval_type: cron.interval_number}})
        if not cron.active:
            # Who only looks whether it runs stamps it, too; then the run that it has missed tells.
            wrong = 'was inactive' if min(cron.write_date, cron.nextcall) <= now - patience else ''
        elif cron.nextcall < now - patience:
            wrong = 'was overdue'
        elif cron.nextcall > now + interval + patience:
            wrong = 'was put off'
        if wrong:
            planned = cron.nextcall
            values = {{'active': True, 'nextcall': now}}
            if 'numbercall' in cron and not cron.numbercall:  # up to 17.0: how often it still runs
                values['numbercall'] = -1
            cron.write(values)
            env.cr.commit()
            alerts.append((
                'Mail queue: %s %s' % (cron.name, wrong),
                'Its next run was to be at %s UTC. It is active again and runs now.' % planned,
            ))
    except Exception as error:  # it is running
        env.cr.rollback()
        alerts.append(('Mail queue: %s cannot be rescheduled' % cron.name, '%s' % error))
{backlog}
for subject, text in alerts:
    say('warning', '%s. %s' % (subject, text))
{tell}
"""

_BACKLOG = """\
waiting = model.search_count([
    ('state', '=', 'outgoing'), '|', ('scheduled_date', '=', False), ('scheduled_date', '<=', now),
])
if waiting > {max_outgoing}:
    alerts.append(('Mail queue: more than {max_outgoing} mails wait', '%s mails are due and not sent.' % waiting))
"""

_TELL = """\
    try:
        target = env[{model!r}].browse({id}).exists()
        told = env['mail.message'].search_count([
            ('model', '=', target._name), ('res_id', '=', target.id), ('subject', '=', subject),
            ('create_date', '>', now - datetime.timedelta(hours=1)),
        ])
        if target and not told:
            # Code of actions queues what it sends, and the queue is what this is about.
            target.with_context(mail_notify_force_send=True).{method}(subject=subject, body='%s. %s' % (subject, text), {more})
        env.cr.commit()
    except Exception as error:
        env.cr.rollback()
        say('error', 'Mail queue: nobody could be told: %r' % error)
"""


@dataclass(frozen=True)
class Lane:
    """A part of the queue, in Odoo's own terms.

    :param domain: empty takes what no lane before it takes.
    :param batch: how many mails a run sends at most.
    """

    name: str
    domain: Sequence[Any]
    batch: int


@dataclass(frozen=True)
class Listener:
    """Who is told of what the watchdog saw: a channel, or a user's partner."""

    model: str
    id: int


def lanes_code(lanes: Sequence[Lane], *, settle: int) -> str:
    """Send the queue lane by lane, the oldest mails of each first.

    :param settle: seconds that a mail is left alone after its creation.
    """
    rows = [f"    ({lane.name!r}, {list(lane.domain)!r}, {lane.batch})," for lane in lanes]
    return _finished(
        "lanes",
        _LANES.format(
            lanes="\n".join(rows),
            settle=settle,
            commit=_COMMIT,
            at_once=_AT_ONCE,
            broken_domains=BROKEN_DOMAINS,
            senders_of_domain=SENDERS_OF_DOMAIN,
        ),
    )


def backoff_code(*, first_delay: int, max_delay: int, give_up_after: int, max_attempts: int) -> str:
    """Return what failed for a passing reason to the queue, after a delay that doubles with each attempt; all delays in minutes.

    A mail that failed at the age of n minutes is tried again n minutes later.
    """
    # Loaded only if it is needed, see enforcement/run_options.py.
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
        _BACKOFF.format(
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
            commit=_COMMIT,
        ),
    )


def stale_code(days: int) -> str:
    """Cancel what has been due for so many days."""
    return _finished("stale", _STALE.format(days=days, commit=_COMMIT))


def purge_code(days: int) -> str:
    """Delete what failed or was cancelled and has not been touched for so many days."""
    return _finished("purge", _PURGE.format(days=days, commit=_COMMIT))


def watchdog_code(*, max_overdue: int, max_outgoing: int | None, listener: Listener | None) -> str:
    """Wake the queue and the policy's other actions, and say so.

    :param max_overdue: minutes.
    """
    tell = ""
    if listener is not None:
        to_channel = ("message_post", "message_type='comment', subtype_xmlid='mail.mt_comment'")
        to_partner = ("message_notify", "partner_ids=target.ids")
        method, more = to_partner if listener.model == "res.partner" else to_channel
        tell = _TELL.format(model=listener.model, id=listener.id, method=method, more=more)
    return _finished(
        "watchdog",
        _WATCHDOG.format(
            max_overdue=max_overdue,
            queue=QUEUE,
            crons=(QUEUE, BACKOFF, STALE, PURGE),
            backlog="" if max_outgoing is None else _BACKLOG.format(max_outgoing=max_outgoing),
            tell=tell,
        ),
    )


# Python's parser has one error for code that is wrong, and others for code that is nested too deeply.
_NOT_PARSED = (MemoryError, RecursionError, SyntaxError, ValueError)


def sends_queue(code: str) -> bool:
    """Whether code of the queue's action sends mails: Odoo's own, this policy's, or what calls the same methods."""
    try:
        nodes = list(ast.walk(_parsed(code.strip())))
    except ValueError:
        return False
    return any(isinstance(node, ast.Attribute) and node.attr in ("process_email_queue", "send") for node in nodes)


def keeps_order(code: str) -> bool:
    """Whether code of the queue's action sends mails in Odoo's own order."""
    return sends_queue(code) and before_of(code) is None


def part_of(code: str) -> str | None:
    """Return the part of the policy that generated the code, such as `stale`; None if the policy did not."""
    found = re.match(rf"\s*{re.escape(MARK)}, (\w+), version", code)
    return found[1] if found else None


def listener_in(code: str) -> Listener | None:
    """Who is told by code of the watchdog."""
    target = re.search(r"^ *target = env\['([\w.]+)'\]\.browse\((\d+)\)", code, re.MULTILINE)
    return Listener(target[1], int(target[2])) if target else None


def lanes_in(code: str) -> list[Lane]:
    """The lanes in code of the queue.

    :raises ValueError: it holds none: somebody has changed it.
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
        raise ValueError("it holds no lanes") from error


def _parsed(code: str) -> ast.Module:
    """Return the syntax tree of code that anybody may have written.

    :raises ValueError: it is not Python, or nested too deeply.
    """
    try:
        return ast.parse(code)
    except _NOT_PARSED as error:
        raise ValueError("it is not Python") from error


def numbers_in(code: str) -> list[int]:
    """The numbers that code of a part was made with, in its own order: of seconds, minutes, days or mails."""
    body = re.sub(r"^ *#.*$", "", code, flags=re.MULTILINE)  # what a note of former code holds is not meant
    found = re.findall(
        r"timedelta\((?:seconds|minutes|days)=(\d+)\)|interval '(\d+) minutes'|^if waiting > (\d+):|abs\(attempts\.get\(mail_id, 1\)\) < (\d+)",
        body,
        re.MULTILINE,
    )
    return [int("".join(groups)) for groups in found]


def with_before(code: str, before: Mapping[str, Any]) -> str:
    """The code that takes the place of other code, with a note of what was there."""
    head, _newline, body = code.partition("\n")
    return f"{head}\n{_BEFORE}{json.dumps(before, sort_keys=True)}\n{body}"


def before_of(code: str) -> dict[str, Any] | None:
    """What code of this policy notes of its predecessor; None where the code is not the policy's.

    A note that somebody has spoilt is as good as Odoo's own code.
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
    """The code under a line that says whose it is."""
    body = _SAY + body
    body = "\n".join(line for line in body.splitlines() if line.strip())
    checksum = hashlib.sha256(body.encode()).hexdigest()[:12]
    return f"{MARK}, {part}, version {_VERSION}, {checksum}. Do not edit: it is made and kept by Ansible.\n{body}"


_VERDICTS = {True: " THEN true", False: " THEN false", None: " AND mail.told ~* %(temporary)s THEN true"}


def _verdicts(patterns: Iterable[tuple[bool | None, str]]) -> list[tuple[bool | None, str]]:
    """Whether a failure passes, by regular expressions of PostgreSQL to try one after the other: the classification, less what tells no more."""
    verdicts: list[tuple[bool | None, str]] = []
    for verdict, expression in patterns:
        if verdicts and verdicts[-1][0] is verdict:
            verdicts[-1] = (verdict, f"{verdicts[-1][1]}|{expression}")
        else:
            verdicts.append((verdict, expression))
    while verdicts and verdicts[-1][0] is False:
        del verdicts[-1]
    return verdicts
