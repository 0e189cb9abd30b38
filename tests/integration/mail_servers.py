# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail servers that log in to the lab's SMTP servers in different ways: as options of the collection, and as records in
Odoo.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instance import LabInstance
from lab import Lab
from playbook import Result, ansible_playbook, play

Options = dict[str, Any]

# The prefix of the names of fields and parameters of each provider's addon.
PREFIX = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}


def password_server(lab: Lab, smtp_name: str, **changed: Any) -> Options:
    """Return a server that logs in with a password to an SMTP server that requires one."""
    smtp = lab.smtp[smtp_name]
    return {
        "name": smtp_name,
        "smtp_authentication": "login",
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_encryption": smtp.encryption,
        "smtp_user": smtp.user or "",
        "smtp_pass": smtp.password or "",
        "from_filter": "sender@lab.example",
        **changed,
    }


def oauth2_server(lab: Lab, method: str, *, oauth2: Mapping[str, Any], **changed: Any) -> Options:
    """Return a server that logs in with a token, with a separate client."""
    smtp = lab.smtp["xoauth2"]
    client = {"client_id": f"{method}-client-id", "client_secret": f"{method}-client-secret-made-up"}
    return {
        "name": method,
        "smtp_authentication": method,
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_encryption": "starttls",
        "smtp_user": smtp.user,
        "from_filter": smtp.user,
        "oauth2": {**client, **oauth2},
        **changed,
    }


def certificate_server(instance: LabInstance, name: str, certificate: str, private_key: str) -> Options:
    """Return a server that logs in with a client's certificate."""
    lab = instance.lab
    smtp = lab.smtp["client_certificate"]
    return {
        "name": name,
        "smtp_authentication": "certificate",
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_encryption": instance.strict("starttls"),
        "smtp_ssl_certificate": certificate,
        "smtp_ssl_private_key": private_key,
        "from_filter": "client@lab.example",
    }


def token_fields(method: str) -> tuple[str, str, str]:
    """Return the fields of the refresh token, the access token, and its expiry."""
    prefix = PREFIX[method]
    return f"{prefix}_refresh_token", f"{prefix}_access_token", f"{prefix}_access_token_expiration"


def stored(instance: LabInstance, name: str) -> dict[str, Any]:
    """Return all credentials of a server that Odoo stores."""
    fields = ("active", "smtp_authentication", "smtp_user", "smtp_pass", "from_filter")
    tokens = tuple(field for method in PREFIX for field in token_fields(method))
    (record,) = instance.read("ir.mail_server", ["name", "=", name], fields=fields + tokens)
    return record


def write(instance: LabInstance, name: str, values: Mapping[str, Any]) -> None:
    """Change a server without the collection."""
    with instance.session() as session:
        session.write("ir.mail_server", [stored(instance, name)["id"]], values)


def give_access_token(instance: LabInstance, name: str, method: str, token: str, *, seconds: int = 3600) -> None:
    """Store an access token as if the provider had just issued it, so that Odoo calls no service until it expires."""
    _refresh_token, access_token, expiration = token_fields(method)
    write(instance, name, {access_token: token, expiration: int(time.time()) + seconds})


def run_tasks(instance: LabInstance, folder: Path, tasks: Mapping[str, Options]) -> dict[str, Result]:
    """Run tasks by their names, each with any result of the previous ones; return the results by the same names."""
    run = ansible_playbook(
        folder,
        [
            play(
                *({"name": name, **task} for name, task in tasks.items()),
                module_defaults={"group/postmaster.odoo.odoo": instance.options()},
                ignore_errors=True,
            )
        ],
        *("--inventory", "localhost,"),
    )
    assert run.exit_code == 0, run.output
    return run.results


def run_task(instance: LabInstance, folder: Path, module: str, options: Options, **keywords: Any) -> Result:
    """Run one task, and return its result."""
    return run_tasks(instance, folder, {"task": {f"postmaster.odoo.{module}": options, **keywords}})["task"]
