# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that lose the connection at any call: the next one converges, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import DELETION_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    OAUTH2,
    actions,
    oauth2_server,
    refused,
    run,
)
from ansible_collections.postmaster.odoo.tests.unit.interruptions import every_cut
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

SERVER = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_user": "sales",
    "smtp_pass": "made-up",
    "from_filter": "acme.example",
}
CRON = {"name": "Sweep", "model": "mail.mail", "code": "model.search([], limit=1)", "xml_id": "postmaster.sweep"}
WHOLE: Mapping[str, Any] = {"servers": [SERVER], "crons": [CRON], "parameters": {"mail.session.batch.size": "500"}}
NOTHING: Mapping[str, Any] = {
    "servers": [{"name": "Main", "state": "absent"}],
    "crons": [{**CRON, "state": "absent"}],
    "parameters": {"mail.session.batch.size": ""},
}
MANY: Mapping[str, Any] = {
    "servers": [{**SERVER, "name": f"Server {number}", "xml_id": f"postmaster.server_{number}"} for number in range(3)],
    "crons": [{**CRON, "name": f"Sweep {number}", "xml_id": f"postmaster.sweep_{number}"} for number in range(3)],
    "parameters": {f"mail.made_up.{number}": str(number) for number in range(3)},
}
PLAYS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "create": ({}, WHOLE),
    "create many": ({}, MANY),
    "remove": (WHOLE, NOTHING),
    "policy removed": ({"queue_policy": {"stale_after": 7}}, {"queue_policy": {"state": "absent"}}),
}


def leftovers(odoo: SimulatedOdoo) -> list[str]:
    """Return the records that only an interrupted run needs."""
    parameters = [str(one["key"]) for one in odoo.records.tables["ir.config_parameter"].values()]
    servers = [str(one["name"]) for one in odoo.records.tables["ir.mail_server"].values()]
    return [name for name in (*parameters, *servers) if "postmaster" in name]


@pytest.mark.parametrize("play", PLAYS)
def test_the_next_run_converges(play: str) -> None:
    before, stack = PLAYS[play]
    odoo = SimulatedOdoo("19.0")
    if before:
        run(odoo, before)
    options = RunOptions(verify="connection")

    def enforced(session: Session) -> None:
        enforce_stack(session, read_declared_stack(stack, options), options)

    for where, succeeded in every_cut(odoo, enforced):
        if succeeded:
            assert run(odoo, stack, check=True).plan == (), where
        odoo.now += timedelta(minutes=2)
        run(odoo, stack, verify="connection")
        assert run(odoo, stack, check=True).plan == (), where
        assert leftovers(odoo) == [], where


def test_the_next_run_deletes_the_server_action_of_a_deleted_cron() -> None:
    """Odoo deletes a cron and keeps its server action, which contains code."""
    odoo = SimulatedOdoo("19.0")
    run(odoo, {"crons": [CRON]})
    seen: set[str] = set()

    def deleted(session: Session) -> None:
        options = RunOptions()
        enforce_stack(session, read_declared_stack({"crons": [{**CRON, "state": "absent"}]}, options), options)

    for where, _succeeded in every_cut(odoo, deleted):
        noted = odoo.parameter(DELETION_KEY)
        if not noted:
            continue
        seen.add(where)
        odoo.now += timedelta(minutes=2)
        # Every run finds it, with any declaration.
        plan = run(odoo, {"parameters": {"mail.session.batch.size": "500"}}, check=True).plan
        assert actions(plan)[0] == ("delete", DELETION_KEY), where
        odoo.log.clear()
        run(odoo, {"parameters": {"mail.session.batch.size": "500"}})
        is_gone = not [one for one in odoo.records.tables["ir.cron"].values() if one["name"] == "Sweep"]
        unlinked = [
            ids for model, method, ids, _arguments in odoo.log if (model, method) == ("ir.actions.server", "unlink")
        ]
        assert unlinked == ([[int(noted)]] if is_gone else []), where
        assert odoo.parameter(DELETION_KEY) is False
    assert len(seen) > 3


# A provider whose refresh tokens expire when they are used


