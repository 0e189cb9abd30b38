# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance that was configured manually, with everything that an export must support, and the secrets in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from instance import LabInstance
from inventory import run_on
from playbook import Run, ansible_playbook, play

# Made up. They may appear only in encrypted files.
SECRETS = {
    "smtp_pass": "made-up {{ password }} \"with\" 'quotes'\\ & $ymbols",
    "same": "made-up-user-and-password",
    "gmail_token": "1//made-up-gmail-refresh-token",
    "outlook_token": "0.made-up-outlook-refresh-token",
    "google_secret": "made-up-google-client-secret",
    "microsoft_secret": "made-up-microsoft-client-secret",
    "parameter": "smtp://relay:made-up-password-in-a-url@relay.invalid",
    "in_code": "made-up-token-in-code",
}

OWN_CODE = """\
# Büro: tells {{ nobody }} of it
mails = model.search([('state', '=', 'exception')])
if mails:
    log('%s mails: "failed"' % len(mails))

    mails.mark_outgoing()
"""

PARAMETERS = {
    "mail.session.batch.size": "500",
    "mail.server.note": "yes",
    "mail.server.braces": "{{ not_a_template }} {% neither %}",
    "mail.server.lines": "one: 1\n  two # 2\n\nthree\n",
    "mail.server.odd": " \t'\"\\ éà☃ \u2028 ",
    "mail.server.long": "a word and another one " * 30 + "end",
    "google_gmail_client_id": "made-up-google-client",
    "google_gmail_client_secret": SECRETS["google_secret"],
    "microsoft_outlook_client_id": "made-up-microsoft-client",
    "microsoft_outlook_client_secret": SECRETS["microsoft_secret"],
    "mail.smtp.fallback": SECRETS["parameter"],
}

ALIAS_DOMAINS = [
    {
        "name": "acme.example",
        "bounce_alias": "returns",
        "default_from": "notifications",
        "companies": ["base.main_company"],
    },
    {"name": "second.example", "xml_id": "postmaster.second", "sequence": 5, "companies": ["Zweite & Söhne: GmbH"]},
]

OAUTH2 = {"smtp_port": 587, "smtp_encryption": "starttls", "active": True}


def servers(database: LabInstance) -> list[dict[str, Any]]:
    """Return mail servers of every kind that the instance has."""
    lab = database.lab
    pems = {name: lab.description["smtp"][f"client_{name}"] for name in ("certificate", "private_key")}
    return [
        {
            "name": "Transactional",
            "smtp_host": "smtp.provider.example",
            "smtp_port": 587,
            "smtp_encryption": "none",
            "smtp_user": "apikey",
            "smtp_pass": SECRETS["smtp_pass"],
            "from_filter": "acme.example, Sales@acme.example" if database.takes_sender_lists else "acme.example",
            "smtp_debug": True,
            **({"max_email_size": 12.5} if database.offers("ir.mail_server", "max_email_size") else {}),
        },
        {
            "name": "Gmail {{ braces }}",
            "smtp_authentication": "gmail",
            "smtp_host": "smtp.gmial.com",
            "smtp_user": "sales@acme.example",
            "from_filter": "sales@acme.example",
            "oauth2": {"refresh_token": SECRETS["gmail_token"]},
            **OAUTH2,
        },
        {
            "name": "Outlook",
            "xml_id": "postmaster.outlook",
            "smtp_authentication": "outlook",
            "smtp_host": "smtp.office365.com",
            "smtp_user": "support@acme.example",
            "from_filter": "support@acme.example",
            "oauth2": {"refresh_token": SECRETS["outlook_token"]},
            **OAUTH2,
        },
        {
            "name": "Zertifikat: ☃ #1",
            "smtp_authentication": "certificate",
            "smtp_host": "mail.invalid",
            "smtp_encryption": database.strict("starttls"),
            "smtp_ssl_certificate": pems["certificate"],
            "smtp_ssl_private_key": pems["private_key"],
            "from_filter": "client@lab.example",
        },
        {
            "name": "yes",
            "active": False,
            "smtp_host": "old.invalid",
            "smtp_user": SECRETS["same"],
            "smtp_pass": SECRETS["same"],
        },
        {"name": "Relay", "xml_id": "postmaster.relay", "sequence": 90, "smtp_host": "localhost", "smtp_port": 25},
    ]


