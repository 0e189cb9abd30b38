# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All code of the collection that Odoo runs."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import archived_sending, oauth2_test

_LANES = [Lane("accounts", [("model", "=", "res.users"), "!", ("res_id", "=", 1)], 100), Lane("o'clock {rest}", [], 7)]
POLICY_CODES = {
    "lanes": queue_jobs.lanes_code(_LANES, settle=60),
    "backoff": queue_jobs.backoff_code(first_delay=5, max_delay=60, give_up_after=4320, max_attempts=30),
    "stale": queue_jobs.stale_code(7),
    "purge": queue_jobs.purge_code(30),
    "watchdog": queue_jobs.watchdog_code(max_overdue=30, max_outgoing=10, listener=Listener("discuss.channel", 7)),
    "watchdog to a user": queue_jobs.watchdog_code(
        max_overdue=30, max_outgoing=None, listener=Listener("res.partner", 7)
    ),
    "watchdog to nobody": queue_jobs.watchdog_code(max_overdue=30, max_outgoing=None, listener=None),
}

# The modules that have Odoo run code at once, and their code.
CODE_OF_MODULES = {module.__name__.rpartition(".")[2]: module._CODE for module in (archived_sending, oauth2_test)}
