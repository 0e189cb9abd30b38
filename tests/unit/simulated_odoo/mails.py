# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sending, queueing and giving up: the methods of mail.mail."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Ids = Sequence[int]
Context = Mapping[str, Any]

# The named arguments of process_email_queue; they changed twice.
_QUEUE_ARGUMENTS = {
    17: ("ids",),
    18: ("ids", "batch_size"),
    19: ("email_ids", "batch_size"),
    20: ("email_ids", "batch_size"),
}

# What `SimulatedOdoo.delivery` says of a server that hangs up in the middle, and what Odoo leaves then.
HANGS_UP = "the server hangs up"
CUT_OFF = "Error without exception. Probably due to sending an email without computed recipients."


def send(odoo: SimulatedOdoo, ids: Ids, _context: Context, auto_commit: bool = False) -> None:
    """Try each mail that is outgoing; `SimulatedOdoo.delivery` says what comes of it."""
    for mail in [odoo.record("mail.mail", one) for one in ids]:
        if mail["state"] != "outgoing":
            continue
        reason = odoo.delivery(dict(mail))
        if reason == HANGS_UP:
            mail.update(
                state="exception", failure_reason=CUT_OFF, failure_type="unknown" if odoo.major >= 19 else False
            )
            raise refusals.ServerError("smtplib.SMTPServerDisconnected", "Connection unexpectedly closed")
        # A failed connection leaves failure_type empty.
        mail.update(state="exception" if reason else "sent", failure_reason=reason or False, failure_type=False)
        if mail.get("auto_delete") and not reason:
            del odoo.records.tables["mail.mail"][mail["id"]]
        if auto_commit:
            odoo.commit()


def process_email_queue(odoo: SimulatedOdoo, ids: Ids | None, context: Context, **named: Any) -> None:
    """Send what is due, the newest where the batch is too small for all. Always None, whatever happened."""
    refusals.check_arguments(named, _QUEUE_ARGUMENTS[odoo.major])
    # Over JSON-RPC the ids of the call arrive as the first positional argument.
    chosen = ids or named.get("ids") or named.get("email_ids")
    batch = odoo.parameter("mail.mail.queue.batch.size") or named.get("batch_size") or _default_batch(odoo)
    due = ["|", ("scheduled_date", "=", False), ("scheduled_date", "<=", odoo.now_text)]
    domain = [("state", "=", "outgoing"), *due, *context.get("filters", ())]
    found = odoo.records.search("mail.mail", domain, limit=int(batch))
    with contextlib.suppress(refusals.ServerError):  # which is only logged
        send(odoo, sorted(one for one in found if not chosen or one in chosen), context, auto_commit=True)


def _default_batch(odoo: SimulatedOdoo) -> int:
    return 1000 if "batch_size" in _QUEUE_ARGUMENTS[odoo.major] else 10000


def mark_outgoing(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> bool:
    """Queue mails again; the old failure_reason stays."""
    return odoo.records.write("mail.mail", ids, {"state": "outgoing"})


def cancel(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> bool:
    """Give mails up."""
    return odoo.records.write("mail.mail", ids, {"state": "cancel"})


def action_retry(odoo: SimulatedOdoo, ids: Ids, context: Context) -> None:
    """Queue those again that failed."""
    mark_outgoing(odoo, [one for one in ids if odoo.record("mail.mail", one)["state"] == "exception"], context)
