# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies that are followed to the letter: the doctor says what to do, it is done, and the doctor finds nothing any more."""

from __future__ import annotations

import ssl
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import Canary
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import SmtpServer, smtp_server
from broken_instance import MAIN, BrokenInstance
from lab import Lab
from mail_servers import give_access_token, oauth2_server

WRONG, RIGHT = "account-password-made-up", "app-password-made-up"
SALES = "sales@lab.example"


@pytest.fixture
def servers() -> Iterator[Callable[..., SmtpServer]]:
    """Starts SMTP servers, until the test ends."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(smtp_server(**{"features": (), **how}))


@dataclass
class Patient:
    """An instance whose only mail server can be changed."""

    broken: BrokenInstance

    def use(self, smtp: SmtpServer, **values: Any) -> None:
        """Send through an SMTP server, without a login unless one is given."""
        login = {"smtp_encryption": "none", "smtp_user": False, "smtp_pass": False}
        self.change(smtp_host="127.0.0.1", smtp_port=smtp.port, **{**login, **values})

    def change(self, **values: Any) -> None:
        self.broken.server(**values)

    def finding(self, kind: str, *, probes: bool = False) -> dict[str, Any]:
        """Return the only error of the mail server, which must be of this kind."""
        found = self.broken.examine(checks=["server"], probe=probes)["findings"]
        (error,) = [
            one for one in found if one["severity"] in ("error", "warning") and one["id"] != "plaintext_password"
        ]
        assert error["id"] == kind, error
        return error

    def assert_well(self) -> None:
        found = self.broken.examine(checks=["server"])["findings"]
        assert [one["id"] for one in found if one["severity"] == "error"] == []


@pytest.fixture(scope="module")
def hospital(lab: Lab) -> Iterator[BrokenInstance]:
    broken = BrokenInstance.healthy(lab, "integration_remedies")
    yield broken
    broken.discharge()


@pytest.fixture
def patient(hospital: BrokenInstance) -> Patient:
    patient = Patient(hospital)
    patient.change(smtp_authentication="login", from_filter="lab.example")
    return patient


def test_smtp_auth_is_switched_off(patient: Patient, servers: Callable[..., SmtpServer], lab: Lab) -> None:
    """Microsoft 365: use OAuth2."""
    refusal = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    smtp = servers(features=("AUTH PLAIN LOGIN",), replies={"AUTH": refusal})
    patient.use(smtp, smtp_user=SALES, smtp_pass=WRONG)
    assert "set smtp_authentication to outlook" in patient.finding("auth_failed")["remedy"]
    oauth2 = oauth2_server(lab, "outlook", oauth2={"refresh_token": "made-up-refresh-token"}, name=MAIN)
    patient.broken.instance.enforce({"servers": [oauth2]})
    give_access_token(patient.broken.instance, MAIN, "outlook", str(lab.smtp["xoauth2"].token))
    patient.assert_well()


def test_an_app_password(patient: Patient, servers: Callable[..., SmtpServer]) -> None:
    """Google: create an app password and set it as smtp_pass."""
    right = b64encode(f"\0{SALES}\0{RIGHT}".encode()).decode()
    refusal = "534-5.7.9 Application-specific password required.\r\n534 5.7.9 InvalidSecondFactor - gsmtp"
    accept = "235 2.7.0 Accepted"
    smtp = servers(features=("AUTH PLAIN",), replies={"AUTH": lambda line: accept if right in line else refusal})
    patient.use(smtp, smtp_user=SALES, smtp_pass=WRONG)
    assert "Create an app password for the account and set it as smtp_pass" in patient.finding("auth_failed")["remedy"]
    patient.change(smtp_pass=RIGHT)
    patient.assert_well()


def test_a_login_that_a_relay_wants(patient: Patient, servers: Callable[..., SmtpServer]) -> None:
    smtp = servers(features=("AUTH PLAIN",))

    def rcpt(_line: str) -> str:
        return "250 Ok" if "AUTH" in smtp.verbs else "554 5.7.1 <noreply@odoo.com>: Relay access denied"

    smtp.replies = {"RCPT": rcpt}
    patient.use(smtp)
    assert "log in (smtp_user, smtp_pass)" in patient.finding("relay_denied")["remedy"]
    patient.change(smtp_user=SALES, smtp_pass=RIGHT)
    patient.assert_well()


def test_starttls_is_required(patient: Patient, servers: Callable[..., SmtpServer], tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issue("127.0.0.1").write_to(tmp_path / "server.pem"))
    smtp = servers(tls=context, features_in_tls=())

    def mail(_line: str) -> str:
        return "250 Ok" if "STARTTLS" in smtp.verbs else "530 5.7.0 Must issue a STARTTLS command first."

    smtp.replies = {"MAIL": mail}
    patient.use(smtp)
    assert "Set smtp_encryption to starttls" in patient.finding("tls_mismatch")["remedy"]
    patient.change(smtp_encryption="starttls")
    patient.assert_well()


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "set from_filter"),
        ("554 Message rejected: Email address is not verified.", "verify it at the provider"),
        ("553 5.7.1 <x@lab.example>: Sender address rejected: not owned by user", "set from_filter"),
    ],
)
def test_another_sender(refusal: str, remedy: str, patient: Patient, servers: Callable[..., SmtpServer]) -> None:
    smtp = servers(replies={"MAIL": lambda line: "250 Ok" if SALES in line else refusal})
    patient.use(smtp)
    assert remedy in patient.finding("sender_rejected")["remedy"]
    patient.change(from_filter=SALES)
    patient.assert_well()


def test_passwords_are_no_longer_taken(patient: Patient, servers: Callable[..., SmtpServer], lab: Lab) -> None:
    """Microsoft 365: use OAuth2."""
    refusal = "550 5.7.30 Basic authentication is not supported for Client Submission."
    patient.use(servers(features=("AUTH PLAIN LOGIN",), replies={"AUTH": refusal}), smtp_user=SALES, smtp_pass=WRONG)
    assert "set smtp_authentication to outlook" in patient.finding("auth_failed")["remedy"]


def test_a_blocked_address(patient: Patient, servers: Callable[..., SmtpServer]) -> None:
    """Send through a relay, which is another server."""
    blocked = servers(
        replies={"RCPT": "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using zen.spamhaus.org"}
    )
    patient.use(blocked)
    assert "send through a relay" in patient.finding("client_blocked")["remedy"]
    patient.use(servers())
    patient.assert_well()


def test_the_name_of_the_host(servers: Callable[..., SmtpServer]) -> None:
    """The remedy says that the probe shows the name, and to give a fully qualified one."""

    def rcpt(_line: str) -> str:
        name = next(line.split(" ")[1] for line in smtp.lines if line.upper().startswith("EHLO"))
        return "250 Ok" if "." in name else f"504 5.5.2 <{name}>: Helo command rejected: need fully-qualified hostname"

    smtp = servers()
    smtp.replies = {"RCPT": rcpt}
    settings = {"sender": SALES, "recipient": "a@else.example", "timeout": 5}
    refused = probe(Settings("127.0.0.1", smtp.port, name="odoo", **settings))
    assert (refused["outcome"], refused["helo"]) == ("helo_rejected", "odoo")
    assert "Give Odoo's host or container a fully qualified host name" in refused["suggestion"]
    smtp.lines.clear()
    assert probe(Settings("127.0.0.1", smtp.port, name="odoo.lab.example", **settings))["outcome"] == "ok"


def test_implicit_tls(patient: Patient, lab: Lab) -> None:
    """The probe finds what the server offers at the port."""
    smtp = lab.smtp["ssl"]
    patient.change(
        smtp_host=smtp.host,
        smtp_port=smtp.port,
        smtp_encryption="starttls",
        smtp_user=smtp.user,
        smtp_pass=smtp.password,
        from_filter=smtp.user,
    )
    seen = patient.broken.examine(checks=["server"], live_tests=False, probe=True)["findings"]
    (finding,) = [one for one in seen if one["severity"] == "error"]
    assert f"Use smtp_encryption: ssl, smtp_port: {smtp.port}." in finding["remedy"]
    patient.change(smtp_encryption="ssl")
    patient.assert_well()


def test_an_old_tls_is_no_reason_to_go_without(
    patient: Patient, servers: Callable[..., SmtpServer], tmp_path: Path
) -> None:
    certificate = issue("127.0.0.1").write_to(tmp_path / "server.pem")
    old, updated = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _number in range(2))
    for context in (old, updated):
        context.load_cert_chain(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # which is what this is about
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    smtp = servers(tls=old, features=("AUTH PLAIN",), features_in_tls=("AUTH PLAIN",))
    patient.use(smtp, smtp_encryption="starttls", smtp_user=SALES, smtp_pass=RIGHT)
    for probes in (False, True):
        remedy = patient.finding("tls_mismatch", probes=probes)["remedy"]
        assert "have the server updated" in remedy
        assert "none" not in remedy
    smtp.tls = updated
    patient.assert_well()


def test_localhost_of_a_container(patient: Patient, servers: Callable[..., SmtpServer], lab: Lab) -> None:
    smtp = servers()
    patient.use(smtp)
    patient.change(smtp_host="localhost", smtp_port=lab.description["smtp"]["nowhere"]["port"])
    remedy = patient.finding("server_unreachable")["remedy"]
    assert "localhost is the host or container that connects" in remedy
    patient.change(smtp_host="127.0.0.1", smtp_port=smtp.port)
    patient.assert_well()


def test_the_recipient_of_odoos_test(patient: Patient, servers: Callable[..., SmtpServer]) -> None:
    """The finding is a warning, and a canary shows that other mail leaves."""
    smtp = servers(
        replies={"RCPT": lambda line: "250 Ok" if "postmaster@else.example" in line else "550 5.1.1 No such user"}
    )
    patient.use(smtp)
    finding = patient.finding("recipient_rejected")
    assert finding["severity"] == "warning"
    assert "postmaster.odoo.mail_server_test with canary" in finding["remedy"]
    with patient.broken.instance.session() as session:
        (test,) = run_tests(session, name=MAIN, xml_id=None, canary=Canary("postmaster@else.example", SALES))
    assert (test["outcome"], test["canary"]["outcome"]) == ("ok", "ok")
