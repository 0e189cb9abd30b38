# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's login to Gmail and Outlook with OAuth2: the fields and parameters that it uses (docs/development/odoo-behaviour.md, OAuth2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OAuth2Method:
    """One value of `smtp_authentication` that uses OAuth2.

    :param addon: the addon with the method. The names of all its fields and system parameters begin with this name.
    :param rotates: whether each use of the refresh token returns a new one, which Odoo stores in its place.
    :param field_before_iap: a field of `ir.mail_server` that Odoo removed in 19.0, when its own service began to replace a missing client.
    """

    authentication: str
    label: str
    addon: str
    rotates: bool
    field_before_iap: str
    iap_service: str

    @property
    def client_id(self) -> str:
        """The system parameter with the client's id."""
        return f"{self.addon}_client_id"

    @property
    def client_secret(self) -> str:
        """The system parameter with the client's secret."""
        return f"{self.addon}_client_secret"

    @property
    def refresh_token(self) -> str:
        """The field with the refresh token, the result of a person's consent."""
        return f"{self.addon}_refresh_token"

    @property
    def access_token(self) -> str:
        """The field with the access token for the login, valid for about an hour."""
        return f"{self.addon}_access_token"

    @property
    def expiration(self) -> str:
        """The field with the expiry of the access token, in seconds since 1970."""
        return f"{self.addon}_access_token_expiration"

    @property
    def authorize_url(self) -> str:
        """The computed field with the link that a person opens to consent."""
        return f"{self.addon}_uri"

    @property
    def tokens(self) -> tuple[str, ...]:
        """All fields of a consent. Before 19.0, Gmail's authorization code was a field too."""
        code = (f"{self.addon}_authorization_code",) if self.authentication == "gmail" else ()
        return (self.refresh_token, self.access_token, self.expiration, *code)

    @property
    def current_tokens(self) -> tuple[str, str, str]:
        """The fields that a use of the refresh token may change."""
        return (self.refresh_token, self.access_token, self.expiration)

    @property
    def no_access_token(self) -> dict[str, Any]:
        """Values that make Odoo fetch an access token at the next use."""
        return {self.access_token: False, self.expiration: 0}

    def has_iap(self, fields: Mapping[str, Any]) -> bool:
        """Return whether this Odoo uses its own service if no client is set. The existing fields show it."""
        if self.refresh_token in fields:
            return self.field_before_iap not in fields
        return "owner_user_id" in fields  # the addon is not installed yet; personal servers came with the same release


OAUTH2_METHODS: Mapping[str, OAuth2Method] = {
    method.authentication: method
    for method in (
        OAuth2Method("gmail", "Gmail", "google_gmail", False, "google_gmail_authorization_code", "gmail.api.odoo.com"),
        OAuth2Method(
            "outlook",
            "Outlook",
            "microsoft_outlook",
            True,
            "is_microsoft_outlook_configured",
            "outlook.api.odoo.com",
        ),
    )
}

TOKEN_FIELDS = frozenset(name for method in OAUTH2_METHODS.values() for name in method.tokens)
CLIENT_PARAMETERS = frozenset(
    key for method in OAUTH2_METHODS.values() for key in (method.client_id, method.client_secret)
)
