# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection test of the simulated Odoo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    GMAIL,
    OUTLOOK,
    create,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import (
    HAVE_SERVERS_WITHOUT_HOST,
    HAVE_SIZE_LIMITS,
    RECORDED,
    since,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_connection_test(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    """Works on archived servers, too."""
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example", active=False)
    answer = session.call("ir.mail_server", "test_smtp_connection", [server])
    assert answer["params"]["message"] == "Connection Test Successful!"
    assert ("next" in answer["params"]) == (series not in ("16.0", "17.0"))
    odoo.smtp_outcomes[server] = "Server replied with following exception:\n (535, b'5.7.8 Authentication failed')"
    text = refused(Rejected, session, "ir.mail_server", "test_smtp_connection", [server])
    assert "(535, b'5.7.8 Authentication failed')" in text
    odoo.smtp = lambda tested: None if tested["smtp_host"] == "mail.example" else "No response received."
    session.call("ir.mail_server", "test_smtp_connection", [server])


def test_connection_test_autodetects_the_size_since_18(session: Session, series: str) -> None:
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example")
    call = ("ir.mail_server", "test_smtp_connection", [server])
    if series in HAVE_SIZE_LIMITS:
        session.call(*call, autodetect_max_email_size=False)
    else:
        refused(Rejected, session, *call, autodetect_max_email_size=False)


@pytest.mark.parametrize("series", [series for series in HAVE_SERVERS_WITHOUT_HOST if series in RECORDED])
def test_connection_test_needs_a_host(session: Session, series: str) -> None:
    server = create(session, "ir.mail_server", name="Main")
    wanted = "Missing SMTP Server" if series == "17.0" else "int() argument must be"
    assert wanted in refused(Rejected, session, "ir.mail_server", "test_smtp_connection", [server])


def test_connection_test_needs_a_sender(session: Session, odoo: SimulatedOdoo, series: str) -> None:
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example")
    call = ("ir.mail_server", "test_smtp_connection", [server])
    odoo.record("res.users", odoo.uid)["email"] = False
    no_sender = "Please configure an email on the current user"
    assert no_sender in refused(Rejected, session, *call)
    odoo.smtp_outcomes[server] = "No response received."
    assert (no_sender if series in since(19) else "No response received.") in refused(Rejected, session, *call)
    odoo.smtp_outcomes[server] = "The server refused the sender address (x) with error b'no'"
    assert no_sender in refused(Rejected, session, *call)
    odoo.smtp_outcomes.clear()
    session.write("ir.mail_server", [server], {"from_filter": "acme.example"})
    session.call(*call)


def client(session: Session, prefix: str) -> None:
    """Return the system parameters of an OAuth2 client."""
    for name in ("client_id", "client_secret"):
        create(session, "ir.config_parameter", key=f"{prefix}_{name}", value="made-up")


@pytest.mark.parametrize(("prefix", "valid"), [("google_gmail", GMAIL), ("microsoft_outlook", OUTLOOK)])
def test_connection_test_by_oauth2(
    session: Session, odoo: SimulatedOdoo, series: str, prefix: str, valid: dict[str, str]
) -> None:
    """If no access token is valid, one is fetched. Google's refresh token is kept, and Microsoft's is replaced."""
    server = create(session, "ir.mail_server", name="Main", smtp_host="mail.example", **valid)
    call = ("ir.mail_server", "test_smtp_connection", [server])
    tokens = (f"{prefix}_refresh_token", f"{prefix}_access_token")
    without = "Please connect with your Outlook account before using it."
    if prefix == "google_gmail":
        without = "gmail.api.odoo.com" if series in since(19) else "An error occurred when fetching the access token."
    assert without in refused(Rejected, session, *call)
    session.write("ir.mail_server", [server], {f"{prefix}_refresh_token": "made-up"})
    without_client = "&db_uuid=" if series in since(19) else "An error occurred when fetching the access token."
    text = refused(Rejected, session, *call)
    assert without_client in text
    assert "made-up" not in text  # Odoo 19 shows it; the session masks it
    client(session, prefix)
    odoo.token_service = lambda server: None if server[f"{prefix}_refresh_token"] == "made-up" else "invalid_grant"
    odoo.smtp = lambda server: None if server[f"{prefix}_access_token"] == "access-token-1" else "no"
    session.call(*call)
    rotated = "made-up" if prefix == "google_gmail" else "rotated-token-1"
    stored = read(session, "ir.mail_server", server, *tokens)
    assert stored == {"id": server, tokens[0]: rotated, tokens[1]: "access-token-1"}
    session.call(*call)
    odoo.now += timedelta(hours=2)
    session.write("ir.mail_server", [server], {f"{prefix}_refresh_token": "revoked"})
    assert "invalid_grant" in refused(Rejected, session, *call)
    assert read(session, "ir.mail_server", server, tokens[1])[tokens[1]] == "access-token-1"
