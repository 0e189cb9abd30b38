# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Server actions with code: as much of Odoo's `env` as the collection's own code uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import connection_test, mails, refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


class _Records:
    """A recordset."""

    def __init__(self, odoo: SimulatedOdoo, model: str, ids: Sequence[int] = ()) -> None:
        self._odoo = odoo
        self._model = model
        self._ids = list(ids)

    def __iter__(self) -> Iterator[_Records]:
        return (_Records(self._odoo, self._model, [one]) for one in self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, field: str) -> Any:
        return self._odoo.record(self._model, self._ids[0]).get(field, False) if self._ids else False

    @property
    def value(self) -> Any:
        return self["value"]

    def browse(self, ids: int | Sequence[int]) -> _Records:
        return _Records(self._odoo, self._model, [ids] if isinstance(ids, int) else ids)

    def search(self, domain: Sequence[Any]) -> _Records:
        return self.browse(self._odoo.records.search(self._model, list(domain)))

    def create(self, values: Mapping[str, Any]) -> None:
        self._odoo.records.insert(self._model, dict(values))

    def write(self, values: Mapping[str, Any]) -> None:
        self._odoo.records.write(self._model, self._ids, dict(values))

    def unlink(self) -> None:
        self._odoo.records.unlink(self._model, self._ids)

    def send(self) -> None:
        mails.send(self._odoo, self._ids, {})

    def test_smtp_connection(self) -> None:
        try:
            connection_test.answer(self._odoo, self._ids, {})
        except refusals.ServerError as error:  # within Odoo the exception's text is its message alone
            raise ValueError(error.message) from None


class _Environment:
    def __init__(self, odoo: SimulatedOdoo, context: Mapping[str, Any]) -> None:
        self._odoo = odoo
        self.context = dict(context)

    def __getitem__(self, model: str) -> _Records:
        return _Records(self._odoo, model)


def run(odoo: SimulatedOdoo, ids: Sequence[int], context: Mapping[str, Any]) -> Any:
    """Run the code of actions; what the last one has assigned to `action`."""
    found: dict[str, Any] = {}
    for action_id in ids:
        found = {"env": _Environment(odoo, context)}
        exec(odoo.record("ir.actions.server", action_id)["code"], found)
    return found.get("action", False)
