# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading of the API keys of a session's own user (docs/development/odoo-behaviour.md, API keys)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

API_KEY = "res.users.apikeys"
# A key without a scope is valid everywhere. Keys of other scopes, such as those of mail clients, are not valid for RPC.
_RPC_SCOPES = (False, "rpc")
# Since 18.0.
_END = "expiration_date"


@dataclass(frozen=True)
class ApiKey:
    """One API key. Odoo stores only a hash of the key itself, and never returns the hash.

    :param ends: the end of the key; None if it has none. Up to 17.0 no key has one.
    """

    id: int
    name: str
    created: datetime
    ends: datetime | None


def own_user_id(session: Session) -> int:
    """Return the id of the session's user.

    :raises Unreachable: the answer has no id.
    """
    answer = session.call("res.users", "context_get")
    user_id = answer.get("uid") if isinstance(answer, dict) else None
    if not isinstance(user_id, int) or isinstance(user_id, bool):
        raise Unreachable(
            f"The program at {session.url} is not Odoo: it does not return the user of the session. Check url."
        )
    return user_id


def read_own_keys(session: Session, name: str | None = None) -> list[ApiKey]:
    """Return the keys of the session's user that are valid for RPC, the oldest first.

    :param name: return only the keys with this name.
    """
    # An administrator may read the keys of all users.
    domain: list[Any] = [["user_id", "=", own_user_id(session)], ["scope", "in", list(_RPC_SCOPES)]]
    if name is not None:
        domain.append(["name", "=", name])
    fields = ["name", "create_date", *({_END} & session.fields(API_KEY).keys())]
    return [
        ApiKey(row["id"], row["name"], moment_of(row["create_date"]), moment_of(row[_END]) if row.get(_END) else None)
        for row in session.search_read(API_KEY, domain, fields)
    ]
