# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a new record that its creator does not set, and that are not in the facts."""

from __future__ import annotations

from typing import Any

# Values that `create` sets itself, and values of models that are not recorded.
DEFAULTS: dict[str, dict[str, Any]] = {
    "ir.cron": {"usage": "ir_cron"},
    "mailing.mailing": {"active": True, "state": "draft"},
    "res.company": {"active": True},
    "res.users": {"active": True, "company_id": 1},
}

# Records that Odoo creates together with this one (`_inherits`). They are not simulated, so any id is valid.
DELEGATES = ("mail_message_id",)

# Fields that are not copied (`copy=False`). Only the fields of these models are all known, so only their records can be
# copied here.
NOT_COPIED = {
    "ir.mail_server": frozenset(
        {
            "google_gmail_access_token",
            "google_gmail_access_token_expiration",
            "google_gmail_authorization_code",
            "google_gmail_refresh_token",
            "microsoft_outlook_access_token",
            "microsoft_outlook_access_token_expiration",
            "microsoft_outlook_refresh_token",
        }
    ),
}

# The default order of records.
ORDERS = {
    "fetchmail.server": "priority",
    "ir.config_parameter": "key",
    "ir.cron": "cron_name, id",
    "ir.mail_server": "sequence, id",
    "ir.model": "model",
    "ir.model.data": "module, model, name",
    "ir.module.module": "application desc, sequence, name",
    "mail.alias.domain": "sequence, id",
    "mail.mail": "id desc",
    "mail.template": "user_id, name, id",
    "res.company": "name",
    "res.users": "name, login",
}
