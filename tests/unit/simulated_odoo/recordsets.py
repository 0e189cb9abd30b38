# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as code inside Odoo uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

# Messages on a record, which the watchdog of a queue policy posts.
_POSTS = ("message_notify", "message_post")


class Recordset:
    """An ordered set of records of one model.

    :param sudo: whether its methods ignore access rules.
    """

    def __init__(self, odoo: SimulatedOdoo, model: str, ids: Sequence[int], *, sudo: bool = False) -> None:
        self._odoo = odoo
        self._name = model
        self._sudo = sudo
        self.ids = list(ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Recordset]:
        return (self.browse(one) for one in list(self.ids))

    def __getitem__(self, at: int | slice | str) -> Any:
        return self._value(at) if isinstance(at, str) else self.browse(self.ids[at])

    def __contains__(self, field: str) -> bool:
        return field in self._odoo.fields(self._name)

    def __sub__(self, other: Recordset) -> Recordset:
        return self.browse([one for one in self.ids if one not in other.ids])

    def __getattr__(self, name: str) -> Any:
        """Return a method of the model, or the value of a field of the one record; empty for none."""
        if name in self._odoo.fields(self._name):
            return self._value(name)
        method = self._odoo.method_of(self._name, name)
        if method:
            return self._bound(method)
        if (self._name, name) == ("ir.cron", "_commit_progress") and self._odoo.major >= 19:
            return lambda _done, remaining=0: self._odoo.commit()
        if name in _POSTS:
            return self._post
        raise AttributeError(f"{self._name!r} object has no attribute {name!r}")

    @property
    def id(self) -> int | bool:
        """Return the id of the one record; False for none."""
        return self._only() or False

    def _only(self) -> int:
        if len(self.ids) > 1:
            raise ValueError(f"Expected singleton: {self._name}{tuple(self.ids)}")
        return self.ids[0] if self.ids else 0

    def _value(self, name: str) -> Any:
        description = self._odoo.fields(self._name)[name]
        record_id = self._only()
        value = self._odoo.records.value(self._name, record_id, name) if record_id else False
        if "relation" in description:
            ids = value if isinstance(value, list) else [value]
            return Recordset(self._odoo, description["relation"], [one for one in ids if one], sudo=self._sudo)
        if description["type"] == "datetime" and value:
            return datetime.strptime(str(value), DATETIME_FORMAT)
        return value

    def _bound(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*positional: Any, **named: Any) -> Any:
            with self._rights():
                return method(self._odoo, self.ids, {}, *positional, **named)

        return call

    def _rights(self) -> AbstractContextManager[None]:
        return self._odoo.acting_as("__system__") if self._sudo else nullcontext()

    def _post(self, *, subject: str, **_how: Any) -> None:
        values = {"model": self._name, "res_id": self._only(), "subject": subject}
        self._odoo.records.insert("mail.message", values)

    # The ORM

    def browse(self, ids: int | Sequence[int]) -> Recordset:
        """Return records by their ids."""
        return Recordset(self._odoo, self._name, [ids] if isinstance(ids, int) else ids, sudo=self._sudo)

    def search(self, domain: Sequence[Any], order: str | None = None, limit: int | None = None) -> Recordset:
        """Return the records that match."""
        return self.browse(self._odoo.records.search(self._name, _domain(domain), order=order, limit=limit))

    def search_count(self, domain: Sequence[Any]) -> int:
        """Return how many match."""
        return len(self.search(domain))

    def exists(self) -> Recordset:
        """Return the existing records."""
        return self.browse([one for one in self.ids if one in self._odoo.records.tables[self._name]])

    def filtered(self, condition: Callable[[Recordset], bool]) -> Recordset:
        """Return the records that satisfy a condition."""
        return self.browse([one.ids[0] for one in self if condition(one)])

    def sudo(self) -> Recordset:
        """Return the records with the rights of the superuser."""
        return Recordset(self._odoo, self._name, self.ids, sudo=True)

    def with_context(self, **_values: Any) -> Recordset:
        """Return the records; values of the context are not simulated."""
        return self

    def create(self, values: Mapping[str, Any]) -> Recordset:
        """Create a record."""
        with self._rights():
            return self.browse(self._odoo.records.insert(self._name, _texts(values)))

    def write(self, values: Mapping[str, Any]) -> bool:
        """Change the records."""
        with self._rights():
            return self._odoo.records.write(self._name, self.ids, _texts(values))

    def unlink(self) -> bool:
        """Delete the records."""
        with self._rights():
            return self._odoo.records.unlink(self._name, self.ids)


def _text(value: Any) -> Any:
    return value.strftime(DATETIME_FORMAT) if isinstance(value, datetime) else value


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items()}


def _domain(domain: Sequence[Any]) -> list[Any]:
    return [term if isinstance(term, str) else (term[0], term[1], _text(term[2])) for term in domain]
