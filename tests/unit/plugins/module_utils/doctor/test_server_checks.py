# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of mail servers: connection tests, SMTP dialogues, authentication, encryption and duplicates."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import ago, server, servers


def test_working_servers() -> None:
    assert servers(server(), server(2), tests=[{"id": 1, "outcome": "ok", "message": "Fine"}]) == {}


def test_no_server_is_active() -> None:
    archived, personal = server(active=False), server(2, owner_user_id="ann")
    finding = servers(archived, personal)["no_active_server"]
    assert finding["severity"] == "error"
    assert "Archived mail servers: 'Server 1'." in finding["evidence"]


@pytest.mark.parametrize(
    ("configuration", "sent", "probed", "severity"),
    [
        ({}, False, None, "error"),
        ({"smtp_server": "relay.example"}, False, None, "info"),
        ({"smtp_server": "localhost", "smtp_port": "25"}, False, None, "info"),
        ({}, True, None, "warning"),
        ({"smtp_server": "localhost"}, True, None, "info"),
        ({"smtp_server": "localhost"}, False, "ok", "info"),
        ({"smtp_server": "localhost"}, True, "unreachable", "error"),
    ],
)
def test_the_relay_of_the_configuration_file(
    configuration: dict[str, str], probed: str | None, severity: str, *, sent: bool
) -> None:
    finding = servers(
        server(active=False),
        configuration=configuration,
        sent_without_server={"id": 12, "write_date": ago(5)} if sent else None,
        relay_probe={"outcome": probed, "message": "localhost:25: …"} if probed else None,
    )["no_active_server"]
    assert finding["severity"] == severity
    relay = configuration.get("smtp_server")
    assert (f"Odoo sends through {relay}:25" in finding["evidence"]) is bool(relay)
    assert ("Mail 12 was sent through it" in finding["evidence"]) is sent


@pytest.mark.parametrize(
    ("outcome", "message", "found"),
    [
        ("unreachable", "Connection refused", "server_unreachable"),
        ("dns", "…", "server_dns"),
        ("timeout", "…", "server_timeout"),
        ("disconnected", "…", "server_disconnected"),
        ("tls", "…", "tls_mismatch"),
        ("starttls_unsupported", "…", "tls_mismatch"),
        ("certificate", "certificate verify failed", "certificate_untrusted"),
        ("certificate", "Could not load your certificate / private key.", "server_unconfigured"),
        ("auth", "535", "auth_failed"),
        ("auth_unsupported", "…", "auth_unsupported"),
        ("sender_rejected", "…", "sender_rejected"),
        ("recipient_rejected", "…", "recipient_rejected"),
        ("throttled", "421", "throttled"),
        ("throttled", "(454, b'4.7.0 TLS not available due to local problem')", "tls_mismatch"),
        ("throttled", "Server replied with following exception: 4.7.0 TLS not available", "tls_mismatch"),  # 16
        ("throttled", "(454, b'4.7.0 Temporary authentication failure')", "throttled"),
        ("unknown", "(504, b'5.5.4 Unrecognized authentication type')", "auth_unsupported"),
        ("unconfigured", "int() argument must be …", "server_unconfigured"),
        ("unconfigured", "Please configure an email on the current user to …", "server_untested"),
        ("unknown", "Hm", "server_failing"),
    ],
)
def test_results_of_a_connection_test(outcome: str, message: str, found: str) -> None:
    (finding,) = servers(server(), tests=[{"id": 1, "outcome": outcome, "message": message}]).values()
    assert finding["id"] == found
    assert message in finding["evidence"]
    assert finding["fixable"] is None


def test_a_server_that_refuses_temporarily() -> None:
    """Mail that is sent through it meanwhile fails permanently."""
    (finding,) = servers(server(), tests=[{"id": 1, "outcome": "throttled", "message": "421"}]).values()
    assert finding["severity"] == "error"
    assert "Send fewer" not in finding["remedy"]


@pytest.mark.parametrize(
    ("authentication", "advised"),
    [("login", "smtp_pass"), ("certificate", "smtp_ssl_certificate"), ("gmail", "connect_oauth")],
)
def test_a_refused_login_by_authentication(authentication: str, advised: str) -> None:
    test = {"id": 1, "outcome": "auth", "message": "535"}
    listed = server(smtp_authentication=authentication, connected=True)
    assert advised in servers(listed, tests=[test])["auth_failed"]["remedy"]


def test_a_server_that_takes_its_settings_from_odoo_conf() -> None:
    own = {"smtp_authentication": "cli", "smtp_host": None, "smtp_encryption": "none"}
    test = {"id": 1, "outcome": "unreachable", "message": "Connection refused"}
    (finding,) = servers(
        server(**own), server(2, **{**own, "smtp_host": "x.example"}), tests=[test], offers_strict=True
    ).values()
    assert finding["id"] == "server_unreachable"
    assert "(the server of odoo.conf):" in finding["evidence"]
    assert "odoo.conf" in finding["remedy"]
    twins = servers(server(**own), server(2, **{**own, "from_filter": "d1.example"}))
    assert set(twins) == {"duplicate_servers"}


def test_the_probe_adds_to_an_inconclusive_test() -> None:
    test = {"id": 1, "outcome": "disconnected", "message": "Connection unexpectedly closed"}
    probe = {"outcome": "throttled", "message": "421 Try later", "suggestion": None}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert finding["id"] == "throttled"


@pytest.mark.parametrize(
    ("outcome", "message", "found"),
    [
        ("throttled", "mx.example:25, starttls: 454 4.7.0 Not now", "tls_mismatch"),
        ("timeout", "mx.example:465, tls: no answer within 30 s", "server_timeout"),
    ],
)
def test_findings_of_the_probe_alone(outcome: str, message: str, found: str) -> None:
    assert set(servers(server(), probes={1: {"outcome": outcome, "message": message}})) == {found}


