# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a mail server logs in: each method's rules, going from one to another, and OAuth2. All secrets are made up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Invalid,
    NotConnected,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_mail_server_info
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    OAUTH2,
    actions,
    changes,
    oauth2_server,
    refused,
    refused_unwritten,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_SENDER_LISTS, HAVE_STRICT_TLS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

MASK = "********"
ADDONS = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}  # whose names begin their fields and parameters, too
SECRETS = ("made-up-password", "made-up-client-secret", "made-up-token", "made-up-key", "made-up-other-token")
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nmade-up-certificate\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nmade-up-key\n-----END PRIVATE KEY-----\n"

PASSWORD: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_authentication": "login",
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
    "smtp_pass": "made-up-password",
}
BY_CERTIFICATE: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_authentication": "certificate",
    "smtp_encryption": "ssl",
    "smtp_ssl_certificate": CERTIFICATE,
    "smtp_ssl_private_key": KEY,
}
GMAIL = oauth2_server("gmail", refresh_token="made-up-token")
OUTLOOK = oauth2_server("outlook", refresh_token="made-up-token")
METHODS = {
    "login": PASSWORD,
    "certificate": BY_CERTIFICATE,
    "cli": {"name": "Main", "smtp_authentication": "cli"},
    "gmail": GMAIL,
    "outlook": OUTLOOK,
}


def stack(*options: dict[str, Any]) -> dict[str, Any]:
    return {"servers": list(options)}


def store_client(odoo: SimulatedOdoo, addon: str) -> None:
    """An OAuth2 client that somebody entered in Odoo."""
    odoo.add("ir.config_parameter", key=f"{addon}_client_id", value="stored-client")
    odoo.add("ir.config_parameter", key=f"{addon}_client_secret", value="made-up-client-secret")


