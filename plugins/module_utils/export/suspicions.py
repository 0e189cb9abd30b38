# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remarks on settings that should be checked before they are declared. Sentences contain no time and no id, so the same instance gives the same file."""

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

# Correct names that look similar to a provider's documented name but are not in its documentation.
_OTHER_HOSTS = frozenset({"smtp.outlook.com", "smtp.googlemail.com", "smtp-relay.gmail.com", "smtp.live.com"})
_CLOSE = 0.85
_TLS_FROM_THE_START = 465
_UPGRADED = (25, 587, 2525)
# Ports that hardly any server expects with an encryption.
_ODD = {"none": (_TLS_FROM_THE_START, 587), "starttls": (_TLS_FROM_THE_START,), "ssl": _UPGRADED}
# Findings of the doctor about the whole instance.
_GENERAL = frozenset({"neutralized", "no_active_server", "addons_pending"})
# Findings that this file covers itself, that soon change, or that compare the record with others outside the declaration.
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
    """Yield the doctor's findings about declarations, each with its record (model and id) and option; None for the whole instance."""
    for finding in findings:
        record = finding.resource or {}
        if finding.id in _GENERAL:
            yield finding, None, None
        elif finding.id not in _SAID_HERE and record.get("id"):
            yield finding, (record["model"], record["id"]), _OPTIONS.get(finding.id)


def of_server(values: Mapping[str, Any], *, namesake: bool) -> Iterator[tuple[str | None, str]]:
    """Yield the suspicious options of a mail server, with the reasons.

    :param namesake: whether another server has the same name.
    """
    if namesake:
        yield (
            "xml_id",
            "another mail server has the same name, and only the external ID distinguishes them",
        )
    if not values["active"]:
        yield "active", "it is archived, so it sends nothing"
    elif not values.get("from_filter"):
        yield (
            "from_filter",
            "it is empty, so this server sends the mail of every sender without a server of its own. Odoo then changes From to the notifications address",
        )
    if values.get("smtp_debug"):
        yield "smtp_debug", "it writes the whole SMTP dialog to Odoo's log. Use it only to find an error"
    if values["smtp_authentication"] == "cli":  # the other settings come from odoo.conf
        return
    yield from _of_host(str(values.get("smtp_host") or ""))
    port, encryption = values.get("smtp_port"), str(values["smtp_encryption"]).removesuffix("_strict")
    if port in _ODD.get(encryption, ()):
        expected = "ssl" if port == _TLS_FROM_THE_START else "starttls"
        yield (
            "smtp_encryption",
            f"port {port} usually needs {expected}, but smtp_encryption is {values['smtp_encryption']}",
        )
    if values["smtp_authentication"] == "login":
        yield from _of_login(values.get("smtp_user") or "", values.get("smtp_pass") or "")


def _of_host(host: str) -> Iterator[tuple[str, str]]:
    if not host:
        yield "smtp_host", "it is empty, so Odoo cannot connect"
    elif provider_of(host) is None and host.lower() not in _OTHER_HOSTS:
        meant = difflib.get_close_matches(host.lower(), [provider.host for provider in PROVIDERS.values()], 1, _CLOSE)
        if meant:
            yield "smtp_host", f"this looks like a typing error: did you mean {meant[0]}?"


def _of_login(user: str, password: str) -> Iterator[tuple[str, str]]:
    if user and user == password:
        yield "smtp_pass", "it is the same as smtp_user"
    elif user and not password:
        yield "smtp_pass", "there is a user but no password"
    elif password and not user:
        yield "smtp_user", "there is a password but no user, so Odoo does not log in"


def of_cron(values: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Yield the suspicious options of a cron, with the reasons."""
    if not values["active"]:
        yield "active", "it is inactive, so it does not run"
    if values.get("numbercall", -1) == 0:
        yield "active", "it has no runs left (numbercall is 0)"
    elif values.get("numbercall", -1) > 0:
        yield "active", "it runs only a few more times, because numbercall counts down. numbercall is left out"


def of_parameter(key: str, value: str, *, has_alias_domains: bool) -> Iterator[str]:
    """Yield the reasons why a system parameter is suspicious."""
    if has_alias_domains and key in OF_ALIAS_DOMAINS:
        yield "this Odoo uses the setting of the alias domain, and ignores the parameter"
    if key in READ_BY_NOBODY:
        yield "no version of Odoo reads it"
    if key == "mail.default.from_filter":
        yield "it applies only to the mail server of odoo.conf, which Odoo uses if the database has none"
    if "size" in key.rpartition(".")[2] and not value.strip().isdigit() and key != "base.default_max_email_size":
        yield "it is not a number, so code that reads it fails"
