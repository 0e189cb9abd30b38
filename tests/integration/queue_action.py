# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cron that sends the mail of the queue, as Odoo and as PostgreSQL find it."""

from __future__ import annotations

_NAME = "Mail: Email Queue Manager"

QUEUE_ACTION = ["cron_name", "=", _NAME]
# The name is a text, or in 16.0 a JSON object with its translations.
IS_QUEUE_ACTION = f"cron_name::text LIKE '%{_NAME}%'"
