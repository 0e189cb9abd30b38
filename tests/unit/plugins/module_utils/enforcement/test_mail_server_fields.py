# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields and values of mail servers that some series lack, or that an addon adds."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Unsupported
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    refused,
    refused_unwritten,
    run,
    server,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_mail_servers import (
    GMAIL,
    declared,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_SIZE_LIMITS, HAVE_STRICT_TLS, SERIES, since
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

TIMEOUT = {"ir.mail_server": {"smtp_timeout": {"store": True, "type": "integer"}}}


@pytest.mark.parametrize("encryption", ["starttls_strict", "ssl_strict"])
@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_STRICT_TLS])
def test_strict_encryption_exists_since_19(odoo: SimulatedOdoo, series: str, encryption: str) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_port=587, smtp_encryption=encryption))
    assert text.startswith(f"mail server 'Main': smtp_encryption '{encryption}' is not a valid value on Odoo {series}")
    assert "(expected one of none, starttls, ssl" in text
    assert "database simulated at http://odoo.example" in text


@pytest.mark.parametrize("series", HAVE_STRICT_TLS)
def test_strict_encryption_on_19(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(smtp_encryption="starttls_strict"))
    assert server(odoo, "Main")["smtp_encryption"] == "starttls_strict"


def test_smtp_timeout_exists_in_no_version(odoo: SimulatedOdoo, series: str) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30))
    assert "mail server 'Main': smtp_timeout does not exist on this instance" in text
    assert f"Odoo {series}" in text


def test_smtp_timeout_if_an_addon_has_it(series: str) -> None:
    odoo = SimulatedOdoo(series, extra_fields=TIMEOUT)
    assert changes(run(odoo, declared(smtp_timeout=30)).plan)["smtp_timeout"] == (None, 30)
    assert run(odoo, declared(smtp_timeout=30)).plan == ()
    assert changes(run(odoo, declared(smtp_timeout=20)).plan) == {"smtp_timeout": (30, 20)}


def test_a_short_timeout_gives_a_warning(series: str) -> None:
    odoo = SimulatedOdoo(series, extra_fields=TIMEOUT)
    (warning,) = run(odoo, declared(smtp_timeout=29)).warnings
    assert warning.startswith("mail server 'Main': smtp_timeout 29 is short")
    assert run(odoo, declared(smtp_timeout=30)).warnings == []


def test_an_error_about_the_timeout_names_the_role(odoo: SimulatedOdoo) -> None:
    assert "postmaster.odoo.smtp_timeout" in refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30))


@pytest.mark.parametrize("series", ["16.0", "17.0"])
def test_max_email_size_is_not_in_17(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(max_email_size=10.0))
    assert "max_email_size does not exist on this instance" in text
    assert "base.default_max_email_size" not in text  # a field that 17.0 does not read


@pytest.mark.parametrize("series", [series for series in since(18) if series not in HAVE_SIZE_LIMITS])
def test_max_email_size_is_one_parameter_in_20(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(max_email_size=10.0))
    assert "max_email_size does not exist on this instance" in text
    assert "declare the system parameter base.default_max_email_size" in text


@pytest.mark.parametrize("series", HAVE_SIZE_LIMITS)
def test_max_email_size_since_18(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(max_email_size=10.5))
    assert server(odoo, "Main")["max_email_size"] == 10.5
    assert run(odoo, declared(max_email_size=10.5)).plan == ()


def test_all_unsupported_options_are_reported_at_once(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30, smtp_encryption="tls"))
    assert "smtp_timeout" in text
    assert "'tls'" in text


@pytest.mark.parametrize(("authentication", "addon"), [("gmail", "google_gmail"), ("outlook", "microsoft_outlook")])
def test_an_error_about_a_field_of_an_addon_names_the_addon(series: str, authentication: str, addon: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={addon})
    options = {**GMAIL, "smtp_authentication": authentication, "oauth2": {"client_id": "a", "client_secret": "b"}}
    text = refused_unwritten(Unsupported, odoo, {"servers": [options]})
    assert f"it belongs to the addon {addon}, which is not installed" in text
    stack = {"addons": [addon], "servers": [options]}
    predicted = run(odoo, stack, check=True).plan
    clients = [("create", f"{addon}_client_id"), ("create", f"{addon}_client_secret")]
    assert actions(predicted) == [("install", addon), *clients, ("create", "Gmail")]
    assert [step.as_result() for step in run(odoo, stack).plan] == [step.as_result() for step in predicted]
    assert server(odoo, "Gmail")["smtp_authentication"] == authentication
    assert run(odoo, stack).plan == ()


def test_violations_of_odoos_own_rules_are_reported_in_its_wording(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="google_gmail_client_id", value="a")
    odoo.add("ir.config_parameter", key="google_gmail_client_secret", value="b")
    odoo.add("ir.mail_server", **GMAIL)
    # If the login is not declared, it is not checked.
    odoo.records.tables["ir.mail_server"][1]["smtp_encryption"] = "ssl"
    text = refused(Rejected, odoo, {"servers": [{"name": "Gmail", "from_filter": "acme.example"}]})
    assert "Odoo rejected the call: Incorrect Connection Security for Gmail mail server" in text
