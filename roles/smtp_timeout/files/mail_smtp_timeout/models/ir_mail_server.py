# Copyright (c) 2026 the postmaster.odoo contributors
# GNU Lesser General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/lgpl-3.0.txt)
# SPDX-License-Identifier: LGPL-3.0-or-later

from __future__ import annotations

from typing import Any

from odoo import _, api, fields, models
from odoo.addons.base.models import ir_mail_server as original
from odoo.exceptions import ValidationError

from .. import timeouts

# This applies to all databases of this process. In a database without the addon, `connecting` is never called, so nothing changes.
original.smtplib = timeouts

_original_class = next(one for one in vars(original).values() if getattr(one, "_name", None) == "ir.mail_server")


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    smtp_timeout = fields.Integer(
        string="Timeout (seconds)",
        default=60,
        help="The number of seconds that Odoo waits for a connection to the SMTP server, and for each reply.\n"
        "Below 30 seconds, Odoo may treat a busy server as down, and report a mail as failed although the "
        "server still accepts it.",
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
        """Return the timeout of the mail server in the options; 0 if they name none, because Odoo may find one later."""
        return self.sudo().browse(options.get("mail_server_id") or ()).smtp_timeout

    def _find_mail_server(self, *arguments: Any, **options: Any) -> Any:
        server, smtp_from = super()._find_mail_server(*arguments, **options)
        if server:
            timeouts.found(server.sudo().smtp_timeout)
        return server, smtp_from

    # The method that connects is private from 19.0 on. If it were defined under the other name, it would be a new method. On
    # 19.0, every user could then call it over RPC.
    if hasattr(_original_class, "_connect__"):

        def _connect__(self, *arguments: Any, **options: Any) -> Any:
            with timeouts.connecting(self._smtp_timeout_of(options)):
                return super()._connect__(*arguments, **options)

    elif hasattr(_original_class, "connect"):

        def connect(self, *arguments: Any, **options: Any) -> Any:
            with timeouts.connecting(self._smtp_timeout_of(options)):
                return super().connect(*arguments, **options)

    else:
        raise ImportError(
            "mail_smtp_timeout does not support this version of Odoo: its method that connects to a mail server is unknown."
        )
