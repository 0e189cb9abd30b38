# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The templates of the code that jobs.py generates.

It has the restrictions of all code that Odoo runs (rpc/server_action.py). It commits results before it logs anything, because 20.0 can reject
a call of the logger.

Every job commits each batch. No job starts another batch after one minute, because Odoo kills a job after two minutes.
"""

from __future__ import annotations

# From 19.0 on a killed job does not count as failed if it has reported its progress.
COMMIT = """\
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
SAY = """\
def say(level, text):
    try:
        {'info': _logger.info, 'warning': _logger.warning, 'error': _logger.error}[level]('%s', text)
    except Exception:
        log(text, level=level)
"""

LANES = """\
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

BACKOFF = '''\
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

STALE = """\
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

PURGE = """\
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

WATCHDOG = """\
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

BACKLOG = """\
waiting = model.search_count([
    ('state', '=', 'outgoing'), '|', ('scheduled_date', '=', False), ('scheduled_date', '<=', now),
])
if waiting > {max_outgoing}:
    alerts.append(('Mail queue: more than {max_outgoing} mails wait', '%s mails are due and not sent.' % waiting))
"""

TELL = """\
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
