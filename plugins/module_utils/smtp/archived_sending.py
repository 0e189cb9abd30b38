# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a mail through an archived mail server, which Odoo itself refuses.

A server action activates the server, sends, and archives it again, in one transaction: no other user of the database ever sees the server active.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

ACTION_MODEL = "ir.actions.server"
# The name by which `own_records` finds an action that an interrupted run has left.
ACTION_NAME = "postmaster.odoo canary"
_CODE = """\
server = env['ir.mail_server'].browse({server_id})
server.write({{'active': True}})
env['mail.mail'].browse({mail_id}).send()
server.write({{'active': False}})
"""


def send_through_archived(session: Session, mail_id: int, server_id: int) -> None:
    """Have Odoo send one mail.

    :raises OdooError: Odoo broke off, for example because the SMTP server hung up. Then nothing has changed in the database.
    """
    with _server_action(session, _CODE.format(server_id=server_id, mail_id=mail_id)) as action_id:
        session.call(ACTION_MODEL, "run", [action_id])


@contextmanager
def _server_action(session: Session, code: str) -> Iterator[int]:
    models = session.search_read("ir.model", [["model", "=", "mail.mail"]], ["id"])
    values = {"name": ACTION_NAME, "model_id": models[0]["id"], "state": "code", "code": code}
    (action_id,) = session.create(ACTION_MODEL, [values])
    try:
        yield action_id
    finally:
        session.unlink(ACTION_MODEL, [action_id])


def own_actions(session: Session) -> list[int]:
    """Return the ids of the actions that runs have created and not deleted yet."""
    return [row["id"] for row in session.search_read(ACTION_MODEL, [["name", "=", ACTION_NAME]], ["id"])]
