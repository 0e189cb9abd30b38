# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and write the note of an instance on how often its mails were tried."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY, Attempts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def read_attempts(session: Session) -> Attempts:
    """Return the note of an instance: one call."""
    rows = _read(session)
    return Attempts.from_text(str(rows[0]["value"] or "") if rows else "")


def write_attempts(session: Session, attempts: Attempts, kept: Collection[int]) -> None:
    """Write the note of an instance: two calls.

    :param kept: ids of the mails that are still to be sent. Of the others nothing is noted any more.
    """
    text = attempts.as_text(kept)
    rows = _read(session)
    if rows and text:
        session.write(SYSTEM_PARAMETER.model, [rows[0]["id"]], {"value": text})
    elif rows:
        session.unlink(SYSTEM_PARAMETER.model, [rows[0]["id"]])
    elif text:
        session.create(SYSTEM_PARAMETER.model, [{"key": ATTEMPTS_KEY, "value": text}])


def _read(session: Session) -> list[dict[str, Any]]:
    return session.search_read(SYSTEM_PARAMETER.model, [["key", "=", ATTEMPTS_KEY]], ["value"])
