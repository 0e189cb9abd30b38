# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in `odoo shell`: Odoo sends mail after mail, up to the call of smtplib."""

import smtplib

sent = []


class Recorder:
    """A replacement of `smtplib.SMTP` that records the mails that Odoo would send, and the host."""

    def __init__(self, host, port, timeout=None):
        self.host = host

    def set_debuglevel(self, level):
        pass

    def ehlo_or_helo_if_needed(self):
        pass

    def login(self, user, password):
        pass

    def quit(self):
        pass

    def send_message(self, message, sender, recipients):
        sent.append(
            {"mail": int(message["Subject"]), "host": self.host, "from": str(message["From"]), "envelope": sender}
        )


def send_all(env, scenarios):
    """Return the mails that Odoo would send for each scenario. Everything is rolled back.

    `env` is Odoo's environment. The keys of a scenario:

    - `servers`: values of records, with the position in the list as the host
    - `notifications`, `bounce`, `config_filter`, `personal`, `senders`
    - `of_record`: whether the mail's record has an alias domain of its own
    """
    smtplib.SMTP = Recorder
    answers = []
    for scenario in scenarios:
        with env.cr.savepoint(flush=True) as savepoint:
            answers.append(send(env, scenario))
            savepoint.rollback()
        env.invalidate_all()
        clear = getattr(env.registry, "clear_all_caches", None) or env.registry._clear_cache
        clear()
    return answers


def send(env, scenario):
    """Return the mails that Odoo would send for one scenario, by their positions in `senders`; None for a mail that
    cannot be sent.
    """
    writer = env.ref("base.user_admin")
    env["ir.mail_server"].search([]).unlink()
    for place, values in enumerate(scenario["servers"]):
        if values.get("owner_user_id") and "owner_user_id" in env["ir.mail_server"]._fields:
            # A server belongs to the writer if all of these agree.
            writer.email = values["from_filter"]
            values |= {"owner_user_id": writer.id, "smtp_user": writer.email}
        env["ir.mail_server"].create({**values, "smtp_host": str(place)})
    parameters = env["ir.config_parameter"]
    local, _at, name = scenario["bounce"].partition("@")
    of_record = {}
    if "mail.alias.domain" in env:
        env["mail.alias.domain"].search([]).unlink()
        domain = env["mail.alias.domain"]
        if scenario["bounce"]:
            # Their own checks (aliases, personal servers) are not examined.
            values = {"name": name, "bounce_alias": local, "default_from": scenario["notifications"]}
            domain = domain.create(values)
        env.company.alias_domain_id = domain if not scenario["of_record"] else False
        of_record = {"record_alias_domain_id": domain.id if scenario["of_record"] else False}
    else:
        parameters.set_param("mail.catchall.domain", name)
        parameters.set_param("mail.bounce.alias", local)
        parameters.set_param("mail.default.from", scenario["notifications"])
    parameters.set_param("mail.default.from_filter", scenario["config_filter"])
    parameters.set_param("mail.disable_personal_mail_servers", not scenario["personal"])
    mails = (
        env["mail.mail"]
        .with_user(writer)
        .sudo()
        .create(
            [
                {
                    "subject": str(place),
                    "body_html": "<p>Made up</p>",
                    "email_from": sender,
                    "email_to": "recipient@elsewhere.example",
                    **of_record,
                    "auto_delete": False,
                }
                for place, sender in enumerate(scenario["senders"])
            ]
        )
    )
    # If a mail has no sender, Odoo sets the writer as the sender; a mail of Odoo itself has no writer.
    for mail, sender in zip(mails, scenario["senders"], strict=True):
        mail.email_from = sender
    sent.clear()
    mails.send()
    answers = dict.fromkeys(range(len(scenario["senders"])))
    for one in sent:
        answers[one["mail"]] = {
            "server": int(one["host"]) if one["host"].isdigit() else None,
            "from": one["from"],
            "envelope": one["envelope"],
        }
    return [answers[place] for place in sorted(answers)]
