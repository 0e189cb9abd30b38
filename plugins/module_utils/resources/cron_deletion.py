# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletion of crons together with their server actions.

Odoo deletes a cron without its server action, and rejects deleting the action first. So the deletion takes two calls. A system parameter
stores the action in between, so that the next run can finish an interrupted deletion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import DELETION_KEY

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

CRON_MODEL = "ir.cron"
# The field that links a cron to its server action, which contains the code.
DELEGATE = "ir_actions_server_id"
_ACTION_MODEL = "ir.actions.server"
_PARAMETER_MODEL = "ir.config_parameter"
# PostgreSQL rejects a search for a longer number.
_ID = re.compile(r"[1-9][0-9]{0,8}")


def delete_cron(session: Session, cron_id: int) -> None:
    """Delete a cron and its server action. Do nothing if the cron no longer exists.

    :raises Conflict: Odoo is running the cron.
    """
    found = session.search_read(CRON_MODEL, [["id", "=", cron_id]], [DELEGATE])
    if not found:
        return
    action_id = found[0][DELEGATE][0]
    (note_id,) = session.create(_PARAMETER_MODEL, [{"key": DELETION_KEY, "value": str(action_id)}])
    try:
        session.unlink(CRON_MODEL, [cron_id])
    except (Timeout, Unreachable):  # Odoo may have deleted it
        raise
    except OdooError:
        session.remove(_PARAMETER_MODEL, [note_id])
        raise
    try:
        session.remove(_ACTION_MODEL, [action_id])
        session.remove(_PARAMETER_MODEL, [note_id])
    except OdooError as error:
        error.details["is_partial"] = True
        raise


def finish_deletion(session: Session, note_id: int, noted: str) -> None:
    """Delete the server action that an interrupted deletion has left, unless its cron still exists.

    :param noted: the value of the system parameter. If it is not an id, somebody has edited it. Then only the parameter is deleted.
    """
    if _ID.fullmatch(noted) and not session.search_read(CRON_MODEL, [[DELEGATE, "=", int(noted)]], ["id"]):
        session.remove(_ACTION_MODEL, [int(noted)])
    session.remove(_PARAMETER_MODEL, [note_id])
