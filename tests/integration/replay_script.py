# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in `odoo shell` after routing_script.py: it answers a test's requests about the mails that Odoo would send at
that moment.
"""

import functools
import json
import pathlib
import smtplib
import time


def serve(env, folder, recorder, sent):
    """Answer the requests `<number>.request` in a folder with `<number>.answer`, until one ends the server. Both are
    JSON.

    :param recorder: replaces `smtplib.SMTP`, and records in `sent` the mails that Odoo would send.
    """
    smtplib.SMTP = recorder
    answers = {"fill": fill, "bind": bind, "send": functools.partial(send_again, sent)}
    folder = pathlib.Path(folder)
    number = 0
    while True:
        request = folder / f"{number}.request"
        while not request.exists():
            time.sleep(0.005)
        asked = json.loads(request.read_text())
        if asked["do"] == "stop":
            return
        env.cr.rollback()
        env.invalidate_all()
        (getattr(env.registry, "clear_all_caches", None) or env.registry._clear_cache)()
        answer = answers[asked.pop("do")](env, **asked)
        written = folder / "answer.tmp"
        written.write_text(json.dumps(answer))
        written.rename(folder / f"{number}.answer")
        number += 1


def fill(env, messages, companies, own):
    """Add companies and messages that have notified somebody by email; return the ids of the messages.

    A message has `email_from`, `company` (a name, or none) and `by_admin` (whether the administrator wrote it, or OdooBot).

    :param own: the administrator's address, to have a mail server of the administrator's own for.
    """
    of_name = {name: env["res.company"].create({"name": name}) for name in companies}
    env.company.name = "main"
    of_name["main"] = env.company
    admin = env.ref("base.user_admin")
    if "owner_user_id" in env["ir.mail_server"]._fields:
        admin.email = own
        values = {"name": "Own", "smtp_host": "Own", "from_filter": own, "smtp_user": own, "owner_user_id": admin.id}
        env["ir.mail_server"].create(values)
    partner = env["res.partner"].create({"name": "Recipient", "email": "recipient@elsewhere.example"})
    ids = []
    for one in messages:
        writer = admin if one["by_admin"] else env.user
        values = {"model": "res.partner", "res_id": partner.id, "body": "Made up", "message_type": "comment"}
        if one["company"] and "record_company_id" in env["mail.message"]._fields:
            values["record_company_id"] = of_name[one["company"]].id
        message = env["mail.message"].with_user(writer).sudo().create(values)
        message.email_from = one["email_from"]
        notification = {"mail_message_id": message.id, "res_partner_id": partner.id, "notification_type": "email"}
        env["mail.notification"].create({**notification, "notification_status": "sent"})
        ids.append(message.id)
    env.cr.commit()
    env.registry.signal_changes()
    return ids


def bind(env, servers):
    """Let messages name a mail server, by their ids."""
    for message, server in servers.items():
        env["mail.message"].browse(int(message)).mail_server_id = server
    env.cr.commit()
    return


def send_again(sent, env, ids):
    """Return the mails that Odoo would send now for messages like these: the host of the server and the From.

    A mail that Odoo cannot send has None.
    """
    return {message.id: send_like(sent, env, message) for message in env["mail.message"].browse(ids)}


def send_like(sent, env, message):
    """Return the mail that Odoo would send for a new mail like a message; all changes are undone."""
    values = {"mail_server_id": message.mail_server_id.id, "auto_delete": False}
    if "record_company_id" in message._fields and message.record_company_id:
        company = message.record_company_id
        values["record_company_id"] = company.id
        values["record_alias_domain_id"] = company.alias_domain_id.id
    sent.clear()
    with env.cr.savepoint(flush=True) as savepoint:
        try:
            mail = (
                env["mail.mail"]
                .with_user(message.create_uid)
                .sudo()
                .create(
                    {
                        "subject": str(message.id),
                        "body_html": "<p>Made up</p>",
                        "email_from": message.email_from,
                        "email_to": "recipient@elsewhere.example",
                        **values,
                    }
                )
            )
            mail.email_from = message.email_from
            mail.send()
        except Exception as error:
            # A personal server of another user is refused in this way, and the mail gets no state.
            if "server" not in str(error):
                raise
        savepoint.rollback()
    env.invalidate_all()
    return {"host": sent[0]["host"], "from": sent[0]["from"]} if sent else None
