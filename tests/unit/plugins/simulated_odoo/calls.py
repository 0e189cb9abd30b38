# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of a session on a simulated Odoo, and the messages of refused calls."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

GMAIL = {"smtp_authentication": "gmail", "smtp_encryption": "starttls", "smtp_user": "sales@acme.example"}
OUTLOOK = {**GMAIL, "smtp_authentication": "outlook"}


def create(session: Session, model: str, /, **values: Any) -> int:
    """Create a record; a mail server has a host, which 16.0 requires."""
    return session.create(model, [_complete(session, model, values)])[0]


def _complete(session: Session, model: str, values: dict[str, Any]) -> dict[str, Any]:
    is_host_required = model == "ir.mail_server" and session.fields(model)["smtp_host"]["required"]
    return {"smtp_host": "mail.example", **values} if is_host_required else values


def read(session: Session, model: str, record_id: int, *names: str) -> dict[str, Any]:
    (record,) = session.call(model, "read", [record_id], fields=list(names))
    return dict(record)


def refused(kind: type[OdooError], session: Session, /, *call: Any, **arguments: Any) -> str:
    """Return the message of a call that must be refused."""
    with pytest.raises(kind) as caught:
        session.call(*call, **arguments)
    return caught.value.message


def create_refused(session: Session, model: str, kind: type[OdooError] = Rejected, /, **values: Any) -> str:
    """Return the message of a creation that must be refused."""
    return refused(kind, session, model, "create", vals_list=[_complete(session, model, values)])
