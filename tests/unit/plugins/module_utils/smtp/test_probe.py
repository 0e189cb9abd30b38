# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of working SMTP servers: each stage, encryption and login."""

from __future__ import annotations

import socket
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.tests.unit.certificates import server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import closed_port
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


def test_no_mail_is_ever_sent() -> None:
    with smtp_server() as server:
        probed(server, sender=USER, recipient="b@acme.example")
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]


def test_only_the_requested_stages_are_probed() -> None:
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
    # Only Python 3.13 returns the chain above it.
    assert tls["chain_complete"] is (sys.version_info >= (3, 13))
    assert [one["subject"] for one in tls["chain"][1:]] == (["CN=authority.example"] if tls["chain_complete"] else [])


def test_the_mode_with_the_least_encryption_is_reported(certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"]), **AUTH) as server:
        assert "Without it, others can read the password" in probed(server, **LOGIN)["suggestion"]
        assert "smtp_encryption: starttls" in probed(server)["suggestion"]


def test_helo_if_ehlo_is_not_supported() -> None:
    with smtp_server(replies={"EHLO": "502 5.5.1 What?"}) as server:
        result = probed(server)
    assert result["outcome"] == "ok"
    assert (result["features"], result["starttls"]) == ([], False)
    assert server.verbs == ["EHLO", "HELO", "QUIT"]


def test_the_default_name_in_ehlo(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_addresses_without_an_answer_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
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
