# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies: each is followed exactly, and the doctor then has no finding."""

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
    """Return a function that starts SMTP servers, which run until the test ends."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(smtp_server(**{"features": (), **how}))


@dataclass
class RepairableInstance:
    """An instance whose only mail server can be changed."""

    broken: BrokenInstance

    def use(self, smtp: SmtpServer, **values: Any) -> None:
        """Send through an SMTP server, by default without a login."""
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

    def assert_mail_leaves(self) -> None:
        found = self.broken.examine(checks=["server"])["findings"]
        assert [one["id"] for one in found if one["severity"] == "error"] == []


@pytest.fixture(scope="module")
def broken(lab: Lab) -> Iterator[BrokenInstance]:
    broken = BrokenInstance.healthy(lab, "integration_remedies")
    yield broken
    broken.drop()


@pytest.fixture
def instance(broken: BrokenInstance) -> RepairableInstance:
    instance = RepairableInstance(broken)
    instance.change(smtp_authentication="login", from_filter="lab.example")
    return instance


def test_smtp_auth_is_switched_off(instance: RepairableInstance, servers: Callable[..., SmtpServer], lab: Lab) -> None:
    """Microsoft 365: use OAuth2."""
    refusal = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    smtp = servers(features=("AUTH PLAIN LOGIN",), replies={"AUTH": refusal})
    instance.use(smtp, smtp_user=SALES, smtp_pass=WRONG)
    assert "set smtp_authentication to outlook" in instance.finding("auth_failed")["remedy"]
    oauth2 = oauth2_server(lab, "outlook", oauth2={"refresh_token": "made-up-refresh-token"}, name=MAIN)
    instance.broken.instance.enforce({"servers": [oauth2]})
    give_access_token(instance.broken.instance, MAIN, "outlook", str(lab.smtp["xoauth2"].token))
    instance.assert_mail_leaves()


def test_an_app_password(instance: RepairableInstance, servers: Callable[..., SmtpServer]) -> None:
    """Google: create an app password and set it as smtp_pass."""
    right = b64encode(f"\0{SALES}\0{RIGHT}".encode()).decode()
    refusal = "534-5.7.9 Application-specific password required.\r\n534 5.7.9 InvalidSecondFactor - gsmtp"
    accept = "235 2.7.0 Accepted"
    smtp = servers(features=("AUTH PLAIN",), replies={"AUTH": lambda line: accept if right in line else refusal})
    instance.use(smtp, smtp_user=SALES, smtp_pass=WRONG)
    assert "Create an app password for the account and set it as smtp_pass" in instance.finding("auth_failed")["remedy"]
    instance.change(smtp_pass=RIGHT)
    instance.assert_mail_leaves()


def test_a_login_that_a_relay_requires(instance: RepairableInstance, servers: Callable[..., SmtpServer]) -> None:
    smtp = servers(features=("AUTH PLAIN",))

    def rcpt(_line: str) -> str:
        return "250 Ok" if "AUTH" in smtp.verbs else "554 5.7.1 <noreply@odoo.com>: Relay access denied"

    smtp.replies = {"RCPT": rcpt}
    instance.use(smtp)
    assert "log in (smtp_user, smtp_pass)" in instance.finding("relay_denied")["remedy"]
    instance.change(smtp_user=SALES, smtp_pass=RIGHT)
    instance.assert_mail_leaves()


def test_starttls_is_required(instance: RepairableInstance, servers: Callable[..., SmtpServer], tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issue("127.0.0.1").write_to(tmp_path / "server.pem"))
    smtp = servers(tls=context, features_in_tls=())

    def mail(_line: str) -> str:
        return "250 Ok" if "STARTTLS" in smtp.verbs else "530 5.7.0 Must issue a STARTTLS command first."

    smtp.replies = {"MAIL": mail}
    instance.use(smtp)
    assert "Set smtp_encryption to starttls" in instance.finding("tls_mismatch")["remedy"]
    instance.change(smtp_encryption="starttls")
    instance.assert_mail_leaves()


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "set from_filter"),
        ("554 Message rejected: Email address is not verified.", "verify it at the provider"),
        ("553 5.7.1 <x@lab.example>: Sender address rejected: not owned by user", "set from_filter"),
    ],
)
def test_another_sender(
    refusal: str, remedy: str, instance: RepairableInstance, servers: Callable[..., SmtpServer]
) -> None:
    smtp = servers(replies={"MAIL": lambda line: "250 Ok" if SALES in line else refusal})
    instance.use(smtp)
    assert remedy in instance.finding("sender_rejected")["remedy"]
    instance.change(from_filter=SALES)
    instance.assert_mail_leaves()


def test_passwords_are_no_longer_accepted(
    instance: RepairableInstance, servers: Callable[..., SmtpServer], lab: Lab
) -> None:
    """Microsoft 365: use OAuth2."""
    refusal = "550 5.7.30 Basic authentication is not supported for Client Submission."
    instance.use(servers(features=("AUTH PLAIN LOGIN",), replies={"AUTH": refusal}), smtp_user=SALES, smtp_pass=WRONG)
    assert "set smtp_authentication to outlook" in instance.finding("auth_failed")["remedy"]


def test_a_blocked_address(instance: RepairableInstance, servers: Callable[..., SmtpServer]) -> None:
    """Send through a relay, which is another server."""
    blocked = servers(
        replies={"RCPT": "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using zen.spamhaus.org"}
    )
    instance.use(blocked)
    assert "send through a relay" in instance.finding("client_blocked")["remedy"]
    instance.use(servers())
    instance.assert_mail_leaves()


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


def test_implicit_tls(instance: RepairableInstance, lab: Lab) -> None:
    """The probe finds the encryption that the server offers at the port."""
    smtp = lab.smtp["ssl"]
    instance.change(
        smtp_host=smtp.host,
        smtp_port=smtp.port,
        smtp_encryption="starttls",
        smtp_user=smtp.user,
        smtp_pass=smtp.password,
        from_filter=smtp.user,
    )
    seen = instance.broken.examine(checks=["server"], live_tests=False, probe=True)["findings"]
    (finding,) = [one for one in seen if one["severity"] == "error"]
    assert f"Use smtp_encryption: ssl, smtp_port: {smtp.port}." in finding["remedy"]
    instance.change(smtp_encryption="ssl")
    instance.assert_mail_leaves()


def test_an_old_tls_is_not_a_reason_to_use_plain_text(
    instance: RepairableInstance, servers: Callable[..., SmtpServer], tmp_path: Path
) -> None:
    certificate = issue("127.0.0.1").write_to(tmp_path / "server.pem")
    old, updated = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _number in range(2))
    for context in (old, updated):
        context.load_cert_chain(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this is the subject of the test
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    smtp = servers(tls=old, features=("AUTH PLAIN",), features_in_tls=("AUTH PLAIN",))
    instance.use(smtp, smtp_encryption="starttls", smtp_user=SALES, smtp_pass=RIGHT)
    for probes in (False, True):
        remedy = instance.finding("tls_mismatch", probes=probes)["remedy"]
        assert "have the server updated" in remedy
        assert "none" not in remedy
    smtp.tls = updated
    instance.assert_mail_leaves()


def test_localhost_of_a_container(instance: RepairableInstance, servers: Callable[..., SmtpServer], lab: Lab) -> None:
    smtp = servers()
    instance.use(smtp)
    instance.change(smtp_host="localhost", smtp_port=lab.description["smtp"]["nowhere"]["port"])
    remedy = instance.finding("server_unreachable")["remedy"]
    assert "localhost is the host or container that connects" in remedy
    instance.change(smtp_host="127.0.0.1", smtp_port=smtp.port)
    instance.assert_mail_leaves()


def test_the_recipient_of_odoos_test(instance: RepairableInstance, servers: Callable[..., SmtpServer]) -> None:
    """The finding is a warning, and a canary shows that other mail is sent."""
    smtp = servers(
        replies={"RCPT": lambda line: "250 Ok" if "postmaster@else.example" in line else "550 5.1.1 No such user"}
    )
    instance.use(smtp)
    finding = instance.finding("recipient_rejected")
    assert finding["severity"] == "warning"
    assert "postmaster.odoo.mail_server_test with canary" in finding["remedy"]
    with instance.broken.instance.session() as session:
        (test,) = run_tests(session, name=MAIN, xml_id=None, canary=Canary("postmaster@else.example", SALES))
    assert (test["outcome"], test["canary"]["outcome"]) == ("ok", "ok")
