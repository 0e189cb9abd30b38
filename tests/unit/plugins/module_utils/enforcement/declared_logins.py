# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers with each method of authentication, as options of a stack. All secrets are made up."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.enforcing import oauth2_server

MASK = "********"
ADDONS = {
    "gmail": "google_gmail",
    "outlook": "microsoft_outlook",
}  # they are the prefixes of its fields and parameters too
SECRETS = ("made-up-password", "made-up-client-secret", "made-up-token", "made-up-key", "made-up-other-token")
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nmade-up-certificate\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nmade-up-key\n-----END PRIVATE KEY-----\n"

PASSWORD: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_authentication": "login",
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
    "smtp_pass": "made-up-password",
}
BY_CERTIFICATE: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_authentication": "certificate",
    "smtp_encryption": "ssl",
    "smtp_ssl_certificate": CERTIFICATE,
    "smtp_ssl_private_key": KEY,
}
GMAIL = oauth2_server("gmail", refresh_token="made-up-token")
OUTLOOK = oauth2_server("outlook", refresh_token="made-up-token")
METHODS = {
    "login": PASSWORD,
    "certificate": BY_CERTIFICATE,
    "cli": {"name": "Main", "smtp_authentication": "cli"},
    "gmail": GMAIL,
    "outlook": OUTLOOK,
}


def stack(*options: dict[str, Any]) -> dict[str, Any]:
    return {"servers": list(options)}
