# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that Odoo passes to generated code, played by scripted objects whose classes have the names of Odoo's
own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.domains import matches

Row = dict[str, Any]
_Class = TypeVar("_Class", bound=type)

NOW = datetime(2026, 1, 15, 12, 0)
TABLE, COPY_TABLE = "mail_mail_res_partner_rel", "mail_mail_res_partner_cc_rel"


def _named(path: str) -> Callable[[_Class], _Class]:
    """Return a decorator that renames a class."""

    def rename(renamed: _Class) -> _Class:
        renamed.__module__, _dot, renamed.__qualname__ = path.rpartition(".")
        return renamed

    return rename


@dataclass
class World:
    """A database, and the errors that it raises.

    :ivar tables: rows by id, by model.
    :ivar xml_ids: model and id by external ID.
    :ivar failures: the errors of methods, by (model or `cr`, method). The errors of a list are for the first calls.
    :ivar failed: the rows of each query for failed mails.
    :ivar queries: every query.
    :ivar with_progress: whether crons report their progress.
    :ivar with_logger: whether server actions have a logger.
    :ivar time: the clock of `time.time`.
    :ivar said: the logged messages.
    """

    tables: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    xml_ids: dict[str, tuple[str, int]] = field(default_factory=dict)
    failures: dict[tuple[str, str], Any] = field(default_factory=dict)
    failed: list[list[tuple[int, bool]]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    with_progress: bool = True
    with_logger: bool = True
    time: float = 0.0
    said: list[str] = field(default_factory=list)

    def add(self, model: str, /, **values: Any) -> int:
        """Add a row, and return its id."""
        row_id = len(self.tables[model]) + 1
        self.tables[model][row_id] = {"id": row_id, "create_date": NOW.replace(year=2025), **values}
        return row_id

    def given(self, model: str) -> dict[str, Any]:
        """Return the names that a server action of a model has, without Python's own and `log`."""
        env = Environment(self)
        names = {
            "env": env,
            "model": env[model],
            "time": SimpleNamespace(time=_Clock(self).time),
            "datetime": __import__("datetime"),
            "dateutil": SimpleNamespace(relativedelta=SimpleNamespace(relativedelta=_RelativeDelta)),
        }
        return names | ({"_logger": _Logger(self)} if self.with_logger else {})

    def fail(self, owner: str, method: str) -> None:
        """Raise the error that is set for a call, if any."""
        failure = self.failures.get((owner, method))
        if isinstance(failure, list):
            failure = failure.pop(0) if failure else None
        if failure:
            raise failure


@_named("odoo.addons.base.models.ir_actions.Clock")
class _Clock:
    def __init__(self, world: World) -> None:
        self._world = world

    def time(self) -> float:
        """Return the seconds of the clock."""
        return self._world.time


@_named("odoo.addons.base.models.ir_actions.LoggerProxy")
class _Logger:
    def __init__(self, world: World) -> None:
        self._world = world

    def info(self, message: str, *arguments: Any) -> None:
        """Log."""
        self._world.said.append(message % arguments)

    warning = error = info


@_named("dateutil.relativedelta.relativedelta")
class _RelativeDelta:
    def __init__(self, **_parts: int) -> None:
        pass

    def __radd__(self, moment: datetime) -> datetime:
        return moment


@_named("odoo.sql_db.Cursor")
class _Cursor:
    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: list[tuple[Any, ...]] = []

    def now(self) -> datetime:
        """Return the start of the transaction."""
        return NOW

    def commit(self) -> None:
        """Do nothing: changes are kept."""
        self._world.fail("cr", "commit")

    def rollback(self) -> None:
        """Do nothing: the changes of a transaction are not undone here."""

    def execute(self, query: str, values: Any) -> None:
        """Run a query of the backoff."""
        self._world.queries.append(query)
        if "state IN" in query:
            self._rows = [(one,) for one in values[0]]
        else:
            self._rows = list(self._world.failed.pop(0)) if self._world.failed else []

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows of the last query."""
        return self._rows


@_named("odoo.orm.environments.Environment")
class Environment:
    """The environment of a call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cr = _Cursor(world)

    def __getitem__(self, model: str) -> Records:
        return Records(self._world, model)

    def ref(self, xml_id: str, raise_if_not_found: bool = True) -> Records | None:
        """Return the record of an external ID."""
        assert not raise_if_not_found
        model, record_id = self._world.xml_ids.get(xml_id, ("", 0))
        return Records(self._world, model, [record_id]) if model else None


@_named("odoo.addons.base.models.played.Records")
class Records:
    """Records of one model."""

    def __init__(self, world: World, model: str, ids: Sequence[int] = ()) -> None:
        self._world, self._name, self.ids = world, model, list(ids)
        many2many = {"store": True, "column1": "mail_mail_id", "column2": "res_partner_id"}
        self._fields = {
            "recipient_ids": SimpleNamespace(**many2many, relation=TABLE),
            "recipient_cc_ids": SimpleNamespace(**many2many, relation=COPY_TABLE),
        }

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Records]:
        return (self.browse([one]) for one in list(self.ids))

    def __getitem__(self, chosen: Any) -> Records:
        return self.browse(self.ids[chosen] if isinstance(chosen, slice) else [self.ids[chosen]])

    def __contains__(self, name: str) -> bool:
        return any(name in row for row in self._rows())

    def __getattr__(self, name: str) -> Any:
        if name == "_commit_progress" and self._world.with_progress:
            return self._progress
        rows = self._rows()
        if rows and name in rows[0]:
            return rows[0][name]
        if name in ("id", "value"):  # fields that no record has
            return False
        raise AttributeError(name)

    def _rows(self) -> list[Row]:
        return [self._world.tables[self._name][one] for one in self.ids if one in self._world.tables[self._name]]

    def _progress(self, _done: int, remaining: int = 0) -> None:
        assert remaining == 0

    def _called(self, method: str) -> None:
        self._world.fail(self._name, method)

    def browse(self, ids: int | Sequence[int]) -> Records:
        """Return records by their ids."""
        return Records(self._world, self._name, [ids] if isinstance(ids, int) else ids)

    def search(self, domain: Sequence[Any], order: str = "id", limit: int | None = None) -> Records:
        """Return the records that match, in the order of their ids."""
        self._called("search")
        rows = self._world.tables[self._name].values()
        found = [row["id"] for row in rows if matches(domain, row.get)]
        return self.browse(found[:limit])

    def search_count(self, domain: Sequence[Any]) -> int:
        """Return how many match."""
        return len(self.search(domain))

    def exists(self) -> Records:
        """Return the existing records."""
        return self.browse([row["id"] for row in self._rows()])

    def filtered(self, condition: Callable[[Records], bool]) -> Records:
        """Return the records that satisfy a condition."""
        return self.browse([one.ids[0] for one in self if condition(one)])

    def sudo(self) -> Records:
        """Return the records themselves."""
        return self

    def with_context(self, **_values: Any) -> Records:
        """Return the records themselves."""
        return self

    def create(self, values: Mapping[str, Any]) -> Records:
        """Create a record."""
        return self.browse(self._world.add(self._name, **values))

    def write(self, values: Mapping[str, Any]) -> None:
        """Change the records."""
        self._called("write")
        for row in self._rows():
            row.update(values)

    def unlink(self) -> None:
        """Delete the records."""
        self._called("unlink")
        for one in self.ids:
            self._world.tables[self._name].pop(one, None)

    def mark_outgoing(self) -> None:
        """Queue mails."""
        self.write({"state": "outgoing"})

    def cancel(self) -> None:
        """Cancel mails."""
        self.write({"state": "cancel"})

    def send(self, auto_commit: bool) -> None:
        """Send mails, or stop at the first."""
        assert auto_commit
        try:
            self._called("send")
        except Exception:
            self[0].write({"state": "exception"})
            raise
        self.write({"state": "sent"})

    def message_post(self, *, subject: str, **_how: Any) -> None:
        """Post a message on the record."""
        self._called("message_post")
        self._world.add("mail.message", model=self._name, res_id=self.ids[0], subject=subject)

    message_notify = message_post