CRONS = [
    {"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 5, "interval_type": "minutes"},
    {"xml_id": "mass_mailing.ir_cron_mass_mailing_queue", "active": False, "priority": 3},
    {
        "name": "Fehlerhafte E-Mails: nochmal",
        "model": "mail.mail",
        "code": OWN_CODE,
        "interval_number": 2,
        "user": "admin",
    },
    {
        "name": "Push",
        "xml_id": "postmaster.push",
        "model": "mail.mail",
        "code": f"token = '{SECRETS['in_code']}'\nlog(len(token))",
        "active": True,
    },
]

POLICY = {
    "lanes": [
        {
            "name": "accounts",
            "domain": "[('model', '=', 'res.users'), '|', ('id', '>', 5), ('id', 'in', [1, 2])]",
            "batch": 50,
        },
        {"name": "it's the rest", "batch": 20},
    ],
    "interval": 5,
    "settle": 30,
    "backoff": {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
    "stale_after": 7,
    "purge_after": 90,
    "watchdog": {"enabled": True, "interval": 5, "max_overdue": 30, "max_outgoing": 500, "user": "admin"},
}


def add_company(database: LabInstance) -> None:
    """Create the company that a declaration refers to."""
    with database.session() as session:
        session.create("res.company", [{"name": "Zweite & Söhne: GmbH"}])


def furnish(database: LabInstance) -> None:
    """Create every kind of record, and a user's personal server."""
    add_company(database)
    stack = {"parameters": PARAMETERS, "alias_domains": ALIAS_DOMAINS, "servers": servers(database), "crons": CRONS}
    database.enforce(database.fitted(stack), unmanaged="ignore")
    with database.session() as session:
        enforce(session, [QUEUE_POLICY.declare(POLICY)], RunOptions())
        admin = session.search_read("res.users", [["login", "=", "admin"]], ["login"])[0]["id"]
        own = {"name": "Personal", "owner_user_id": admin, "smtp_host": "mail.invalid", "smtp_pass": "made-up-personal"}
        if "owner_user_id" in session.fields("ir.mail_server"):
            session.create("ir.mail_server", [own])
    still(database)


def still(database: LabInstance) -> None:
    """Set the next runs of all crons so that none runs and none is overdue."""
    database.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '50 minutes' WHERE nextcall > '2080-01-01'"
    )
    database.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '1 minute'; DELETE FROM ir_cron_trigger"
    )


class Adoption:
    """A folder with an inventory of one host, and runs on it."""

    def __init__(self, folder: Path, host: str, database: LabInstance) -> None:
        self.folder = folder
        self.host = host
        self.database = database
        self.variables = {f"odoo_{name}": value for name, value in database.quick_options().items()}
        self.password = folder / "vault-password"
        folder.mkdir(parents=True, exist_ok=True)
        self.password.write_text("made-up-vault-password")

    @property
    def host_vars(self) -> Path:
        return self.folder / "host_vars" / self.host

    def run(
        self, playbook: str, *arguments: str, environment: Mapping[str, str] | None = None, **variables: Any
    ) -> Run:
        """Run a playbook of the collection, with the vault password if there is one."""
        given = ["--vault-password-file", str(self.password)] if self.password.exists() else []
        hosts = {self.host: self.variables}
        return run_on(self.folder, playbook, hosts, *given, *arguments, environment=environment, **variables)

    def enforce(self, *arguments: str) -> Run:
        """Enforce the declarations of the inventory: the stack, then the queue policy."""
        roles = [
            {"role": "postmaster.odoo.provision"},
            {"role": "postmaster.odoo.queue_policy", "when": "odoo_queue_lanes is defined"},
        ]
        given = ["--vault-password-file", str(self.password)]
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {self.host: self.variables}}}))
        return ansible_playbook(self.folder, [play(roles=roles)], "--inventory", "inventory.json", *given, *arguments)

    def text(self, name: str) -> str:
        """Return a file of the host."""
        return (self.host_vars / name).read_text()

    def secrets(self) -> dict[str, str]:
        """Return the decrypted secrets of the vault file."""
        vault = VaultLib([("default", VaultSecret(self.password.read_bytes()))])
        return dict(yaml.safe_load(vault.decrypt(self.text("vault.yml")).decode().replace("!unsafe ", "")))
