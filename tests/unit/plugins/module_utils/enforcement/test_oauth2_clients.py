# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OAuth2 clients of mail servers: each becomes system parameters. All secrets are made up."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    OAUTH2,
    actions,
    changes,
    oauth2_server,
    refused_unwritten,
    run,
    server,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import (
    ADDONS,
    GMAIL,
    MASK,
    SECRETS,
    stack,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_STRICT_TLS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def store_client(odoo: SimulatedOdoo, addon: str) -> None:
    """Store an OAuth2 client, as if a user had entered it in Odoo."""
    odoo.add("ir.config_parameter", key=f"{addon}_client_id", value="stored-client")
    odoo.add("ir.config_parameter", key=f"{addon}_client_secret", value="made-up-client-secret")


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


def test_a_client_that_is_stored_in_odoo_need_not_be_declared(odoo: SimulatedOdoo, method: str) -> None:
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


@pytest.mark.parametrize("series", HAVE_STRICT_TLS)
@pytest.mark.parametrize("check", [True, False])
def test_without_a_client_odoo_19_uses_its_own_service(odoo: SimulatedOdoo, method: str, check: bool) -> None:
    options = oauth2_server(method, client_id=None, client_secret=None)
    outcome = run(odoo, stack(options), check=check)
    assert actions(outcome.plan) == [("create", "Main")]
    (warning,) = [one for one in outcome.warnings if "IAP" in one]
    assert warning.startswith("mail server 'Main': no client id is set")
    assert f"{method}.api.odoo.com" in warning
    assert not [one for one in run(odoo, stack(oauth2_server(method))).warnings if "IAP" in one]


@pytest.mark.parametrize("series", HAVE_STRICT_TLS)
def test_an_incomplete_client_is_refused_on_19_too(odoo: SimulatedOdoo, method: str) -> None:
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


def test_rules_apply_to_an_addon_of_the_same_stack(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"google_gmail"})
    options = {"addons": ["google_gmail"], "servers": [oauth2_server("gmail", smtp_user="", smtp_encryption="ssl")]}
    text = refused_unwritten(Invalid, odoo, options)
    assert "needs smtp_user" in text
    assert "needs smtp_encryption starttls" in text


@pytest.mark.parametrize("authentication", [None, "login", "certificate"])
def test_oauth2_requires_gmail_or_outlook(odoo: SimulatedOdoo, authentication: str | None) -> None:
    options = {"name": "Main", "smtp_authentication": authentication, "oauth2": OAUTH2}
    assert "oauth2 needs smtp_authentication gmail or outlook" in refused_unwritten(Invalid, odoo, stack(options))
