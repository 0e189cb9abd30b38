# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that Odoo computes from others: read, never written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Record = Mapping[str, Any]
Compute = Callable[["SimulatedOdoo", Record], Any]

# The field that contains the display name of a record, if it is not `name`.
NAMED_BY = {
    "ir.config_parameter": "key",
    "ir.module.module": "shortdesc",
    "mail.mail": "subject",
    "mailing.mailing": "subject",
}


def _xml_id(odoo: SimulatedOdoo, cron: Record) -> str:
    for data in odoo.records.tables["ir.model.data"].values():
        if data["model"] == "ir.cron" and data["res_id"] == cron["id"]:
            return f"{data['module']}.{data['name']}"
    return ""


def _alias(field: str) -> Compute:
    def compute(_odoo: SimulatedOdoo, domain: Record) -> str:
        alias = domain.get(field) or ""
        return alias if "@" in alias or not alias else f"{alias}@{domain['name']}"

    return compute


def _is_configured(odoo: SimulatedOdoo, prefix: str) -> bool:
    return bool(odoo.parameter(f"{prefix}_client_id") and odoo.parameter(f"{prefix}_client_secret"))


def _consent(prefix: str, address: str) -> Compute:
    def compute(odoo: SimulatedOdoo, server: Record) -> Any:
        if not _is_configured(odoo, prefix):
            return False
        return f"{address}?client_id={odoo.parameter(f'{prefix}_client_id')}&state={server['id']}"

    return compute


COMPUTED: dict[tuple[str, str], Compute] = {
    ("ir.cron", "cron_name"): lambda _odoo, cron: cron["name"],
    ("ir.cron", "model_name"): lambda odoo, cron: odoo.records.tables["ir.model"][cron["model_id"]]["model"],
    ("ir.cron", "xml_id"): _xml_id,
    ("ir.mail_server", "google_gmail_uri"): _consent("google_gmail", "https://accounts.google.com/o/oauth2/v2/auth"),
    ("ir.mail_server", "is_microsoft_outlook_configured"): lambda odoo, _: _is_configured(odoo, "microsoft_outlook"),
    ("ir.mail_server", "microsoft_outlook_uri"): _consent(
        "microsoft_outlook", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    ),
    ("ir.model.data", "complete_name"): lambda _odoo, data: f"{data['module']}.{data['name']}",
    ("ir.model.data", "reference"): lambda _odoo, data: f"{data['model']},{data['res_id']}",
    # The names are the wrong way round in Odoo: this is the version on disk, `latest_version` the installed one.
    ("ir.module.module", "installed_version"): lambda odoo, module: odoo.version_on_disk(module["name"]),
    ("mail.alias.domain", "bounce_email"): _alias("bounce_alias"),
    ("mail.alias.domain", "catchall_email"): _alias("catchall_alias"),
    ("mail.alias.domain", "default_from_email"): _alias("default_from"),
}

# The others are not columns and cannot be searched.
SEARCHABLE = {"cron_name", "display_name", "model_name"}

# Computed for one record at a time; more at once are an error.
SINGLE = {("ir.mail_server", "google_gmail_uri"), ("ir.mail_server", "microsoft_outlook_uri")}

# The reverse direction: the many2one that a one2many collects.
INVERSES = {
    ("ir.mail_server", "active_mailing_ids"): ("mailing.mailing", "mail_server_id"),
    ("ir.mail_server", "mail_template_ids"): ("mail.template", "mail_server_id"),
    ("mail.message", "notification_ids"): ("mail.notification", "mail_message_id"),
    ("mail.alias.domain", "company_ids"): ("res.company", "alias_domain_id"),
}
