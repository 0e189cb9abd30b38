# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's dialogs for API keys, which check the user's password (docs/development/odoo-behaviour.md, API keys)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.own_keys import API_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_DIALOG = "res.users.apikeys.description"
_CHECK = "res.users.identitycheck"
_END = "expiration_date"
# The choice of a date instead of a number of days.
_BY_DATE = "-1"


def create_key(session: Session, password: str, name: str, ends: datetime | None) -> str:
    """Create a key of the session's user and return it. Odoo never shows it again.

    :param session: a session of JSON-2 or of the web client. Odoo rejects this over JSON-RPC.
    :param ends: the end of the key; None for a key without an end. Up to 17.0 it has no effect.
    """
    defaults: dict[str, Any] = {}
    if _END in session.fields(_DIALOG):
        defaults = {"default_duration": _BY_DATE, f"default_{_END}": ends.strftime(DATETIME_FORMAT) if ends else False}
    # 18.0 accepts no create over RPC: its override lacks the decorator, so Odoo reads the values as ids (18:odoo/addons/base/models/res_users.py:2476).
    dialog = session.call(_DIALOG, "name_create", name=name, context=defaults)
    if not isinstance(dialog, list) or not dialog or not isinstance(dialog[0], int):
        raise Unreachable(f"The program at {session.url} is not Odoo: its dialog for API keys has no id. Check url.")
    answer = _confirmed(session, session.call(_DIALOG, "make_key", [dialog[0]]), password)
    context = answer.get("context") if isinstance(answer, Mapping) else None
    key = context.get("default_key") if isinstance(context, Mapping) else None
    if not isinstance(key, str) or not key:
        raise Unreachable(
            f"The program at {session.url} is not Odoo: its dialog for API keys returned no key. Check url."
        )
    return key


def revoke_keys(session: Session, password: str, ids: Sequence[int]) -> None:
    """Revoke keys of the session's user.

    :param session: a session of JSON-2 or of the web client.
    """
    _confirmed(session, session.call(API_KEY, "remove", ids), password)


def _confirmed(session: Session, answer: Any, password: str) -> Any:
    """Return the result of a dialog. If Odoo requires the password, check it first."""
    if not isinstance(answer, Mapping) or answer.get("res_model") != _CHECK:
        return answer
    if not isinstance(answer.get("res_id"), int):
        raise Unreachable(f"The program at {session.url} is not Odoo: its check of the password has no id. Check url.")
    check = [answer["res_id"]]
    # Up to 18.0 the password is a field of the dialog, which empties it. Since 19.0 it is in the context.
    if session.fields(_CHECK)["password"]["store"]:
        session.write(_CHECK, check, {"password": password})
    return session.call(_CHECK, "run_check", check, context={"password": password})
