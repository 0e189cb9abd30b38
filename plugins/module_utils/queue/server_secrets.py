# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials of an instance's mail servers. SMTP servers may repeat them, and Odoo stores their replies in failed mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def read_server_secrets(session: Session) -> frozenset[str]:
    """Return the secrets of all mail servers, including archived ones and those of users.

    It takes one call, and one more if the fields of the model are not known yet.
    """
    names = MAIL_SERVER.secret_fields & session.fields(MAIL_SERVER.model).keys()
    servers = session.search_read(MAIL_SERVER.model, [], sorted(names))
    return frozenset(secret for server in servers for secret in MAIL_SERVER.secrets_of(server))
