# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The consent that a human gives, so that Odoo may log in with OAuth2: whether it is there, and where else to give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAuth2Method
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


@dataclass(frozen=True)
class Connection:
    """Whether a mail server that logs in with OAuth2 is connected.

    :param authorize_url: the link that an administrator of the database opens to connect it; None where it is, or where Odoo has no link.
    :param required: the user does not want to go on without.
    :cvar required_by: the option that says so.
    """

    key: str
    connected: bool
    authorize_url: str | None = None
    required: bool = False
    required_by: ClassVar[str] = "oauth2.required"

    @property
    def instruction(self) -> str:
        """What is missing, and who can give it."""
        link = f"open {self.authorize_url}" if self.authorize_url else "there is no link yet"
        return (
            f"mail server {self.key!r} is not connected and cannot log in. As an administrator of the database: {link}"
        )

    def as_result(self) -> dict[str, Any]:
        """The connection in a task's result."""
        return {"key": self.key, "connected": self.connected, "authorize_url": self.authorize_url}


def authorize_url(session: Session, record_id: int, method: OAuth2Method) -> str | None:
    """The link that connects one server; None without a client.

    One call for each: Odoo 19.0 computes it for one record at a time and fails for more (google_gmail_mixin.py:44).
    """
    record = session.call("ir.mail_server", "read", [record_id], fields=[method.authorize_url])[0]
    return record[method.authorize_url] or None
