# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about keys, certificates, tokens and passwords that expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind


@dataclass(frozen=True)
class ExpiryKind(Kind):
    """A kind of things that expire.

    :param deadline: its name in the table of expiry dates.
    """

    deadline: str = field(kw_only=True)


EXPIRY_KINDS: Mapping[str, ExpiryKind] = {
    "api_key_expires": ExpiryKind(
        "expiry",
        "error",
        "An API key of the user that this collection logs in as expires soon",
        "Replace the key before it expires, and store the new one: use postmaster.odoo.api_key.",
        deadline="api_key",
    ),
    "certificate_expires": ExpiryKind(
        "expiry",
        "error",
        "The certificate of an SMTP server expires soon or has expired",
        "Ask the operator of the SMTP server to renew its certificate, and the chain that it sends.",
        deadline="certificate",
    ),
    "client_certificate_expires": ExpiryKind(
        "expiry",
        "error",
        "The certificate that Odoo presents to an SMTP server expires soon or has expired",
        "Get a new certificate. Then declare smtp_ssl_certificate and smtp_ssl_private_key of {name} with it.",
        deadline="client_certificate",
    ),
    "client_secret_expires": ExpiryKind(
        "expiry",
        "error",
        "An OAuth2 client secret expires soon or has expired",
        "Create a new secret at the provider. Then declare oauth2 of {name} with client_secret and its client_secret_expires.",
        deadline="client_secret",
    ),
    "refresh_token_expires": ExpiryKind(
        "expiry",
        "error",
        "An OAuth2 refresh token expires soon if it is not used, or has expired",
        "Send a mail through {name}, or run Odoo's connection test for it. If the token has expired, connect the mail server again: run "
        "postmaster.odoo.connect_oauth.",
        deadline="refresh_token",
    ),
    "password_rotation_due": ExpiryKind(
        "expiry",
        "warning",
        "The password of a mail server must be replaced soon, or its replacement is overdue",
        "Create a new password at the provider. Then declare smtp_pass of {name} with it and a new smtp_pass_rotate_by.",
        deadline="smtp_pass",
    ),
}
