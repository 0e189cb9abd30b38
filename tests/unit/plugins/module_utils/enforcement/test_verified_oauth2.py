# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`verify: connection` of mail servers with OAuth2: consent, tokens and clients. All secrets are made up."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    oauth2_server,
    run,
    server,
    servers,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import (
    ADDONS,
    stack,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.verified_stacks import (
    MAIN,
    failing,
    ids_tested,
    outcomes,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_a_new_server_without_consent_stays_archived(odoo: SimulatedOdoo, method: str) -> None:
    outcome = run(odoo, stack(oauth2_server(method)), verify="connection")
    assert ids_tested(odoo) == []
    assert server(odoo, "Main")["active"] is False
    (verification,) = outcome.verifications
    assert verification["outcome"] == "not_tested"
    assert "not connected yet" in verification["message"]
    assert [one for one in outcome.warnings if "stays archived until it is connected" in one]
    again = run(odoo, stack(oauth2_server(method)), verify="connection")
    assert again.plan == ()
    assert outcomes(again.verifications) == {"Main": "not_tested"}


def test_the_next_run_after_consent_activates_it(odoo: SimulatedOdoo, method: str) -> None:
    options = {**oauth2_server(method), "active": True}
    run(odoo, stack(options), verify="connection")
    server(odoo, "Main")[f"{ADDONS[method]}_refresh_token"] = "made-up-token"  # a user opened the link
    outcome = run(odoo, stack(options), verify="connection")
    assert actions(outcome.plan) == [("unarchive", "Main")]
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    assert server(odoo, "Main")["active"] is True


def test_a_live_server_is_not_changed_without_consent(odoo: SimulatedOdoo, method: str) -> None:
    run(odoo, stack(MAIN))
    live = dict(server(odoo, "Main"))
    outcome = run(odoo, stack(oauth2_server(method)), verify="connection")
    assert server(odoo, "Main") == live
    assert [one for one in outcome.warnings if "is in use and is not changed until it is connected" in one]
    assert outcomes(outcome.verifications) == {"Main": "not_tested"}
    assert [one["connected"] for one in outcome.connections] == [False]


def test_a_declared_token_is_tested(odoo: SimulatedOdoo, method: str) -> None:
    token = f"{ADDONS[method]}_refresh_token"
    odoo.token_service = lambda tested: (
        None if tested[token] == "made-up-token" else "An error occurred when fetching the access token."
    )
    run(odoo, stack(MAIN))
    failing(odoo, stack(oauth2_server(method, refresh_token="made-up-revoked")))
    outcome = run(odoo, stack(oauth2_server(method, refresh_token="made-up-token")), verify="connection")
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    main = server(odoo, "Main")
    assert (main["smtp_authentication"], main["smtp_pass"]) == (method, False)


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("update", [None, "always"])
def test_the_new_token_replaces_one_that_the_test_used_up(
    odoo: SimulatedOdoo, existing: bool, update: str | None
) -> None:
    """Microsoft returns another refresh token at each use. The live server must have the last one."""
    if existing:
        run(odoo, stack(MAIN))
    options = oauth2_server("outlook", refresh_token="made-up-token", update=update)
    outcome = run(odoo, stack(options), verify="connection")
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    (main,) = servers(odoo)
    assert main["microsoft_outlook_refresh_token"] == "rotated-token-1"
    assert main["microsoft_outlook_access_token"] == "access-token-1"
    if update is None:
        assert run(odoo, stack(options), verify="connection").plan == ()


def test_a_stored_token_that_the_test_used_up_is_replaced_too(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(oauth2_server("outlook", refresh_token="made-up-token")))
    outcome = run(odoo, stack(oauth2_server("outlook", smtp_port=2525)), verify="connection")
    assert changes(outcome.plan) == {"smtp_port": (587, 2525)}
    assert server(odoo, "Main")["microsoft_outlook_refresh_token"] == "rotated-token-1"


def test_a_token_of_google_is_kept(odoo: SimulatedOdoo) -> None:
    options = oauth2_server("gmail", refresh_token="made-up-token")
    run(odoo, stack(options), verify="connection")
    assert server(odoo, "Main")["google_gmail_refresh_token"] == "made-up-token"
    assert run(odoo, stack(options), verify="connection").plan == ()


def test_a_new_client_is_tested_with_every_server_that_uses_it(odoo: SimulatedOdoo, method: str) -> None:
    addon = ADDONS[method]
    run(odoo, stack(oauth2_server(method, refresh_token="made-up-token")))
    odoo.token_service = lambda _tested: (
        None
        if odoo.parameter(f"{addon}_client_secret") != "made-up-wrong"
        else "An error occurred when fetching the access token."
    )
    error = failing(odoo, stack(oauth2_server(method, client_secret="made-up-wrong")))
    assert "mail server 'Main'" in error.message
    outcome = run(odoo, stack(oauth2_server(method, client_secret="made-up-renewed")), verify="connection")
    assert actions(outcome.plan) == [("update", f"{addon}_client_secret")]
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    assert odoo.parameter(f"{addon}_client_secret") == "made-up-renewed"


def test_a_first_client_is_deleted_if_the_test_fails(odoo: SimulatedOdoo, method: str) -> None:
    odoo.token_service = lambda _tested: "An error occurred when fetching the access token."
    failing(odoo, stack(oauth2_server(method, refresh_token="made-up-token")))
    assert odoo.parameter(f"{ADDONS[method]}_client_id") is False


def test_an_addon_of_the_same_stack_is_installed_before_the_test(series: str, method: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={ADDONS[method]})
    options = {"addons": [ADDONS[method]], **stack(oauth2_server(method, refresh_token="made-up-token"))}
    outcome = run(odoo, options, verify="connection")
    assert actions(outcome.plan)[0] == ("install", ADDONS[method])
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    assert server(odoo, "Main")["active"] is True
