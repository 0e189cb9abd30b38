# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outgoing mail servers: `ir.mail_server`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Circumstances,
    Declaration,
    ResourceType,
)

# What an addon adds to ir.mail_server, by field or by value of smtp_authentication.
_BROUGHT_BY = {
    ("smtp_authentication", "gmail"): "google_gmail",
    ("smtp_authentication", "outlook"): "microsoft_outlook",
}


class MailServer(ResourceType):
    """An outgoing mail server. Personal ones (19.0: with an `owner_user_id`) are their users' own and are never matched."""

    name = "mail_server"
    label = "mail server"
    model = "ir.mail_server"
    options: ClassVar[Mapping[str, Any]] = {
        "name": {"type": "str"},
        "active": {"type": "bool"},
        "sequence": {"type": "int"},
        "smtp_host": {"type": "str"},
        "smtp_port": {"type": "int"},
        "smtp_encryption": {"type": "str"},
        "smtp_authentication": {"type": "str"},
        "smtp_user": {"type": "str"},
        "smtp_pass": {"type": "str", "no_log": True},
        "smtp_ssl_certificate": {"type": "str"},
        "smtp_ssl_private_key": {"type": "str", "no_log": True},
        "from_filter": {"type": "str"},
        "smtp_debug": {"type": "bool"},
        "smtp_timeout": {"type": "int"},
        "max_email_size": {"type": "float"},
    }
    option_rules: ClassVar[Mapping[str, Any]] = {"required_one_of": [["name", "xml_id"]]}
    secret_fields = frozenset(
        {
            "smtp_pass",
            "smtp_ssl_private_key",
            "google_gmail_authorization_code",
            "google_gmail_refresh_token",
            "google_gmail_access_token",
            "microsoft_outlook_refresh_token",
            "microsoft_outlook_access_token",
        }
    )
    trimmed_options = frozenset({"smtp_host", "smtp_user"})
    address_list_fields = frozenset({"from_filter"})
    info_fields = frozenset({"owner_user_id"})
    heavy_fields = frozenset({"smtp_ssl_certificate", "smtp_ssl_private_key"})

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        if not 1 <= given.get("smtp_port", 25) <= 65535:
            yield f"smtp_port must be between 1 and 65535, not {given['smtp_port']}"
        if given.get("smtp_timeout", 1) < 1:
            yield f"smtp_timeout must be at least 1 second, not {given['smtp_timeout']}"
        if given.get("max_email_size", 0) < 0:
            yield f"max_email_size must not be negative, and is {given['max_email_size']:g} (megabytes)"

    def is_own(self, record: Mapping[str, Any]) -> bool:
        return not record.get("owner_user_id")

    def adapt(
        self, wanted: dict[str, Any], declaration: Declaration, found: Found | None, circumstances: Circumstances
    ) -> list[str]:
        if not circumstances.neutralized or declaration.state == "absent":
            return []
        if found is None:
            if wanted.get("active") is False:
                return []
            wanted["active"] = False
        elif wanted.get("active") and not found.values.get("active"):
            del wanted["active"]
        else:
            return []
        return [
            f"{declaration.label} stays archived: this database is a neutralized copy (database.is_neutralized), and its mail "
            "servers would send real mail. Set activate_neutralized to true if it is meant to."
        ]

    def expected_from(self, field_name: str, value: Any) -> str | None:
        return _BROUGHT_BY.get((field_name, value))

    def is_neutralization_dummy(self, record: Found) -> bool:
        """The server that Odoo puts into a neutralized copy so that nothing else is used (data/neutralize.sql)."""
        return record.values.get("smtp_host") == "invalid"


MAIL_SERVER = MailServer()
