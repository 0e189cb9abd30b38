# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is worth a look before it is declared for good. Sentences hold no time and no id: the same instance comes to the same file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    OF_ALIAS_DOMAINS,
    READ_BY_NOBODY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_providers import PROVIDERS, provider_of

# Right names that the providers' own pages do not have, and that look like those which they have.
_OTHER_HOSTS = frozenset({"smtp.outlook.com", "smtp.googlemail.com", "smtp-relay.gmail.com", "smtp.live.com"})
_CLOSE = 0.85
_TLS_FROM_THE_START = 465
_UPGRADED = (25, 587, 2525)
# At odds with what nearly every server expects: by encryption, the ports.
_ODD = {"none": (_TLS_FROM_THE_START, 587), "starttls": (_TLS_FROM_THE_START,), "ssl": _UPGRADED}
# What the doctor finds of the whole instance.
_GENERAL = frozenset({"neutralized", "no_active_server", "addons_pending"})
# What is said here of the value itself, is of the minute, or is about where the record stands among others that a declaration does not have.
_SAID_HERE = frozenset({"cron_disabled", "cron_auto_disabled", "cron_overdue_no_worker", "cron_overdue_running"})
_OPTIONS = {
    "alias_domain_missing": "companies",
    "batch_size_extreme": "code",
    "cron_code_changed": "code",
    "cron_far_future": "interval_number",
    "default_from_missing": "default_from",
    "duplicate_servers": "smtp_host",
    "oauth_not_connected": "smtp_authentication",
    "plaintext_password": "smtp_encryption",
    "unverified_tls": "smtp_encryption",
}


def of_findings(findings: Iterable[Finding]) -> Iterator[tuple[Finding, tuple[str, int] | None, str | None]]:
    """The doctor's findings that a declaration is about, each with its record (model and id) and option; None for the whole instance."""
    for finding in findings:
        record = finding.resource or {}
        if finding.id in _GENERAL:
            yield finding, None, None
        elif finding.id not in _SAID_HERE and record.get("id"):
            yield finding, (record["model"], record["id"]), _OPTIONS.get(finding.id)


def of_server(values: Mapping[str, Any], *, namesake: bool) -> Iterator[tuple[str | None, str]]:
    """Of a mail server, as it was read: the options, and what is odd about each.

    :param namesake: whether another server bears its name.
    """
    if namesake:
        yield (
            "xml_id",
            "another mail server bears the same name, and only the external id tells them apart",
        )
    if not values["active"]:
        yield "active", "it is archived, and sends nothing"
    if not values.get("from_filter"):
        yield (
            "from_filter",
            "without one it takes mail of any sender that no other server is for, its From rewritten to the notifications address",
        )
    if values.get("smtp_debug"):
        yield "smtp_debug", "it writes the whole dialogue to Odoo's log; meant to find an error, not to stay"
    if values["smtp_authentication"] == "cli":  # the rest is of odoo.conf
        return
    yield from _of_host(str(values.get("smtp_host") or ""))
    port, encryption = values.get("smtp_port"), str(values["smtp_encryption"]).removesuffix("_strict")
    if port in _ODD.get(encryption, ()):
        expected = "ssl" if port == _TLS_FROM_THE_START else "starttls"
        yield "smtp_encryption", f"port {port} usually takes {expected}, and this is {values['smtp_encryption']}"
    if values["smtp_authentication"] == "login":
        yield from _of_login(values.get("smtp_user") or "", values.get("smtp_pass") or "")


def _of_host(host: str) -> Iterator[tuple[str, str]]:
    if not host:
        yield "smtp_host", "it is empty, and Odoo cannot connect"
    elif provider_of(host) is None and host.lower() not in _OTHER_HOSTS:
        meant = difflib.get_close_matches(host.lower(), [provider.host for provider in PROVIDERS.values()], 1, _CLOSE)
        if meant:
            yield "smtp_host", f"is {meant[0]} meant?"


def _of_login(user: str, password: str) -> Iterator[tuple[str, str]]:
    if user and user == password:
        yield "smtp_pass", "it is the same as smtp_user"
    elif user and not password:
        yield "smtp_pass", "there is a user and no password"
    elif password and not user:
        yield "smtp_user", "there is a password and no user, and Odoo does not log in"


def of_cron(values: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Of a scheduled action."""
    if not values["active"]:
        yield "active", "it is inactive, and does not run"
    if values.get("numbercall", -1) == 0:
        yield "active", "it has no runs left (numbercall is 0)"
    elif values.get("numbercall", -1) > 0:
        yield "active", "it runs only a few more times (numbercall counts down), which is left out"


def of_parameter(key: str, value: str, *, has_alias_domains: bool) -> Iterator[str]:
    """Of a system parameter."""
    if has_alias_domains and key in OF_ALIAS_DOMAINS:
        yield "this Odoo takes it from the alias domain, and ignores the parameter"
    if key in READ_BY_NOBODY:
        yield "no version of Odoo reads it"
    if key == "mail.default.from_filter":
        yield "it is only for the server of odoo.conf, which Odoo uses where the database has none"
    if "size" in key.rpartition(".")[2] and not value.strip().isdigit() and key != "base.default_max_email_size":
        yield "it is no number, and whatever reads it fails"
