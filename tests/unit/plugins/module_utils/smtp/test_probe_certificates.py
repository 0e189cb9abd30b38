# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates in a probe: those of the server, and those of the client."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.tests.unit.certificates import Issued, issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import (
    HOST,
    LOGIN,
    USER,
    probed,
    stages,
)
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server


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
def test_the_version_or_the_option_decides_whether_certificates_must_verify(
    encryption: str, enforce: bool | None, outcome: str, certificates: dict[str, Path]
) -> None:
    with smtp_server(tls=server_context(certificates["untrusted"])) as server:
        assert probed(server, encryption=encryption, enforce=enforce)["outcome"] == outcome


@pytest.mark.parametrize(
    ("name", "suggestion"), [("expired", "expired. Have it renewed"), ("misnamed", "is for another name")]
)
def test_problems_of_a_certificate_without_cryptography(
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


def test_a_client_certificate(certificates: dict[str, Path], authority: Issued) -> None:
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
                # In TLS 1.3 the refusal comes after the handshake, and the disconnection may arrive first.
                assert result["outcome"] in ("tls", "disconnected")
                assert "requires a client certificate that it trusts" in result["message"]
                assert "smtp_authentication: certificate" in result["suggestion"]
                assert result["alternatives"] == []
