# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expiry dates: read from simulated instances, from certificates and from declarations."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor import diagnose as diagnosing
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.deadline import Deadline, in_order
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import declared_dates_of
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue
from ansible_collections.postmaster.odoo.tests.unit.enforcing import written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)
ENDS = "%Y-%m-%d %H:%M:%S"
MAIN = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_port": 587, "smtp_encryption": "starttls"}
OUTLOOK = {
    "name": "Office",
    "smtp_host": "smtp.office365.com",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_authentication": "outlook",
    "smtp_user": "a@acme.example",
    "microsoft_outlook_refresh_token": "made-up-token",
}


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    return SimulatedOdoo(series)


def examine(odoo: SimulatedOdoo, **how: Any) -> dict[str, Any]:
    return diagnose(odoo.session(read_only=True), Examination(checks=["expiry"], live_tests=False, **how))


def found(diagnosis: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["id"], finding["severity"]) for finding in diagnosis["findings"]]


def in_days(odoo: SimulatedOdoo, days: float) -> str:
    return (odoo.now + timedelta(days=days)).strftime(ENDS)


def add_key(odoo: SimulatedOdoo, name: str, days: float | None = None, **values: Any) -> int:
    dates = {} if days is None or odoo.major < 18 else {"expiration_date": in_days(odoo, days)}
    return odoo.add("res.users.apikeys", **{"name": name, "user_id": odoo.uid, "scope": False, **dates, **values})


@pytest.mark.parametrize(
    ("days", "severity", "words"),
    [
        (31, "", ""),
        (29.5, "warning", "in 29 days"),
        (7.5, "warning", "in 7 days"),
        (6.5, "error", "in 6 days"),
        (1.5, "error", "in 1 day"),
        (0.5, "error", "today"),
        (0, "error", "expired at 2026-01-15 12:00 UTC, 0 days ago"),
        (-1.5, "error", "1 day ago"),
    ],
)
def test_severities(days: float, severity: str, words: str) -> None:
    deadline = Deadline("api_key", "The key", NOW + timedelta(days=days), "Odoo says so.")
    assert deadline.severity(NOW, 30, 7) == severity
    assert words in deadline.evidence(NOW)
    harmless = Deadline("smtp_pass", "The password", deadline.ends, "", worst="warning")
    assert harmless.severity(NOW, 30, 7) == ("warning" if severity else "")


def test_an_error_takes_precedence_over_an_earlier_warning() -> None:
    assert Deadline("api_key", "", NOW + timedelta(days=6), "").severity(NOW, 5, 7) == "error"


def test_the_first_expiry_comes_first() -> None:
    endless, late, soon = (
        Deadline("api_key", "a", None, "", is_endless=True),
        Deadline("smtp_pass", "b", NOW + timedelta(days=9), ""),
        Deadline("certificate", "c", NOW, ""),
    )
    assert in_order([endless, late, soon]) == [soon, late, endless]


def test_keys_of_the_tasks_own_user(odoo: SimulatedOdoo) -> None:
    add_key(odoo, "Ansible", 5)
    add_key(odoo, "Old", -1)
    add_key(odoo, "Mail client", 1, scope="odoo.plugin.outlook")
    add_key(odoo, "Foreign", 1, user_id=1)
    diagnosis = examine(odoo)
    rows = {row["resource"]["name"]: row for row in diagnosis["expiry"]}
    assert set(rows) == {"Ansible", "Old"}
    if odoo.major < 18:
        assert {row["status"] for row in rows.values()} == {"never"}
        assert diagnosis["findings"] == []
        return
    assert found(diagnosis) == [("api_key_expires", "error")]
    assert [rows[name]["status"] for name in ("Ansible", "Old")] == ["soon", "ended"]
    assert rows["Ansible"]["days_left"] == 5
    assert "does not show which one" in diagnosis["findings"][0]["evidence"]
    assert "postmaster.odoo.api_key" in diagnosis["findings"][0]["remedy"]


def test_a_single_key_is_unambiguous(odoo: SimulatedOdoo) -> None:
    add_key(odoo, "Ansible", 60)
    (row,) = examine(odoo)["expiry"]
    assert "which one" not in row["source"]
    assert row["status"] == ("ok" if odoo.major >= 18 else "never")


def test_nothing_is_written_and_the_number_of_calls_is_constant(odoo: SimulatedOdoo) -> None:
    prices = []
    for number in range(2):
        for copy in range(20 * number):
            add_key(odoo, f"Key {copy}")
            odoo.add("ir.mail_server", **{**MAIN, "name": f"Server {copy}", "active": True})
        odoo.log.clear()
        examine(odoo)
        prices.append(len(odoo.log))
    assert prices[0] == prices[1]
    assert written(odoo) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [(40, []), (20, [("client_certificate_expires", "warning")]), (3, [("client_certificate_expires", "error")])],
)
def test_client_certificates(odoo: SimulatedOdoo, days: int, expected: list[tuple[str, str]]) -> None:
    real = datetime.now(timezone.utc)
    odoo.now = real
    certificate, key = (
        base64.b64encode(text.encode()).decode()
        for text in (issue("client.acme.example", days=days).certificate_pem, "made-up")
    )
    odoo.add(
        "ir.mail_server",
        **{
            **MAIN,
            "smtp_authentication": "certificate",
            "smtp_ssl_certificate": certificate,
            "smtp_ssl_private_key": key,
        },
    )
    diagnosis = examine(odoo)
    assert found(diagnosis) == expected
    row = next(row for row in diagnosis["expiry"] if row["kind"] == "client_certificate")
    assert row["days_left"] == days
    assert "CN=client.acme.example" in row["source"]


