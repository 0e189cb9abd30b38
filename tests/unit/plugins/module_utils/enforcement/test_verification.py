# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`verify: connection`: new settings are tested on a candidate before they go live. All secrets are made up."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import candidate_name
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
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import stack
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.verified_stacks import (
    AUTH_FAILED,
    MAIN,
    REFUSED,
    SENDER_REFUSED,
    failing,
    ids_tested,
    outcomes,
    tables,
    watched,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_SIZE_LIMITS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

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
def test_a_new_server_that_fails_is_not_created(odoo: SimulatedOdoo, message: str, kind: str) -> None:
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


def test_an_external_id_belongs_to_the_tested_server(odoo: SimulatedOdoo) -> None:
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
def test_a_failing_test_does_not_change_the_live_server(odoo: SimulatedOdoo, option: dict[str, Any]) -> None:
    run(odoo, stack(MAIN))
    odoo.smtp = lambda _tested: AUTH_FAILED
    error = failing(odoo, stack({**MAIN, **option}))
    assert "(auth)" in error.message
    assert "(535, b'5.7.8 Authentication failed')" in error.message
    assert "made-up-wrong" not in error.message


def test_one_failing_server_stops_the_whole_run(odoo: SimulatedOdoo) -> None:
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


def test_nothing_is_archived_if_a_test_fails(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Old")
    odoo.smtp = lambda _tested: REFUSED
    failing(odoo, stack(MAIN), unmanaged="archive")
    assert server(odoo, "Old")["active"] is True


# Servers that are not tested


@pytest.mark.parametrize(
    "option", [{"sequence": 3}, {"smtp_debug": True}, {"name": "Renamed", "xml_id": "postmaster.main"}]
)
def test_settings_that_no_test_can_prove_are_not_tested(odoo: SimulatedOdoo, option: dict[str, Any]) -> None:
    run(odoo, stack({**MAIN, "xml_id": "postmaster.main"}))
    outcome = run(odoo, stack({**MAIN, **option}), verify="connection")
    assert len(outcome.plan) == 1
    assert (ids_tested(odoo), outcome.verifications) == ([], [])


@pytest.mark.parametrize("series", HAVE_SIZE_LIMITS)
def test_a_size_is_not_tested(odoo: SimulatedOdoo) -> None:
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


def test_check_mode_reports_untested_servers(odoo: SimulatedOdoo) -> None:
    before = tables(odoo)
    outcome = run(odoo, stack(MAIN), check=True, verify="connection")
    (verification,) = outcome.verifications
    assert (verification["key"], verification["outcome"]) == ("Main", "not_tested")
    assert "check mode" in verification["message"]
    assert (tables(odoo), written(odoo)) == (before, [])
    run(odoo, stack(MAIN))
    assert run(odoo, stack(MAIN), check=True, verify="connection").verifications == []


def test_on_a_neutralized_copy_nothing_is_activated_or_tested(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    run(odoo, stack(MAIN), verify="connection")
    assert ids_tested(odoo) == []
    assert server(odoo, "Main")["active"] is False


# Results of a task


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


# Several servers


def test_the_last_server_in_use_is_not_archived_in_favour_of_one_that_must_wait(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **{**MAIN, "name": "Old"})
    options = stack(oauth2_server("gmail"))
    outcome = run(odoo, options, verify="connection", unmanaged="archive")
    assert server(odoo, "Old")["active"] is True
    assert any("none of the declared ones will be in use yet" in warning for warning in outcome.warnings)
    connected = stack(oauth2_server("gmail", refresh_token="made-up-token", active=True))
    plan = run(odoo, connected, verify="connection", unmanaged="archive").plan
    assert ("archive", "Old") in actions(plan)


def test_the_last_server_in_use_is_not_archived_in_favour_of_an_archived_one(odoo: SimulatedOdoo) -> None:
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


def test_each_of_two_servers_of_one_name_is_tested(odoo: SimulatedOdoo) -> None:
    """The failure of the first is not confused with the success of the second."""
    broken = {**MAIN, "xml_id": "postmaster.one", "smtp_port": 1}
    odoo.smtp = lambda server: "[Errno 111] Connection refused" if server["smtp_port"] == 1 else None
    with pytest.raises(Rejected, match=r"'Main \(postmaster.one\)'"):
        run(odoo, stack(broken, {**MAIN, "xml_id": "postmaster.other"}), verify="connection")
    assert servers(odoo) == []
