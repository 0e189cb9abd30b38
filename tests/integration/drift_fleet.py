# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a fleet of four hosts, the differences of one of them, and their exit codes."""

from __future__ import annotations

from typing import Any

Hosts = dict[str, dict[str, Any]]

# Secrets that must not be shown: the old ones are in Odoo, the new ones are declared.
SECRETS = {
    "old_smtp_pass": "old-smtp-password-made-up",
    "new_smtp_pass": "new-smtp-password-made-up",
    "old_parameter": "old-parameter-secret-made-up",
    "new_parameter": "new-parameter-secret-made-up",
    "wrong_key": "wrong-api-key-made-up",
}

STACK: dict[str, Any] = {
    "addons": ["mail"],
    "parameters": {"drift.limit": "500", "drift.api_secret": SECRETS["new_parameter"], "drift.leftover": ""},
    "alias_domains": [{"name": "acme.example", "bounce_alias": "bounce"}],
    "servers": [
        {
            "name": "Transactional",
            "smtp_host": "smtp.invalid",
            "smtp_port": 587,
            "smtp_user": "apikey",
            "smtp_pass": SECRETS["new_smtp_pass"],
            "from_filter": "acme.example",
            "sequence": 1,
        },
        {"name": "Newsletter", "smtp_host": "news.invalid", "from_filter": "news.example"},
        {"name": "Reserve", "smtp_host": "reserve.invalid", "from_filter": "reserve.example", "active": True},
    ],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 7, "interval_type": "minutes"}],
    "routes": [{"from": "shop@acme.example", "server": "Transactional"}],
}

# Only for globex, because on an instance in the declared state it would install or run something.
MORE = {
    "odoo_mail_addons": ["mail", "barcodes"],
    "odoo_mail_crons": [
        *STACK["crons"],
        # A time that is more than one interval ahead is as wrong as one in the past. The lab's times are in 2090.
        {"xml_id": "mail.ir_cron_send_scheduled_message", "max_overdue": 60},
    ],
    "odoo_queue_stale_after": 5,
}

# The resource, key, action and fields of all differences of globex.
DRIFT = {
    ("addon", "barcodes", "install", ("state",)),
    ("system_parameter", "drift.limit", "update", ("value",)),
    ("system_parameter", "drift.api_secret", "update", ("value",)),
    ("system_parameter", "drift.leftover", "delete", (None,)),
    ("alias_domain", "acme.example", "update", ("bounce_alias",)),
    ("mail_server", "Transactional", "update", ("smtp_port", "smtp_pass")),
    ("mail_server", "Newsletter", "create", ("active", "from_filter", "name", "smtp_host")),
    ("queue_policy", "stale_after", "create", ("stale_after",)),
    ("mail_server", "Reserve", "unarchive", ("active",)),
    ("mail_server", "Old relay", "unmanaged", (None,)),
    ("cron", "mail.ir_cron_mail_scheduler_action", "update", ("interval_number",)),
    ("cron", "mail.ir_cron_send_scheduled_message", "reschedule", ("nextcall",)),
}

EXIT_CODES = {"acme": 0, "globex": 10, "hooli": 2, "umbrella": 4}


def worst(hosts: tuple[str, ...]) -> int:
    """Return the exit code: unreachable takes precedence over failed, and failed over drifted."""
    return next(code for code in (4, 2, 10, 0) if code in {EXIT_CODES[host] for host in hosts})
