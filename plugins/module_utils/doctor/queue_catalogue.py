# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about the mail queue."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

QUEUE_KINDS: Mapping[str, Kind] = {
    "backlog": Kind(
        "queue",
        "warning",
        "Many mails are waiting to be sent",
        "Run the queue more often or in larger batches (postmaster.odoo.queue_policy). Or send the mails now: run "
        "postmaster.odoo.mail_queue with action process.",
        one_per="instance",
    ),
    "queue_batch_full": Kind(
        "queue",
        "warning",
        "More mails are due than one run of the queue sends",
        "Send more mails in each run (system parameter mail.mail.queue.batch.size, from 17.0 on), or run the queue more often "
        "(postmaster.odoo.queue_policy).",
        one_per="instance",
    ),
    "oldest_too_old": Kind(
        "queue",
        "error",
        "Mails have been waiting to be sent for too long",
        "Correct the causes in the other findings. If there are none, send now to see the error: run postmaster.odoo.mail_queue with action process.",
        one_per="instance",
    ),
    "failures_by_class": Kind(
        "queue",
        "warning",
        "Mails have failed, and Odoo does not retry them",
        "Correct the cause. Then run postmaster.odoo.mail_queue with action retry (or cancel) and failure_class {name}.",
        one_per="name",
    ),
    "throttled": Kind(
        "queue",
        "warning",
        "A mail server temporarily rejects mail: a rate limit, greylisting, or too many connections",
        "Send fewer mails at once (postmaster.odoo.queue_policy). Retry the failed mails: run postmaster.odoo.mail_queue with action retry "
        "and failure_class throttled.",
        "transient",
        one_per="name",
    ),
    "given_up": Kind(
        "queue",
        "error",
        "Mails have reached their limit of attempts, and are not retried",
        "Correct the cause. Then run postmaster.odoo.mail_queue with action retry, failure_class {name} and max_attempts 0, or cancel the mails.",
        one_per="name",
    ),
    "interrupted_batch": Kind(
        "queue",
        "warning",
        "The last run of the queue was interrupted and left mails behind",
        "Send the other mails: run postmaster.odoo.mail_queue with action process. If a server closes the connection, its connection test "
        "or Odoo's log shows that.",
        "interrupted",
        one_per="instance",
    ),
    "queue_blocked": Kind(
        "queue",
        "error",
        "The queue runs and sends nothing",
        "Correct the mail servers that have findings, or the cause that Odoo's log shows. Then send the mails: run "
        "postmaster.odoo.mail_queue with action process.",
        "interrupted",
        one_per="instance",
    ),
    "no_recipient": Kind(
        "queue",
        "warning",
        "Mails have no recipient",
        "Complete the contacts' addresses and send the mails again. Or cancel them: run postmaster.odoo.mail_queue with action cancel, "
        "states [exception] and failure_class [no_recipient].",
        one_per="name",
    ),
    "stale_outgoing": Kind(
        "queue",
        "warning",
        "Mails have been waiting for so long that they may no longer be wanted",
        "Cancel these mails before they are sent: run postmaster.odoo.mail_queue with action cancel and older_than.",
        "stale",
        one_per="instance",
    ),
}
