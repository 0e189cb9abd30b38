# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of failing SMTP servers: each has its outcome, its stage and its reason."""

from __future__ import annotations

import socket
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import OUTCOMES
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.dialogue import STAGES
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings
from ansible_collections.postmaster.odoo.tests.unit.local_server import closed_port, listening
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import (
    AUTH,
    HOST,
    LOGIN,
    SECRET,
    USER,
    probed,
    stages,
)
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server

# The reply of the server, the options of the probe, the outcome, the stage, and a word of the reason.
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str, str]] = {
    "not now": ({"replies": {"CONNECT": "421 4.3.2 Busy"}}, {}, "throttled", "banner", "421 4.3.2 Busy"),
    "never": ({"replies": {"CONNECT": "554 5.7.1 Go away"}}, {}, "client_blocked", "banner", "554 5.7.1 Go away"),
    "another protocol": (
        {"replies": {"CONNECT": "HTTP/1.1 400 No"}},
        {},
        "not_smtp",
        "banner",
        "the service on this port is not an SMTP server",
    ),
    "hangs up at once": (
        {"replies": {"CONNECT": None}},
        {},
        "disconnected",
        "banner",
        "the server closed the connection",
    ),
    "hangs up at EHLO": ({"replies": {"EHLO": None}}, {}, "disconnected", "ehlo", "the server closed the connection"),
    "refuses to be greeted": (
        {"replies": {"EHLO": "550 No", "HELO": "550 5.7.1 Who?"}},
        {},
        "helo_rejected",
        "ehlo",
        "550 5.7.1 Who?",
    ),
    "no STARTTLS": ({}, {"encryption": "starttls"}, "starttls_unsupported", "starttls", "does not offer STARTTLS"),
    "STARTTLS refused": (
        {"features": ("STARTTLS",), "replies": {"STARTTLS": "501 No"}},
        {"encryption": "starttls"},
        "starttls_unsupported",
        "starttls",
        "501 No",
    ),
    "STARTTLS not now": (
        {"features": ("STARTTLS",), "replies": {"STARTTLS": "454 4.7.0 Not now"}},
        {"encryption": "starttls"},
        "throttled",
        "starttls",
        "454 4.7.0 Not now",
    ),
    "STARTTLS without TLS": (
        {"features": ("STARTTLS",)},
        {"encryption": "starttls"},
        "tls",
        "tls",
        "does not start with TLS",
    ),
    "TLS at a plain port": ({}, {"encryption": "ssl"}, "tls", "tls", "does not start with TLS"),
    "no login": ({}, LOGIN, "auth_unsupported", "auth", "offers no login, not PLAIN"),
    "tokens only": ({"features": ("AUTH XOAUTH2",)}, LOGIN, "auth_unsupported", "auth", "offers XOAUTH2, not"),
    "no tokens": (AUTH, {"user": USER, "access_token": SECRET}, "auth_unsupported", "auth", "PLAIN, LOGIN, not XOA"),
    "wrong password": ({**AUTH, "replies": {"AUTH": "535 5.7.8 No"}}, LOGIN, "auth", "auth", "535 5.7.8 No"),
    "login not now": ({**AUTH, "replies": {"AUTH": "454 4.7.0 No"}}, LOGIN, "throttled", "auth", "454 4.7.0 No"),
    "hangs up at a login": (
        {**AUTH, "replies": {"AUTH": None}},
        LOGIN,
        "disconnected",
        "auth",
        "the server closed the connection",
    ),
    "asks for nonsense": ({**AUTH, "replies": {"AUTH": "334 ="}}, LOGIN, "auth", "auth", "500"),
    "password in umlauts": (AUTH, {**LOGIN, "password": f"ü{SECRET}"}, "unconfigured", "auth", "not ASCII"),
    "user in umlauts": (AUTH, {**LOGIN, "user": "jürgen"}, "unconfigured", "auth", "not ASCII"),
    "login first": (
        {"replies": {"MAIL": "530 5.7.0 Authentication Required"}},
        {"sender": USER},
        "auth",
        "sender",
        "Authentication Required",
    ),
    "TLS first": (
        {"replies": {"MAIL": "530 Issue STARTTLS first"}},
        {"sender": USER},
        "starttls_required",
        "sender",
        "STARTTLS",
    ),
    "sender refused": (
        {"replies": {"MAIL": "553 5.7.1 Not yours"}},
        {"sender": USER},
        "sender_rejected",
        "sender",
        "553 5.7.1 Not yours",
    ),
    "sender not now": ({"replies": {"MAIL": "451 4.7.1 No"}}, {"sender": USER}, "throttled", "sender", "451 4.7.1 No"),
    "hangs up at a sender": (
        {"replies": {"MAIL": None}},
        {"sender": USER},
        "disconnected",
        "sender",
        "the server closed the connection",
    ),
    "sender in umlauts": ({}, {"sender": "jürgen@acme.example"}, "sender_rejected", "sender", "SMTPUTF8"),
    "recipient refused": (
        {"replies": {"RCPT": "550 5.1.1 No such user"}},
        {"sender": USER, "recipient": USER},
        "recipient_rejected",
        "recipient",
        "550 5.1.1 No such user",
    ),
    "recipient not now": (
        {"replies": {"RCPT": "450 4.2.0 Greylisted"}},
        {"sender": USER, "recipient": USER},
        "throttled",
        "recipient",
        "450 4.2.0 Greylisted",
    ),
    "nonsense": (
        {"replies": {"MAIL": "what?"}},
        {"sender": USER},
        "not_smtp",
        "sender",
        "the service on this port is not an SMTP server",
    ),
    "endless": ({"replies": {"CONNECT": "220-" + "x" * 80_000}}, {}, "not_smtp", "banner", "Line too long"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_failures(case: str) -> None:
    replies, asked, outcome, stage, why = REFUSALS[case]
    with smtp_server(**replies) as server:
        result = probed(server, **asked)
    assert (result["outcome"], result["stage"]) == (outcome, stage), result["message"]
    assert outcome in OUTCOMES
    assert why in result["message"]
    assert result["message"].startswith(f"{HOST}:{server.port}, {stage}: ")
    failed = [one["stage"] for one in result["stages"] if not one["ok"]]
    assert failed[0] == stage
    assert set(stages(result)) <= set(STAGES)
    assert "DATA" not in server.verbs
    assert SECRET not in str(result)


def test_a_refused_password_if_the_server_then_disconnects() -> None:
    """smtplib would try the next mechanism, and report a disconnection."""

    def refuse_and_hang_up(connection: socket.socket) -> None:
        received = connection.makefile("rb")
        for reply in (b"220 x", b"250-x\r\n250 AUTH PLAIN LOGIN", b"535 5.7.8 No"):
            connection.sendall(reply + b"\r\n")
            received.readline()

    with listening(refuse_and_hang_up) as url:
        result = probed(urlsplit(url).port or 0, **LOGIN)
    assert (result["outcome"], result["stages"][4]["reply"]) == ("auth", "5.7.8 No")


def test_the_reason_of_a_refused_token_is_reported() -> None:
    told = b64encode(b'{"status": "400", "schemes": "Bearer"}').decode()
    replies = {"AUTH": f"334 {told}", "": "535 5.7.8 Not accepted"}
    with smtp_server(features=("AUTH XOAUTH2",), replies=replies) as server:
        result = probed(server, user=USER, access_token=SECRET)
    assert result["outcome"] == "auth"
    assert result["stages"][4]["detail"] == "XOAUTH2 status 400, schemes Bearer, 535 5.7.8 Not accepted"
    assert "Connect the mail server with its account again" in result["suggestion"]


def test_a_refused_token_may_have_an_answer_of_any_content() -> None:
    with smtp_server(
        features=("AUTH XOAUTH2",),
        replies={"AUTH": f"334 {b64encode(b'[' * 6_000).decode()}", "": "535 5.7.8 Not accepted"},
    ) as server:
        result = probed(server, user=USER, access_token=SECRET)
    assert (result["outcome"], result["stages"][4]["detail"]) == ("auth", "XOAUTH2, 535 5.7.8 Not accepted")


def test_the_reply_to_quit_does_not_matter() -> None:
    with smtp_server(replies={"QUIT": None}) as server:
        result = probed(server)
    assert result["outcome"] == "ok"
    assert (result["stages"][-1]["stage"], result["stages"][-1]["ok"]) == ("quit", False)


def test_a_port_without_a_listener() -> None:
    result = probed(closed_port())
    assert (result["outcome"], result["stage"]) == ("unreachable", "connect")
    assert "Connection refused" in result["message"]
    assert "is the host or container that connects" in result["suggestion"]
    elsewhere = probe(Settings("127.1", closed_port()))  # nobody takes this name for the connecting host
    assert "firewalls" in elsewhere["suggestion"]
    assert result["alternatives"] == []


@pytest.mark.parametrize("host", ["no.such.example", "a..b", "x" * 70 + ".example"])
def test_an_unknown_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(name: str, *_what: Any, **_how: Any) -> None:
        name.encode("idna")  # as the real function does
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = probe(Settings(host, explore=True))
    assert (result["outcome"], result["stage"], result["alternatives"]) == ("dns", "resolve", [])
    assert "smtp_host" in result["suggestion"]


def test_an_impossible_port() -> None:
    """Odoo's field accepts it."""
    assert probed(70000)["outcome"] in ("dns", "unreachable")