@pytest.fixture(params=["gmail", "outlook"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# Each method


@pytest.mark.parametrize(
    ("series", "authentication"),
    [(series, method) for series in SERIES for method in METHODS if method != "cli" or series in HAVE_SENDER_LISTS],
)
def test_the_life_of_a_login(odoo: SimulatedOdoo, authentication: str) -> None:
    options = METHODS[authentication]
    predicted = run(odoo, stack(options), check=True)
    done = run(odoo, stack(options))
    assert [step.as_result() for step in done.plan] == [step.as_result() for step in predicted.plan]
    assert server(odoo, "Main")["smtp_authentication"] == authentication
    assert run(odoo, stack(options)).plan == ()
    assert not any(secret in repr((predicted, done)) for secret in SECRETS)


def test_what_nobody_speaks_of_is_not_judged(odoo: SimulatedOdoo) -> None:
    """Whoever declares a port is not asked for a client."""
    login = {"smtp_authentication": "gmail", "smtp_encryption": "starttls", "smtp_user": "sales@acme.example"}
    odoo.add("ir.mail_server", name="Main", **login)
    assert changes(run(odoo, stack({"name": "Main", "smtp_port": 587})).plan) == {"smtp_port": (25, 587)}


# Rules


def test_all_rules_of_oauth2_in_one_message(odoo: SimulatedOdoo, series: str, method: str) -> None:
    options = {"smtp_authentication": method, "smtp_encryption": "ssl", "smtp_pass": "made-up-password"}
    text = refused_unwritten(Invalid, odoo, stack({"name": "Main", **options, "oauth2": {"client_id": "made-up"}}))
    needs = f"smtp_authentication {method} needs"
    assert text.count("mail server 'Main': ") == 1
    assert f"{needs} smtp_encryption starttls, not ssl" in text
    assert f"{needs} smtp_user" in text
    assert f"smtp_authentication {method} cannot be used with smtp_pass" in text
    assert f"{needs} oauth2.client_id and oauth2.client_secret" in text
    assert "client_secret" in text
    assert f"Odoo {series}" in text
    assert "database simulated" in text
    assert "http://odoo.example" in text
    assert "made-up-password" not in text


@pytest.mark.parametrize("series", ["19.0", "20.0"])
def test_strict_encryption_is_not_exactly_starttls(odoo: SimulatedOdoo, method: str) -> None:
    options = oauth2_server(method, smtp_encryption="starttls_strict")
    text = refused_unwritten(Invalid, odoo, stack(options))
    assert "needs smtp_encryption starttls, not starttls_strict" in text


def test_the_problems_of_all_servers_in_one_message(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"microsoft_outlook"})
    text = refused_unwritten(
        Unsupported,
        odoo,
        stack(
            oauth2_server("outlook", name="Outlook"),
            oauth2_server("gmail", name="Gmail", smtp_user=""),
            {**PASSWORD, "name": "Certificate", "smtp_authentication": "certificate"},
            {**PASSWORD, "name": "Password"},
        ),
    )
    assert "mail server 'Outlook': " in text
    assert "it belongs to the addon microsoft_outlook, which is not installed" in text
    assert "mail server 'Gmail': smtp_authentication gmail needs smtp_user" in text
    assert "mail server 'Certificate': smtp_authentication certificate needs smtp_ssl_certificate" in text
    assert "Password" not in text


def test_a_missing_addon_hides_no_other_problem(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    text = refused_unwritten(Unsupported, odoo, stack(oauth2_server("gmail", smtp_encryption="none", smtp_user="")))
    assert "it belongs to the addon google_gmail" in text
    assert "needs smtp_encryption starttls" in text
    assert "needs smtp_user" in text


def test_what_is_stored_counts(odoo: SimulatedOdoo, method: str) -> None:
    """Declared over stored: only what will be there is judged."""
    odoo.add("ir.mail_server", name="Main", smtp_encryption="starttls", smtp_user="sales@acme.example")
    run(odoo, stack({"name": "Main", "smtp_authentication": method, "oauth2": OAUTH2}))
    assert server(odoo, "Main")["smtp_authentication"] == method
    odoo.log.clear()
    text = refused_unwritten(Invalid, odoo, stack({"name": "Main", "smtp_encryption": "ssl"}))
    assert "needs smtp_encryption starttls, not ssl" in text
    text = refused_unwritten(Invalid, odoo, stack({"name": "Main", "smtp_user": ""}))
    assert "needs smtp_user" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"smtp_encryption": "ssl"}, ["needs smtp_ssl_certificate", "needs smtp_ssl_private_key"]),
        ({"smtp_encryption": "ssl", "smtp_ssl_certificate": CERTIFICATE}, ["needs smtp_ssl_private_key"]),
        ({"smtp_ssl_certificate": CERTIFICATE, "smtp_ssl_private_key": KEY}, ["another value than none"]),
        ({}, ["needs smtp_ssl_certificate", "needs smtp_ssl_private_key", "another value than none"]),
    ],
)
def test_rules_of_certificates(odoo: SimulatedOdoo, options: dict[str, Any], words: list[str]) -> None:
    text = refused_unwritten(Invalid, odoo, stack({"name": "Main", "smtp_authentication": "certificate", **options}))
    assert all(word in text for word in words)
    assert text.count("smtp_authentication certificate needs") == len(words)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({"smtp_pass": "made-up-ß"}, ["smtp_pass contains non-ASCII characters"]),
        ({"smtp_pass": "made-up-€"}, ["smtp_pass contains non-ASCII characters"]),
        ({"smtp_pass": "made-up\n"}, ["smtp_pass ends with a line break"]),
        ({"smtp_pass": "made-up\r\n"}, ["smtp_pass ends with a line break"]),
        ({"smtp_user": "jürgen@acme.example"}, ["smtp_user contains non-ASCII characters before its @"]),
        ({"smtp_user": "jürgen"}, ["smtp_user contains non-ASCII characters before its @"]),
        (
            {"smtp_user": "jürgen", "smtp_pass": "made-up-ß\n"},
            ["smtp_user contains", "smtp_pass contains", "smtp_pass ends"],
        ),
    ],
)
def test_a_login_that_smtp_cannot_carry(odoo: SimulatedOdoo, login: dict[str, str], words: list[str]) -> None:
    text = refused_unwritten(Invalid, odoo, stack({**PASSWORD, "name": "Main", **login}))
    assert all(word in text for word in words)
    assert "made-up" not in text


