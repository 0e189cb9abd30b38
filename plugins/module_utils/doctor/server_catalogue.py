# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about mail servers."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

# Strict encryption breaks mail if Odoo does not trust the certificate.
TRUST = "Use verify: connection, so that nothing is written if Odoo does not trust the certificate. A private CA must first be trusted on Odoo's host."

SERVER_KINDS: Mapping[str, Kind] = {
    "no_active_server": Kind(
        "server",
        "error",
        "No outgoing mail server is active",
        "Declare a mail server with postmaster.odoo.mail_server, or activate an archived one.",
    ),
    "server_unreachable": Kind(
        "server",
        "error",
        "A mail server cannot be reached at its address",
        "Check smtp_host, smtp_port, and the firewall between Odoo and the mail server. Many networks block port 25: use 587 or 465.",
    ),
    "server_dns": Kind(
        "server",
        "error",
        "The host name of a mail server does not resolve",
        "Check smtp_host for a spelling error, and check the name servers of the machine that runs Odoo.",
    ),
    "server_timeout": Kind(
        "server",
        "error",
        "A mail server accepts the connection and does not answer",
        "Check smtp_port and smtp_encryption (implicit TLS needs ssl, usually on port 465), and check whether a firewall drops the packets.",
    ),
    "server_disconnected": Kind(
        "server",
        "error",
        "A mail server closes the connection too early",
        "Check smtp_port and smtp_encryption, and ask the provider whether it blocks this sender or this address.",
    ),
    "server_unconfigured": Kind(
        "server",
        "error",
        "A mail server lacks a setting that Odoo needs to connect",
        "Correct the setting that the evidence names: smtp_host, a certificate and its key, or a user name and a password in ASCII characters.",
    ),
    "server_untested": Kind(
        "server",
        "info",
        "Odoo could not test a mail server, because there is no sender address for the test",
        "Set an email address for the user that the collection logs in as, or set from_filter of the mail server.",
    ),
    "server_failing": Kind(
        "server",
        "error",
        "A mail server fails Odoo's connection test",
        "Read Odoo's error message in the evidence. To write the whole SMTP dialogue to Odoo's log, set smtp_debug on the mail server.",
    ),
    "tls_mismatch": Kind(
        "server",
        "error",
        "A mail server does not accept the encryption that is set for it",
        "Set smtp_encryption to ssl for port 465, to starttls for port 587, or to an encryption that the server offers.",
    ),
    "certificate_untrusted": Kind(
        "server",
        "error",
        "The certificate of a mail server cannot be verified",
        "Set smtp_host to a name in the certificate, have the certificate renewed, or install its CA on the machine that runs Odoo.",
    ),
    "auth_failed": Kind(
        "server",
        "error",
        "A mail server rejects the login",
        "Correct smtp_user and smtp_pass. Many providers require an app password or an API key, or have disabled password logins.",
    ),
    "auth_unsupported": Kind(
        "server",
        "error",
        "A mail server offers no login method that Odoo uses",
        "Most servers offer a login only after TLS: set smtp_encryption. If the mail server requires no login, leave smtp_user and smtp_pass empty.",
    ),
    "sender_rejected": Kind(
        "server",
        "error",
        "A mail server rejects the sender",
        "Send from an address that the account owns: set from_filter to it, or have the provider allow the address.",
    ),
    "recipient_rejected": Kind(
        "server",
        "warning",
        "A mail server rejects the recipient of Odoo's connection test",
        "Send a mail to your own address (postmaster.odoo.mail_server_test with canary). If that works, the mail server needs no change.",
    ),
    "relay_denied": Kind(
        "server",
        "error",
        "A mail server does not relay mail for this instance",
        "Set smtp_user and smtp_pass to log in, or have the server relay mail for the address of Odoo's host.",
    ),
    "helo_rejected": Kind(
        "server",
        "error",
        "A mail server rejects the name of Odoo's host",
        "Give the host or container a fully qualified host name that resolves. Run postmaster.odoo.smtp_probe there to see the name that is sent.",
    ),
    "client_blocked": Kind(
        "server",
        "error",
        "A mail server rejects connections from the address of Odoo's host",
        "Have the address removed from the block list that the reply names, or send through a provider's server with a login.",
    ),
    "not_smtp": Kind(
        "server",
        "error",
        "The server at the address of a mail server is not an SMTP server",
        "Check smtp_host and smtp_port: SMTP servers accept mail on port 587, 465 or 25.",
    ),
    "oauth_not_connected": Kind(
        "server",
        "error",
        "A mail server that logs in with OAuth2 is not connected",
        "Run the playbook postmaster.odoo.connect_oauth, and have an administrator open the link.",
    ),
    "oauth_refresh_failed": Kind(
        "server",
        "error",
        "Odoo gets no access token for a mail server that logs in with OAuth2",
        "Check the client ID and the client secret. Then connect the mail server again (postmaster.odoo.connect_oauth): the consent was "
        "withdrawn or has expired.",
    ),
    "oauth_misconfigured": Kind(
        "server",
        "error",
        "A mail server that logs in with OAuth2 lacks required settings",
        "Declare the mail server with postmaster.odoo.mail_server and oauth2: your own client, smtp_user, smtp_encryption starttls, and no password.",
    ),
    "plaintext_password": Kind(
        "server",
        "warning",
        "A password is sent over the network without encryption",
        "Set smtp_encryption to starttls or ssl (starttls_strict or ssl_strict from 19.0 on), and change the password. "
        + TRUST,
    ),
    "unverified_tls": Kind(
        "server",
        "info",
        "The certificate of a mail server is not verified",
        "Set smtp_encryption to starttls_strict or ssl_strict. " + TRUST,
    ),
    "duplicate_servers": Kind(
        "server",
        "warning",
        "Several active mail servers have the same settings",
        "Keep one of the servers and archive the others.",
    ),
    "test_catcher": Kind(
        "server",
        "error",
        "A mail server catches mail instead of delivering it",
        "Archive the mail server, or set smtp_host to a server that delivers mail. Neutralize databases that are copies for tests.",
    ),
    "mailing_server_unusable": Kind(
        "server",
        "error",
        "Email Marketing is set to a mail server that it cannot use",
        "Choose another mail server in Odoo (Settings, Email Marketing, Dedicated Server), or delete the system parameter {name}.",
    ),
    "neutralized": Kind(
        "server",
        "error",
        "This database is a neutralized copy, which sends no mail on purpose",
        "If it is a copy, do nothing. If it must send mail, delete the system parameter database.is_neutralized, and activate the mail servers and crons.",
        one_per="instance",
    ),
    "config_file_overridden": Kind(
        "server",
        "info",
        "Mail settings outside of the database have no effect",
        "Remove these settings. If they must apply, archive the mail servers in Odoo instead.",
    ),
}
