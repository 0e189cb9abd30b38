# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every writable field of Odoo is an option, or is left out for a reason that is given here."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from instance import Instance

LEFT_OUT = {
    "ir.mail_server": {
        # A personal server belongs to its user.
        "owner_user_id",
        "owner_limit_count",
        "owner_limit_time",
        # Values that an OAuth consent leaves behind, and that Odoo renews.
        "google_gmail_access_token",
        "google_gmail_access_token_expiration",
        "google_gmail_authorization_code",
        "google_gmail_refresh_token",
        "microsoft_outlook_access_token",
        "microsoft_outlook_access_token_expiration",
        "microsoft_outlook_refresh_token",
        # The reverse of a field of a template or a mailing.
        "mail_template_ids",
        "active_mailing_ids",
    },
    "mail.alias.domain": set(),
}
# These are in every model, and belong to Odoo itself.
ODOO = {"id", "create_uid", "create_date", "write_uid", "write_date", "display_name"}


@pytest.mark.parametrize("kind", [MAIL_SERVER, ALIAS_DOMAIN], ids=lambda kind: kind.name)
def test_every_field_is_an_option(kind: ResourceType, instance: Instance) -> None:
    instance.needs(kind.model)
    with instance.session() as session:
        described = session.fields(kind.model)
    writable = {name for name, about in described.items() if about["store"] and not about["readonly"]}
    options = {kind.field_names.get(option, option) for option in kind.options if option not in kind.directives}
    assert writable - ODOO - LEFT_OUT[kind.model] <= options
    # Fields of other versions, and of the collection's own addon.
    assert options - writable <= {"smtp_timeout", "max_email_size"}
    assert writable, "fields_get said nothing"
