# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Odoo whose connection breaks at any call of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


class CutTransport:
    """Transports calls to a simulated Odoo, except for lost requests or answers.

    :param number: the number of the interrupted call, from 1 on.
    :param after: its answer is lost, not its request.
    :param lasting: all later calls fail.
    """

    name = "cut"

    def __init__(self, odoo: SimulatedOdoo, number: int, *, after: bool = False, lasting: bool = False) -> None:
        self.calls = 0
        self._odoo = odoo
        self._number = number
        self._after = after
        self._lasting = lasting

    def login(self) -> None:
        """Do nothing: the simulation already has its user."""

    def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def duplicate(self) -> CutTransport:
        """One connection for all."""
        return self

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Make a call, unless it is interrupted."""
        self.calls += 1
        if self.calls == self._number and self._after:
            self._odoo.execute(model, method, ids, arguments)
        if self.calls == self._number or (self._lasting and self.calls > self._number):
            raise Unreachable("the connection was cut.")
        return self._odoo.execute(model, method, ids, arguments)


def session_over(odoo: SimulatedOdoo, transport: CutTransport) -> Session:
    """Return a session whose calls the transport carries."""
    session = odoo.session()
    session.transport = transport
    return session


def every_cut(odoo: SimulatedOdoo, run: Callable[[Session], object]) -> Iterator[tuple[str, bool]]:
    """Run something with each of its calls interrupted, each time on the database in its present state.

    :returns: after each run a description of the interruption, and whether the run still succeeded.
    """
    before, now = odoo.records.snapshot(), odoo.now
    transport = CutTransport(odoo, 0)
    run(session_over(odoo, transport))
    for number in range(1, transport.calls + 1):
        # A lasting interruption before a call is the same as one after the previous call.
        for after, lasting in ((False, False), (True, False), (True, True)):
            odoo.records.restore(before)
            odoo.now = now
            session = session_over(odoo, CutTransport(odoo, number, after=after, lasting=lasting))
            where = f"{'lasting, ' if lasting else ''}{'after' if after else 'before'} call {number}"
            try:
                run(session)
            except OdooError:
                yield where, False
            else:
                yield where, True
