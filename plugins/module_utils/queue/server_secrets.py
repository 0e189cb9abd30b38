# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance's mail servers log in with: SMTP servers may repeat it, and Odoo keeps their replies with the mails that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def read_server_secrets(session: Session) -> frozenset[str]:
    """The secrets of all mail servers, users' own and archived ones, too: one call, and one for the fields if nobody has asked for them yet."""
    names = MAIL_SERVER.secret_fields & session.fields(MAIL_SERVER.model).keys()
    servers = session.search_read(MAIL_SERVER.model, [], sorted(names))
    return frozenset(secret for server in servers for secret in MAIL_SERVER.secrets_of(server))
