# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the code of a server action or a cron, with the names that the series gives to it."""

from __future__ import annotations

import ast
import builtins
import datetime
import functools
from collections.abc import Mapping, Sequence
from types import CodeType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.recordsets import Recordset
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT, interval

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

_LEVELS = ("debug", "info", "warning", "error")


def call(odoo: SimulatedOdoo, ids: Sequence[int], context: Mapping[str, Any]) -> Any:
    """Run server actions, and return the last value of `action`."""
    answer: Any = False
    for action in [odoo.record("ir.actions.server", one) for one in ids]:
        model = odoo.record("ir.model", action["model_id"])["model"]
        answer = run(odoo, model, str(action["code"]), context)
    return answer


def run(odoo: SimulatedOdoo, model: str, code: str, context: Mapping[str, Any] | None = None) -> Any:
    """Run code on a model, and return the value of `action`. Exceptions of the code are raised.

    :raises NotImplementedError: the code needs a part of Odoo that is not simulated.
    """
    if "process_email_queue" not in code and code in {cron["code"] for cron in odoo.facts.crons}:
        return False  # the work of Odoo's other crons is not simulated
    names = odoo.facts.server_action_names
    given = {name: value for name, value in _names(odoo, model, context or {}).items() if name in names}
    functions = {name: getattr(builtins, name) for name in names if hasattr(builtins, name)}
    compiled, used = _compiled(code)
    missing = used.intersection(names) - {*given, *functions}
    if missing:
        raise NotImplementedError(f"{sorted(missing)} of server actions is not simulated")
    found: dict[str, Any] = {**given, "__builtins__": functions}
    exec(compiled, found)
    return found.get("action", False)


@functools.cache
def _compiled(code: str) -> tuple[CodeType, frozenset[str]]:
    """Return compiled code, and the names that occur in it."""
    tree = ast.parse(code)
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return compile(tree, "server action", "exec"), names


def _names(odoo: SimulatedOdoo, model: str, context: Mapping[str, Any]) -> dict[str, Any]:
    env = Env(odoo, context)
    return {
        "_logger": SimpleNamespace(**{level: functools.partial(_log, odoo, level) for level in _LEVELS}),
        "datetime": datetime,
        "dateutil": SimpleNamespace(relativedelta=SimpleNamespace(relativedelta=_relativedelta)),
        "env": env,
        "log": lambda message, level="info": odoo.server_log.append((level, message)),
        "model": env[model],
        "time": SimpleNamespace(time=odoo.now.timestamp),
        "uid": odoo.uid,
    }


def _log(odoo: SimulatedOdoo, level: str, message: str, *arguments: Any) -> None:
    odoo.server_log.append((level, message % arguments if arguments else message))


def _relativedelta(**parts: int) -> datetime.timedelta:
    return sum((interval(number, kind) for kind, number in parts.items()), datetime.timedelta())


class Env:
    """The environment of code."""

    def __init__(self, odoo: SimulatedOdoo, context: Mapping[str, Any]) -> None:
        self._odoo = odoo
        self.context = dict(context)
        self.cr = Cursor(odoo)

    def __getitem__(self, model: str) -> Recordset:
        self._odoo.fields(model)
        return Recordset(self._odoo, model, ())

    def ref(self, xml_id: str, raise_if_not_found: bool = True) -> Recordset | None:
        """Return the record of an external ID."""
        module, _dot, name = xml_id.partition(".")
        for data in self._odoo.records.tables["ir.model.data"].values():
            if (data["module"], data["name"]) == (module, name):
                return Recordset(self._odoo, data["model"], (data["res_id"],)).exists() or None
        if raise_if_not_found:
            raise ValueError(f"External ID not found in the system: {xml_id}")
        return None


class Cursor:
    """The transaction of code."""

    def __init__(self, odoo: SimulatedOdoo) -> None:
        self._odoo = odoo
        self._rows: list[tuple[Any, ...]] = []

    def now(self) -> datetime.datetime:
        """Return the start of the transaction, without a zone."""
        return datetime.datetime.strptime(self._odoo.now_text, DATETIME_FORMAT)

    def commit(self) -> None:
        """Keep all changes so far."""
        self._odoo.commit()

    def rollback(self) -> None:
        """Undo the changes since the last commit."""
        self._odoo.rollback()

    def execute(self, query: str, values: Any) -> None:
        """Answer the queries of the queue policy that need no database: the mails that still wait, and the failures if
        there are none.

        :raises NotImplementedError: the query needs PostgreSQL.
        """
        mails = self._odoo.records.tables["mail.mail"].values()
        if query.startswith("SELECT id FROM mail_mail WHERE id = ANY(%s) AND state IN ('outgoing', 'exception')"):
            (ids,) = values
            self._rows = [
                (mail["id"],) for mail in mails if mail["id"] in ids and mail["state"] in ("outgoing", "exception")
            ]
        elif "FROM mail_mail" in query and "WHERE state = 'exception'" in query:
            if any(mail["state"] == "exception" for mail in mails):
                raise NotImplementedError("SQL that reads failed mails is not simulated")
            self._rows = []
        else:
            raise NotImplementedError(f"SQL is not simulated: {query}")

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows of the last query."""
        return self._rows
