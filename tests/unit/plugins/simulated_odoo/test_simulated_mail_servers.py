# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers of the simulated Odoo: rules, tokens, use and copies."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    GMAIL,
    OUTLOOK,
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_PERSONAL_SERVERS, RECORDED, since


def test_certificates(session: Session, series: str) -> None:
    values = {"name": "Main", "smtp_authentication": "certificate", "smtp_encryption": "ssl"}
    assert "SSL private key is missing for Main." in create_refused(session, "ir.mail_server", **values)
    values["smtp_ssl_private_key"] = "a2V5"
    assert "SSL certificate is missing for Main." in create_refused(session, "ir.mail_server", **values)
    values["smtp_ssl_certificate"] = "Y2VydA=="
    server = create(session, "ir.mail_server", **values)
    assert read(session, "ir.mail_server", server, "smtp_ssl_certificate")["smtp_ssl_certificate"] == "Y2VydA=="
    values["smtp_encryption"] = "none"
    if series in ("16.0", "17.0"):
        create(session, "ir.mail_server", **values)
    else:
        text = create_refused(session, "ir.mail_server", **values)
        assert "Certificate-based authentication requires a TLS transport" in text


@pytest.mark.parametrize(("service", "valid"), [("Gmail", GMAIL), ("Outlook", OUTLOOK)])
def test_oauth2_rules(session: Session, series: str, service: str, valid: dict[str, str]) -> None:
    name = (
        "'Main'" if series in ("16.0", "17.0") else "\N{LEFT DOUBLE QUOTATION MARK}Main\N{RIGHT DOUBLE QUOTATION MARK}"
    )
    create(session, "ir.mail_server", name="Main", **valid)
    text = create_refused(session, "ir.mail_server", name="Main", **{**valid, "smtp_pass": "x"})
    assert f"leave the password field empty for {service} mail server {name}" in text
    wrong = "starttls_strict" if series in since(19) else "ssl"
    text = create_refused(session, "ir.mail_server", name="Main", **{**valid, "smtp_encryption": wrong})
    assert f"Incorrect Connection Security for {service} mail server {name}" in text
    text = create_refused(session, "ir.mail_server", name="Main", **{**valid, "smtp_user": False})
    assert 'Please fill the "Username" field' in text


def test_tokens_are_written_over_rpc(session: Session) -> None:
    server = create(session, "ir.mail_server", name="Main", smtp_pass="old")
    session.write("ir.mail_server", [server], {**GMAIL, "smtp_pass": False, "google_gmail_refresh_token": "token"})
    record = read(session, "ir.mail_server", server, "google_gmail_refresh_token", "google_gmail_uri")
    assert record["google_gmail_refresh_token"] == "token"
    assert record["google_gmail_uri"] is False
    session.create(
        "ir.config_parameter",
        [
            {"key": "google_gmail_client_id", "value": "client"},
            {"key": "google_gmail_client_secret", "value": "secret"},
        ],
    )
    assert "client_id=client" in read(session, "ir.mail_server", server, "google_gmail_uri")["google_gmail_uri"]
    other = create(session, "ir.mail_server", name="Other")
    names = ["google_gmail_uri"]
    text = refused(Rejected, session, "ir.mail_server", "read", [server, other], fields=names)
    assert "Expected singleton or no record" in text


def test_a_server_in_use_is_not_archived(session: Session) -> None:
    """The error is raised even if the server is already archived. Its deletion is not refused."""
    server = create(session, "ir.mail_server", name="Main", active=False)
    template = create(session, "mail.template", name="Invoice", mail_server_id=server)
    assert read(session, "ir.mail_server", server, "mail_template_ids")["mail_template_ids"] == [template]
    text = refused(Rejected, session, "ir.mail_server", "write", [server], vals={"active": False})
    assert (
        "You cannot archive this Outgoing Mail Server (Main) because it is still used in the following case(s):" in text
    )
    assert "- Invoice (Email Template)" in text
    session.unlink("ir.mail_server", [server])
    assert read(session, "mail.template", template, "mail_server_id")["mail_server_id"] is False


