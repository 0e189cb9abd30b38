# Copyright (c) 2026 the postmaster.odoo contributors
# GNU Lesser General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/lgpl-3.0.txt)
# SPDX-License-Identifier: LGPL-3.0-or-later

from __future__ import annotations

from typing import Any

from odoo import _, api, fields, models
from odoo.addons.base.models import ir_mail_server as original
from odoo.exceptions import ValidationError

from .. import timeouts

# Once for all databases of this process. Where the addon is not installed nothing is ever `connecting`, and all is as before.
original.smtplib = timeouts

_original_class = next(one for one in vars(original).values() if getattr(one, "_name", None) == "ir.mail_server")


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    smtp_timeout = fields.Integer(
        string="Timeout (seconds)",
        default=60,
        help="How long Odoo waits for the SMTP server: when it connects, and then for each reply.\n"
        "Below 30 seconds a server that is only busy is taken for one that is down, and a mail that it "
        "was still accepting is reported as failed.",
    )

    @api.constrains("smtp_timeout")
    def _check_smtp_timeout(self) -> None:
        for server in self:
            if server.smtp_timeout < 1:
                raise ValidationError(
                    _(
                        "The timeout of the mail server %(server)s is %(seconds)s seconds: it must be at least 1.",
                        server=server.display_name,
                        seconds=server.smtp_timeout,
                    )
                )

    def _smtp_timeout_of(self, options: dict[str, Any]) -> int:
        """The timeout of the mail server that is to be connected to. 0 where none is named: Odoo may still find one."""
        return self.sudo().browse(options.get("mail_server_id") or ()).smtp_timeout

    def _find_mail_server(self, *arguments: Any, **options: Any) -> Any:
        server, smtp_from = super()._find_mail_server(*arguments, **options)
        if server:
            timeouts.found(server.sudo().smtp_timeout)
        return server, smtp_from

    # The method that connects is private from 19.0 on. Defined under the name that it does not have, it would be new, and on
    # 19.0 anybody could call it over RPC.
    if hasattr(_original_class, "_connect__"):

        def _connect__(self, *arguments: Any, **options: Any) -> Any:
            with timeouts.connecting(self._smtp_timeout_of(options)):
                return super()._connect__(*arguments, **options)

    elif hasattr(_original_class, "connect"):

        def connect(self, *arguments: Any, **options: Any) -> Any:
            with timeouts.connecting(self._smtp_timeout_of(options)):
                return super().connect(*arguments, **options)

    else:
        raise ImportError("mail_smtp_timeout does not know how this version of Odoo connects to a mail server.")