def test_the_advice_never_sends_a_password_in_clear_text() -> None:
    test = {"id": 1, "outcome": "starttls_unsupported", "message": "…"}
    probe = {
        "outcome": "starttls_unsupported",
        "message": "…",
        "suggestion": "Use smtp_encryption: none, smtp_port: 25.",
    }
    with_login, without = (
        servers(server(smtp_pass=secret), tests=[test], probes={1: probe}) for secret in ("********", None)
    )
    assert "none" not in with_login["tls_mismatch"]["remedy"]
    assert without["tls_mismatch"]["remedy"] == probe["suggestion"]


def test_findings_of_an_smtp_dialogue() -> None:
    probe = {"outcome": "tls", "message": "smtp1.example:587, tls: wrong version.", "suggestion": "Use smtp_port: 465."}
    test = {"id": 1, "outcome": "timeout", "message": "timed out"}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert (finding["id"], finding["remedy"]) == ("server_timeout", "Use smtp_port: 465.")
    assert "wrong version" in finding["evidence"]
    # In check mode there is no other information.
    for tests in ([], [{**test, "outcome": "not_tested"}]):
        (finding,) = servers(server(), tests=tests, probes={1: probe}).values()
        assert finding["id"] == "tls_mismatch"
    assert servers(server(), probes={1: {**probe, "outcome": "ok"}}) == {}


def test_the_presented_certificate() -> None:
    leaf = {"names": ["mx.example"], "issuer": "CN=Authority", "not_after": "2026-01-02T00:00:00Z"}
    probe = {"outcome": "ok", "message": "It works.", "suggestion": "Use none.", "tls": {"chain": [leaf]}}
    test = {"id": 1, "outcome": "certificate", "message": "certificate has expired"}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert (
        "Its certificate is for mx.example, issued by CN=Authority, and expires on 2026-01-02." in finding["evidence"]
    )
    assert finding["remedy"] != probe["suggestion"]


def gmail(**values: Any) -> dict[str, Any]:
    return server(**{"smtp_authentication": "gmail", "smtp_pass": None, "connected": True, **values})


def test_oauth2() -> None:
    assert servers(gmail(), offers_strict=True) == {}
    waiting = servers(gmail(connected=False, authorize_url="https://accounts.example/x"))
    assert "https://accounts.example/x" in waiting["oauth_not_connected"]["remedy"]
    # The missing setting explains the result of the test.
    test = [{"id": 1, "outcome": "auth", "message": "Authentication Required"}]
    assert set(servers(gmail(connected=False), tests=test)) == {"oauth_not_connected"}
    assert set(servers(gmail(problems=["no secret"]), tests=test)) == {"oauth_misconfigured"}
    assert servers(gmail(remarks=["no client"]))["oauth_misconfigured"]["severity"] == "warning"
    assert set(servers(gmail(), tests=test)) == {"auth_failed"}


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("An error occurred when fetching the access token.", "connect_oauth"),
        ("HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded", "over HTTPS"),
    ],
)
def test_no_access_token(message: str, remedy: str) -> None:
    (finding,) = servers(gmail(), tests=[{"id": 1, "outcome": "dns", "message": message}]).values()
    assert finding["id"] == "oauth_refresh_failed"
    assert remedy in finding["remedy"]


@pytest.mark.parametrize(
    ("values", "strict", "found"),
    [
        ({"smtp_encryption": "none"}, True, "plaintext_password"),
        ({"smtp_encryption": "none", "smtp_pass": None}, True, None),
        ({"smtp_encryption": "none", "smtp_host": "127.0.0.1"}, True, None),
        ({}, True, "unverified_tls"),
        ({"smtp_encryption": "ssl"}, True, "unverified_tls"),
        ({"smtp_encryption": "ssl_strict"}, True, None),
        ({}, False, None),  # up to 18.0 there is no other
    ],
)
def test_secrecy(values: dict[str, Any], strict: bool, found: str | None) -> None:
    assert set(servers(server(**values), offers_strict=strict)) == ({found} if found else set())


def test_twins() -> None:
    same = {"smtp_host": "SMTP.example", "from_filter": "b.example, a.example"}
    finding = servers(
        server(1, **same), server(2, **{**same, "smtp_host": "smtp.example", "from_filter": "a.example,b.example"})
    )
    assert finding["duplicate_servers"]["resource"]["id"] == 2
    assert servers(server(1, **same), server(2, **same, smtp_user="other")) == {}
    assert servers(server(1, **same), server(2, **same, active=False)) == {}


@pytest.mark.parametrize("parameters", [{"database.is_neutralized": "True"}, {}])
def test_a_neutralized_copy(parameters: dict[str, str]) -> None:
    dummy = server(5, name="neutralization - disable emails", smtp_host="invalid", leads_nowhere=True)
    test = [{"id": 5, "outcome": "dns", "message": "…"}]
    (finding,) = servers(server(active=False), dummy, parameters=parameters, tests=test).values()
    assert finding["id"] == "neutralized"


def test_settings_without_effect() -> None:
    configuration = {"smtp_server": "relay.example", "smtp_port": "587", "from_filter": "c.example"}
    seen = {"configuration": configuration, "parameters": {"mail.default.from_filter": "p.example"}}
    evidence = servers(server(), **seen)["config_file_overridden"]["evidence"]
    assert all(word in evidence for word in ("relay.example:587", "'c.example'", "'p.example'"))
    assert servers(server(smtp_authentication="cli"), **seen) == {}
    assert servers(server(), configuration={"smtp_server": "localhost", "smtp_port": "25"}) == {}
