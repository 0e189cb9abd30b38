# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of mail servers: their settings, and the results of Odoo's own connection test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Record
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import LOCAL, relay_of
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_catalogue import TRUST
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.settings_checks import (
    about_server,
    check_catcher,
    check_mailing_server,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import IS_NEUTRALIZED
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.advice import LOCALHOST, is_loopback
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import explain
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import place
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, some

# The outcomes of a connection test, and their findings.
_OF_OUTCOME = {
    "auth": "auth_failed",
    "auth_unsupported": "auth_unsupported",
    "certificate": "certificate_untrusted",
    "client_blocked": "client_blocked",
    "disconnected": "server_disconnected",
    "dns": "server_dns",
    "helo_rejected": "helo_rejected",
    "mailbox_full": "recipient_rejected",
    "not_smtp": "not_smtp",
    "recipient_rejected": "recipient_rejected",
    "relay_denied": "relay_denied",
    "sender_rejected": "sender_rejected",
    "starttls_required": "tls_mismatch",
    "starttls_unsupported": "tls_mismatch",
    "throttled": "throttled",
    "timeout": "server_timeout",
    "tls": "tls_mismatch",
    "unconfigured": "server_unconfigured",
    "unreachable": "server_unreachable",
}
# Texts of a test that are more precise than its outcome. A server may reject TLS temporarily (454).
_OF_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"configure an email on the current user", "server_untested"),
        (r"could not load your certificate|is not a valid file", "server_unconfigured"),
        (r"(\(4\d\d, |exception:\s+4\.\d+\.\d+ ).*\b(start)?tls\b|, starttls: 4\d\d ", "tls_mismatch"),
        (r"\(504, ", "auth_unsupported"),
    )
)
# Vague outcomes: the result of a probe of the same server is better.
_VAGUE = ("disconnected", "unknown")
# The port of implicit TLS (RFC 8314 §3.3), and the findings if a client waits for a greeting there.
_IMPLICIT_TLS = 465
_OF_WRONG_TLS = ("server_disconnected", "server_timeout", "tls_mismatch")
# Messages of Odoo, or of its HTTP client, if it cannot get an access token.
_TOKEN = re.compile(r"fetching the access token|HTTPS?ConnectionPool", re.IGNORECASE)
_NO_WAY = re.compile(r"HTTPS?ConnectionPool", re.IGNORECASE)