def test_a_server_that_mailings_use_is_not_archived(session: Session) -> None:
    """Only unfinished mailings count."""
    server = create(session, "ir.mail_server", name="Main")
    news = create(session, "mailing.mailing", subject="News", mail_server_id=server)
    create(session, "mailing.mailing", subject="Old news", mail_server_id=server, state="done")
    assert read(session, "ir.mail_server", server, "active_mailing_ids")["active_mailing_ids"] == [news]
    call = ("ir.mail_server", "write", [server])
    text = refused(Rejected, session, *call, vals={"active": False})
    assert '- Mass Mailing "News"' in text
    assert "Old news" not in text
    session.write("mailing.mailing", [news], {"mail_server_id": False})
    parameter = create(session, "ir.config_parameter", key="mass_mailing.mail_server_id", value=str(server))
    assert "as its default mail server" in refused(Rejected, session, *call, vals={"active": False})
    session.unlink("ir.config_parameter", [parameter])
    session.call(*call, vals={"active": False})


def test_copies(session: Session, series: str) -> None:
    """As observed on 19: passwords and the name are copied.

    Consent and the records that point to the original are not copied.
    """
    values = {"smtp_host": "mail.example", "from_filter": "acme.example", "google_gmail_access_token_expiration": 9}
    tokens = {"google_gmail_refresh_token": "token", "microsoft_outlook_access_token": "other"}
    server = create(session, "ir.mail_server", name="Main", smtp_pass="made-up", **values, **tokens)
    create(session, "mail.template", name="Invoice", mail_server_id=server)
    answer = session.call("ir.mail_server", "copy", [server])
    assert isinstance(answer, int if series in ("16.0", "17.0") else list)
    copied = session.copy("ir.mail_server", server, {"active": False, "smtp_port": 465})
    names = ("name", "active", "smtp_host", "smtp_port", "smtp_pass", "from_filter", "mail_template_ids")
    assert read(session, "ir.mail_server", copied, *names, *tokens, "google_gmail_access_token_expiration") == {
        "id": copied,
        "name": "Main",
        "active": False,
        "smtp_host": "mail.example",
        "smtp_port": 465,
        "smtp_pass": "made-up",
        "from_filter": "acme.example",
        "mail_template_ids": [],
        "google_gmail_refresh_token": False,
        "microsoft_outlook_access_token": False,
        "google_gmail_access_token_expiration": 0,
    }
    assert "Invalid field" in refused(Unsupported, session, "ir.mail_server", "copy", [server], default={"nope": 1})
    refused(Rejected, session, "ir.mail_server", "copy", [999])
    if series in ("16.0", "17.0"):
        assert "Expected singleton" in refused(Rejected, session, "ir.mail_server", "copy", [server, copied])
    else:
        assert len(session.call("ir.mail_server", "copy", [server, copied])) == 2


@pytest.mark.parametrize("series", [series for series in HAVE_PERSONAL_SERVERS if series in RECORDED])
def test_a_copy_of_a_personal_server_needs_another_owner(session: Session) -> None:
    server = create(session, "ir.mail_server", name="Mine", owner_user_id=2)
    text = refused(Rejected, session, "ir.mail_server", "copy", [server])
    assert "owner_user_id must be unique" in text
    session.copy("ir.mail_server", server, {"owner_user_id": False})


def test_one_personal_server_for_each_owner(session: Session, series: str) -> None:
    """Since 19."""
    if series not in since(19):
        assert "owner_user_id" not in session.fields("ir.mail_server")
        return
    server = create(session, "ir.mail_server", name="Mine", owner_user_id=2)
    assert read(session, "ir.mail_server", server, "owner_user_id")["owner_user_id"] == [2, "Administrator"]
    text = create_refused(session, "ir.mail_server", name="Mine, too", owner_user_id=2)
    assert "owner_user_id must be unique" in text
    create(session, "ir.mail_server", name="Nobody's")
    create(session, "ir.mail_server", name="Nobody's")
