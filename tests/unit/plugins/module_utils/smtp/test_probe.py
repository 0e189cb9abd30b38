# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probing SMTP servers: each stage, each way to fail, what would work instead, and that no credential shows."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import probe as smtp_probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import OUTCOMES
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.dialogue import STAGES
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings, place, settings_of
from ansible_collections.postmaster.odoo.tests.unit.certificates import Issued, issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import closed_port, listening
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import SmtpServer, smtp_server
from ansible_collections.postmaster.odoo.tests.unit.tasks import module_named, shipped

HOST = "127.0.0.1"
USER = "sales@acme.example"
SECRET = "correct-horse-made-up"
LOGIN = {"user": USER, "password": SECRET}
AUTH = {"features": ("AUTH PLAIN LOGIN",)}
Result = dict[str, Any]


@pytest.fixture(scope="module")
def authority() -> Issued:
    """Who the servers' certificates are from."""
    return issue("authority.example")


@pytest.fixture(scope="module")
def certificates(authority: Issued, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What servers present, and who issued it."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "ca.pem").write_text(authority.certificate_pem)
    return {
        "ca": folder / "ca.pem",
        "trusted": issue(HOST, authority, days=20).write_to(folder / "trusted.pem", authority),
        "untrusted": issue(HOST).write_to(folder / "untrusted.pem"),
        "expired": issue(HOST, authority, days=-3).write_to(folder / "expired.pem", authority),
        "misnamed": issue("mail.other.example", authority).write_to(folder / "misnamed.pem", authority),
    }


def probed(server: SmtpServer | int, **how: Any) -> Result:
    """What a probe finds, with little patience."""
    port = server if isinstance(server, int) else server.port
    patience = {"connect_timeout": 5, "timeout": 5, "name": "odoo.acme.example"}
    return probe(Settings(HOST, port, **{**patience, **how}))


def stages(result: Result) -> list[str]:
    return [stage["stage"] for stage in result["stages"]]


# What works


def test_all_stages_in_plain_text() -> None:
    with smtp_server(**AUTH) as server:
        result = probed(server, **LOGIN, sender=USER, recipient="b@acme.example")
    assert (result["outcome"], result["stage"]) == ("ok", None)
    assert result["message"] == (
        f"{HOST}:{server.port}: SMTP, the login, the sender and the recipient work; no mail was sent."
    )
    assert stages(result) == ["resolve", "connect", "banner", "ehlo", "auth", "sender", "recipient", "quit"]
    assert all(stage["ok"] and stage["seconds"] >= 0 for stage in result["stages"])
    assert result["stages"][4] == {
        "stage": "auth",
        "ok": True,
        "seconds": result["stages"][4]["seconds"],
        "detail": "PLAIN",
        "code": 235,
        "reply": "2.7.0 Authentication successful",
    }
    assert (result["banner"], result["helo"]) == ("smtp.acme.example ESMTP", "odoo.acme.example")
    assert (result["addresses"], result["address"]) == ([HOST], HOST)
    assert result["auth_mechanisms"] == {"before_tls": ["PLAIN", "LOGIN"], "after_tls": None}
    assert (result["tls"], result["starttls"], result["size"]) == (None, False, None)
    assert (result["suggestion"], result["alternatives"]) == (None, [])
    assert server.lines[0] == "ehlo odoo.acme.example"
    assert [line.lower() for line in server.lines[2:4]] == [f"mail from:<{USER}>", "rcpt to:<b@acme.example>"]


def test_nothing_is_ever_sent() -> None:
    with smtp_server() as server:
        probed(server, sender=USER, recipient="b@acme.example")
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]


def test_only_what_is_asked_for() -> None:
    with smtp_server(**AUTH) as server:
        result = probed(server)
    assert result["message"].endswith(": SMTP works; no mail was sent.")
    assert server.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize("encryption", ["starttls_strict", "ssl_strict", "starttls", "ssl"])
