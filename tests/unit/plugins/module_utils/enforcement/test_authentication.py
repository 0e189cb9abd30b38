# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authentication of mail servers: the rules of each method, changes of the method, and secrets.

All secrets are made up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Unsupported
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    OAUTH2,
    changes,
    oauth2_server,
    refused,
    refused_unwritten,
    run,
    server,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import (
    ADDONS,
    BY_CERTIFICATE,
    CERTIFICATE,
    GMAIL,
    KEY,
    MASK,
    METHODS,
    OUTLOOK,
    PASSWORD,
    SECRETS,
    stack,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_SENDER_LISTS, HAVE_STRICT_TLS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

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


def test_undeclared_authentication_is_not_checked(odoo: SimulatedOdoo) -> None:
    """If only a port is declared, no client is required."""
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


@pytest.mark.parametrize("series", HAVE_STRICT_TLS)
def test_strict_encryption_is_not_the_same_as_starttls(odoo: SimulatedOdoo, method: str) -> None:
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


def test_a_missing_addon_does_not_hide_other_problems(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    text = refused_unwritten(Unsupported, odoo, stack(oauth2_server("gmail", smtp_encryption="none", smtp_user="")))
    assert "it belongs to the addon google_gmail" in text
    assert "needs smtp_encryption starttls" in text
    assert "needs smtp_user" in text


def test_stored_values_count(odoo: SimulatedOdoo, method: str) -> None:
    """Declared values take precedence over stored ones: only the resulting settings are checked."""
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
def test_a_login_that_smtp_cannot_transport(odoo: SimulatedOdoo, login: dict[str, str], words: list[str]) -> None:
    text = refused_unwritten(Invalid, odoo, stack({**PASSWORD, "name": "Main", **login}))
    assert all(word in text for word in words)
    assert "made-up" not in text


@pytest.mark.parametrize(
    "login", [{"smtp_user": "sales@bücher.example"}, {"smtp_pass": " made up! "}, {"smtp_pass": ""}]
)
def test_a_login_that_smtp_can_transport(odoo: SimulatedOdoo, login: dict[str, str]) -> None:
    """Odoo itself converts the domain of the user."""
    run(odoo, stack({**PASSWORD, "name": "Main", **login}))
    assert server(odoo, "Main")["active"]


def test_a_stored_certificate_counts(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(BY_CERTIFICATE))
    assert run(odoo, stack({"name": "Main", "smtp_authentication": "certificate"})).plan == ()
    options = {"name": "Main", "smtp_authentication": "certificate", "smtp_ssl_private_key": ""}
    assert "needs smtp_ssl_private_key" in refused(Invalid, odoo, stack(options))


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SENDER_LISTS])
def test_cli_is_a_choice_if_the_instance_has_it(odoo: SimulatedOdoo) -> None:
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
def test_values_that_are_not_a_certificate_or_a_key(odoo: SimulatedOdoo, options: dict[str, Any], words: str) -> None:
    text = refused_unwritten(Invalid, odoo, stack({**BY_CERTIFICATE, **options}))
    assert text.startswith("mail server 'Main': ")
    assert words in text
    assert "made-up-key" not in text


# From one method to another


def test_changing_to_oauth2_clears_the_password_in_the_same_write(odoo: SimulatedOdoo, method: str) -> None:
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


def test_changing_back_clears_the_tokens(odoo: SimulatedOdoo, method: str) -> None:
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


def test_changing_the_provider(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(GMAIL))
    run(odoo, stack(OUTLOOK))
    main = server(odoo, "Main")
    assert main["google_gmail_refresh_token"] is False
    assert main["microsoft_outlook_refresh_token"] == "made-up-token"
    assert run(odoo, stack(OUTLOOK)).plan == ()


def test_a_password_is_kept_if_the_method_is_not_declared(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(PASSWORD))
    run(odoo, stack({"name": "Main", "smtp_port": 2525}))
    assert server(odoo, "Main")["smtp_pass"] == "made-up-password"


# update_secrets


def test_secrets_may_be_written_only_once(odoo: SimulatedOdoo) -> None:
    options = {**PASSWORD, "update_secrets": "on_create"}
    run(odoo, stack(options))
    server(odoo, "Main")["smtp_pass"] = "changed-in-odoo"
    assert run(odoo, stack(options)).plan == ()
    assert changes(run(odoo, stack({**options, "smtp_port": 2525})).plan) == {"smtp_port": (25, 2525)}
    assert server(odoo, "Main")["smtp_pass"] == "changed-in-odoo"
    assert changes(run(odoo, stack(PASSWORD)).plan) == {"smtp_pass": (MASK, MASK)}


def test_a_secret_that_odoo_lacks_is_still_written(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **{**PASSWORD, "smtp_pass": False})
    assert changes(run(odoo, stack({**PASSWORD, "update_secrets": "on_create"})).plan) == {"smtp_pass": (None, MASK)}


def test_the_key_of_a_certificate_may_be_written_only_once(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(BY_CERTIFICATE))
    other = {
        "smtp_ssl_certificate": CERTIFICATE.replace("made-up", "renewed"),
        "smtp_ssl_private_key": KEY.replace("made-up", "renewed"),
    }
    assert run(odoo, stack({**BY_CERTIFICATE, **other, "update_secrets": "on_create"})).plan == ()
    assert set(changes(run(odoo, stack({**BY_CERTIFICATE, **other})).plan)) == set(other)
