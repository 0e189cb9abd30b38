# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addons that are marked to be installed, upgraded or removed. No cron runs until this is finished or called off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON, INSTALL_SECONDS, PENDING

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo's own dialog, which processes all of them at once.
_DIALOGUE = "base.module.upgrade"
METHODS = {"finish": "upgrade_module", "call_off": "upgrade_module_cancel"}


def resolve(session: Session, action: str) -> list[dict[str, Any]]:
    """Finish the pending operations or call them off. With a read-only session, only read them.

    :returns: `name` and `state` of each addon that was pending.
    :raises Rejected: some addons are still pending.
    """
    pending = _pending(session)
    if not pending or session.read_only:
        return pending
    with session.patience(INSTALL_SECONDS):
        session.call(_DIALOGUE, METHODS[action], [])
    session.forget_fields()
    left = ", ".join(f"{addon['name']} ({addon['state']})" for addon in _pending(session))
    if left:
        raise Rejected(f"These addons are still pending: {left}. See Odoo's log for the reason.")
    return pending


def _pending(session: Session) -> list[dict[str, Any]]:
    addons = session.search_read(ADDON.model, [["state", "in", list(PENDING)]], ["name", "state"], order="name")
    return [{"name": addon["name"], "state": addon["state"]} for addon in addons]