@pytest.mark.parametrize(
    "login", [{"smtp_user": "sales@bücher.example"}, {"smtp_pass": " made up! "}, {"smtp_pass": ""}]
)
def test_a_login_that_smtp_can_carry(odoo: SimulatedOdoo, login: dict[str, str]) -> None:
    """Odoo converts the domain of the user itself."""
    run(odoo, stack({**PASSWORD, "name": "Main", **login}))
    assert server(odoo, "Main")["active"]


def test_a_stored_certificate_counts(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(BY_CERTIFICATE))
    assert run(odoo, stack({"name": "Main", "smtp_authentication": "certificate"})).plan == ()
    options = {"name": "Main", "smtp_authentication": "certificate", "smtp_ssl_private_key": ""}
    assert "needs smtp_ssl_private_key" in refused(Invalid, odoo, stack(options))


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SENDER_LISTS])
def test_cli_is_a_choice_where_the_instance_has_it(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, stack(METHODS["cli"]))
    assert "smtp_authentication 'cli' is not a valid value" in text


# Certificates


def test_a_certificate_by_path(odoo: SimulatedOdoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "client.pem").write_text(CERTIFICATE, encoding="ascii")
    (tmp_path / "client.key").write_text(KEY, encoding="ascii")
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = {"smtp_ssl_certificate": str(tmp_path / "client.pem"), "smtp_ssl_private_key": "~/client.key"}
    run(odoo, stack({**BY_CERTIFICATE, **paths}))
    assert run(odoo, stack(BY_CERTIFICATE)).plan == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"smtp_ssl_certificate": "client.pem"},
            "smtp_ssl_certificate must be a text in PEM format, or the absolute path",
        ),
        ({"smtp_ssl_certificate": "/no/such/file.pem"}, "(No such file or directory)"),
        ({"smtp_ssl_certificate": KEY}, "smtp_ssl_certificate contains no certificate in PEM format"),
        ({"smtp_ssl_private_key": CERTIFICATE}, "smtp_ssl_private_key contains no private key in PEM format"),
        (
            {"smtp_ssl_private_key": KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")},
            "smtp_ssl_private_key has a passphrase",
        ),
    ],
)
def test_what_is_no_certificate_and_no_key(odoo: SimulatedOdoo, options: dict[str, Any], words: str) -> None:
    text = refused_unwritten(Invalid, odoo, stack({**BY_CERTIFICATE, **options}))
    assert text.startswith("mail server 'Main': ")
    assert words in text
    assert "made-up-key" not in text


# From one method to another


def test_going_to_oauth2_clears_the_password_in_the_same_write(odoo: SimulatedOdoo, method: str) -> None:
    run(odoo, stack(PASSWORD))
    odoo.log.clear()
    options = oauth2_server(method, refresh_token="made-up-token")
    predicted = run(odoo, stack(options), check=True).plan
    plan = run(odoo, stack(options)).plan
    assert [step.as_result() for step in plan] == [step.as_result() for step in predicted]
    assert changes(plan)["smtp_pass"] == (MASK, None)
    (vals,) = [call["vals"] for model, name, _ids, call in odoo.log if (model, name) == ("ir.mail_server", "write")]
    assert vals["smtp_pass"] is False
    assert vals["smtp_authentication"] == method
    assert server(odoo, "Main")["smtp_pass"] is False
    assert run(odoo, stack(options)).plan == ()


