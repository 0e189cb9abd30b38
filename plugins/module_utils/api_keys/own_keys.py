# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the API keys of the user that a session belongs to (docs/development/odoo-behaviour.md, API keys)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

API_KEY = "res.users.apikeys"
# A key without a scope opens everything. Keys of other scopes, such as those of mail clients, do not open RPC.
_RPC_SCOPES = (False, "rpc")
# Since 18.0.
_END = "expiration_date"


@dataclass(frozen=True)
class ApiKey:
    """One API key. Odoo stores no more of the key itself than a hash, and shows nobody that.

    :param ends: None if it has no end date; up to 17.0 no key has one.
    """

    id: int
    name: str
    created: datetime
    ends: datetime | None


def own_user_id(session: Session) -> int:
    """Return the id of the user that a session belongs to.

    :raises Unreachable: the answer has none.
    """
    answer = session.call("res.users", "context_get")
    user_id = answer.get("uid") if isinstance(answer, dict) else None
    if not isinstance(user_id, int) or isinstance(user_id, bool):
        raise Unreachable(
            f"What answers at {session.url} is not Odoo: it does not tell whose session this is. Check url."
        )
    return user_id


def read_own_keys(session: Session, name: str | None = None) -> list[ApiKey]:
    """Return the keys of the session's user that open RPC, the oldest first.

    :param name: only those with this name.
    """
    # An administrator may read the keys of everybody.
    domain: list[Any] = [["user_id", "=", own_user_id(session)], ["scope", "in", list(_RPC_SCOPES)]]
    if name is not None:
        domain.append(["name", "=", name])
    fields = ["name", "create_date", *({_END} & session.fields(API_KEY).keys())]
    return [
        ApiKey(row["id"], row["name"], moment_of(row["create_date"]), moment_of(row[_END]) if row.get(_END) else None)
        for row in session.search_read(API_KEY, domain, fields)
    ]
