# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`verify: connection`: new settings are tested on a candidate before they go live. All secrets are made up."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Rejected, Timeout
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import candidate_name
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    neutralize,
    oauth2_server,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

AUTH_FAILED = "Server replied with following exception:\n (535, b'5.7.8 Authentication failed')"
REFUSED = "Connection Test Failed! Here is what we got instead:\n [Errno 111] Connection refused"
SENDER_REFUSED = "The server refused the sender address (x) with error b'5.7.1 not yours'"

MAIN: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
    "smtp_pass": "made-up-password",
    "from_filter": "acme.example",
}


def stack(*options: dict[str, Any]) -> dict[str, Any]:
    return {"servers": list(options)}


def ids_tested(odoo: SimulatedOdoo) -> list[int]:
    """The servers that were tested so far, by id."""
    return [ids[0] for _model, method, ids, _arguments in odoo.log if method == "test_smtp_connection" and ids]


def watched(odoo: SimulatedOdoo) -> list[dict[str, Any]]:
    """The servers as they will be when they are tested; all pass."""
    seen: list[dict[str, Any]] = []

    def smtp(server: Mapping[str, Any]) -> None:
        seen.append(dict(server))

    odoo.smtp = smtp
    return seen


def tables(odoo: SimulatedOdoo) -> Any:
    """Everything that the database holds."""
    return copy.deepcopy({model: table for model, table in odoo.records.tables.items() if table})


def failing(odoo: SimulatedOdoo, options: Mapping[str, Any], **policy: Any) -> Rejected:
    """A run that a test must stop, and that leaves the database as it was."""
    before = tables(odoo)
    with pytest.raises(Rejected) as caught:
        run(odoo, options, verify="connection", **policy)
    assert tables(odoo) == before
    assert caught.value.details["applied"] == ()
    return caught.value


def outcomes(verifications: list[dict[str, Any]]) -> dict[str, str]:
    return {one["key"]: one["outcome"] for one in verifications}


# New servers


def test_a_new_server_is_tested_before_it_goes_live(odoo: SimulatedOdoo) -> None:
    seen = watched(odoo)
    predicted = run(odoo, stack(MAIN), check=True)
    outcome = run(odoo, stack(MAIN), verify="connection")
    assert [step.as_result() for step in outcome.plan] == [step.as_result() for step in predicted.plan]
    (tested,) = seen
    assert (tested["name"], tested["active"]) == (candidate_name("Main"), False)
    assert {name: tested[name] for name in MAIN if name != "name"} == {
        name: MAIN[name] for name in MAIN if name != "name"
    }
    (live,) = servers(odoo)
    assert live["id"] == tested["id"]
    assert live["active"] is True
    assert {name: live[name] for name in MAIN} == MAIN
    (verification,) = outcome.verifications
    assert (verification["key"], verification["outcome"]) == ("Main", "ok")
    assert verification["seconds"] >= 0
    assert outcome.warnings == []


def test_a_second_run_tests_nothing(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(MAIN), verify="connection")
    odoo.log.clear()
    outcome = run(odoo, stack(MAIN), verify="connection")
    assert (outcome.plan, outcome.verifications) == ((), [])
    assert written(odoo) == []


@pytest.mark.parametrize(
    ("message", "kind"), [(AUTH_FAILED, "auth"), (REFUSED, "unreachable"), (SENDER_REFUSED, "sender_rejected")]
)
def test_a_new_server_that_fails_is_not_there(odoo: SimulatedOdoo, message: str, kind: str) -> None:
    odoo.smtp = lambda _tested: message
    error = failing(odoo, stack(MAIN))
    assert (
        f"mail server 'Main': the connection test of its new settings failed ({kind}), so they were not written: "
        in error.message
    )
    assert message.rpartition("\n")[2].strip() in error.message
    assert "made-up-password" not in error.message
    assert outcomes(error.details["verifications"]) == {"Main": kind}
    assert servers(odoo) == []


def test_an_external_id_goes_to_the_server_that_was_tested(odoo: SimulatedOdoo) -> None:
    run(odoo, stack({**MAIN, "xml_id": "postmaster.main"}), verify="connection")
    assert [one["id"] for one in servers(odoo)] == [odoo.ref("postmaster.main")]
    assert run(odoo, stack({**MAIN, "xml_id": "postmaster.main"})).plan == ()


# Live servers