class Provider:
    """Accepts each refresh token once.

    :ivar valid: the token that it accepts next.
    """

    def __init__(self, odoo: SimulatedOdoo, valid: str) -> None:
        self.valid = valid
        self._odoo = odoo
        odoo.token_service = self.use

    def use(self, server: Mapping[str, Any]) -> str | None:
        """Use a token. Return Odoo's message if it is not valid."""
        if server["microsoft_outlook_refresh_token"] != self.valid:
            return "AADSTS70000: The refresh token was used before."
        self.valid = f"rotated-token-{self._odoo.tokens_fetched + 1}"
        return None


def tokens(odoo: SimulatedOdoo) -> set[str]:
    return {str(one.get("microsoft_outlook_refresh_token")) for one in odoo.records.tables["ir.mail_server"].values()}


@pytest.mark.parametrize("exists", [True, False])
def test_the_only_valid_token_is_never_lost(exists: bool) -> None:
    """The server is new, or it has logged in with a password so far."""
    odoo = SimulatedOdoo("19.0")
    if exists:
        run(odoo, {"servers": [SERVER]})
    stack = {"servers": [oauth2_server("outlook", refresh_token="consent")]}
    options = RunOptions(verify="connection")

    def enforced(session: Session) -> None:
        odoo.tokens_fetched = 0
        provider.valid = "consent"
        enforce_stack(session, read_declared_stack(stack, options), options)

    provider = Provider(odoo, "consent")
    for where, _succeeded in every_cut(odoo, enforced):
        assert provider.valid in {"consent", *tokens(odoo)}, where
        odoo.now += timedelta(hours=2)  # no access token is valid any longer
        check = run(odoo, stack, check=True, verify="connection").plan
        done = run(odoo, stack, verify="connection").plan
        assert actions(done) == actions(check), where
        assert tokens(odoo) == {provider.valid}, where
        assert run(odoo, stack, check=True, verify="connection").plan == (), where
        assert leftovers(odoo) == [], where


def test_a_token_that_a_failing_test_has_used_up_is_adopted(odoo: SimulatedOdoo) -> None:
    """The provider returns a token, and the SMTP server then refuses the login."""
    provider = Provider(odoo, "consent")
    odoo.smtp = lambda _server: "[Errno 111] Connection refused"
    stack = {"servers": [oauth2_server("outlook", refresh_token="consent")]}
    assert "unreachable" in refused(Rejected, odoo, stack, verify="connection")
    assert tokens(odoo) == {provider.valid} == {"rotated-token-1"}
    warnings = run(odoo, {"servers": [SERVER | {"name": "Other"}]}).warnings
    assert any("may contain the only valid token" in warning for warning in warnings)
    assert provider.valid in tokens(odoo)
    odoo.smtp = lambda _server: None
    odoo.now += timedelta(hours=2)
    run(odoo, stack, verify="connection")
    assert provider.valid in tokens(odoo)
    assert leftovers(odoo) == []


@pytest.mark.parametrize("was_there", [True, False])
def test_a_new_client_is_never_mixed_with_the_old_one(was_there: bool) -> None:
    odoo = SimulatedOdoo("19.0")
    server = oauth2_server("outlook", refresh_token="consent")
    if was_there:
        run(odoo, {"servers": [server]})
    new = {"client_id": "new-client", "client_secret": "new-client-secret"}
    stack = {"servers": [{**server, "oauth2": {**server["oauth2"], **new}}]}
    options = RunOptions(verify="connection")
    former = tuple(OAUTH2.values()) if was_there else (False, False)

    def client() -> tuple[Any, Any]:
        return odoo.parameter("microsoft_outlook_client_id"), odoo.parameter("microsoft_outlook_client_secret")

    def enforced(session: Session) -> None:
        enforce_stack(session, read_declared_stack(stack, options), options)

    seen = set()
    for where, _succeeded in every_cut(odoo, enforced):
        assert client() in (former, tuple(new.values())), where
        seen.add(client())
        odoo.now += timedelta(minutes=2)
        run(odoo, stack, verify="connection")
        assert client() == tuple(new.values()), where
        assert leftovers(odoo) == [], where
    assert len(seen) == 2


@pytest.mark.parametrize("note", ["", "text", "-1", "0", "9" * 11, "9" * 5000])
def test_an_edited_note_of_a_deletion_is_removed(note: str) -> None:
    odoo = SimulatedOdoo("19.0")
    odoo.add("ir.config_parameter", key=DELETION_KEY, value=note)
    run(odoo, {"parameters": {"mail.session.batch.size": "500"}})
    assert odoo.parameter(DELETION_KEY) is False