def test_in_tls(encryption: str, certificates: dict[str, Path]) -> None:
    implicit = encryption.startswith("ssl")
    with smtp_server(tls=server_context(certificates["trusted"]), implicit=implicit) as server:
        result = probed(server, encryption=encryption, ca_path=str(certificates["ca"]), **LOGIN)
    assert result["outcome"] == "ok", result
    assert stages(result)[2:] == (
        ["tls", "banner", "ehlo", "auth", "quit"]
        if implicit
        else ["banner", "ehlo", "starttls", "tls", "ehlo", "auth", "quit"]
    )
    assert result["features"] == ["SIZE 1000", "AUTH PLAIN LOGIN"]
    assert result["size"] == 1000
    assert result["starttls"] is (None if implicit else True)
    assert result["auth_mechanisms"] == {"before_tls": None if implicit else [], "after_tls": ["PLAIN", "LOGIN"]}
    tls = result["tls"]
    assert (tls["verified"], tls["verify_error"], tls["note"]) == (True, None, None)
    assert tls["version"].startswith("TLSv1.")
    own = tls["chain"][0]
    assert (own["subject"], own["issuer"], own["names"]) == (f"CN={HOST}", "CN=authority.example", [HOST])
    assert own["days_left"] == 20
    assert own["not_before"] < own["not_after"]
    # Only Python 3.13 shows what is above.
    assert tls["chain_complete"] is (sys.version_info >= (3, 13))
    assert [one["subject"] for one in tls["chain"][1:]] == (["CN=authority.example"] if tls["chain_complete"] else [])


def test_the_mode_of_least_encryption_is_pointed_out(certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"]), **AUTH) as server:
        assert "Without it, others can read the password" in probed(server, **LOGIN)["suggestion"]
        assert "smtp_encryption: starttls" in probed(server)["suggestion"]


def test_helo_where_ehlo_is_not_known() -> None:
    with smtp_server(replies={"EHLO": "502 5.5.1 What?"}) as server:
        result = probed(server)
    assert result["outcome"] == "ok"
    assert (result["features"], result["starttls"]) == ([], False)
    assert server.verbs == ["EHLO", "HELO", "QUIT"]


def test_how_it_introduces_itself_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "own.acme.example")
    with smtp_server() as server:
        assert probed(server, name="")["helo"] == "own.acme.example"
    assert server.lines[0] == "ehlo own.acme.example"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_the_mechanisms_of_passwords(mechanism: str) -> None:
    def asked(_line: str) -> str:
        return "334 " + b64encode(b"<1@acme.example>").decode()

    replies = {} if mechanism == "PLAIN" else {"AUTH": asked}
    with smtp_server(features=(f"AUTH {mechanism}",), replies=replies) as server:
        result = probed(server, **LOGIN)
    if mechanism == "PLAIN":
        assert result["outcome"] == "ok"
        assert b64decode(server.lines[1].split(" ")[2]).decode() == f"\0{USER}\0{SECRET}"
    auth = next(stage for stage in result["stages"] if stage["stage"] == "auth")
    assert auth["detail"].startswith(mechanism)


def test_a_token() -> None:
    with smtp_server(features=("AUTH XOAUTH2 PLAIN",)) as server:
        result = probed(server, user=USER, access_token=SECRET)
    assert result["outcome"] == "ok"
    assert b64decode(server.lines[1].removeprefix("AUTH XOAUTH2 ")).decode() == (
        f"user={USER}\1auth=Bearer {SECRET}\1\1"
    )


def test_addresses_that_do_not_answer_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server() as server:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", closed_port())),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, server.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_what, **_how: found)
        result = probed(server)
    assert (result["outcome"], result["address"]) == ("ok", HOST)
    assert result["addresses"] == ["127.0.0.2", HOST]
    assert result["stages"][1]["detail"] == f"127.0.0.2: Connection refused; {HOST}"


# What does not: what the server replies, what it is asked for, outcome, stage and a word of why

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
def test_what_fails(case: str) -> None:
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


def test_a_refused_password_where_the_server_then_hangs_up() -> None:
    """smtplib would try the next mechanism, and say that the server has hung up."""

    def refuse_and_hang_up(connection: socket.socket) -> None:
        received = connection.makefile("rb")
        for reply in (b"220 x", b"250-x\r\n250 AUTH PLAIN LOGIN", b"535 5.7.8 No"):
            connection.sendall(reply + b"\r\n")
            received.readline()

    with listening(refuse_and_hang_up) as url:
        result = probed(urlsplit(url).port or 0, **LOGIN)
    assert (result["outcome"], result["stages"][4]["reply"]) == ("auth", "5.7.8 No")


