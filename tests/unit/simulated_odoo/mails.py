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

# The situation (`record_failures.py`) in which the SMTP server disconnects during a mail: it ends the whole batch.
HANGS_UP = "hangs up"


def send(odoo: SimulatedOdoo, ids: Ids, _context: Context, auto_commit: bool = False) -> None:
    """Try each outgoing mail; `SimulatedOdoo.delivery` decides the result."""
    for mail in [odoo.record("mail.mail", one) for one in ids]:
        if mail["state"] != "outgoing":
            continue
        outcome = odoo.delivery(dict(mail))
        mail.update(_result(odoo, outcome))
        if outcome == HANGS_UP:
            raise refusals.ServerError("smtplib.SMTPServerDisconnected", "Connection unexpectedly closed")
        if mail.get("auto_delete") and not outcome:
            del odoo.records.tables["mail.mail"][mail["id"]]
        if auto_commit:
            odoo.commit()


def _result(odoo: SimulatedOdoo, outcome: str | None) -> Mapping[str, Any]:
    """Return the values of a mail after sending. A text that is not the name of a situation is the reason itself."""
    if not outcome:
        return {"state": "sent", "failure_reason": False, "failure_type": False}
    reason = {"state": "exception", "failure_reason": outcome, "failure_type": False}
    return odoo.facts.failed_sendings.get(outcome, reason)


def process_email_queue(odoo: SimulatedOdoo, ids: Ids | None, context: Context, **named: Any) -> None:
    """Send due mails, the newest ones if the batch is too small for all. The result is always None."""
    refusals.check_arguments(named, odoo.facts.queue_arguments)
    # The ids of a call are its first positional argument.
    chosen = ids or named.get("email_ids")
    batch = odoo.parameter("mail.mail.queue.batch.size") or named.get("batch_size") or _default_batch(odoo)
    due = ["|", ("scheduled_date", "=", False), ("scheduled_date", "<=", odoo.now_text)]
    domain = [("state", "=", "outgoing"), *due, *context.get("filters", ())]
    found = odoo.records.search("mail.mail", domain, limit=int(batch))
    with contextlib.suppress(refusals.ServerError):  # the error is only logged
        send(odoo, sorted(one for one in found if not chosen or one in chosen), context, auto_commit=True)


def _default_batch(odoo: SimulatedOdoo) -> int:
    return 1000 if "batch_size" in odoo.facts.queue_arguments else 10000


def mark_outgoing(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> bool:
    """Queue mails again; the old failure_reason stays."""
    return odoo.records.write("mail.mail", ids, {"state": "outgoing"})


def cancel(odoo: SimulatedOdoo, ids: Ids, _context: Context) -> bool:
    """Cancel mails."""
    return odoo.records.write("mail.mail", ids, {"state": "cancel"})


def action_retry(odoo: SimulatedOdoo, ids: Ids, context: Context) -> None:
    """Queue failed mails again."""
    mark_outgoing(odoo, [one for one in ids if odoo.record("mail.mail", one)["state"] == "exception"], context)