def test_an_invalid_client_certificate(odoo: SimulatedOdoo) -> None:
    nothing = base64.b64encode(b"no certificate").decode()
    odoo.add(
        "ir.mail_server",
        **{
            **MAIN,
            "smtp_authentication": "certificate",
            "smtp_ssl_certificate": nothing,
            "smtp_ssl_private_key": nothing,
        },
    )
    row = next(row for row in examine(odoo)["expiry"] if row["kind"] == "client_certificate")
    assert (row["status"], row["ends"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (10, []),
        (70, [("refresh_token_expires", "warning")]),
        (85, [("refresh_token_expires", "error")]),
        (200, [("refresh_token_expires", "error")]),
    ],
)
def test_refresh_tokens(odoo: SimulatedOdoo, used: int, expected: list[tuple[str, str]]) -> None:
    last = int((odoo.now - timedelta(days=used)).timestamp()) + 5400
    odoo.add("ir.mail_server", **OUTLOOK, microsoft_outlook_access_token_expiration=last)
    diagnosis = examine(odoo)
    assert found(diagnosis) == expected
    row = next(row for row in diagnosis["expiry"] if row["kind"] == "refresh_token")
    assert row["days_left"] == 90 - used
    assert "made-up" not in str(diagnosis)


def test_an_unused_refresh_token(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **OUTLOOK)
    diagnosis = examine(odoo)
    row = next(row for row in diagnosis["expiry"] if row["kind"] == "refresh_token")
    assert (row["status"], row["ends"], diagnosis["findings"]) == ("unknown", None, [])
    assert "does not store the date" in row["source"]


def test_declared_dates(odoo: SimulatedOdoo) -> None:
    server = odoo.add("ir.mail_server", **MAIN)
    dates = [
        {"name": "Main", "client_secret_expires": "2026-01-14", "smtp_pass_rotate_by": "2026-01-01"},
        {"name": "Later", "client_secret_expires": "2027-01-01"},
    ]
    diagnosis = examine(odoo, declared_dates=dates)
    assert found(diagnosis) == [
        ("client_secret_expires", "error"),
        ("password_rotation_due", "warning"),
    ]
    assert [finding["resource"]["id"] for finding in diagnosis["findings"]] == [server, server]
    assert "1 day ago" in diagnosis["findings"][0]["evidence"]


