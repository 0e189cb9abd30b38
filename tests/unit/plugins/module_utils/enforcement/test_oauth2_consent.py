# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The consent to OAuth2: refresh tokens, and mail servers that wait for it. All secrets are made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import NotConnected, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_mail_server_info
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    oauth2_server,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import (
    ADDONS,
    MASK,
    METHODS,
    PASSWORD,
    stack,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

# The token


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


@pytest.mark.parametrize(
    ("base_url", "refused"),
    [
        ("http://odoo.acme.example", True),
        ("http://10.0.0.7:8069", True),
        ("https://odoo.acme.example", False),
        ("http://localhost:8069", False),
    ],
)
def test_a_consent_that_cannot_return_is_reported_first(
    odoo: SimulatedOdoo, method: str, base_url: str, refused: bool
) -> None:
    """Google and Microsoft require https for the redirect, except on the user's own machine."""
    parameters = {"parameters": {"web.base.url": base_url}}
    outcome = run(odoo, {**stack(oauth2_server(method)), **parameters})
    assert any(base_url in one and "before somebody opens the link" in one for one in outcome.warnings) is refused
    connected = run(odoo, {**stack(oauth2_server(method, refresh_token="made-up-token")), **parameters})
    assert not any("before somebody opens the link" in one for one in connected.warnings)


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


def test_check_mode_lists_servers_without_consent(odoo: SimulatedOdoo, method: str) -> None:
    (connection,) = run(odoo, stack(oauth2_server(method)), check=True).connections
    assert connection == {"key": "Main", "connected": False, "authorize_url": None}
    run(odoo, stack(oauth2_server(method)))
    (connection,) = run(odoo, stack(oauth2_server(method)), check=True).connections
    assert "client_id=made-up-client" in connection["authorize_url"]


def test_several_servers_without_consent(odoo: SimulatedOdoo) -> None:
    """Odoo computes the link of only one server at a time."""
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
def test_a_new_addon_changes_nothing_beyond_the_prediction(series: str, method: str) -> None:
    """The server exists already, and the addon's fields do not."""
    odoo = SimulatedOdoo(series, without_addons={ADDONS[method]})
    run(odoo, stack(PASSWORD))
    wanted = {"addons": [ADDONS[method]], **stack(METHODS[method])}
    predicted = run(odoo, wanted, check=True).plan
    assert [step.as_result() for step in run(odoo, wanted).plan] == [step.as_result() for step in predicted]


@pytest.mark.parametrize("check", [True, False])
def test_changes_are_reported_although_the_link_cannot_be_read(odoo: SimulatedOdoo, check: bool) -> None:
    def refuse(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        if (model, method) == ("ir.mail_server", "read") and "google_gmail_uri" in arguments["fields"]:
            raise Unreachable("no Odoo today")

    waiting = oauth2_server("gmail")
    run(odoo, stack(waiting))
    odoo.before.append(refuse)
    with pytest.raises(Unreachable) as caught:
        run(odoo, stack({**waiting, "sequence": 3}), check=check)
    assert actions(caught.value.details["predicted" if check else "applied"]) == [("update", "Main")]
