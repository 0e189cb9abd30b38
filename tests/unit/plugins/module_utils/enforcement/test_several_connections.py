# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack is compared in the same way over one connection and over several."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.side_by_side import CONNECTIONS
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

STACK: dict[str, Any] = {
    "addons": ["mail"],
    "parameters": {"mail.bounce.alias": "bounce", "acme.number": "5"},
    "alias_domains": [{"name": "acme.example"}],
    "servers": [{"name": "Main", "smtp_host": "smtp.acme.example", "xml_id": "acme.main"}, {"name": "Relay"}],
    "crons": [{"xml_id": QUEUE, "user_id": "admin"}, {"xml_id": "acme.old", "name": "Old", "state": "absent"}],
    "routes": [{"from": "odoo@acme.example", "server": "Main"}],
}


class Connection:
    """A transport to a simulated Odoo that answers one call at a time.

    :param fault: called with the model of a call before it.
    """

    name = "connection"

    def __init__(self, odoo: SimulatedOdoo, fault: Callable[[str], None], turn: Any, used: list[Connection]) -> None:
        self._shared = (odoo, fault, turn, used)
        used.append(self)

    def login(self) -> None:
        """Do nothing: the simulation already has its user."""

    def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def duplicate(self) -> Connection:
        return Connection(*self._shared)

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        odoo, fault, turn, _used = self._shared
        with turn:
            fault(model)
            return odoo.execute(model, method, ids, arguments)


def compared(
    series: str, connections: int, fault: Callable[[str], None] = lambda _model: None
) -> tuple[str, Any, list[str]]:
    """Return the error of a check, its plan, and its calls."""
    odoo = SimulatedOdoo(series)
    odoo.add("ir.mail_server", name="Forgotten", smtp_host="old.acme.example")
    used: list[Connection] = []
    session = Session(
        Connection(odoo, fault, threading.Lock(), used),
        odoo.session().version,
        database="acme",
        url="https://acme.example",
        read_only=True,
        connections=connections,
    )
    error, plan = "", None
    with session:
        try:
            outcome = enforce_stack(session, read_declared_stack(STACK, RunOptions(), with_problems=True), RunOptions())
            plan = (outcome.plan, outcome.records, outcome.unmanaged, outcome.routes, outcome.warnings)
        except OdooError as raised:
            error, plan = f"{raised.kind}: {raised.message}", raised.details
    assert len(used) == connections
    return error, plan, session.calls


@pytest.mark.parametrize("series", SERIES)
def test_the_same_plan_by_the_same_calls(series: str) -> None:
    error, plan, calls = compared(series, 1)
    assert [error, plan, sorted(calls)] == [
        *compared(series, CONNECTIONS)[:2],
        sorted(compared(series, CONNECTIONS)[2]),
    ]
    assert len(calls) > CONNECTIONS


@pytest.mark.parametrize("series", SERIES)
def test_the_calls_are_noted_in_a_fixed_order(series: str) -> None:
    assert len({tuple(compared(series, CONNECTIONS)[2]) for _run in range(5)}) == 1


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("connections", [1, CONNECTIONS])
def test_the_fields_of_a_model_are_read_once(series: str, connections: int) -> None:
    asked = [call for call in compared(series, connections)[2] if call.endswith(".fields_get")]
    assert sorted(set(asked)) == sorted(asked)


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(
    "model", ["ir.model.data", "ir.config_parameter", "ir.mail_server", "ir.cron", "res.users", "ir.module.module"]
)
@pytest.mark.parametrize("kind", [Unreachable, Rejected])
def test_the_same_error(series: str, model: str, kind: type[OdooError]) -> None:
    def fault(called: str) -> None:
        if called >= model:  # several models fail
            raise kind(f"{called} cannot be read")

    one_by_one, side_by_side = (compared(series, connections, fault)[0] for connections in (1, CONNECTIONS))
    assert side_by_side == one_by_one != ""