def test_going_back_clears_the_tokens(odoo: SimulatedOdoo, method: str) -> None:
    options = oauth2_server(method, refresh_token="made-up-token")
    run(odoo, stack(options))
    prefix = ADDONS[method]
    expiration = f"{prefix}_access_token_expiration"
    server(odoo, "Main").update({f"{prefix}_access_token": "made-up-other-token", expiration: 1})
    plan = run(odoo, stack(PASSWORD)).plan
    assert changes(plan)[f"{prefix}_refresh_token"] == (MASK, None)
    main = server(odoo, "Main")
    assert (main[f"{prefix}_refresh_token"], main[f"{prefix}_access_token"], main[expiration]) == (False, False, 0)
    assert main["smtp_pass"] == "made-up-password"
    assert run(odoo, stack(PASSWORD)).plan == ()


def test_going_from_one_provider_to_the_other(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(GMAIL))
    run(odoo, stack(OUTLOOK))
    main = server(odoo, "Main")
    assert main["google_gmail_refresh_token"] is False
    assert main["microsoft_outlook_refresh_token"] == "made-up-token"
    assert run(odoo, stack(OUTLOOK)).plan == ()


def test_a_password_stays_where_the_method_is_not_declared(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(PASSWORD))
    run(odoo, stack({"name": "Main", "smtp_port": 2525}))
    assert server(odoo, "Main")["smtp_pass"] == "made-up-password"


# update_secrets


def test_secrets_may_be_written_once_only(odoo: SimulatedOdoo) -> None:
    options = {**PASSWORD, "update_secrets": "on_create"}
    run(odoo, stack(options))
    server(odoo, "Main")["smtp_pass"] = "changed-in-odoo"
    assert run(odoo, stack(options)).plan == ()
    assert changes(run(odoo, stack({**options, "smtp_port": 2525})).plan) == {"smtp_port": (25, 2525)}
    assert server(odoo, "Main")["smtp_pass"] == "changed-in-odoo"
    assert changes(run(odoo, stack(PASSWORD)).plan) == {"smtp_pass": (MASK, MASK)}


def test_a_secret_that_odoo_lacks_is_written_all_the_same(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **{**PASSWORD, "smtp_pass": False})
    assert changes(run(odoo, stack({**PASSWORD, "update_secrets": "on_create"})).plan) == {"smtp_pass": (None, MASK)}


def test_so_may_the_key_of_a_certificate(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(BY_CERTIFICATE))
    other = {
        "smtp_ssl_certificate": CERTIFICATE.replace("made-up", "renewed"),
        "smtp_ssl_private_key": KEY.replace("made-up", "renewed"),
    }
    assert run(odoo, stack({**BY_CERTIFICATE, **other, "update_secrets": "on_create"})).plan == ()
    assert set(changes(run(odoo, stack({**BY_CERTIFICATE, **other})).plan)) == set(other)


# OAuth2: the client


def test_the_client_becomes_system_parameters(odoo: SimulatedOdoo, method: str) -> None:
    addon = ADDONS[method]
    plan = run(odoo, stack(oauth2_server(method))).plan
    assert [(step.resource, step.key) for step in plan] == [
        ("system_parameter", f"{addon}_client_id"),
        ("system_parameter", f"{addon}_client_secret"),
        ("mail_server", "Main"),
    ]
    assert [changes((step,))["value"] for step in plan[:2]] == [(None, "made-up-client"), (None, MASK)]
    assert odoo.parameter(f"{addon}_client_secret") == "made-up-client-secret"
    renewed = oauth2_server(method, client_secret="renewed-client-secret")
    (step,) = run(odoo, stack(renewed)).plan
    assert (step.action, step.key) == ("update", f"{addon}_client_secret")
    assert "renewed-client-secret" not in repr(step.as_result())


def test_a_client_that_odoo_has_need_not_be_declared(odoo: SimulatedOdoo, method: str) -> None:
    store_client(odoo, ADDONS[method])
    options = oauth2_server(method, client_id=None, client_secret=None, refresh_token="made-up-token")
    assert actions(run(odoo, stack(options)).plan) == [("create", "Main")]


