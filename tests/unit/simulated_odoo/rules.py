# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors and side effects of Odoo when records of a model are written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

Record = dict[str, Any]

# Unique columns, with the constraint's message; a bare index has none.
_UNIQUE: dict[str, list[tuple[tuple[str, ...], str | None]]] = {
    "ir.config_parameter": [(("key",), "Key must be unique.")],
    "ir.mail_server": [(("owner_user_id",), "owner_user_id must be unique")],
    "ir.model.data": [(("module", "name"), None)],
    "ir.module.module": [(("name",), "The name of the module must be unique!")],
    "mail.alias.domain": [
        (("bounce_alias", "name"), "Bounce emails should be unique"),
        (("catchall_alias", "name"), "Catchall emails should be unique"),
    ],
}


def sanitized(model: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Aliases are kept in lower case, without the spaces around them."""
    if model != "mail.alias.domain":
        return values
    aliases = ("bounce_alias", "catchall_alias", "default_from")
    return {name: str(value).strip().lower() if name in aliases and value else value for name, value in values.items()}


def before_write(odoo: SimulatedOdoo, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
    """Raise the errors of a write that do not depend on its values."""
    if model == "ir.cron" and odoo.running_crons.intersection(ids):
        raise refusals.cron_is_running()
    if model == "ir.mail_server" and not values.get("active", True):
        _refuse_archiving_what_is_used(odoo, ids)


def before_unlink(odoo: SimulatedOdoo, model: str, ids: Sequence[int]) -> None:
    """Raise the errors of a deletion."""
    if model == "ir.cron" and odoo.running_crons.intersection(ids):
        raise refusals.cron_is_running()
    for mail in [odoo.record(model, one) for one in ids] if model == "mail.mail" and not odoo.is_superuser else ():
        # The message is deleted with the mail, and nobody may delete one without a document.
        if not mail.get("is_notification") and not (mail.get("model") and mail.get("res_id")):
            raise refusals.access_error(
                "The requested operation cannot be completed due to security restrictions. "
                "Please contact your system administrator.\n\n(Document type: Message, Operation: unlink)"
            )


def check(odoo: SimulatedOdoo, model: str, record: Record, changed: Iterable[str]) -> None:
    """Check the constraints of the changed fields, first those of the database."""
    changed = frozenset(changed)
    for columns, message in _UNIQUE.get(model, ()):
        if changed.intersection(columns):
            _refuse_duplicate(odoo, model, record, columns, message)
    for triggers, rule in _CHECKS.get(model, ()):
        if changed.intersection(triggers):
            rule(odoo, odoo.effective(model, record))


def created(odoo: SimulatedOdoo, model: str, record: Record) -> None:
    """Set the first alias domain for every company that has none."""
    if model == "mail.alias.domain" and len(odoo.records.tables[model]) == 1:
        for company in odoo.records.tables["res.company"].values():
            company["alias_domain_id"] = company.get("alias_domain_id") or record["id"]


def _refuse_duplicate(
    odoo: SimulatedOdoo, model: str, record: Record, columns: tuple[str, ...], message: str | None
) -> None:
    values = tuple(record.get(column, False) for column in columns)
    if any(value is False for value in values):  # NULL is equal to nothing
        return
    for other in odoo.records.tables[model].values():
        if other is not record and tuple(other.get(column) for column in columns) == values:
            if message:
                raise refusals.constraint_error(message)
            raise refusals.duplicate_in_index(odoo.major, model, columns, values)


def _refuse_archiving_what_is_used(odoo: SimulatedOdoo, ids: Sequence[int]) -> None:
    for server_id in ids:
        usages = [f"- {usage}" for usage in _usages(odoo, server_id)]
        if usages:
            raise refusals.user_error(
                f"You cannot archive this Outgoing Mail Server ({odoo.record('ir.mail_server', server_id)['name']}) "
                "because it is still used in the following case(s):\n" + "\n".join(usages)
            )


def _usages(odoo: SimulatedOdoo, server_id: int) -> list[str]:
    records = odoo.records
    templates = records.value("ir.mail_server", server_id, "mail_template_ids")
    usages = [f"{records.display_name('mail.template', one)} (Email Template)" for one in templates]
    if "active_mailing_ids" in odoo.fields("ir.mail_server"):
        if odoo.parameter("mass_mailing.mail_server_id") == str(server_id):
            usages.append("Email Marketing uses it as its default mail server to send mass mailings")
        mailings = records.value("ir.mail_server", server_id, "active_mailing_ids")
        usages += [f'Mass Mailing "{records.display_name("mailing.mailing", one)}"' for one in mailings]
    return usages


def _interval_is_positive(odoo: SimulatedOdoo, cron: Record) -> None:
    # The constraint was added together with the requirement of the field.
    if odoo.fields("ir.cron")["interval_number"].get("required") and cron["interval_number"] <= 0:
        raise refusals.constraint_error("The interval number must be a strictly positive number.")


def _certificate_needs_tls(odoo: SimulatedOdoo, server: Record) -> None:
    if odoo.major >= 18 and server["smtp_authentication"] == "certificate" and server["smtp_encryption"] == "none":
        raise refusals.constraint_error("Certificate-based authentication requires a TLS transport")


def _certificate_needs_files(_odoo: SimulatedOdoo, server: Record) -> None:
    if server["smtp_authentication"] != "certificate":
        return
    if not server.get("smtp_ssl_private_key"):
        raise refusals.user_error(f"SSL private key is missing for {server['name']}.")
    if not server.get("smtp_ssl_certificate"):
        raise refusals.user_error(f"SSL certificate is missing for {server['name']}.")


def _oauth2(authentication: str, service: str, user_name: str) -> Callable[[SimulatedOdoo, Record], None]:
    """Raise the error of one of the three rules that google_gmail and microsoft_outlook share."""

    def rule(odoo: SimulatedOdoo, server: Record) -> None:
        if server["smtp_authentication"] != authentication:
            return
        name = refusals.quoted(odoo.major, server["name"])
        if server.get("smtp_pass"):
            raise refusals.user_error(
                f"Please leave the password field empty for {service} mail server {name}. "
                "The OAuth process does not require it"
            )
        if server["smtp_encryption"] != "starttls":
            raise refusals.user_error(
                f'Incorrect Connection Security for {service} mail server {name}. Please set it to "TLS (STARTTLS)".'
            )
        if not server.get("smtp_user"):
            raise refusals.user_error(
                f'Please fill the "Username" field with your {user_name} username (your email address). '
                f"This should be the same account as the one used for the {service} OAuthentication Token."
            )

    return rule


_OAUTH2_FIELDS = ("smtp_authentication", "smtp_pass", "smtp_encryption", "from_filter", "smtp_user")

_CHECKS: dict[str, list[tuple[Collection[str], Callable[[SimulatedOdoo, Record], None]]]] = {
    "ir.cron": [(("interval_number",), _interval_is_positive)],
    "ir.mail_server": [
        (("smtp_authentication", "smtp_encryption"), _certificate_needs_tls),
        (("smtp_authentication", "smtp_ssl_certificate", "smtp_ssl_private_key"), _certificate_needs_files),
        (_OAUTH2_FIELDS, _oauth2("gmail", "Gmail", "Gmail")),
        (_OAUTH2_FIELDS, _oauth2("outlook", "Outlook", "Outlook/Office365")),
    ],
}
