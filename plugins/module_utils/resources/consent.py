# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A person's consent that Odoo may log in with OAuth2: whether it was given, and the link for giving it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAuth2Method
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


@dataclass(frozen=True)
class Connection:
    """The state of the consent for a mail server that logs in with OAuth2.

    :param authorize_url: the link that an administrator of the database opens to connect the server; None if it is connected or Odoo has no link.
    :param required: whether the task must fail if the server is not connected.
    :cvar required_by: the option that sets `required`.
    """

    key: str
    connected: bool
    authorize_url: str | None = None
    required: bool = False
    required_by: ClassVar[str] = "oauth2.required"

    @property
    def instruction(self) -> str:
        """The next step for a mail server that is not connected, and the person who can do it."""
        text = f"mail server {self.key!r} is not connected and cannot log in."
        link = (
            f"As an administrator of the database, open {self.authorize_url}"
            if self.authorize_url
            else "There is no link to connect it yet."
        )
        return f"{text} {link}"

    def as_result(self) -> dict[str, Any]:
        """Return the connection as a part of a task's result."""
        return {"key": self.key, "connected": self.connected, "authorize_url": self.authorize_url}


def authorize_url(session: Session, record_id: int, method: OAuth2Method) -> str | None:
    """Return the link that connects one server; None if the OAuth2 client is not set.

    Each server needs its own call: Odoo 19.0 computes the link for one record only and fails for more (google_gmail_mixin.py:44).
    """
    record = session.call("ir.mail_server", "read", [record_id], fields=[method.authorize_url])[0]
    return record[method.authorize_url] or None


def is_refused_as_redirect(base_url: str) -> bool:
    """Return whether Google and Microsoft reject a redirect to an Odoo. They require https, except for the user's own machine."""
    try:
        url = urlsplit(base_url)
    except ValueError:
        return False
    return url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1")
