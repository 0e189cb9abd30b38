# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Odoo logs in to Gmail and Outlook with OAuth2: what it keeps where (docs/development/odoo-behaviour.md, OAuth2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OAuth2Method:
    """One value of `smtp_authentication` that means OAuth2.

    :param addon: brings the method; its name also begins the names of all its fields and system parameters.
    :param rotates: whether each use of the refresh token gives a new one, which Odoo stores in its place.
    :param field_before_iap: a field of `ir.mail_server` that went when Odoo's own service came to stand in for a missing client (19.0).
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
        """The field with what a human's consent brought."""
        return f"{self.addon}_refresh_token"

    @property
    def access_token(self) -> str:
        """The field with what Odoo logs in with, for about an hour."""
        return f"{self.addon}_access_token"

    @property
    def expiration(self) -> str:
        """The field with the end of the access token, in seconds since 1970."""
        return f"{self.addon}_access_token_expiration"

    @property
    def authorize_url(self) -> str:
        """The computed field with the link that a human opens to consent."""
        return f"{self.addon}_uri"

    @property
    def tokens(self) -> tuple[str, ...]:
        """All fields of a consent; Gmail's first code was a field too, before 19.0."""
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
        """Whether this Odoo goes through its own service where no client is set, by the fields that it has."""
        if self.refresh_token in fields:
            return self.field_before_iap not in fields
        return "owner_user_id" in fields  # the addon is yet to come; users' own servers came with the same release


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
