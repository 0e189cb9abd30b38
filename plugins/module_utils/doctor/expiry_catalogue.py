# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about what ends at a known moment."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

EXPIRY_KINDS: Mapping[str, Kind] = {
    "api_key_expires": Kind(
        "expiry",
        "error",
        "An API key of the user that this collection logs in as ends soon",
        "Replace it before it ends, and store the new one: postmaster.odoo.api_key.",
    ),
    "certificate_expires": Kind(
        "expiry",
        "error",
        "The certificate of an SMTP server ends soon, or has ended",
        "Ask the operator of the SMTP server to renew its certificate, and the chain that it sends.",
    ),
    "client_certificate_expires": Kind(
        "expiry",
        "error",
        "The certificate that Odoo shows to an SMTP server ends soon, or has ended",
        "Get a new certificate, and declare smtp_ssl_certificate and smtp_ssl_private_key of {name} with it.",
    ),
    "client_secret_expires": Kind(
        "expiry",
        "error",
        "The client secret of OAuth2 ends soon, or has ended",
        "Create a new secret at the provider, then declare oauth2 of {name} with client_secret and its client_secret_expires.",
    ),
    "refresh_token_expires": Kind(
        "expiry",
        "error",
        "The refresh token of OAuth2 ends soon without a use, or has ended",
        "Send a mail through {name}, or run Odoo's connection test of it. If the token has ended, connect it anew: postmaster.odoo.connect_oauth.",
    ),
    "password_rotation_due": Kind(
        "expiry",
        "warning",
        "The password of a mail server is to be replaced soon, or is overdue",
        "Create a new password at the provider, then declare smtp_pass of {name} with it and a new smtp_pass_rotate_by.",
    ),
}