def test_a_refused_token_says_why() -> None:
    told = b64encode(b'{"status": "400", "schemes": "Bearer"}').decode()
    replies = {"AUTH": f"334 {told}", "": "535 5.7.8 Not accepted"}
    with smtp_server(features=("AUTH XOAUTH2",), replies=replies) as server:
        result = probed(server, user=USER, access_token=SECRET)
    assert result["outcome"] == "auth"
    assert result["stages"][4]["detail"] == "XOAUTH2 status 400, schemes Bearer, 535 5.7.8 Not accepted"
    assert "Connect the mail server with its account again" in result["suggestion"]


def test_a_refused_token_of_any_content_is_an_answer() -> None:
    with smtp_server(
        features=("AUTH XOAUTH2",),
        replies={"AUTH": f"334 {b64encode(b'[' * 6_000).decode()}", "": "535 5.7.8 Not accepted"},
    ) as server:
        result = probed(server, user=USER, access_token=SECRET)
    assert (result["outcome"], result["stages"][4]["detail"]) == ("auth", "XOAUTH2, 535 5.7.8 Not accepted")


def test_how_it_says_goodbye_does_not_matter() -> None:
    with smtp_server(replies={"QUIT": None}) as server:
        result = probed(server)
    assert result["outcome"] == "ok"
    assert (result["stages"][-1]["stage"], result["stages"][-1]["ok"]) == ("quit", False)


def test_nothing_listens() -> None:
    result = probed(closed_port())
    assert (result["outcome"], result["stage"]) == ("unreachable", "connect")
    assert "Connection refused" in result["message"]
    assert "is the host or container that connects" in result["suggestion"]
    elsewhere = probe(Settings("127.1", closed_port()))  # which nothing takes for whoever connects
    assert "firewalls" in elsewhere["suggestion"]
    assert result["alternatives"] == []


@pytest.mark.parametrize("host", ["no.such.example", "a..b", "x" * 70 + ".example"])
def test_no_such_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(name: str, *_what: Any, **_how: Any) -> None:
        name.encode("idna")  # as the real one does
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = probe(Settings(host, explore=True))
    assert (result["outcome"], result["stage"], result["alternatives"]) == ("dns", "resolve", [])
    assert "smtp_host" in result["suggestion"]


def test_a_port_that_there_is_not() -> None:
    """Odoo's field takes it."""
    assert probed(70000)["outcome"] in ("dns", "unreachable")


# What hangs


def hold(connection: socket.socket) -> None:
    """Never a word."""
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """A byte now and then."""
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


