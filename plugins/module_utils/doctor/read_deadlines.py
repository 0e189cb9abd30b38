# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read when API keys, certificates and tokens expire, and the dates that a user declares. It takes three calls for an instance of any size."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.own_keys import API_KEY, read_own_keys
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.deadline import Deadline
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Observation, Record
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.settings_checks import about_server
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import (
    CLIENT_SECRET_EXPIRES,
    PASSWORD_ROTATE_BY,
    declared_end,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS, OAuth2Method
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.certificates import UNREADABLE, described
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.pem import first_certificate
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import place

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import Records
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_CERTIFICATE = "smtp_ssl_certificate"
# The kind of the deadline, its subject, and the worst severity, for each date that a mail server declares.
_DECLARED = {
    CLIENT_SECRET_EXPIRES: ("client_secret", "OAuth2 client secret", "error"),
    PASSWORD_ROTATE_BY: ("smtp_pass", "password", "warning"),
}
# Days that a refresh token stays valid without a use (docs/development/odoo-behaviour.md, Expiry dates).
_UNUSED_DAYS = {"gmail": 180, "outlook": 90}
# The longest time between the use of a refresh token and the expiry of the access token that Odoo got with it.
_ACCESS_TOKEN = timedelta(minutes=90)


def read_deadlines(
    session: Session, seen: Observation, servers: Records, declared: Sequence[Mapping[str, Any]]
) -> list[Deadline]:
    """Return everything that can expire, except certificates of SMTP servers."""
    active = {server["id"]: server for server in seen.shared_servers if not server["leads_nowhere"]}
    found = [one for one in servers.found if one.id in active]
    return [
        *_api_keys(session, seen.now),
        *_client_certificates(session, active, seen.now),
        *(deadline for one in found for deadline in _refresh_token(one, active[one.id], seen.now)),
        *_declared(seen.servers, declared),
    ]


def _api_keys(session: Session, now: datetime) -> Iterator[Deadline]:
    """Yield the API keys of the session's own user. Odoo does not show which key a session logs in with."""
    keys = read_own_keys(session)
    several = " The user has several keys, and Odoo does not show which one a task uses." if len(keys) > 1 else ""
    for key in keys:
        about = {"model": API_KEY, "id": key.id, "name": key.name}
        subject = f"The API key {key.name!r} (id {key.id}) of this task's user"
        if key.ends is None:
            yield Deadline("api_key", subject, None, f"It has no end date.{several}", about, is_endless=True)
            continue
        is_over = key.ends <= now
        source = (
            "Odoo no longer accepts it, and deletes it within a day." if is_over else f"Odoo stores this date.{several}"
        )
        # This task has logged in, so it does not use an expired key.
        yield Deadline("api_key", subject, key.ends, source, about, worst="" if is_over else "error")


def _client_certificates(session: Session, active: Mapping[int, Record], now: datetime) -> Iterator[Deadline]:
    """Yield the certificates that Odoo presents to SMTP servers."""
    ids = [key for key, server in active.items() if server["smtp_authentication"] == "certificate"]
    rows = session.search_read(MAIL_SERVER.model, [["id", "in", ids]], [_CERTIFICATE]) if ids else []
    for row in rows:
        server = active[row["id"]]
        subject = f"The client certificate of the mail server {server['name']!r}"
        ends, source = _end_of_stored(row[_CERTIFICATE] or "", now)
        yield Deadline("client_certificate", subject, ends, source, about_server(server))


def _end_of_stored(stored: str, now: datetime) -> tuple[datetime | None, str]:
    """Return when a stored certificate expires, and a sentence about its source."""
    try:
        pem = base64.b64decode(stored).decode()
        certificate = ssl.PEM_cert_to_DER_cert(first_certificate(pem))
    except (ValueError, binascii.Error):
        return None, "The mail server has no certificate in PEM format."
    facts = described(certificate, now)
    if "not_after" not in facts:
        return None, UNREADABLE
    return datetime.fromisoformat(facts["not_after"]), f"It is for {facts['subject']}, issued by {facts['issuer']}."


def _refresh_token(found: Found, server: Record, now: datetime) -> Iterator[Deadline]:
    """Yield when a refresh token expires, counted from its last use."""
    method = OAUTH2_METHODS.get(server["smtp_authentication"])
    if method is None or not found.values.get(method.refresh_token):
        return
    days = _UNUSED_DAYS[method.authentication]
    subject = f"The {method.label} refresh token of the mail server {server['name']!r}"
    used = _last_use(found.values, method)
    if used is None:
        source = f"Odoo has not used it yet, and does not store the date when it was created. It expires {days} days after its last use."
        yield Deadline("refresh_token", subject, None, source, about_server(server))
        return
    source = (
        f"Its last use was at about {min(used, now):%Y-%m-%d %H:%M} UTC. It expires {days} days after its last use."
    )
    yield Deadline("refresh_token", subject, used + timedelta(days=days), source, about_server(server))


def _last_use(values: Mapping[str, Any], method: OAuth2Method) -> datetime | None:
    """Return the last certain use of a refresh token: Odoo stores the expiry of the access token that it gets."""
    seconds = values.get(method.expiration)
    return datetime.fromtimestamp(int(seconds), timezone.utc) - _ACCESS_TOKEN if seconds else None


def _declared(servers: Sequence[Record], declared: Sequence[Mapping[str, Any]]) -> Iterator[Deadline]:
    """Yield the dates that a user declares for mail servers. A mail server that does not exist has no date."""
    for one in declared:
        server = next(
            (
                server
                for server in servers
                if (server["xml_id"] == one["xml_id"] if one.get("xml_id") else server["name"] == one.get("name"))
            ),
            None,
        )
        name = server["name"] if server else one.get("name") or one.get("xml_id")
        about = about_server(server) if server else {"model": MAIL_SERVER.model, "id": None, "name": name}
        for option, (kind, what, worst) in _DECLARED.items():
            if one.get(option):
                subject = f"The {what} of the mail server {name!r}"
                ends: datetime | None = declared_end(str(one[option]))
                source = f"The date is from its declaration ({option})."
                if server is None:
                    ends, source = None, f"The instance has no mail server {name!r}, but {option} is declared for it."
                yield Deadline(kind, subject, ends, source, about, worst=worst)


def certificate_deadlines(seen: Observation, probes: Mapping[int, Record] | None) -> Iterator[Deadline]:
    """Yield the certificates that SMTP servers present.

    :param probes: results of `smtp_probe` by the ids of the mail servers; None without `probe`.
    """
    for server in tls_servers(seen):
        subject = (
            f"The certificate of {place(server['smtp_host'], server['smtp_port'])} (mail server {server['name']!r})"
        )
        # Without a strict encryption Odoo accepts an expired certificate.
        worst = "error" if str(server["smtp_encryption"]).endswith("_strict") else "warning"
        if probes is None:
            ends, source = None, "It is read only if probe is set."
        else:
            ends, source = _end_of_presented(probes.get(server["id"]))
        yield Deadline("certificate", subject, ends, source, about_server(server), worst=worst)


def tls_servers(seen: Observation) -> list[Record]:
    """Return the mail servers that present a certificate to Odoo."""
    return [
        server
        for server in seen.shared_servers
        if server["smtp_host"]
        and server["smtp_authentication"] != "cli"
        and server["smtp_encryption"] not in (False, "none")
        and not server["leads_nowhere"]
    ]


def _end_of_presented(probe: Record | None) -> tuple[datetime | None, str]:
    """Return the earliest expiry in a chain, and its source. A root at the top does not count, because clients have their own copy."""
    chain = ((probe or {}).get("tls") or {}).get("chain") or []
    if not chain:
        return None, f"It could not be read: {probe['message'] if probe else 'there was no TLS.'}"
    readable = [one for one in chain if "not_after" in one]
    if chain[0] not in readable:
        return None, UNREADABLE
    counted = [chain[0], *(one for one in readable[1:] if one["subject"] != one["issuer"])]
    first = min(counted, key=lambda one: datetime.fromisoformat(one["not_after"]))
    which = "" if first is chain[0] else f"The certificate of its issuer ({first['subject']}) expires first. "
    return datetime.fromisoformat(first["not_after"]), f"{which}Its issuer is {chain[0]['issuer']}."