def test_declared_dates_of_a_server_that_does_not_exist(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are not findings, but they are reported."""
    odoo.add("ir.mail_server", **MAIN)
    connect_to(odoo, monkeypatch)
    dates = [{"name": "Mian", "client_secret_expires": "2026-01-14"}]
    result = shipped("mail_doctor", {"checks": ["expiry"], "declared_dates": dates}, capsys)
    assert result["warnings"] == [
        "The instance has no mail server 'Mian', but client_secret_expires is declared for it. Correct the name, or create the mail server."
    ]
    (row,) = (row for row in result["expiry"] if row["kind"] == "client_secret")
    assert (row["status"], row["ends"], result["findings"]) == ("unknown", None, [])


def test_a_declared_date_of_a_pinned_server(odoo: SimulatedOdoo) -> None:
    server = odoo.add("ir.mail_server", **MAIN)
    external_id = {"module": "acme", "name": "main", "model": "ir.mail_server", "res_id": server}
    odoo.records.insert("ir.model.data", external_id)
    (finding,) = examine(odoo, declared_dates=[{"xml_id": "acme.main", "client_secret_expires": "2026-01-16"}])[
        "findings"
    ]
    assert finding["resource"]["id"] == server


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "31.01.2027", "2026-01-14T00:00:00 and more"])
def test_values_that_are_not_dates(text: str) -> None:
    with pytest.raises(Invalid, match="client_secret_expires is not a valid date") as refused:
        Examination(declared_dates=[{"name": "Main", "client_secret_expires": text}])
    assert text not in refused.value.message
    with pytest.raises(Invalid, match="smtp_pass_rotate_by is not a valid date"):
        MAIL_SERVER.declare({"name": "Main", "smtp_pass_rotate_by": text})
    oauth2 = {"client_secret_expires": text}
    with pytest.raises(Invalid, match="client_secret_expires is not a valid date"):
        MAIL_SERVER.declare({"name": "Main", "smtp_authentication": "outlook", "oauth2": oauth2})


def test_dates_of_a_declared_stack() -> None:
    servers = [
        {"name": "Main", "smtp_pass_rotate_by": "2027-01-31", "smtp_pass": "made-up"},
        {"xml_id": "acme.office", "oauth2": {"client_secret_expires": "2027-02-28", "client_secret": "made-up"}},
        {"name": "Old", "state": "absent", "smtp_pass_rotate_by": "2027-01-31"},
        {"name": "Without"},
    ]
    assert declared_dates_of(servers) == [
        {"name": "Main", "smtp_pass_rotate_by": "2027-01-31"},
        {"xml_id": "acme.office", "client_secret_expires": "2027-02-28"},
    ]


def test_odoo_gets_no_declared_date(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    result = shipped("mail_server", {**MAIN, "smtp_pass_rotate_by": "2027-01-31", "verify": "none"}, capsys)
    assert result["changed"], result
    again = shipped("mail_server", {**MAIN, "smtp_pass_rotate_by": "2028-01-31", "verify": "none"}, capsys)
    assert not again["changed"], again
    assert "2027-01-31" not in str([call[3] for call in odoo.log])


def presented(days: int, *above: dict[str, Any]) -> dict[str, Any]:
    ends = (NOW + timedelta(days=days)).isoformat()
    leaf = {"subject": "CN=smtp.acme.example", "issuer": "CN=Authority", "not_after": ends, "fingerprint": "00"}
    return {"outcome": "ok", "message": "It answers.", "tls": {"chain": [leaf, *above]}}


def test_certificates_of_servers(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odoo rejects an expired certificate only if it verifies certificates."""
    offered = odoo.fields("ir.mail_server")["smtp_encryption"]["selection"]
    server = odoo.add("ir.mail_server", **MAIN)
    odoo.add("ir.mail_server", **{**MAIN, "name": "Plain", "smtp_encryption": "none"})
    monkeypatch.setattr(diagnosing, "probe", lambda _settings: presented(5))
    for encryption, severity in {"starttls": "warning", "starttls_strict": "error"}.items():
        if encryption in offered:
            odoo.record("ir.mail_server", server)["smtp_encryption"] = encryption
            diagnosis = examine(odoo, probe=True)
            assert found(diagnosis) == [("certificate_expires", severity)]
            assert "smtp.acme.example:587" in diagnosis["findings"][0]["evidence"]


def test_the_first_expiry_of_a_chain_counts(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    odoo.add("ir.mail_server", **MAIN)
    soon = {"not_after": (NOW + timedelta(days=3)).isoformat(), "fingerprint": "11"}
    root = {"subject": "CN=Root", "issuer": "CN=Root", **soon}
    between = {"subject": "CN=Authority", "issuer": "CN=Root", **soon}
    monkeypatch.setattr(diagnosing, "probe", lambda _settings: presented(90, root))
    assert found(examine(odoo, probe=True)) == []
    monkeypatch.setattr(diagnosing, "probe", lambda _settings: presented(90, between))
    (finding,) = examine(odoo, probe=True)["findings"]
    assert "CN=Authority" in finding["evidence"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"outcome": "unreachable", "message": "Nothing listens.", "tls": None}, "Nothing listens."),
        (
            {"outcome": "ok", "message": "", "tls": {"chain": [{"fingerprint": "00"}]}},
            "Install the Python package cryptography",
        ),
    ],
)
def test_a_certificate_that_is_not_presented(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], words: str
) -> None:
    odoo.add("ir.mail_server", **MAIN)
    monkeypatch.setattr(diagnosing, "probe", lambda _settings: answer)
    diagnosis = examine(odoo, probe=True)
    row = next(row for row in diagnosis["expiry"] if row["kind"] == "certificate")
    assert row["status"] == "unknown"
    assert words in row["source"]
    assert diagnosis["findings"] == []


def test_without_probe_no_smtp_server_is_contacted(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    odoo.add("ir.mail_server", **MAIN)
    monkeypatch.setattr(diagnosing, "probe", lambda _settings: pytest.fail("probed"))
    row = next(row for row in examine(odoo)["expiry"] if row["kind"] == "certificate")
    assert (row["status"], row["source"]) == ("unknown", "It is read only if probe is set.")


def test_other_checks_list_nothing(odoo: SimulatedOdoo) -> None:
    assert diagnose(odoo.session(read_only=True), Examination(checks=["cron"], live_tests=False))["expiry"] is None


def test_days_out_of_bounds() -> None:
    with pytest.raises(Invalid, match="warn_days must be at least 0"):
        Limits(warn_days=-1)


def test_the_module(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    odoo.add("ir.mail_server", **MAIN)
    connect_to(odoo, monkeypatch)
    options = {"checks": ["expiry"], "declared_dates": [{"name": "Main", "client_secret_expires": "2026-01-14"}]}
    result = shipped("mail_doctor", options, capsys)
    assert (result["failed"], result["error_kind"]) == (True, "threshold")
    assert [row["status"] for row in result["expiry"] if row["kind"] == "client_secret"] == ["ended"]
