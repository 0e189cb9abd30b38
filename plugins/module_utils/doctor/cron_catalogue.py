# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about scheduled actions (crons), and addons that stop them."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

CRON_KINDS: Mapping[str, Kind] = {
    "cron_disabled": Kind(
        "cron",
        "error",
        "A scheduled action (cron) that mail depends on is disabled",
        "Activate the cron: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_auto_disabled": Kind(
        "cron",
        "error",
        "Odoo disabled a scheduled action (cron) that mail depends on, because it kept failing",
        "Find the cause in Odoo's log. Then activate the cron: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_code_changed": Kind(
        "cron",
        "error",
        "The scheduled action (cron) of the mail queue sends nothing, because its code was changed",
        "In Odoo's scheduled actions, change the code of the cron back to model.process_email_queue().",
    ),
    "cron_no_runs_left": Kind(
        "cron",
        "error",
        "A scheduled action (cron) that mail depends on has no runs left, so Odoo never runs it, even if it is active",
        "Remove the limit of runs: run postmaster.odoo.cron with xml_id {name} and active true.",
        "crons",
    ),
    "cron_overdue_no_worker": Kind(
        "cron",
        "error",
        "Scheduled actions (crons) are due, and no worker runs them",
        "Start Odoo with cron workers (set max_cron_threads to 1 or more). Find out in Odoo's log why no worker serves this database.",
        one_per="instance",
    ),
    "cron_overdue_running": Kind(
        "cron",
        "warning",
        "A scheduled action (cron) is overdue although workers are alive: it, or another one before it, has not ended",
        "Wait for the end of the run. If it does not end, find the cause in Odoo's log (often an SMTP server that never answers), and restart Odoo.",
        one_per="instance",
    ),
    "cron_far_future": Kind(
        "cron",
        "error",
        "A scheduled action (cron) is scheduled much later than it should be",
        "Put the cron back on schedule: run postmaster.odoo.cron with xml_id {name} and max_overdue.",
        "crons",
    ),
    "cron_failing": Kind(
        "cron",
        "error",
        "A scheduled action (cron) fails; Odoo disables it after five failures over more than seven days",
        "Run the cron to see the error (postmaster.odoo.cron with xml_id {name} and run true), or read Odoo's log.",
    ),
    "cron_trigger_backlog": Kind(
        "cron",
        "error",
        "Scheduled actions (crons) were triggered, and no worker has run them",
        "Start Odoo with cron workers (set max_cron_threads to 1 or more). Find out in Odoo's log why no worker serves this database.",
        one_per="instance",
    ),
    "cron_served_elsewhere": Kind(
        "cron",
        "info",
        "Another Odoo process runs the scheduled actions (crons) of this database",
        "If that is intended, do nothing. If not, stop the other process, or set config_file to its odoo.conf. Settings such as smtp_server"
        " apply in the process that runs the crons.",
    ),
    "addons_pending": Kind(
        "cron",
        "error",
        "Addons are waiting to be installed, upgraded or removed, which stops every scheduled action (cron)",
        "Finish or cancel these changes with postmaster.odoo.pending_addons, or in Odoo's Apps.",
        "addons",
        one_per="instance",
    ),
}
