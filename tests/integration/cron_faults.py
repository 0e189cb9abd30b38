# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of crons, each with its expected finding."""

from __future__ import annotations

import time

from broken_instance import MAIN, BrokenInstance, Fault
from queue_action import IS_QUEUE_ACTION


def _queue_hangs(broken: BrokenInstance) -> None:
    """Let it be overdue for three hours, while another worker runs all other actions."""
    broken.instance.needs("ir.cron.progress")
    broken.instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '3 hours', "
        f"lastcall = now() at time zone 'utc' - interval '4 hours' WHERE {IS_QUEUE_ACTION}; "
        "INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date) "
        f"SELECT id, 1, now() at time zone 'utc' - interval '3 hours' FROM ir_cron WHERE {IS_QUEUE_ACTION}"
    )


def _due_alone(broken: BrokenInstance) -> None:
    broken.instance.sql(
        f"UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '1 minute' WHERE {IS_QUEUE_ACTION}"
    )


def _cron_fails(broken: BrokenInstance) -> None:
    broken.instance.needs("ir.cron", "failure_count")
    broken.queue_action(code="model.process_email_queue()\nraise UserError('Broken by a test')")
    _due_alone(broken)
    broken.work_queue()


def _cron_fails_for_long(broken: BrokenInstance) -> None:
    """Let Odoo itself deactivate it."""
    broken.instance.needs("ir.cron", "failure_count")
    broken.queue_action(code="model.process_email_queue()\nraise UserError('Broken by a test')")
    broken.instance.sql(
        "UPDATE ir_cron SET failure_count = 4, first_failure_date = now() at time zone 'utc' - interval '8 days' "
        f"WHERE {IS_QUEUE_ACTION}"
    )
    _due_alone(broken)
    broken.work_queue()


def queue_runs(broken: BrokenInstance, *, delay: float = 0.3) -> None:
    """Keep the queue running with a slow SMTP server."""
    broken.instance.needs("ir.cron.progress")
    broken.overdue()
    broken.lab.smtp[MAIN].configure(delay=1)
    broken.mail()
    broken.begin_worker()
    deadline = time.monotonic() + 60
    while not broken.instance.sql("SELECT 1 FROM ir_cron_progress WHERE timed_out_counter > 0"):
        assert time.monotonic() < deadline, "the queue has not begun"
        time.sleep(0.1)
    broken.lab.smtp[MAIN].configure(delay=delay)


def _addon_to_upgrade(broken: BrokenInstance) -> None:
    with broken.instance.session() as session:
        session.call("ir.module.module", "button_upgrade", broken.ids("ir.module.module", ["name", "=", "digest"]))


def _call_not_taken(broken: BrokenInstance) -> None:
    broken.instance.sql(
        "INSERT INTO ir_cron_trigger (cron_id, call_at) "
        f"SELECT id, now() at time zone 'utc' - interval '20 minutes' FROM ir_cron WHERE {IS_QUEUE_ACTION}"
    )


CRON_FAULTS: dict[str, Fault] = {
    "the queue's action is disabled": ("cron_disabled", lambda it: it.queue_action(active=False)),
    "the queue's external id is gone": (
        "cron_disabled",
        lambda it: it.instance.sql("DELETE FROM ir_model_data WHERE name = 'ir_cron_mail_scheduler_action'") and None,
    ),
    "no worker": ("cron_overdue_no_worker", lambda it: it.overdue()),
    "the queue runs for long": ("cron_overdue_running", queue_runs),
    "the queue hangs, and others run": ("cron_overdue_running", _queue_hangs),
    "the queue's code is gone": ("cron_code_changed", lambda it: it.queue_action(code="pass")),
    "once in three months": (
        "cron_far_future",
        lambda it: it.queue_action(interval_number=3, interval_type="months"),
    ),
    "next call in a month": (
        "cron_far_future",
        lambda it: (
            it.instance.sql(f"UPDATE ir_cron SET nextcall = nextcall + interval '30 days' WHERE {IS_QUEUE_ACTION}")
            and None
        ),
    ),
    "the queue's code raises": ("cron_failing", _cron_fails),
    "Odoo gives up an action": ("cron_auto_disabled", _cron_fails_for_long),
    "an addon waits to be upgraded": ("addons_pending", _addon_to_upgrade),
    "a call that nobody takes": ("cron_trigger_backlog", _call_not_taken),
    "a changed code that is disabled": ("cron_code_changed", lambda it: it.queue_action(code="pass", active=False)),
}
