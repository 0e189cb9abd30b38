# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of settings in Odoo that cannot have the intended effect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Observation, Record
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import AddressListField
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    MAILING_SERVER_KEY,
    ignored_parameters,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import address_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import place
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

# Programs and services that accept mail and show it to developers. Mailtrap has other hosts that deliver.
_CATCHER = re.compile(
    r"(.*[._-])?(mailhog|mailpit|mailcatcher|maildev|smtp4dev|inbucket)([._-].*|\d*)|(sandbox\.)?smtp\.mailtrap\.io|smtp\.ethereal\.email",
    re.IGNORECASE,
)
# Odoo's demonstration data and the names that RFC 2606 §3 reserves.
_SAMPLE_DOMAINS = frozenset(
    {"example.com", "example.net", "example.org", "yourcompany.com", "yourcompany.example.com", "mycompany.com"}
)
# Sources of addresses that a human sets for the whole instance.
_OF_INSTANCE = re.compile(r"company |user admin$|alias domain ")


def check_catcher(server: Record) -> Iterator[Finding]:
    """Yield a finding if a mail server catches mail for tests."""
    if server["smtp_authentication"] == "cli" or server["leads_nowhere"]:
        return
    host, port = str(server["smtp_host"] or ""), server["smtp_port"]
    if _CATCHER.fullmatch(host):
        yield Finding(
            "test_catcher",
            f"{server['name']!r} sends to {place(host, port)}, a program or service that catches test mail.",
            about_server(server),
        )


def check_mailing_server(seen: Observation) -> Iterator[Finding]:
    """Yield a finding if Email Marketing cannot use its default mail server."""
    value = seen.parameters.get(MAILING_SERVER_KEY, "")
    if not value or value in ("False", "0"):
        return
    server = next((one for one in seen.servers if str(one["id"]) == value), None)
    if server is None:
        problem = "which does not exist"
    elif server.get("owner_user_id"):
        problem = f"{server['name']!r}, which belongs to a user and accepts only that user's mail"
    elif not server["active"]:
        problem = f"{server['name']!r}, which is archived"
    else:
        return
    evidence = f"The system parameter {MAILING_SERVER_KEY} is {value}: a mail server {problem}."
    yield Finding("mailing_server_unusable", evidence, about_parameter(MAILING_SERVER_KEY))


def check_filters(seen: Observation) -> Iterator[Finding]:
    """Yield a finding for each mail server with entries of `from_filter` that match no sender."""
    several = all(one.several for one in seen.rules)
    for server in seen.shared_servers:
        lost = AddressListField.unmatched(server["from_filter"], several=several)
        if lost:
            evidence = f"{server['name']!r}: from_filter is {server['from_filter']!r}. These entries match no sender: {some(map(repr, lost))}."
            yield Finding("from_filter_unmatched", evidence, about_server(server))


def check_ignored_parameters(seen: Observation) -> Iterator[Finding]:
    """Yield a finding for each system parameter that this version of Odoo does not read."""
    ignored = ignored_parameters(has_alias_domains=seen.alias_domains is not None)
    for key in sorted(ignored & {key for key, value in seen.parameters.items() if value}):
        yield Finding("parameter_ignored", f"{key} is {seen.parameters[key]!r}.", about_parameter(key))


def check_sample_addresses(seen: Observation) -> Iterator[Finding]:
    """Yield a finding about addresses of Odoo's demonstration data. Nobody of this instance receives mail at them."""
    samples = [
        sender
        for sender in seen.senders
        if _OF_INSTANCE.match(sender.source) and address_of(sender.address).partition("@")[2] in _SAMPLE_DOMAINS
    ]
    if samples:
        yield Finding("sample_address", f"{some(f'{one.address} ({one.source})' for one in samples)}.")


def about_server(server: Record) -> dict[str, object]:
    """Return a mail server as the resource of a finding."""
    return {"model": MAIL_SERVER.model, "id": server["id"], "name": server["name"], "xml_id": server["xml_id"]}


def about_parameter(key: str) -> dict[str, object]:
    """Return a system parameter as the resource of a finding."""
    return {"model": "ir.config_parameter", "id": None, "name": key}