def test_a_client_may_be_declared_among_the_parameters(odoo: SimulatedOdoo) -> None:
    parameters = {"google_gmail_client_id": "made-up-client", "google_gmail_client_secret": "made-up-client-secret"}
    options = oauth2_server("gmail", client_id=None, client_secret=None)
    run(odoo, {"parameters": parameters, "servers": [options]})
    assert run(odoo, {"parameters": parameters, "servers": [oauth2_server("gmail")]}).plan == ()


def test_one_database_has_one_client_for_each_provider(odoo: SimulatedOdoo) -> None:
    parameters = {"google_gmail_client_secret": "renewed-client-secret"}
    text = refused_unwritten(Invalid, odoo, {"parameters": parameters, "servers": [oauth2_server("gmail")]})
    assert (
        "oauth2 and the rest of the stack set different values for the system parameter 'google_gmail_client_secret'"
        in text
    )
    two = stack(oauth2_server("gmail"), oauth2_server("gmail", name="Second", client_id="another-client"))
    text = refused_unwritten(Invalid, odoo, two)
    assert (
        "mail server 'Second': oauth2 and the rest of the stack set different values for the system parameter 'google_gmail_client_id'"
        in text
    )
    assert not any(secret in text for secret in SECRETS)
    same = stack(oauth2_server("gmail"), oauth2_server("gmail", name="Second"))
    assert [key for _action, key in actions(run(odoo, same).plan)][2:] == ["Main", "Second"]


def test_removing_a_server_leaves_the_client(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(GMAIL))
    assert actions(run(odoo, stack({**GMAIL, "state": "absent"})).plan) == [("delete", "Main")]
    assert odoo.parameter("google_gmail_client_id") == "made-up-client"


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_STRICT_TLS])
def test_without_a_client_before_19(odoo: SimulatedOdoo, method: str) -> None:
    text = refused_unwritten(Invalid, odoo, stack(oauth2_server(method, client_id=None, client_secret=None)))
    assert f"smtp_authentication {method} needs oauth2.client_id and oauth2.client_secret" in text


@pytest.mark.parametrize("series", ["19.0", "20.0"])
@pytest.mark.parametrize("check", [True, False])
def test_without_a_client_odoo_19_goes_through_its_own_service(odoo: SimulatedOdoo, method: str, check: bool) -> None:
    options = oauth2_server(method, client_id=None, client_secret=None)
    outcome = run(odoo, stack(options), check=check)
    assert actions(outcome.plan) == [("create", "Main")]
    (warning,) = [one for one in outcome.warnings if "IAP" in one]
    assert warning.startswith("mail server 'Main': no client id is set")
    assert f"{method}.api.odoo.com" in warning
    assert not [one for one in run(odoo, stack(oauth2_server(method))).warnings if "IAP" in one]


@pytest.mark.parametrize(
    ("base_url", "refused"),
    [
        ("http://odoo.acme.example", True),
        ("http://10.0.0.7:8069", True),
        ("https://odoo.acme.example", False),
        ("http://localhost:8069", False),
    ],
)
def test_a_consent_that_could_not_come_back_is_said_first(
    odoo: SimulatedOdoo, method: str, base_url: str, refused: bool
) -> None:
    """Google and Microsoft demand https for the redirect, but on the user's own machine."""
    parameters = {"parameters": {"web.base.url": base_url}}
    outcome = run(odoo, {**stack(oauth2_server(method)), **parameters})
    assert any(base_url in one and "before somebody opens the link" in one for one in outcome.warnings) is refused
    connected = run(odoo, {**stack(oauth2_server(method, refresh_token="made-up-token")), **parameters})
    assert not any("before somebody opens the link" in one for one in connected.warnings)


@pytest.mark.parametrize("series", ["19.0", "20.0"])
def test_half_a_client_is_refused_on_19_too(odoo: SimulatedOdoo, method: str) -> None:
    text = refused_unwritten(Invalid, odoo, stack(oauth2_server(method, client_secret=None)))
    assert "client_secret" in text
    assert "IAP" not in text