def prattle(connection: socket.socket) -> None:
    """A reply that never ends, line after line."""
    while True:
        connection.sendall(b"220-more\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("script", [hold, drip, prattle])
@pytest.mark.parametrize(("encryption", "stage"), [("none", "banner"), ("starttls", "banner")])
def test_a_server_that_hangs(script: Any, encryption: str, stage: str) -> None:
    with listening(script) as url:
        begin = time.monotonic()
        result = probed(urlsplit(url).port or 0, encryption=encryption, timeout=0.3)
        took = time.monotonic() - begin
    assert (result["outcome"], result["stage"]) == ("timeout", stage)
    assert "no answer within 0.3 s" in result["message"]
    assert 0.3 <= result["stages"][-1]["seconds"] < 2
    assert took < 4  # with the alternatives


def test_a_tls_handshake_that_hangs() -> None:
    def hold_once_it_has_begun(connection: socket.socket) -> None:
        connection.recv(4096)
        hold(connection)

    with listening(hold_once_it_has_begun) as url:
        result = probed(urlsplit(url).port or 0, encryption="ssl", timeout=0.3)
    assert (result["outcome"], result["stage"]) == ("timeout", "tls")


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT", "QUIT"])
def test_a_stage_that_hangs(verb: str) -> None:
    stop = threading.Event()

    def hang(_line: str) -> str:
        stop.wait(10)
        return "250 at last"

    with smtp_server(**AUTH, replies={verb: hang}) as server:
        result = probed(server, **LOGIN, sender=USER, recipient=USER, timeout=0.3)
        stop.set()
    stage = {"EHLO": "ehlo", "AUTH": "auth", "MAIL": "sender", "RCPT": "recipient", "QUIT": "quit"}[verb]
    assert result["outcome"] == ("ok" if verb == "QUIT" else "timeout")
    assert result["stage"] == (None if verb == "QUIT" else stage)
    assert next(one for one in result["stages"] if not one["ok"])["stage"] == stage


@pytest.mark.parametrize(("function", "whose"), [("getaddrinfo", ""), ("getfqdn", "for this machine's own name")])
def test_name_servers_that_hang(function: str, whose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    with smtp_server() as server:
        monkeypatch.setattr(socket, function, lambda *_what, **_how: stop.wait(10))
        result = probed(server, name="", connect_timeout=0.3, explore=True)
        stop.set()
    assert (result["outcome"], result["stage"], result["alternatives"]) == ("timeout", "resolve", [])
    assert f"no answer within 0.3 s {whose}".strip() in result["message"]
    assert "name servers" in result["suggestion"]
    assert server.lines == []


# Certificates


@pytest.mark.parametrize(
    ("name", "error", "suggestion"),
    [
        ("untrusted", "self-signed certificate", "Install the CA of the certificate"),
        ("expired", "certificate has expired", "Have it renewed on the server."),
        ("misnamed", "mismatch", "is for mail.other.example: set smtp_host to that name"),
    ],
)
@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_a_certificate_that_does_not_verify(
    name: str, error: str, suggestion: str, mode: str, certificates: dict[str, Path]
) -> None:
    tls = server_context(certificates[name])
    trusted = {"ca_path": str(certificates["ca"]), "sender": USER, **LOGIN}
    with smtp_server(tls=tls, implicit=mode == "ssl") as server:
        refused = probed(server, encryption=f"{mode}_strict", **trusted)
        asked_by_strict = list(server.verbs)
        server.lines.clear()
        taken = probed(server, encryption=mode, **trusted)
    assert (refused["outcome"], refused["stage"]) == ("certificate", "tls")
    assert stages(refused)[-1] == "tls"
    assert suggestion in refused["suggestion"]
    assert {"AUTH", "MAIL"}.isdisjoint(asked_by_strict)
    assert taken["outcome"] == "ok"
    assert all(stage["ok"] for stage in taken["stages"])
    assert server.verbs.count("AUTH") == 1
    for result in (refused, taken):
        assert result["tls"]["verified"] is False
        assert error in result["tls"]["verify_error"]
        assert result["tls"]["chain"][0]["names"] == ["mail.other.example" if name == "misnamed" else HOST]
        assert (result["tls"]["chain"][0]["days_left"] < 0) is (name == "expired")


@pytest.mark.parametrize(
    ("encryption", "enforce", "outcome"),
    [("starttls", True, "certificate"), ("starttls_strict", False, "ok"), ("starttls", None, "ok")],
)
def test_who_decides_whether_certificates_must_verify(
    encryption: str, enforce: bool | None, outcome: str, certificates: dict[str, Path]
) -> None:
    with smtp_server(tls=server_context(certificates["untrusted"])) as server:
        assert probed(server, encryption=encryption, enforce=enforce)["outcome"] == outcome


@pytest.mark.parametrize(
    ("name", "suggestion"), [("expired", "expired. Have it renewed"), ("misnamed", "is for another name")]
)
def test_what_is_wrong_with_a_certificate_without_cryptography(
    name: str, suggestion: str, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with smtp_server(tls=server_context(certificates[name])) as server:
        result = probed(server, encryption="starttls_strict", ca_path=str(certificates["ca"]))
    assert suggestion in result["suggestion"]


def test_without_cryptography(certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_server(tls=server_context(certificates["trusted"])) as server:
        known = probed(server, encryption="starttls")["tls"]
        monkeypatch.setitem(sys.modules, "cryptography", None)
        unknown = probed(server, encryption="starttls")["tls"]
    assert [set(one) for one in unknown["chain"]] == [{"fingerprint"}] * len(known["chain"])
    assert [one["fingerprint"] for one in unknown["chain"]] == [one["fingerprint"] for one in known["chain"]]
    assert "Install the Python package cryptography" in unknown["note"]


def test_a_client_s_certificate(certificates: dict[str, Path], authority: Issued) -> None:
    tls = server_context(certificates["trusted"])
    tls.load_verify_locations(certificates["ca"])
    tls.verify_mode = ssl.CERT_REQUIRED
    client, stranger = issue("client.example", authority), issue("stranger.example")
    with smtp_server(tls=tls) as server:
        for own in (None, stranger, client):
            shown = {"client_certificate": own.certificate_pem, "client_private_key": own.key_pem} if own else {}
            result = probed(server, encryption="starttls", sender=USER, **shown)
            if own is client:
                assert result["outcome"] == "ok", result
            else:
                # In TLS 1.3 the refusal comes after the handshake, and hanging up may overtake it.
                assert result["outcome"] in ("tls", "disconnected")
                assert "requires a client certificate that it trusts" in result["message"]
                assert "smtp_authentication: certificate" in result["suggestion"]
                assert result["alternatives"] == []


# What would work instead


def tried(result: Result) -> list[tuple[int, str, str]]:
    return [(one["smtp_port"], one["smtp_encryption"], one["outcome"]) for one in result["alternatives"]]


@pytest.mark.parametrize("strict", ["", "_strict"])
def test_tls_where_starttls_is_wanted(strict: str, certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"])) as server:
        result = probed(server, encryption=f"ssl{strict}", ca_path=str(certificates["ca"]), **LOGIN)
    assert (result["outcome"], result["stage"]) == ("tls", "tls")
    assert result["suggestion"] == f"Use smtp_encryption: starttls{strict}, smtp_port: {server.port}."
    assert tried(result) == [(server.port, "none", "ok"), (server.port, f"starttls{strict}", "ok")]
    assert "AUTH" not in server.verbs  # no password goes where it was not sent on purpose


@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_plain_text_where_tls_is_wanted(encryption: str, certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"]), implicit=True) as server:
        result = probed(server, encryption=encryption, timeout=0.5, **LOGIN)
    assert (result["outcome"], result["stage"]) == ("timeout", "banner")
    assert result["suggestion"] == f"Use smtp_encryption: ssl, smtp_port: {server.port}."
    assert tried(result) == [(server.port, "ssl", "ok")]
    assert "AUTH" not in server.verbs


@pytest.mark.parametrize("asked", [{**LOGIN}, {"sender": USER}])
def test_plain_text_where_starttls_is_wanted(asked: dict[str, Any], certificates: dict[str, Path]) -> None:
    replies = {"MAIL": "530 5.7.0 Must issue a STARTTLS command first"}
    with smtp_server(tls=server_context(certificates["trusted"]), replies=replies) as server:
        result = probed(server, **asked)
    assert result["outcome"] == ("auth_unsupported" if "user" in asked else "starttls_required")
    assert result["suggestion"] == f"Use smtp_encryption: starttls, smtp_port: {server.port}."


def test_starttls_with_a_certificate_that_does_not_verify(certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["untrusted"])) as server:
        result = probed(server, encryption="ssl_strict", ca_path=str(certificates["ca"]))
    assert tried(result) == [(server.port, "none", "ok"), (server.port, "starttls_strict", "certificate")]
    assert result["suggestion"].startswith(
        f"Use smtp_encryption: starttls_strict, smtp_port: {server.port}, and first correct the certificate there: "
    )


def test_starttls_where_there_is_no_tls() -> None:
    with smtp_server(**AUTH) as server:
        result = probed(server, encryption="starttls", **LOGIN)
    assert result["suggestion"] == (
        f"Use smtp_encryption: none, smtp_port: {server.port}. "
        "There is no TLS on that port, so others can read the mails in the network."
    )


def test_a_dead_port_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = closed_port()
    monkeypatch.setattr(smtp_probe, "PORTS", (dead,))
    result = probed(closed_port(), explore=True)
    assert tried(result) == [(dead, "none", "unreachable")]
    assert "explore" not in result["suggestion"]


def test_other_ports_are_tried_if_asked(certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = closed_port()
    with smtp_server() as plain, smtp_server(tls=server_context(certificates["trusted"])) as secure:
        monkeypatch.setattr(smtp_probe, "PORTS", (plain.port, asked, secure.port))
        assert probed(asked, **LOGIN)["alternatives"] == []
        result = probed(asked, **LOGIN, explore=True)
    assert tried(result) == [
        (plain.port, "none", "ok"),
        (secure.port, "none", "ok"),
        (secure.port, "starttls", "ok"),
    ]
    assert result["suggestion"] == f"Use smtp_encryption: starttls, smtp_port: {secure.port}."
    assert "AUTH" not in plain.verbs + secure.verbs


@pytest.mark.parametrize(
    ("replies", "asked", "suggestion"),
    [
        ({"AUTH": "535 No"}, LOGIN, "Check smtp_user and smtp_pass"),
        ({"MAIL": "530 Authentication required"}, {}, "requires a login: set smtp_user"),
        ({"MAIL": "553 No"}, {}, "from_filter"),
        ({"RCPT": "550 No"}, {}, "recipient"),
        ({"RCPT": "451 No"}, {}, "Try again later"),
    ],
)
def test_refusals_that_no_other_encryption_mends(
    replies: dict[str, str], asked: dict[str, Any], suggestion: str
) -> None:
    with smtp_server(**AUTH, replies=replies) as server:
        result = probed(server, sender=USER, recipient=USER, explore=True, **asked)
    assert suggestion in result["suggestion"]
    assert result["alternatives"] == []


# Credentials


def echo(line: str) -> str:
    return f"535 5.7.8 I will not take {line} nor {SECRET!r}"


@pytest.mark.parametrize("how", [LOGIN, {"user": USER, "access_token": SECRET}, {"user": SECRET, "password": SECRET}])
def test_a_server_that_repeats_what_it_was_sent(how: dict[str, Any]) -> None:
    with smtp_server(features=("AUTH PLAIN XOAUTH2",), replies={"AUTH": echo}) as server:
        result = probed(server, **how)
    sent = server.lines[1].split(" ")[2]
    assert result["outcome"] == "auth"
    assert sent not in str(result)
    assert SECRET not in str(result)
    assert "********" in result["message"]


def test_a_server_that_repeats_a_password_given_bit_by_bit() -> None:
    replies = {"AUTH": "334 UGFzc3dvcmQ6", b64encode(SECRET.encode()).decode().upper(): echo}
    with smtp_server(features=("AUTH LOGIN",), replies=replies) as server:
        result = probed(server, **LOGIN)
    assert server.lines[2] == b64encode(SECRET.encode()).decode()
    assert result["outcome"] == "auth"
    assert server.lines[2] not in str(result)
    assert SECRET not in str(result)


@given(st.text(min_size=1), st.text(min_size=6), st.text())
def test_no_credential_stays_in_a_server_s_words(before: str, secret: str, after: str) -> None:
    settings = Settings(HOST, user="u", password=secret)
    encoded = b64encode(f"\0u\0{secret}".encode()).decode()
    assert secret not in settings.without_credentials(f"{before}{secret}{after}").replace("********", "")
    assert encoded not in settings.without_credentials(f"535 {encoded} {after}")


def test_settings_do_not_show_credentials() -> None:
    settings = Settings(HOST, user=USER, password=SECRET, access_token=SECRET, client_private_key=SECRET)
    assert SECRET not in repr(settings)


# The module


def options(**given: Any) -> dict[str, Any]:
    own = module_named("smtp_probe").SPECIFICATION.options
    return {**{name: option.get("default") for name, option in own.items()}, "host": HOST, **given}


def test_settings_of_options() -> None:
    settings = settings_of(options(port=587, encryption="starttls_strict", helo="x.example", validate_certs=False))
    assert (settings.port, settings.name, settings.enforce, settings.verified) == (587, "x.example", False, False)
    assert (settings.starttls, settings.implicit_tls) == (True, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": " "}, "host is empty"),
        ({"port": 0}, "port must be from 1 to 65535, not 0"),
        ({"port": 70000}, "port must be from 1 to 65535, not 70000"),
        ({"host": "smtp://mx.example"}, "'smtp://mx.example' is not a host name or an address"),
        ({"host": "mx.example:25"}, "'mx.example:25' is not a host name or an address. Set the port"),
        ({"host": "[::1]"}, "'[::1]' is not a host name or an address"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"timeout": float("nan")}, "timeout must be more than 0"),
        ({"timeout": 1e300}, "at most 3600 seconds, not 1e+300"),
        ({"connect_timeout": -1.5}, "connect_timeout must be more than 0 and at most 3600 seconds, not -1.5"),
        ({"sender": "a@b.example>\r\nDATA"}, "sender contains characters"),
        ({"helo": "a\nb"}, "helo contains characters"),
        ({"user": USER}, "user needs password or access_token"),
        ({"client_certificate": "x", "client_private_key": "y"}, "needs TLS, but encryption is 'none'"),
        (
            {"encryption": "ssl", "client_certificate": "x", "client_private_key": "y"},
            "client_certificate must be a text in PEM format",
        ),
        ({"encryption": "ssl", "ca_path": "/nowhere/ca.pem"}, "'/nowhere/ca.pem' does not exist"),
    ],
)
def test_options_that_do_not_fit(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=r".") as caught:
        settings_of(options(**given))
    assert words in caught.value.message


def test_a_key_of_another_certificate() -> None:
    one, other = issue("one.example"), issue("other.example")
    pair = {"client_certificate": one.certificate_pem, "client_private_key": other.key_pem}
    with pytest.raises(Invalid, match="cannot be used together") as caught:
        settings_of(options(encryption="ssl", **pair))
    assert other.key_pem.splitlines()[1] not in caught.value.message


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("fail_on_error", [True, False])
def test_the_module(check: bool, fail_on_error: bool, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"smtp_host": HOST, "smtp_user": USER, "smtp_pass": SECRET, "fail_on_error": fail_on_error}
    with smtp_server(**AUTH, replies={"AUTH": echo}) as server:
        result = shipped("smtp_probe", {**given, "smtp_port": server.port}, capsys, check=check)
    assert (result["outcome"], result["changed"], result.get("failed", False)) == ("auth", False, fail_on_error)
    if fail_on_error:
        assert result["error_kind"] == "rejected"
        assert result["msg"] == f"{result['message']} {result['suggestion']}"
    assert SECRET not in str(result)
    with smtp_server(**AUTH) as server:
        result = shipped("smtp_probe", {**given, "smtp_port": server.port, "helo": "x.example"}, capsys, check=check)
    assert (result["outcome"], result["changed"]) == ("ok", False)
    assert SECRET not in str(result)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"password": SECRET}, "user"),
        ({"user": USER, "password": SECRET, "access_token": SECRET}, "mutually exclusive"),
        ({"recipient": USER}, "sender"),
        ({"client_certificate": "x"}, "client_private_key"),
        ({"encryption": "tls"}, "encryption"),
        ({"url": "https://odoo.example"}, "url"),
        ({"pasword": SECRET}, "pasword"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_options_that_the_module_does_not_take(
    given: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shipped("smtp_probe", {"host": HOST, **given}, capsys)
    assert result["failed"] is True
    assert words in result["msg"]
    assert SECRET not in str(result)


def test_the_documentation_names_every_outcome_and_stage() -> None:
    text = module_named("smtp_probe").RETURN
    assert all(f"V({stage})" in text for stage in STAGES)
    assert "M(postmaster.odoo.mail_server_test)" in text  # whose page lists the outcomes


@pytest.mark.parametrize(
    ("host", "written"),
    [("mx.example", "mx.example:25"), ("192.0.2.1", "192.0.2.1:25"), ("2001:db8::1", "[2001:db8::1]:25")],
)
def test_where_a_server_is(host: str, written: str) -> None:
    assert place(host, 25) == written
