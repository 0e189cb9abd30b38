# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a mail through an archived mail server, which Odoo itself does not allow.

One transaction activates the server, sends the mail, and archives the server again. Other users of the database never read an active server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import run_in_odoo

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_CODE = """\
server = env['ir.mail_server'].browse(env.context['postmaster_server'])
server.write({'active': True})
env['mail.mail'].browse(env.context['postmaster_mail']).send()
server.write({'active': False})
"""


def send_through_archived(session: Session, mail_id: int, server_id: int) -> None:
    """Have Odoo send one mail.

    :raises OdooError: if Odoo fails, for example because the SMTP server closed the connection. Then nothing has changed in the database.
    """
    run_in_odoo(session, _CODE, server_id, {"postmaster_mail": mail_id})
