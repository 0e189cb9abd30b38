# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`test_smtp_connection` of ir.mail_server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

_NO_SENDER = (
    "Please configure an email on the current user to simulate sending an email message via this outgoing server"
)
_NO_HOST = "Missing SMTP Server\nPlease define at least one SMTP server, or provide the SMTP parameters explicitly."
_NO_HOST_18 = (
    "Connection Test Failed! Here is what we got instead:\n "
    "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"
)


# The names of the fields of the OAuth2 addons, by the authentication.
_TOKENS = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}
_TOKEN_SECONDS = 3599
_NO_TOKEN = "An error occurred when fetching the access token."


def answer(odoo: SimulatedOdoo, ids: Sequence[int], _context: Mapping[str, Any], **named: Any) -> dict[str, Any]:
    """Answer as `SimulatedOdoo.smtp` defines, if Odoo itself would have connected."""
    refusals.check_arguments(named, odoo.facts.test_arguments)
    for server in [odoo.record("ir.mail_server", one) for one in ids]:
        _test(odoo, server)
    parameters: dict[str, Any] = {"message": "Connection Test Successful!", "type": "success", "sticky": False}
    if odoo.major >= 18:
        parameters["next"] = {"type": "ir.actions.act_window_close"}
    return {"type": "ir.actions.client", "tag": "display_notification", "params": parameters}


def _test(odoo: SimulatedOdoo, server: dict[str, Any]) -> None:
    has_sender = server.get("from_filter") or odoo.record("res.users", odoo.uid).get("email")
    if not has_sender and odoo.major >= 19:
        raise refusals.user_error(_NO_SENDER)
    effective = odoo.effective("ir.mail_server", server)
    if not effective.get("smtp_host") and effective["smtp_authentication"] != "cli":
        raise refusals.user_error(_NO_HOST_18 if odoo.major >= 18 else _NO_HOST)
    if effective["smtp_authentication"] in _TOKENS:
        _renew_access_token(odoo, server, effective["smtp_authentication"])
    outcome = odoo.smtp(odoo.effective("ir.mail_server", server))
    message = odoo.facts.failed_tests.get(outcome, outcome) if outcome else None
    got_through = not message or message.startswith("The server refused")
    if not has_sender and got_through:  # up to 18.0 Odoo determines a sender after it has connected and logged in
        raise refusals.user_error(_NO_SENDER)
    if message:
        raise refusals.user_error(message)


def _renew_access_token(odoo: SimulatedOdoo, server: dict[str, Any], authentication: str) -> None:
    """Fetch an access token if the stored one is no longer valid. Microsoft also returns a new refresh token."""
    prefix = _TOKENS[authentication]
    token = server.get(f"{prefix}_refresh_token")
    if (
        server.get(f"{prefix}_access_token")
        and server.get(f"{prefix}_access_token_expiration", 0) > odoo.now.timestamp()
    ):
        return
    if authentication == "outlook" and not token:
        raise refusals.user_error("Please connect with your Outlook account before using it.")
    if not (odoo.parameter(f"{prefix}_client_id") and odoo.parameter(f"{prefix}_client_secret")):
        raise refusals.user_error(_without_a_client(odoo, authentication, token))
    message = odoo.token_service(dict(server)) if token else _NO_TOKEN
    if message:
        raise refusals.user_error(message)
    odoo.tokens_fetched += 1
    server[f"{prefix}_access_token"] = f"access-token-{odoo.tokens_fetched}"
    server[f"{prefix}_access_token_expiration"] = int(odoo.now.timestamp()) + _TOKEN_SECONDS
    if authentication == "outlook":
        server[f"{prefix}_refresh_token"] = f"rotated-token-{odoo.tokens_fetched}"


def _without_a_client(odoo: SimulatedOdoo, authentication: str, token: Any) -> str:
    """Raise the error of a missing client.

    From 19.0 on Odoo calls its own service, which is unreachable here. The address in the error contains the token.
    """
    if odoo.major < 19:
        return _NO_TOKEN
    return (
        f"Connection Test Failed! Here is what we got instead:\n HTTPSConnectionPool(host='{authentication}.api.odoo.com', "
        f"port=443): Max retries exceeded with url: /api/mail_oauth/1/{authentication}_access_token?refresh_token={token}"
        f"&db_uuid={odoo.parameter('database.uuid')} (Caused by NameResolutionError)"
    )