def test_the_addon_may_come_with_the_stack(series: str, method: str) -> None:
    addon = ADDONS[method]
    odoo = SimulatedOdoo(series, without_addons={addon})
    options = {"addons": [addon], "servers": [oauth2_server(method, refresh_token="made-up-token")]}
    predicted = run(odoo, options, check=True)
    done = run(odoo, options)
    assert [step.as_result() for step in done.plan] == [step.as_result() for step in predicted.plan]
    assert server(odoo, "Main")[f"{addon}_refresh_token"] == "made-up-token"
    assert run(odoo, options).plan == ()
    assert not any(secret in repr((predicted, done)) for secret in SECRETS)


def test_rules_hold_for_an_addon_that_comes_with_the_stack(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    options = {"addons": ["google_gmail"], "servers": [oauth2_server("gmail", smtp_user="", smtp_encryption="ssl")]}
    text = refused_unwritten(Invalid, odoo, options)
    assert "needs smtp_user" in text
    assert "needs smtp_encryption starttls" in text


@pytest.mark.parametrize("authentication", [None, "login", "certificate"])
def test_oauth2_goes_with_gmail_and_outlook(odoo: SimulatedOdoo, authentication: str | None) -> None:
    options = {"name": "Main", "smtp_authentication": authentication, "oauth2": OAUTH2}
    assert "oauth2 needs smtp_authentication gmail or outlook" in refused_unwritten(Invalid, odoo, stack(options))


# OAuth2: the token


@pytest.mark.parametrize(
    ("method", "update", "written_anew"),
    [
        ("gmail", None, True),
        ("gmail", "always", True),
        ("gmail", "if_missing", False),
        ("outlook", None, False),
        ("outlook", "if_missing", False),
        ("outlook", "always", True),
    ],
)
def test_when_a_token_is_written(odoo: SimulatedOdoo, method: str, update: str | None, written_anew: bool) -> None:
    prefix = ADDONS[method]
    token, access, expiration = f"{prefix}_refresh_token", f"{prefix}_access_token", f"{prefix}_access_token_expiration"
    options = oauth2_server(method, refresh_token="made-up-token", update=update)
    run(odoo, stack(options))
    assert server(odoo, "Main")[token] == "made-up-token"
    server(odoo, "Main").update({token: "rotated", access: "made-up-other-token", expiration: 1})
    plan = run(odoo, stack(options)).plan
    main = server(odoo, "Main")
    if written_anew:
        assert changes(plan)[token] == (MASK, MASK)
        assert (main[token], main[access], main[expiration]) == ("made-up-token", False, 0)
        assert run(odoo, stack(options)).plan == ()
    else:
        assert plan == ()
        assert (main[token], main[access], main[expiration]) == ("rotated", "made-up-other-token", 1)


def test_a_token_that_is_not_declared_stays(odoo: SimulatedOdoo, method: str) -> None:
    run(odoo, stack(oauth2_server(method, refresh_token="made-up-token")))
    assert run(odoo, stack(oauth2_server(method))).plan == ()


# Consent


def test_a_server_that_waits_for_consent(odoo: SimulatedOdoo, method: str) -> None:
    outcome = run(odoo, stack(oauth2_server(method)))
    (connection,) = outcome.connections
    assert (connection["key"], connection["connected"]) == ("Main", False)
    assert "client_id=made-up-client" in connection["authorize_url"]
    (record,) = [one for one in outcome.records if one["resource"] == "mail_server"]
    assert record["connected"] is False
    assert record["authorize_url"] == connection["authorize_url"]
    (warning,) = outcome.warnings
    assert "mail server 'Main' is not connected" in warning
    assert connection["authorize_url"] in warning


def test_a_server_that_has_consent(odoo: SimulatedOdoo, method: str) -> None:
    outcome = run(odoo, stack(oauth2_server(method, refresh_token="made-up-token")))
    assert outcome.connections == [{"key": "Main", "connected": True, "authorize_url": None}]
    assert outcome.warnings == []


def test_check_mode_tells_who_waits(odoo: SimulatedOdoo, method: str) -> None:
    (connection,) = run(odoo, stack(oauth2_server(method)), check=True).connections
    assert connection == {"key": "Main", "connected": False, "authorize_url": None}
    run(odoo, stack(oauth2_server(method)))
    (connection,) = run(odoo, stack(oauth2_server(method)), check=True).connections
    assert "client_id=made-up-client" in connection["authorize_url"]


def test_several_servers_wait(odoo: SimulatedOdoo) -> None:
    """Odoo computes the link of one server at a time only."""
    waiting = [oauth2_server("gmail", name=name) for name in ("One", "Two")]
    outcome = run(odoo, stack(*waiting, {**PASSWORD, "name": "Three"}))
    links = {one["key"]: one["authorize_url"] for one in outcome.connections}
    assert set(links) == {"One", "Two"}
    assert len(set(links.values())) == 2
    reports = {one["name"]: one for one in read_mail_server_info(odoo.session(), name=None, xml_id=None)}
    assert {name: reports[name]["authorize_url"] for name in links} == links
    assert (reports["Three"]["connected"], reports["Three"]["authorize_url"]) == (None, None)


@pytest.mark.parametrize("check", [True, False])
def test_consent_may_be_required(odoo: SimulatedOdoo, method: str, check: bool) -> None:
    options = oauth2_server(method, required=True)
    with pytest.raises(NotConnected) as caught:
        run(odoo, stack(options), check=check)
    assert "mail server 'Main' is not connected" in caught.value.message
    assert caught.value.details["connections"][0]["connected"] is False
    assert bool(servers(odoo)) is not check
    if not check:
        assert caught.value.details["connections"][0]["authorize_url"] in caught.value.message
    assert ("create", "Main") in actions(caught.value.details["predicted" if check else "applied"])
    run(odoo, stack(oauth2_server(method, required=True, refresh_token="made-up-token")))


def test_a_second_run_that_waits_writes_nothing(odoo: SimulatedOdoo, method: str) -> None:
    run(odoo, stack(oauth2_server(method)))
    odoo.log.clear()
    run(odoo, stack(oauth2_server(method)))
    assert written(odoo) == []


def test_tokens_are_not_reported(odoo: SimulatedOdoo, method: str) -> None:
    run(odoo, stack(oauth2_server(method, refresh_token="made-up-token")))
    (record,) = read_mail_server_info(odoo.session(), name="Main", xml_id=None)
    assert record["connected"] is True
    assert not [name for name in record if "token" in name or "authorization_code" in name]


@pytest.mark.parametrize("method", ["gmail", "outlook"])
def test_an_addon_that_arrives_changes_no_more_than_was_predicted(series: str, method: str) -> None:
    """The server is there already, and the addon's fields are not."""
    odoo = SimulatedOdoo(series, without_addons={ADDONS[method]})
    run(odoo, stack(PASSWORD))
    wanted = {"addons": [ADDONS[method]], **stack(METHODS[method])}
    predicted = run(odoo, wanted, check=True).plan
    assert [step.as_result() for step in run(odoo, wanted).plan] == [step.as_result() for step in predicted]


@pytest.mark.parametrize("check", [True, False])
def test_what_was_done_is_told_though_the_link_cannot_be_read(odoo: SimulatedOdoo, check: bool) -> None:
    def refuse(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        if (model, method) == ("ir.mail_server", "read") and "google_gmail_uri" in arguments["fields"]:
            raise Unreachable("no Odoo today")

    waiting = oauth2_server("gmail")
    run(odoo, stack(waiting))
    odoo.before.append(refuse)
    with pytest.raises(Unreachable) as caught:
        run(odoo, stack({**waiting, "sequence": 3}), check=check)
    assert actions(caught.value.details["predicted" if check else "applied"]) == [("update", "Main")]
