# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Candidates of `verify: connection`: they have the declared settings, and none remains. All secrets are made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Timeout
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import candidate_name
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, run, server, servers
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import stack
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.verified_stacks import (
    MAIN,
    tables,
    watched,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_an_endless_test_leaves_no_candidate(odoo: SimulatedOdoo) -> None:
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
    """A candidate that passed but was not promoted is deleted too."""

    def refuse(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        if (model, method) == ("ir.mail_server", "write") and arguments["vals"].get("name") == "First":
            raise Rejected("Odoo rejected the call: not this one")

    odoo.before.append(refuse)
    with pytest.raises(Rejected):
        run(odoo, stack({**MAIN, "name": "First"}, {**MAIN, "name": "Second"}), verify="connection")
    assert servers(odoo) == []


# Records that a killed run left behind


@pytest.mark.parametrize("verify", ["none", "connection"])
def test_remaining_candidates_are_removed(odoo: SimulatedOdoo, verify: str) -> None:
    leftover = candidate_name("Main")
    odoo.add("ir.mail_server", name=leftover, active=False)
    odoo.add("ir.mail_server", name="Archived", active=False)
    predicted = run(odoo, stack(MAIN), check=True, verify=verify)
    assert actions(predicted.plan) == [("delete", leftover), ("create", "Main")]
    outcome = run(odoo, stack(MAIN), verify=verify)
    assert actions(outcome.plan) == actions(predicted.plan)
    assert sorted(one["name"] for one in servers(odoo)) == ["Archived", "Main"]
    assert run(odoo, stack(MAIN), verify=verify).plan == ()


def test_a_remaining_candidate_is_not_unmanaged(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name=candidate_name("Main"), active=False)
    assert run(odoo, stack(MAIN), unmanaged="report").unmanaged == []


def test_a_remaining_candidate_of_a_run_that_was_killed_while_testing(odoo: SimulatedOdoo) -> None:
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


# With mail_environment


@pytest.mark.parametrize("existing", [True, False])
def test_a_candidate_has_the_declared_settings_although_creation_loses_some(series: str, existing: bool) -> None:
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