def check_servers(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield findings about everything that prevents mail servers from sending."""
    dummies = [server for server in seen.shared_servers if server["leads_nowhere"]]
    if seen.is_neutralized or dummies:
        yield _neutralized(seen, dummies)
    elif not seen.shared_servers:
        yield from _no_server(seen)
    servers = [server for server in seen.shared_servers if not server["leads_nowhere"]]
    tests = {test["id"]: test for test in seen.tests}
    for server in servers:
        logins = list(_check_login(server))
        yield from logins
        yield from _check_secrecy(server, offers_strict=seen.offers_strict)
        if not seen.is_neutralized:
            yield from check_catcher(server)
        # A missing setting explains the error of the test.
        if not any(finding.rank == 0 for finding in logins):
            yield from _tested(server, tests.get(server["id"]), seen.probes.get(server["id"]))
    yield from _duplicates(servers)
    yield from check_mailing_server(seen)
    if servers:
        yield from _without_effect(seen)


def _address(server: Record) -> str:
    """Return the address that Odoo connects to. With `cli`, all settings except `from_filter` come from odoo.conf (17.0 on)."""
    if server["smtp_authentication"] == "cli":
        return "the server of odoo.conf"
    return place(server["smtp_host"] or "", server["smtp_port"])


def _neutralized(seen: Observation, dummies: list[Record]) -> Finding:
    evidence = []
    if seen.is_neutralized:
        evidence.append(f"The system parameter {IS_NEUTRALIZED} is {seen.parameters[IS_NEUTRALIZED]!r}.")
    evidence += [
        f"The mail server {one['name']!r} ({_address(one)}) receives all mail and delivers none." for one in dummies
    ]
    about = {"model": "ir.config_parameter", "id": None, "name": IS_NEUTRALIZED} if seen.is_neutralized else None
    return Finding("neutralized", " ".join(evidence), about or about_server(dummies[0]))


def _no_server(seen: Observation) -> Iterator[Finding]:
    archived = [server["name"] for server in seen.servers if not server["active"]]
    shared = [server for server in seen.servers if not server.get("owner_user_id")]
    few = {0: "There is no mail server.", 1: "The only mail server is not active."}
    evidence = few.get(len(shared), f"None of {len(shared)} mail servers is active.")
    if len(shared) < len(seen.servers):
        evidence += " Users' personal mail servers do not count."
    if archived:
        evidence += f" Archived mail servers: {some(map(repr, archived))}."
    relay, severity = relay_of(seen.configuration), ""
    if relay:
        severity = "info"
        evidence += f" Odoo sends through {place(*relay)}, the server in odoo.conf."
    else:
        evidence += " Odoo then uses the server of its configuration file, by default localhost:25."
    if seen.sent_without_server:
        severity = severity or "warning"
        evidence += f" Mail {seen.sent_without_server['id']} was sent through it at {seen.sent_without_server['write_date'][:19]} UTC."
    if seen.relay_probe:
        severity = severity if seen.relay_probe["outcome"] == "ok" else "error"
        evidence += f" From the machine that runs the task: {seen.relay_probe['message']}"
    yield Finding("no_active_server", evidence, severity=severity)


def _check_login(server: Record) -> Iterator[Finding]:
    """Yield findings about settings that a login with OAuth2 or with a certificate needs."""
    method = OAUTH2_METHODS.get(server["smtp_authentication"])
    problems = "; ".join(server["problems"])
    if problems:
        kind = "oauth_misconfigured" if method else "server_unconfigured"
        yield Finding(kind, f"{server['name']!r}: {problems}.", about_server(server))
    if method is None:
        return
    if server["remarks"]:
        yield Finding("oauth_misconfigured", " ".join(server["remarks"]), about_server(server), "warning")
    if not server["connected"]:
        url = server["authorize_url"]
        remedy = f"Have an administrator of the database open {url}" if url else ""
        evidence = f"{server['name']!r} logs in to {method.label} as {server['smtp_user']}, and Odoo has no refresh token for it."
        yield Finding("oauth_not_connected", evidence, about_server(server), remedy=remedy)


def _check_secrecy(server: Record, *, offers_strict: bool) -> Iterator[Finding]:
    if server["smtp_authentication"] == "cli":  # its encryption is odoo.conf's
        return
    encryption, host = server["smtp_encryption"], str(server["smtp_host"] or "")
    if encryption == "none" and server["smtp_pass"] and not is_loopback(host):
        evidence = f"{server['name']!r} logs in to {_address(server)} as {server['smtp_user']!r}, and smtp_encryption is set to none."
        yield Finding("plaintext_password", evidence, about_server(server))
    # OAuth2 demands exactly starttls.
    if offers_strict and encryption in ("starttls", "ssl") and server["smtp_authentication"] not in OAUTH2_METHODS:
        evidence = f"{server['name']!r}: smtp_encryption is {encryption}, so Odoo accepts any certificate from {_address(server)}."
        remedy = f"Set smtp_encryption to {encryption}_strict. {TRUST}"
        yield Finding("unverified_tls", evidence, about_server(server), remedy=remedy)


def _tested(server: Record, test: Record | None, probe: Record | None) -> Iterator[Finding]:
    """Yield the finding about a failed connection test of Odoo, with the probe from the machine that runs the task."""
    ways = [("", test), (" From the machine that runs the task:", probe)]
    seen = [(where, one) for where, one in ways if one and one["outcome"] != "not_tested"]
    if not seen or seen[0][1]["outcome"] == "ok":
        return
    # Odoo's result has precedence, unless it is vague.
    telling = [one for _where, one in seen if one["outcome"] not in ("ok", *_VAGUE)]
    decisive = (telling or [seen[0][1]])[0]
    message = decisive["message"]
    kind = next((kind for pattern, kind in _OF_WORDS if pattern.search(message)), "")
    method = OAUTH2_METHODS.get(server["smtp_authentication"])
    if method and _TOKEN.search(message):
        kind = "oauth_refresh_failed"
    kind = kind or _OF_OUTCOME.get(decisive["outcome"], "server_failing")
    words = "".join(f"{where} {one['message'].rstrip('.')}." for where, one in seen)
    encryption = "" if server["smtp_authentication"] == "cli" else f", {server['smtp_encryption']}"
    evidence = f"{server['name']!r} ({_address(server)}{encryption}):{words}{_certificate_words(probe)}"
    # Here the server rejects the test and not mails of the queue, so no mail leaves through it.
    severity = "error" if kind == "throttled" else ""
    yield Finding(kind, evidence, about_server(server), severity, remedy=_remedy(server, kind, message, probe), fix="")


def _remedy(server: Record, kind: str, message: str, probe: Record | None) -> str:
    """Return the remedy; empty if that of the catalogue applies."""
    authentication = server["smtp_authentication"]
    if kind == "oauth_refresh_failed" and _NO_WAY.search(message):
        return "Check the name servers, the proxy and the firewall of the machine that runs Odoo: it cannot reach the provider over HTTPS."
    if kind == "auth_failed" and authentication in OAUTH2_METHODS:
        return (
            "Connect it with its account again (postmaster.odoo.connect_oauth): "
            "the server rejects the token, or the token belongs to another account than smtp_user."
        )
    if kind == "auth_failed" and authentication == "certificate":
        return "Have the server trust the certificate, or set one that it trusts: smtp_ssl_certificate and smtp_ssl_private_key."
    if authentication == "cli":
        return "Correct smtp_server, smtp_port, smtp_user, smtp_password or smtp_ssl in odoo.conf, which contains its settings, and restart Odoo."
    if kind == "throttled":
        return (
            "Try again later. If the error remains, ask the operator of the server. Odoo does not retry mails that fail in the meantime: "
            "run postmaster.odoo.mail_queue with action retry and failure_class throttled."
        )
    told = explain(message).remedy or _remedy_of_address(server, kind)
    if told:
        return told
    # The CAs that this machine trusts may differ from those of Odoo's machine. A password must not be sent unencrypted.
    suggestion = str((probe or {}).get("suggestion") or "")
    if kind == "certificate_untrusted" or (server["smtp_pass"] and "smtp_encryption: none" in suggestion):
        return ""
    return suggestion


def _remedy_of_address(server: Record, kind: str) -> str:
    """Return a remedy that follows from host, port and encryption, or an empty text."""
    host, port, encryption = str(server["smtp_host"] or ""), server["smtp_port"], str(server["smtp_encryption"])
    if kind == "server_unreachable" and is_loopback(host):
        return LOCALHOST.format(host=host)
    if port == _IMPLICIT_TLS and not encryption.startswith("ssl") and kind in _OF_WRONG_TLS:
        strict = "_strict" if encryption.endswith("_strict") else ""
        return f"Set smtp_encryption to ssl{strict}: on port {port} the connection uses TLS from the first byte."
    return ""


def _certificate_words(probe: Record | None) -> str:
    """Return a sentence about the server's certificate; empty if the probe did not read it."""
    tls = (probe or {}).get("tls")
    leaf = tls["chain"][0] if tls and tls["chain"] else {}
    if "not_after" not in leaf:
        return ""
    return f" Its certificate is for {some(leaf['names'])}, issued by {leaf['issuer']}, and expires on {leaf['not_after'][:10]}."


def _duplicates(servers: list[Record]) -> Iterator[Finding]:
    """Yield a finding for servers that differ only in their names. Mail leaves through the first one, so a change of another one has no effect."""
    same: dict[tuple[object, ...], list[Record]] = {}
    for server in servers:
        senders = ",".join(sorted(part.strip().lower() for part in str(server["from_filter"] or "").split(",")))
        login = None if server["smtp_authentication"] == "cli" else server["smtp_user"]
        same.setdefault((_address(server).lower(), login, senders), []).append(server)
    for alike in same.values():
        if len(alike) > 1:
            names = ", ".join(f"{server['name']!r} (id {server['id']})" for server in alike)
            senders = alike[0]["from_filter"]
            user = f"with the user {alike[0]['smtp_user']}" if alike[0]["smtp_user"] else "without a user"
            evidence = f"{names} all use {_address(alike[0])} for {senders or 'any sender'}, {user}."
            yield Finding("duplicate_servers", evidence, about_server(alike[1]))


def _without_effect(seen: Observation) -> Iterator[Finding]:
    """Yield a finding about settings for the server of the configuration file. Odoo uses them only if no mail server is active."""
    relay = relay_of(seen.configuration)
    sender = seen.parameters.get("mail.default.from_filter")
    idle = []
    if relay and relay != LOCAL:
        idle.append(f"odoo.conf names the SMTP server {place(*relay)}")
    if seen.configuration.get("from_filter"):
        idle.append(f"odoo.conf has from_filter {seen.configuration['from_filter']!r}")
    if sender:
        idle.append(f"the system parameter mail.default.from_filter is {sender!r}")
    if idle and not any(server["smtp_authentication"] == "cli" for server in seen.shared_servers):
        active = counted(len(seen.shared_servers), "mail server is", "mail servers are")
        evidence = f"{active} active in the database, so these settings have no effect: {' and '.join(idle)}."
        yield Finding("config_file_overridden", evidence)
