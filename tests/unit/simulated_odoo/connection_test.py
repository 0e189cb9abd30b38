# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`test_smtp_connection` of ir.mail_server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

_NO_SENDER = (
    "Please configure an email on the current user to simulate sending an email message via this outgoing server"
)
_NO_HOST = "Missing SMTP Server\nPlease define at least one SMTP server, or provide the SMTP parameters explicitly."
_NO_HOST_18 = (
    "Connection Test Failed! Here is what we got instead:\n "
    "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"
)


def answer(odoo: SimulatedOdoo, ids: Sequence[int], _context: Mapping[str, Any], **named: Any) -> dict[str, Any]:
    """Answer as `SimulatedOdoo.smtp` says, once Odoo itself would have got as far as connecting."""
    measures_size = "max_email_size" in odoo.fields("ir.mail_server")  # field and argument came and went together
    refusals.check_arguments(named, ("autodetect_max_email_size",) if measures_size else ())
    for server in [odoo.record("ir.mail_server", one) for one in ids]:
        if not server.get("from_filter") and not odoo.record("res.users", odoo.uid).get("email"):
            raise refusals.user_error(_NO_SENDER)
        if not server.get("smtp_host") and server["smtp_authentication"] != "cli":
            raise refusals.user_error(_NO_HOST_18 if odoo.major >= 18 else _NO_HOST)
        message = odoo.smtp(dict(server))
        if message:
            raise refusals.user_error(message)
    parameters: dict[str, Any] = {"message": "Connection Test Successful!", "type": "success", "sticky": False}
    if odoo.major >= 18:
        parameters["next"] = {"type": "ir.actions.act_window_close"}
    return {"type": "ir.actions.client", "tag": "display_notification", "params": parameters}