def test_new_settings_of_a_live_server_are_tested_on_a_copy(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(MAIN))
    (live,) = servers(odoo)
    seen = watched(odoo)
    outcome = run(odoo, stack({**MAIN, "smtp_port": 2525}), verify="connection")
    assert changes(outcome.plan) == {"smtp_port": (587, 2525)}
    (tested,) = seen
    assert tested["id"] != live["id"]
    assert (tested["name"], tested["active"]) == (candidate_name("Main"), False)
    assert (tested["smtp_port"], tested["smtp_pass"]) == (2525, "made-up-password")
    assert [one["id"] for one in servers(odoo)] == [live["id"]]
    assert live["smtp_port"] == 2525
    assert outcomes(outcome.verifications) == {"Main": "ok"}


@pytest.mark.parametrize("option", [{"smtp_pass": "made-up-wrong"}, {"smtp_port": 1}, {"smtp_host": "other.example"}])
def test_a_failing_test_leaves_the_live_server_as_it_was(odoo: SimulatedOdoo, option: dict[str, Any]) -> None:
    run(odoo, stack(MAIN))
    odoo.smtp = lambda _tested: AUTH_FAILED
    error = failing(odoo, stack({**MAIN, **option}))
    assert "(auth)" in error.message
    assert "(535, b'5.7.8 Authentication failed')" in error.message
    assert "made-up-wrong" not in error.message


def test_one_failing_server_holds_back_the_whole_run(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(MAIN))
    odoo.smtp = lambda tested: {25: None, 26: AUTH_FAILED, 27: REFUSED}[tested["smtp_port"]]
    wanted = [
        {**MAIN, "smtp_port": 26},
        {**MAIN, "name": "Good", "smtp_port": 25},
        {**MAIN, "name": "Bad", "smtp_port": 27},
    ]
    parameters = {"mail.session.batch.size": "500"}
    error = failing(odoo, {"parameters": parameters, "servers": wanted}, unmanaged="report")
    assert "mail server 'Main': the connection test of its new settings failed (auth)" in error.message
    assert "mail server 'Bad': the connection test of its new settings failed (unreachable)" in error.message
    assert "'Good'" not in error.message
    assert outcomes(error.details["verifications"]) == {"Main": "auth", "Good": "ok", "Bad": "unreachable"}


