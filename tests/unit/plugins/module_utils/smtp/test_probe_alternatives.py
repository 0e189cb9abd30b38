# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Working alternatives that a probe suggests: another encryption or another port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import probe as smtp_probe
from ansible_collections.postmaster.odoo.tests.unit.certificates import server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import closed_port
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import (
    AUTH,
    LOGIN,
    USER,
    Result,
    probed,
)
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server


def tried(result: Result) -> list[tuple[int, str, str]]:
    return [(one["smtp_port"], one["smtp_encryption"], one["outcome"]) for one in result["alternatives"]]


@pytest.mark.parametrize("strict", ["", "_strict"])
def test_tls_to_a_server_with_starttls(strict: str, certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"])) as server:
        result = probed(server, encryption=f"ssl{strict}", ca_path=str(certificates["ca"]), **LOGIN)
    assert (result["outcome"], result["stage"]) == ("tls", "tls")
    assert result["suggestion"] == f"Use smtp_encryption: starttls{strict}, smtp_port: {server.port}."
    assert tried(result) == [(server.port, "none", "ok"), (server.port, f"starttls{strict}", "ok")]
    assert "AUTH" not in server.verbs  # no password is sent without the user's intention


@pytest.mark.parametrize("encryption", ["none", "starttls"])
def test_plain_text_to_a_server_with_tls(encryption: str, certificates: dict[str, Path]) -> None:
    with smtp_server(tls=server_context(certificates["trusted"]), implicit=True) as server:
        result = probed(server, encryption=encryption, timeout=0.5, **LOGIN)
    assert (result["outcome"], result["stage"]) == ("timeout", "banner")
    assert result["suggestion"] == f"Use smtp_encryption: ssl, smtp_port: {server.port}."
    assert tried(result) == [(server.port, "ssl", "ok")]
    assert "AUTH" not in server.verbs


@pytest.mark.parametrize("asked", [{**LOGIN}, {"sender": USER}])
def test_plain_text_to_a_server_with_starttls(asked: dict[str, Any], certificates: dict[str, Path]) -> None:
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


def test_starttls_to_a_server_without_tls() -> None:
    with smtp_server(**AUTH) as server:
        result = probed(server, encryption="starttls", **LOGIN)
    assert result["suggestion"] == (
        f"Use smtp_encryption: none, smtp_port: {server.port}. "
        "There is no TLS on that port, so others can read the mails in the network."
    )


def test_an_unreachable_port_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = closed_port()
    monkeypatch.setattr(smtp_probe, "PORTS", (dead,))
    result = probed(closed_port(), explore=True)
    assert tried(result) == [(dead, "none", "unreachable")]
    assert "explore" not in result["suggestion"]


def test_other_ports_are_tried_on_request(certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_refusals_that_no_other_encryption_repairs(
    replies: dict[str, str], asked: dict[str, Any], suggestion: str
) -> None:
    with smtp_server(**AUTH, replies=replies) as server:
        result = probed(server, sender=USER, recipient=USER, explore=True, **asked)
    assert suggestion in result["suggestion"]
    assert result["alternatives"] == []
