# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of mail servers: their connection test fails, or their settings are wrong. Each has its expected finding."""

from __future__ import annotations

from typing import Any

from broken_instance import MAIN, BrokenInstance, Fault
from lab import NotApplicable
from mail_servers import password_server


def _no_host(broken: BrokenInstance) -> None:
    if broken.instance.requires("ir.mail_server", "smtp_host"):
        raise NotApplicable("the instance requires the host of a mail server")
    broken.server(smtp_host=False)


def _web_server(broken: BrokenInstance) -> None:
    """Use a server that answers, but not in SMTP."""
    smtp = broken.lab.smtp[MAIN]
    smtp.configure(replies={"CONNECT": "554 5.7.1 Go away"})
    (test,) = broken.examine(checks=["server"])["tests"]
    if "554" not in test["message"]:
        raise NotApplicable("the instance's connection test leaves out the code of a greeting")
    smtp.configure(replies={"CONNECT": "HTTP/1.1 400 Bad Request"})


def _login_in_clear(broken: BrokenInstance) -> None:
    """Use a server that accepts a login without TLS, under a name that does not show that it is this machine."""
    welcome = {"EHLO": "250-plain.lab.example\r\n250 AUTH PLAIN LOGIN", "AUTH": "235 2.7.0 Welcome"}
    broken.lab.smtp["plain"].configure(replies={**welcome, "MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 Go on"})
    broken.through("plain", smtp_host="127.1", smtp_user="user", smtp_pass="made-up-password", smtp_encryption="none")


def _neutralized(broken: BrokenInstance) -> None:
    broken.lab.shell(
        broken.instance.database,
        "from odoo.modules.neutralize import neutralize_database\nneutralize_database(env.cr)",
    )


def _strictly_through(broken: BrokenInstance, smtp_name: str) -> None:
    """Use a mail server whose certificate no strict client accepts."""
    broken.instance.needs_strict()
    broken.through(smtp_name)


def _unverified_tls(broken: BrokenInstance) -> None:
    broken.instance.needs_strict()
    broken.server(smtp_encryption="starttls")


def _twin(broken: BrokenInstance, smtp_name: str, **values: Any) -> None:
    broken.instance.enforce({"servers": [password_server(broken.lab, smtp_name, name="Twin", **values)]})


def _no_sender_to_test_with(broken: BrokenInstance) -> None:
    broken.server(from_filter=False)
    broken.admin_address(False)


SERVER_FAULTS: dict[str, Fault] = {
    "the server is archived": ("no_active_server", lambda it: it.server(active=False)),
    "nothing listens": (
        "server_unreachable",
        lambda it: it.server(smtp_port=it.lab.description["smtp"]["nowhere"]["port"]),
    ),
    "no such host": ("server_dns", lambda it: it.server(smtp_host="smtp.invalid")),
    "silence": ("server_timeout", lambda it: it.through("silent", smtp_encryption="none")),
    "the server hangs up": ("server_disconnected", lambda it: it.lab.smtp[MAIN].configure(drop_at="CONNECT")),
    "no host": ("server_unconfigured", _no_host),
    "a password that is not ASCII": ("server_unconfigured", lambda it: it.server(smtp_pass="made-up-ß")),
    "a user that is not ASCII": ("server_unconfigured", lambda it: it.server(smtp_user="jürgen@lab.example")),
    "a password that ends with a line break": ("server_unconfigured", lambda it: it.server(smtp_pass="made-up\n")),
    "nobody to test as": ("server_untested", _no_sender_to_test_with),
    "TLS to a plain port": ("tls_mismatch", lambda it: it.server(smtp_encryption=it.instance.strict("ssl"))),
    "no STARTTLS for now": (
        "tls_mismatch",
        lambda it: it.lab.smtp[MAIN].configure(replies={"STARTTLS": "454 4.7.0 TLS not available"}),
    ),
    "no STARTTLS": ("tls_mismatch", lambda it: it.through("plain")),
    "an unknown authority": ("certificate_untrusted", lambda it: _strictly_through(it, "untrusted")),
    "an expired certificate": ("certificate_untrusted", lambda it: _strictly_through(it, "expired")),
    "a certificate for another name": ("certificate_untrusted", lambda it: _strictly_through(it, "misnamed")),
    "a wrong password": ("auth_failed", lambda it: it.server(smtp_pass="wrong")),
    "no login": ("auth_failed", lambda it: it.server(smtp_user=False, smtp_pass=False)),
    "no AUTH": (
        "auth_unsupported",
        lambda it: it.through("plain", smtp_encryption="none", smtp_user="user", smtp_pass="made-up-password"),
    ),
    "somebody else's address": ("sender_rejected", lambda it: it.through("starttls")),
    "no such recipient": (
        "recipient_rejected",
        lambda it: it.lab.smtp[MAIN].configure(replies={"RCPT": "550 5.1.1 User unknown"}),
    ),
    "no relaying": (
        "relay_denied",
        lambda it: it.lab.smtp[MAIN].configure(replies={"RCPT": "550 5.7.1 Relaying denied"}),
    ),
    "a name without a domain": (
        "helo_rejected",
        lambda it: it.lab.smtp[MAIN].configure(
            replies={"RCPT": "504 5.5.2 <odoo>: Helo command rejected: need fully-qualified hostname"}
        ),
    ),
    "a blocked address": (
        "client_blocked",
        lambda it: it.lab.smtp[MAIN].configure(
            replies={"RCPT": "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"}
        ),
    ),
    "a web server": ("not_smtp", _web_server),
    "refused for now": (
        "throttled",
        lambda it: it.lab.smtp[MAIN].configure(replies={"MAIL": "421 4.7.0 Too many connections"}),
    ),
    "a password in clear": ("plaintext_password", _login_in_clear),
    "TLS without a look at the certificate": ("unverified_tls", _unverified_tls),
    "the same server twice": (
        "duplicate_servers",
        lambda it: _twin(it, MAIN, smtp_encryption=it.instance.strict("starttls"), from_filter="lab.example"),
    ),
    "a neutralized copy": ("neutralized", _neutralized),
    "a filter for the other server": (
        "config_file_overridden",
        lambda it: it.parameter("mail.default.from_filter", "lab.example"),
    ),
    "no server for any sender": ("sender_without_server", lambda it: it.server(from_filter="else.example")),
    "a server behind another": (
        "route_shadowed",
        lambda it: _twin(it, "ssl", smtp_encryption=it.instance.strict("ssl"), from_filter="lab.example", sequence=20),
    ),
    "a user of another domain": (
        "from_rewritten",
        lambda it: it.admin_address("admin@else.example"),
    ),
    "a host with a port": ("server_unconfigured", lambda it: it.server(smtp_host="smtp.lab.example:587")),
    "a host with a scheme": ("server_unconfigured", lambda it: it.server(smtp_host="smtps://smtp.lab.example")),
    "a host with a blank": ("server_unconfigured", lambda it: it.server(smtp_host="smtp.lab.example ")),
    "a test catcher": ("test_catcher", lambda it: it.server(smtp_host="mailpit.invalid")),
    "a mailing server that is gone": (
        "mailing_server_unusable",
        lambda it: it.parameter("mass_mailing.mail_server_id", "4711"),
    ),
    "an entry with a semicolon": (
        "from_filter_unmatched",
        lambda it: it.server(from_filter="lab.example,a.example;b.example"),
    ),
}
