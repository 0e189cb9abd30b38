# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution of code in Odoo in one transaction. Other users of the database do not see its temporary changes.

This code, and that of the queue policy's crons, runs in Odoo's safe_eval, on 16.0 to 20.0. This has restrictions:

- No import, no `with`, no assignment to attributes, and no name with two underscores.
- No `getattr`, `hasattr` or `type`. To test whether something exists, the code tries it.
- Functions must not close over variables.
- A `try` must be the last statement of a function or a loop. Otherwise Python 3.13 generates an opcode that safe_eval does not support.
- 20.0 compares every object in a call with a list of trusted types. Its error is one that `except Exception` does not catch
  (20.0:odoo/tools/safe_eval/evaluation.py, `safe_call` and `UnsafeError`). So an exception is never an argument of a call. It is formatted
  outside of calls.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Timeout, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

ACTION_MODEL = "ir.actions.server"
# The beginning of the name of an action. The id of its mail server and a random text follow, because tests of live mail servers take no lock.
ACTION_NAME = "postmaster.odoo: mail server"
# An action that still runs is younger.
_LONGEST = timedelta(hours=1)


def run_in_odoo(session: Session, code: str, server_id: int, values: Mapping[str, Any]) -> Any:
    """Run code in Odoo as a server action, and return the value that the code assigns to `action`.

    :param code: must not contain a secret, because Odoo stores it, and has the restrictions of safe_eval (see above).
    :param server_id: the mail server that the code is about, `postmaster_server` in `env.context`.
    :param values: the other values that the code reads from `env.context`.
    :raises OdooError: the code failed. Then nothing has changed in the database.
    """
    _remove_left(session)
    models = session.search_read("ir.model", [["model", "=", "ir.mail_server"]], ["id"])
    name = f"{_of_server(server_id)} {uuid.uuid4().hex}"
    action = {"name": name, "model_id": models[0]["id"], "state": "code", "code": code}
    try:
        (action_id,) = session.create(ACTION_MODEL, [action])
    except (Timeout, Unreachable):  # Odoo may still have created it
        with suppress(OdooError):
            session.remove(ACTION_MODEL, session.insist(partial(_named, session, name)))
        raise
    try:
        return session.call(ACTION_MODEL, "run", [action_id], context={"postmaster_server": server_id, **values})
    finally:
        # The result is known. If Odoo can no longer be reached, a later run deletes the action.
        with suppress(Timeout, Unreachable):
            session.remove(ACTION_MODEL, [action_id])


def own_actions(session: Session) -> list[int]:
    """Return the ids of the actions that runs have created and not yet deleted."""
    return _named(session, f"{ACTION_NAME}%")


def actions_of(session: Session, server_id: int) -> list[int]:
    """Return the ids of the actions about one mail server that runs have created and not yet deleted."""
    return _named(session, f"{_of_server(server_id)}%")


def _of_server(server_id: int) -> str:
    return f"{ACTION_NAME} {server_id},"


def _named(session: Session, pattern: str, *more: list[Any]) -> list[int]:
    rows = session.search_read(ACTION_MODEL, [["name", "=like", pattern], *more], ["id"])
    return [row["id"] for row in rows]


def _remove_left(session: Session) -> None:
    """Delete the actions that interrupted runs have left."""
    before = (session.now - _LONGEST).strftime("%Y-%m-%d %H:%M:%S")
    left = _named(session, f"{ACTION_NAME}%", ["create_date", "<", before])
    if left:
        session.remove(ACTION_MODEL, left)
