# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The external IDs of Odoo's crons that send mail."""

from __future__ import annotations

QUEUE = "mail.ir_cron_mail_scheduler_action"

# The cron of the queue sends all queued mail. The others send scheduled messages and mailings.
SENDING_CRONS = (
    QUEUE,
    "mail.ir_cron_send_scheduled_message",
    "mail.ir_cron_post_scheduled_message",
    "mass_mailing.ir_cron_mass_mailing_queue",
)