def test_nothing_is_archived_where_a_test_fails(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Old")
    odoo.smtp = lambda _tested: REFUSED
    failing(odoo, stack(MAIN), unmanaged="archive")
    assert server(odoo, "Old")["active"] is True


def test_a_test_that_never_ends_leaves_no_candidate(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(MAIN))

    def time_out(_model: str, method: str, *_rest: Any) -> None:
        if method == "test_smtp_connection":
            raise Timeout("no answer")

    odoo.before.append(time_out)
    before = tables(odoo)
    with pytest.raises(Timeout):
        run(odoo, stack({**MAIN, "smtp_port": 26}, {**MAIN, "name": "New"}), verify="connection")
    assert tables(odoo) == before


def test_a_run_that_fails_later_leaves_no_candidate(odoo: SimulatedOdoo) -> None:
    """What passed but was not promoted goes, too."""

    def refuse(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        if (model, method) == ("ir.mail_server", "write") and arguments["vals"].get("name") == "First":
            raise Rejected("Odoo rejected the call: not this one")

    odoo.before.append(refuse)
    with pytest.raises(Rejected):
        run(odoo, stack({**MAIN, "name": "First"}, {**MAIN, "name": "Second"}), verify="connection")
    assert servers(odoo) == []


# What is not tested


@pytest.mark.parametrize(
    "option", [{"sequence": 3}, {"smtp_debug": True}, {"name": "Renamed", "xml_id": "postmaster.main"}]
)
def test_what_no_test_can_prove_is_not_tested(odoo: SimulatedOdoo, option: dict[str, Any]) -> None:
    run(odoo, stack({**MAIN, "xml_id": "postmaster.main"}))
    outcome = run(odoo, stack({**MAIN, **option}), verify="connection")
    assert len(outcome.plan) == 1
    assert (ids_tested(odoo), outcome.verifications) == ([], [])


@pytest.mark.parametrize("series", ["18.0", "19.0"])
def test_nor_is_a_size(odoo: SimulatedOdoo) -> None:
    run(odoo, stack(MAIN))
    run(odoo, stack({**MAIN, "max_email_size": 5.0}), verify="connection")
    assert ids_tested(odoo) == []


def test_archived_servers_are_not_tested_and_activated_ones_are(odoo: SimulatedOdoo) -> None:
    archived = {**MAIN, "active": False}
    run(odoo, stack(archived), verify="connection")
    run(odoo, stack({**archived, "smtp_port": 26}), verify="connection")
    assert ids_tested(odoo) == []
    outcome = run(odoo, stack({**MAIN, "active": True}), verify="connection")
    assert actions(outcome.plan) == [("unarchive", "Main")]
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    run(odoo, stack(archived), verify="connection")
    run(odoo, stack({**MAIN, "state": "absent"}), verify="connection")
    assert len(ids_tested(odoo)) == 1


def test_an_activation_that_fails(odoo: SimulatedOdoo) -> None:
    run(odoo, stack({**MAIN, "active": False}))
    odoo.smtp = lambda _tested: REFUSED
    failing(odoo, stack({**MAIN, "active": True}))
    assert server(odoo, "Main")["active"] is False


def test_without_verify_nothing_is_tested(odoo: SimulatedOdoo) -> None:
    outcome = run(odoo, stack(MAIN))
    assert (ids_tested(odoo), outcome.verifications) == ([], [])


def test_check_mode_says_what_it_did_not_test(odoo: SimulatedOdoo) -> None:
    before = tables(odoo)
    outcome = run(odoo, stack(MAIN), check=True, verify="connection")
    (verification,) = outcome.verifications
    assert (verification["key"], verification["outcome"]) == ("Main", "not_tested")
    assert "check mode" in verification["message"]
    assert (tables(odoo), written(odoo)) == (before, [])
    run(odoo, stack(MAIN))
    assert run(odoo, stack(MAIN), check=True, verify="connection").verifications == []


def test_on_a_neutralized_copy_nothing_goes_live_and_nothing_is_tested(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    run(odoo, stack(MAIN), verify="connection")
    assert ids_tested(odoo) == []
    assert server(odoo, "Main")["active"] is False


# What a killed run left behind


@pytest.mark.parametrize("verify", ["none", "connection"])
def test_leftovers_are_removed(odoo: SimulatedOdoo, verify: str) -> None:
    leftover = candidate_name("Main")
    odoo.add("ir.mail_server", name=leftover, active=False)
    odoo.add("ir.mail_server", name="Archived", active=False)
    predicted = run(odoo, stack(MAIN), check=True, verify=verify)
    assert actions(predicted.plan) == [("delete", leftover), ("create", "Main")]
    outcome = run(odoo, stack(MAIN), verify=verify)
    assert actions(outcome.plan) == actions(predicted.plan)
    assert sorted(one["name"] for one in servers(odoo)) == ["Archived", "Main"]
    assert run(odoo, stack(MAIN), verify=verify).plan == ()


def test_a_leftover_is_not_unmanaged(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name=candidate_name("Main"), active=False)
    assert run(odoo, stack(MAIN), unmanaged="report").unmanaged == []


def test_a_leftover_of_a_run_that_was_killed_while_testing(odoo: SimulatedOdoo) -> None:
    class Killed(BaseException):
        pass

    dead: list[str] = []

    def kill(_model: str, method: str, *_rest: Any) -> None:
        if dead or method == "test_smtp_connection":
            dead.append(method)
            raise Killed

    odoo.before.append(kill)
    with pytest.raises(Killed):
        run(odoo, stack(MAIN), verify="connection")
    odoo.before.clear()
    assert [one["name"] for one in servers(odoo)] == [candidate_name("Main")]
    odoo.records.unlink("ir.config_parameter", odoo.records.search("ir.config_parameter", [("key", "=", LOCK_KEY)]))
    run(odoo, stack(MAIN), verify="connection")
    assert [one["name"] for one in servers(odoo)] == ["Main"]


def test_the_name_of_a_candidate_cannot_be_declared(odoo: SimulatedOdoo) -> None:
    with pytest.raises(Exception, match="is reserved for the collection"):
        run(odoo, stack({**MAIN, "name": candidate_name("Main")}))


# Nobody to send as


@pytest.fixture
def nobody(odoo: SimulatedOdoo) -> SimulatedOdoo:
    """A database whose administrator has no address, as that of a fresh 19.0."""
    odoo.record("res.users", odoo.uid)["email"] = False
    return odoo


UNFILTERED = {**MAIN, "from_filter": None}


def test_a_sender_is_lent(nobody: SimulatedOdoo) -> None:
    outcome = run(nobody, stack(UNFILTERED), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender was sales@acme.example" in verification["message"]
    assert server(nobody, "Main").get("from_filter", False) is False
    assert run(nobody, stack(UNFILTERED), verify="connection").plan == ()


def test_a_lent_sender_that_is_refused_is_no_alarm(nobody: SimulatedOdoo) -> None:
    nobody.smtp = lambda _tested: SENDER_REFUSED
    options = {**UNFILTERED, "smtp_user": "apikey"}
    outcome = run(nobody, stack(options), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender could not be tested" in verification["message"]
    assert "5.7.1 not yours" in verification["message"]
    assert [one for one in outcome.warnings if "mail server 'Main'" in one and "could not be tested" in one]
    main = server(nobody, "Main")
    assert (main["active"], main.get("from_filter", False)) == (True, False)


def test_a_sender_of_the_servers_own_that_is_refused_is_an_alarm(nobody: SimulatedOdoo) -> None:
    """The login is an address: what is refused is not the lent sender but the server's."""
    nobody.smtp = lambda _tested: SENDER_REFUSED
    assert "(sender_rejected)" in failing(nobody, stack(UNFILTERED)).message


def test_other_failures_are_alarms_without_a_sender_too(nobody: SimulatedOdoo) -> None:
    nobody.smtp = lambda _tested: AUTH_FAILED
    assert "(auth)" in failing(nobody, stack({**UNFILTERED, "smtp_user": "apikey"})).message


def test_a_live_server_without_a_sender(nobody: SimulatedOdoo) -> None:
    run(nobody, stack(UNFILTERED))
    outcome = run(nobody, stack({**UNFILTERED, "smtp_port": 2525}), verify="connection")
    assert changes(outcome.plan) == {"smtp_port": (587, 2525)}
    assert [(one["name"], one.get("from_filter", False)) for one in servers(nobody)] == [("Main", False)]


# OAuth2


@pytest.fixture(params=["gmail", "outlook"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


ADDONS = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}


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


def test_consent_brings_it_live_at_the_next_run(odoo: SimulatedOdoo, method: str) -> None:
    options = {**oauth2_server(method), "active": True}
    run(odoo, stack(options), verify="connection")
    server(odoo, "Main")[f"{ADDONS[method]}_refresh_token"] = "made-up-token"  # a human opened the link
    outcome = run(odoo, stack(options), verify="connection")
    assert actions(outcome.plan) == [("unarchive", "Main")]
    assert outcomes(outcome.verifications) == {"Main": "ok"}
    assert server(odoo, "Main")["active"] is True


def test_a_live_server_is_not_broken_by_missing_consent(odoo: SimulatedOdoo, method: str) -> None:
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
def test_a_token_that_the_test_used_up_is_replaced_by_the_new_one(
    odoo: SimulatedOdoo, existing: bool, update: str | None
) -> None:
    """Microsoft gives another refresh token at each use; the live server must have the last one."""
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


def test_a_googles_token_stays(odoo: SimulatedOdoo) -> None:
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


def test_a_first_client_is_gone_where_the_test_fails(odoo: SimulatedOdoo, method: str) -> None:
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


# With mail_environment


@pytest.mark.parametrize("existing", [True, False])
def test_a_candidate_has_the_declared_settings_where_creating_loses_some(series: str, existing: bool) -> None:
    odoo = SimulatedOdoo(series, environment=Environment({}))
    if existing:
        run(odoo, stack(MAIN))
    seen = watched(odoo)
    run(odoo, stack({**MAIN, "smtp_host": "new.example"}), verify="connection")
    (tested,) = seen
    assert (tested["smtp_host"], tested["smtp_port"], tested["smtp_encryption"]) == ("new.example", 587, "starttls")
    main = server(odoo, "Main")
    assert (main["smtp_host"], main["smtp_port"], main["smtp_encryption"]) == ("new.example", 587, "starttls")
    assert run(odoo, stack({**MAIN, "smtp_host": "new.example"}), verify="connection").plan == ()


# What a task returns


def test_the_result_of_a_task(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    result = shipped("mail_server", {**MAIN, "verify": "connection"}, capsys)
    assert (result["verification"]["key"], result["verification"]["outcome"]) == ("Main", "ok")
    assert (result["connected"], result["authorize_url"]) == (None, None)
    result = shipped("mail_server", {**MAIN, "verify": "connection"}, capsys)
    assert (result["changed"], result["verification"]) == (False, None)
    result = shipped("mail_stack", {"servers": [oauth2_server("gmail", name="Gmail")], "verify": "connection"}, capsys)
    assert outcomes(result["verifications"]) == {"Gmail": "not_tested"}
    assert [one["connected"] for one in result["connections"]] == [False]


def test_the_result_of_a_task_that_fails(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    odoo.smtp = lambda _tested: AUTH_FAILED
    result = shipped("mail_server", {**MAIN, "verify": "connection"}, capsys)
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "rejected", False, [])
    assert result["verification"]["outcome"] == "auth"
    assert "(535, b'5.7.8 Authentication failed')" in result["msg"]
    result = shipped("mail_stack", {"servers": [MAIN], "verify": "connection"}, capsys)
    assert outcomes(result["verifications"]) == {"Main": "auth"}
    assert "made-up-password" not in str(result)


def test_the_last_server_in_use_is_not_archived_for_one_that_must_wait(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **{**MAIN, "name": "Old"})
    options = stack(oauth2_server("gmail"))
    outcome = run(odoo, options, verify="connection", unmanaged="archive")
    assert server(odoo, "Old")["active"] is True
    assert any("none of the declared ones will be in use yet" in warning for warning in outcome.warnings)
    connected = stack(oauth2_server("gmail", refresh_token="made-up-token", active=True))
    plan = run(odoo, connected, verify="connection", unmanaged="archive").plan
    assert ("archive", "Old") in actions(plan)


def test_the_last_server_in_use_is_not_archived_for_one_that_is_archived(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **{**MAIN, "name": "Old"})
    odoo.add("ir.mail_server", **{**MAIN, "active": False})
    with pytest.raises(Invalid, match="would leave no mail server in use"):
        run(odoo, stack({"name": "Main", "active": False}), unmanaged="archive")
    assert server(odoo, "Old")["active"] is True
    outcome = run(odoo, stack({"name": "Main", "sequence": 3}), unmanaged="archive")
    assert actions(outcome.plan) == [("unarchive", "Main"), ("archive", "Old")]


def test_one_name_is_one_server_unless_each_is_pinned(odoo: SimulatedOdoo) -> None:
    twins = [{**MAIN, "xml_id": f"postmaster.{number}"} for number in ("one", "other")]
    with pytest.raises(Invalid, match="2 mail servers have the name 'Main'"):
        run(odoo, stack(twins[0], MAIN), verify="connection")
    outcome = run(odoo, stack(*twins), verify="connection")
    keys = ["Main (postmaster.one)", "Main (postmaster.other)"]
    assert actions(outcome.plan) == [("create", key) for key in keys]
    assert [(one["key"], one["outcome"]) for one in outcome.verifications] == [(key, "ok") for key in keys]
    assert [one["name"] for one in servers(odoo)] == ["Main", "Main"]
    assert run(odoo, stack(*twins), verify="connection").plan == ()
    run(odoo, stack(twins[0], {**twins[1], "state": "absent"}))
    assert len(servers(odoo)) == 1


def test_of_two_servers_of_one_name_each_is_tested(odoo: SimulatedOdoo) -> None:
    """The failure of the first is not taken for the success of the second."""
    broken = {**MAIN, "xml_id": "postmaster.one", "smtp_port": 1}
    odoo.smtp = lambda server: "[Errno 111] Connection refused" if server["smtp_port"] == 1 else None
    with pytest.raises(Rejected, match=r"'Main \(postmaster.one\)'"):
        run(odoo, stack(broken, {**MAIN, "xml_id": "postmaster.other"}), verify="connection")
    assert servers(odoo) == []


@pytest.mark.parametrize("existing", [True, False])
def test_a_made_up_sender_of_a_domain_is_no_false_alarm(odoo: SimulatedOdoo, existing: bool) -> None:
    """Many accounts may only send as themselves; the domain is theirs all the same."""
    if existing:
        odoo.add("ir.mail_server", **{**MAIN, "smtp_port": 25})
    odoo.smtp = lambda server: None if server["from_filter"] == MAIN["smtp_user"] else SENDER_REFUSED
    outcome = run(odoo, stack(MAIN), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender was the login, sales@acme.example" in verification["message"]
    assert server(odoo, "Main")["from_filter"] == "acme.example"
    assert run(odoo, stack(MAIN), verify="connection").plan == ()


@pytest.mark.parametrize("senders", ["elsewhere.example", "info@acme.example"])
def test_a_sender_that_is_not_the_accounts_is_refused(odoo: SimulatedOdoo, senders: str) -> None:
    odoo.smtp = lambda server: None if server["from_filter"] == MAIN["smtp_user"] else SENDER_REFUSED
    with pytest.raises(Rejected, match=r"failed \(sender_rejected\)"):
        run(odoo, stack({**MAIN, "from_filter": senders}), verify="connection")
    assert servers(odoo) == []
