# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generated code of a queue policy's scheduled actions (crons), which Odoo runs.

It has the restrictions of all code that Odoo runs (rpc/server_action.py). It commits results before it logs anything, because 20.0 can reject
a call of the logger.

Every job commits each batch. No job starts another batch after one minute, because Odoo kills a job after two minutes.
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

# From 19.0 on a killed job does not count as failed if it has reported its progress.
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

# Server actions of 16.0 have no logger, but write to a table (Settings, Technical, Logging).
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
# The program that creates a mail often sends it immediately. Newer mails are left out, because they could be sent twice.
due = [
    ('state', '=', 'outgoing'), ('create_date', '<=', now - datetime.timedelta(seconds={settle})),
    '|', ('scheduled_date', '=', False), ('scheduled_date', '<=', now),
]
{commit}
def find(name, domain):
    try:
        return model.search(due + domain, order='id').ids
    except Exception as error:  # for example, a field was removed; the last lane then takes these mails
        env.cr.rollback()
        say('error', 'Mail queue: the domain of lane %s is not valid: %r' % (name, error))
        return []
def send(mails):
    try:
        mails.send(auto_commit=True)
        return ''
    except Exception as error:  # for example, the server closed the connection
        return '%r' % error
def keep():
    # Odoo has marked the interrupted mail as failed. Without a commit it would be the first mail of the next run, and stop all others again.
    try:
        env.cr.commit()
        return ''
    except Exception as error:  # Odoo could not store the reason of a failure
        env.cr.rollback()
        return '%r' % error
def way(mail):
    return (mail.mail_server_id.id, mail.email_from)
def domain_way(one):
    return (one[0], (one[1] or '').rpartition('@')[2].strip('> '))
def is_held(mail):
    # If sending stops at several senders of a domain, the server of that domain is broken.
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
        # One sender at a time. Otherwise an error of one sender could roll back the stored state of another sender's mail that was sent.
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
        if left:  # mails of other servers and senders are still sent
            held.append(current)
            held_domains.append(domain_way(current))
"""

# The number of mails in one connection. At one second for each mail, this is well within Odoo's limit for a job.
_AT_ONCE = 25
# If sending stops at this number of senders of one domain, the other mails of the domain wait for the next run.
SENDERS_OF_DOMAIN = 3
# If sending stops at this number of domains, the run ends.
BROKEN_DOMAINS = 10

# The beginning of the reason of a mail at which Odoo was interrupted. Up to 18.0 also of a mail without a recipient.
INTERRUPTED = "Error without exception"

_BACKOFF = '''\
# From 20.0 on partners can be in copy.
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
# The attempts for each mail that was queued again, including the one that it is queued for. Negative: the mail is not retried.
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
    # Mails that another program has given up after fewer attempts are still retried here.
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
        say('info', 'Mail queue: %s mails with transient failures are queued again' % len(again))
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
    # As the superuser, because administrators cannot delete a mail without a document.
    mails = model.sudo().search(domain + [('id', '>', last_id)], order='id', limit=500)
    if not mails:
        break
    last_id = mails.ids[-1]
    if not purge(mails):  # one mail can prevent the deletion of all
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
                'Mail queue: its scheduled action is gone', 'The scheduled action %s was deleted. Upgrade the addon mail to create it again.' % xml_id,
            ))
        continue
    try:
        wrong = ''
        interval = dateutil.relativedelta.relativedelta(**{{cron.interval_type: cron.interval_number}})
        if not cron.active:
            # A check whether it is running changes write_date too. Then a missed run shows for how long it was inactive.
            wrong = 'was inactive' if min(cron.write_date, cron.nextcall) <= now - patience else ''
        elif cron.nextcall < now - patience:
            wrong = 'was overdue'
        elif cron.nextcall > now + interval + patience:
            wrong = 'was put off'
        if wrong:
            planned = cron.nextcall
            values = {{'active': True, 'nextcall': now}}
            if 'numbercall' in cron and not cron.numbercall:  # up to 17.0: the number of runs that are left
                values['numbercall'] = -1
            cron.write(values)
            env.cr.commit()
            alerts.append((
                'Mail queue: %s %s' % (cron.name, wrong),
                'Its next run was planned for %s UTC. It is active again and runs now.' % planned,
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
            # Send at once: crons put messages into the queue, and the alert is about the queue.
            target.with_context(mail_notify_force_send=True).{method}(subject=subject, body='%s. %s' % (subject, text), {more})
        env.cr.commit()
    except Exception as error:
        env.cr.rollback()
        say('error', 'Mail queue: the alert could not be sent: %r' % error)
"""


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
    """Return code that retries mails with transient failures, after a delay that doubles with each attempt. All delays are in minutes.

    A mail that failed at the age of n minutes is retried n minutes later.
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
    """Return code that cancels mails that have been due for a number of days."""
    return _finished("stale", _STALE.format(days=days, commit=_COMMIT))


def purge_code(days: int) -> str:
    """Return code that deletes failed and cancelled mails without a change for a number of days."""
    return _finished("purge", _PURGE.format(days=days, commit=_COMMIT))


def watchdog_code(*, max_overdue: int, max_outgoing: int | None, listener: Listener | None) -> str:
    """Return code that activates and reschedules the crons of the queue and of the policy, and sends alerts about that.

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
    body = _SAY + body
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
