# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outgoing mail servers: `ir.mail_server`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Invalid,
    OdooError,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import mail_providers, server_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import (
    is_candidate_name,
    is_spent,
    key_of,
    newer_tokens,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import (
    Connection,
    authorize_url,
    is_refused_as_redirect,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import (
    AddressListField,
    SelectionField,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    BASE_URL,
    MAILING_SERVER_KEY,
    MAX_EMAIL_SIZE_KEY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server_login import (
    CERTIFICATE_FIELDS,
    clear_other_logins,
    former_tokens,
    keep_secrets,
    login_refusals,
    oauth2_options,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server_options import (
    OPTIONS,
    option_problems,
    read_certificate,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.masked_steps import mask_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import (
    OAUTH2_METHODS,
    TOKEN_FIELDS,
    OAuth2Method,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Declaration,
    ResourceType,
    Stage,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import accepts_sender_lists
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import ACTION_MODEL, actions_of
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked_if_known

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import (
        PlanContext,
        PlannedResource,
        TypeContext,
    )
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trials import Trials
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The addon, delivered with the collection, that adds smtp_timeout. Odoo itself has no such field.
TIMEOUT_ADDON = "mail_smtp_timeout"
_SHORT_TIMEOUT = 30

# Odoo's defaults (docs/development/odoo-behaviour.md, Mail server fields).
_DEFAULTS: Mapping[str, Any] = {"smtp_authentication": "login", "smtp_encryption": "none", "active": True}
# Changes that no connection test can verify.
_UNTESTED_FIELDS = frozenset({"name", "sequence", "smtp_debug", "max_email_size"})
# Records that name a mail server. Odoo does not archive a server that has any. If the server is deleted, they lose it.
_USERS = {"mail_template_ids": "mail templates", "active_mailing_ids": "mailings"}


class MailServer(ResourceType):
    """An outgoing mail server. Personal mail servers (19.0: with an `owner_user_id`) belong to their users and are never matched."""

    name = "mail_server"
    label = "mail server"
    model = "ir.mail_server"
    stack_option = "servers"
    is_described_specially = True
    is_example = True
    stack_states = ("present", "absent")
    options: ClassVar[Mapping[str, Any]] = OPTIONS
    option_rules: ClassVar[Mapping[str, Any]] = {"required_one_of": [["name", "xml_id"]]}
    directives = frozenset({"provider", "provider_region", "oauth2", "smtp_pass_rotate_by", "update_secrets"})
    secret_fields = frozenset({"smtp_pass", "smtp_ssl_private_key"}) | TOKEN_FIELDS
    secret_targets = frozenset({"smtp_host", "smtp_port", "smtp_user", "smtp_authentication", "smtp_encryption"})
    trimmed_options = frozenset({"smtp_host", "smtp_user"})
    fields_with_default = frozenset({"active", "sequence", "smtp_port"})
    may_hold_secrets = frozenset({"smtp_user"})
    address_list_fields = frozenset({"from_filter"})
    info_fields = TOKEN_FIELDS | {"owner_user_id", *_USERS}
    heavy_fields = frozenset(CERTIFICATE_FIELDS)
    exported_as_secret = frozenset(CERTIFICATE_FIELDS)
    also_reads = ("system_parameter",)
    active_by_default = True
    neutralized_text = "stays archived: this database is a neutralized copy (database.is_neutralized), and its mail servers would send real mail"
    has_trials = True
    has_unmanaged = True
    implied_conflict = "oauth2 and the rest of the stack set different values for the {label}: one database has one client for each provider"

    # --- declaring ---

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        given = {name: value for name, value in options.items() if value is not None}
        label = f"{self.label} {self.key_of(given, given.get('xml_id'))!r}"
        problems = [*mail_providers.problems(given), *read_certificate(given)]
        if problems:
            raise Invalid(f"{label}: {'; '.join([*problems, *self.problems(given)])}.")
        return super().declare(mail_providers.fill(given))

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        return option_problems(given)

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        declared = super().declared_fields(declaration)
        token = oauth2_options(declaration).get("refresh_token")
        if token is not None:
            declared[OAUTH2_METHODS[declaration.options["smtp_authentication"]].refresh_token] = token
        return declared

    def implied(self, declaration: Declaration) -> Iterator[Declaration]:
        method = OAUTH2_METHODS.get(declaration.options.get("smtp_authentication", ""))
        if method is None or declaration.state == "absent":
            return
        for key, option in ((method.client_id, "client_id"), (method.client_secret, "client_secret")):
            value = oauth2_options(declaration).get(option)
            if value is not None:
                yield SYSTEM_PARAMETER.declare({"key": key, "value": value})

    def contradictions(self, declarations: Sequence[Declaration]) -> Iterator[str]:
        present = [declaration for declaration in declarations if declaration.state != "absent"]
        names = Counter(declaration.key for declaration in present)
        for name in sorted({one.key for one in present if names[one.key] > 1 and not one.xml_id}):
            yield (
                f"{names[name]} {self.label}s have the name {name!r}: give each its own name, or give each an xml_id"
            )

    def distinct_keys(self, declarations: Sequence[Declaration]) -> Sequence[Declaration]:
        """Add the external ID to the keys of servers that share a name, because plans, trials and results identify a server by its key."""
        names = Counter(one.key for one in declarations)
        return [replace(one, key=f"{one.key} ({one.xml_id})") if names[one.key] > 1 else one for one in declarations]

    # --- reading ---

    def fields_to_read(self, available: Iterable[str], declarations: Sequence[Declaration]) -> set[str]:
        names = super().fields_to_read(available, declarations)
        if any(declaration.options.get("smtp_authentication") == "certificate" for declaration in declarations):
            names |= set(CERTIFICATE_FIELDS) & set(available)
        return names

    def is_own(self, record: Mapping[str, Any]) -> bool:
        return not record.get("owner_user_id")

    # --- planning ---

    def adapt(self, context: PlanContext) -> list[str]:
        wanted, declaration, found = context.values, context.declaration, context.found
        stored = found.values if found else {}
        keep_secrets(wanted, declaration, stored)
        clear_other_logins(wanted, stored)
        self._adopt_tokens(context)
        warnings = []
        if 0 < int(wanted.get("smtp_timeout") or _SHORT_TIMEOUT) < _SHORT_TIMEOUT:
            warnings.append(
                f"{declaration.label}: smtp_timeout {wanted['smtp_timeout']} is short. SMTP servers that greylist, scan or throttle "
                f"often take longer to answer, and Odoo never retries such a mail. {_SHORT_TIMEOUT} seconds or more are safe."
            )
        return warnings

    def _adopt_tokens(self, context: PlanContext) -> None:
        """Use the tokens that the test of an interrupted run received in place of the server's token."""
        effective = self.effective(context.values, context.found)
        method = OAUTH2_METHODS.get(effective["smtp_authentication"])
        if method and method.rotates and effective.get(method.refresh_token):
            token = str(effective[method.refresh_token])
            context.values.update(newer_tokens(context.declaration.key, token, context.records, method))

    def restore(self, context: PlanContext) -> list[str]:
        warnings = super().restore(context)
        if context.found:
            warnings += former_tokens(context.values, context.declaration, context.found.values)
        return warnings

    def hold_back(self, context: PlanContext) -> list[str]:
        wanted, declaration, found = context.values, context.declaration, context.found
        neutralized = super().hold_back(context)
        if neutralized:
            return neutralized
        effective = self.effective(wanted, found)
        method = OAUTH2_METHODS.get(effective["smtp_authentication"])
        if not context.instance.verify or method is None:
            return []
        if effective.get(method.refresh_token):
            return []
        if self.keep_inactive(wanted, found):
            return [f"{declaration.label} stays archived until it is connected with {method.label}."]
        if found and found.values.get("active") and "smtp_authentication" in wanted:
            if found.values.get("smtp_authentication") == method.authentication:
                return []
            wanted.clear()
            return [
                f"{declaration.label} is in use and is not changed until it is connected with {method.label}: without a token "
                "its mail would fail."
            ]
        return []

    def refusals(self, context: PlanContext) -> Iterator[OdooError]:
        wanted, found, fields = context.values, context.found, context.fields
        users = self.used_by(found, fields, context.instance.parameters) if found and found.values.get("active") else ""
        if found and users and wanted.get("active") is False:
            # Odoo's own message, but before anything is written.
            yield Rejected(
                f"You cannot archive this Outgoing Mail Server ({found.values['name']}) because it is still used by {users}: "
                "give these another mail server first"
            )
        host = fields.get("smtp_host")
        if found is None and host and host.required and not wanted.get("smtp_host"):  # up to 16.0
            yield Invalid("smtp_host is missing: this version of Odoo requires it. Set smtp_host or provider")
        elif not context.declaration.former and self._goes_live_without_host(context):
            yield Invalid(
                "smtp_host is empty, so mail through this server would fail: set smtp_host or provider, or set active to false. "
                "If you mean an existing server, correct name"
            )
        senders = AddressListField.entries(wanted.get("from_filter"))
        choices = fields.get("smtp_authentication")
        # A rollback may restore such a list, because Odoo stored it before.
        is_declared = "from_filter" in context.declaration.options
        if (
            is_declared
            and len(senders) > 1
            and isinstance(choices, SelectionField)
            and not accepts_sender_lists(choices.choices)
        ):
            yield Unsupported(
                f"from_filter contains {len(senders)} entries, but {choices.odoo} accepts only one address or domain: declare one server for each"
            )
        yield from login_refusals(context, self.effective(wanted, found))

    def _goes_live_without_host(self, context: PlanContext) -> bool:
        """Return whether a plan puts a mail server without a host into use, or removes the host of a server that is in use."""
        found, after = context.found, self.effective(context.values, context.found)
        if found is None and not context.fields.keys().isdisjoint(server_environment.markers("smtp_host")):
            return False  # a configuration file of the Odoo server may contain the host
        was_so = found is not None and _lacks_host(found.values)
        return _lacks_host(after) and not was_so

    def remarks(self, context: PlanContext) -> Iterator[str]:
        declaration, found, fields = context.declaration, context.found, context.fields
        if declaration.state == "absent":
            users = self.used_by(found, fields, context.instance.parameters) if found else ""
            if users:
                yield (
                    f"{declaration.label}: deleting it removes it from {users}. Their mail then leaves through any server "
                    "that matches its sender."
                )
            return
        method = OAUTH2_METHODS.get(declaration.options.get("smtp_authentication", ""))
        clients = {method.client_id, method.client_secret} if method else set()
        if method and method.has_iap(fields) and not clients & context.instance.parameters.keys():
            yield (
                f"{declaration.label}: no client id is set. So Odoo would log in to {method.label} through its own IAP service ({method.iap_service}), "
                "and only Odoo Enterprise offers the link to connect. "
                "Set oauth2.client_id and oauth2.client_secret to use a client of your own."
            )
        values = {**(found.values if found else {}), **self.declared_fields(declaration)}
        if (
            method
            and not values.get(method.refresh_token)
            and is_refused_as_redirect(context.instance.parameters.get(BASE_URL, ""))
        ):
            yield (
                f"{declaration.label}: {BASE_URL} is {context.instance.parameters[BASE_URL]!r}, but {method.label} returns the consent only to an https:// "
                "address. Set it to the https:// address of this Odoo before somebody opens the link."
            )

    def leftovers(self, context: TypeContext) -> Iterator[Step]:
        """Yield the deletion of candidates, except those that may have the only valid token of their mail server."""
        owners = {one.declaration.key: one for one in context.resources}
        for found in context.records:
            if self.is_candidate(found) and not self._is_needed(found, owners):
                values = found.values if _is_spent(found) else {}
                yield Step(self.name, found.values["name"], "delete", record_id=found.id, values=values)

    def _is_needed(self, candidate: Found, owners: Mapping[str, PlannedResource]) -> bool:
        """Return whether a candidate may have the only valid token of its mail server.

        :param owners: the declared mail servers by their keys.
        """
        if not _is_spent(candidate):
            return False
        owner = owners.get(key_of(str(candidate.values["name"])))
        return owner is None or (owner.declaration.state != "absent" and not self.is_connected(owner))

    def kept_leftovers(self, context: TypeContext) -> Iterator[str]:
        owners = {one.declaration.key: one for one in context.resources}
        for found in context.records:
            if self.is_candidate(found) and self._is_needed(found, owners):
                yield (
                    f"mail server {found.values['name']!r} is the copy of an interrupted run and may contain the only valid token. "
                    f"The next run that declares the mail server {key_of(str(found.values['name']))!r} uses it."
                )

    def is_unmanaged(self, found: Found, *, neutralized: bool) -> bool:
        return bool(found.values.get("active")) and not (neutralized and self.is_neutralization_dummy(found))

    def archive_unmanaged(self, context: TypeContext) -> tuple[list[Step], list[str]]:
        declared = [one for one in context.resources if one.declaration.state != "absent"]
        if not any(one.declaration.options.get("active", True) for one in declared):
            raise Invalid(
                "unmanaged: archive would leave no mail server in use: declare at least one server as present and active."
            )
        if context.unmanaged and not any(self.expected_values(one)["active"] for one in declared):
            return [], [
                "Unmanaged mail servers are not archived, because none of the declared ones will be in use yet: no mail would leave."
            ]
        steps, kept = [], []
        for found in context.unmanaged:
            name = found.values["name"]
            users = self.used_by(found, context.fields, context.facts.parameters)
            if users:
                kept.append(f"mail server {name!r} is unmanaged, but is not archived because these use it: {users}.")
            else:
                archived = Change("active", True, False)
                steps.append(Step(self.name, name, "archive", (archived,), found.id, {"active": False}))
        return steps, kept

    def finish(self, step: Step, context: PlanContext) -> Step:
        found = context.found
        # Another field can repeat a secret: some providers use the token as user.
        secrets = self.secrets_of(found.values if found else {}) | self.secrets_of(step.values)
        action = step.action
        if action == "update" and "active" in step.values:
            action = "unarchive" if step.values["active"] else "archive"
        return mask_secrets(replace(step, action=action), {secret.strip() for secret in secrets})

    def expected_from(self, field_name: str, value: Any) -> str | None:
        if field_name == "smtp_timeout":
            return TIMEOUT_ADDON
        if field_name == "smtp_authentication" and value in OAUTH2_METHODS:
            return OAUTH2_METHODS[value].addon
        return next((method.addon for method in OAUTH2_METHODS.values() if field_name in method.tokens), None)

    def replacement_of(self, field_name: str, parameters: Mapping[str, str]) -> str:
        if field_name == "max_email_size" and MAX_EMAIL_SIZE_KEY in parameters:
            return f"this Odoo has one limit for all mail servers: declare the system parameter {MAX_EMAIL_SIZE_KEY}"
        return ""

    def how_to_get(self, addon: str) -> str:
        if addon == TIMEOUT_ADDON:
            return f"Odoo itself has no such field: the role postmaster.odoo.smtp_timeout installs the addon {addon}, which adds it"
        return super().how_to_get(addon)

    # --- applying ---

    def stage(self, step: Step) -> Stage:
        if step.action != "delete" or not is_candidate_name(step.key):
            return Stage.RECORDS
        # First the tokens that a provider has issued to it must be stored elsewhere.
        return Stage.ADOPTED if step.values else Stage.LEFTOVERS

    def trials(self, session: Session) -> Trials:
        # Takes 8 ms, and only a test needs it.
        from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_trials import ServerTrials

        return ServerTrials(session, self)

    def fits_batch(self, first: Step, step: Step) -> bool:
        is_of_candidate = is_candidate_name(first.key) or is_candidate_name(step.key)
        return not is_of_candidate and super().fits_batch(first, step)

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        first = steps[0]
        if first.action == "delete" and is_candidate_name(first.key):
            # Takes 6 ms, and only a deleted candidate needs it.
            from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import remove_canaries

            remove_canaries(session, first.record_id or 0)
            session.remove(ACTION_MODEL, actions_of(session, first.record_id or 0))
        return super().perform(session, steps)

    def new_values(self, session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
        return server_environment.with_defaults(values, session.fields(self.model))

    # --- undoing ---

    def is_reserved(self, name: str) -> bool:
        return is_candidate_name(name)

    def lost_with(self, found: Found, context: TypeContext) -> str:
        users = self.used_by(found, context.fields, context.facts.parameters)
        return f"These used it: {users}. It gets another id, so assign it to them again in Odoo." if users else ""

    # --- facts about a mail server for other code ---

    def expected_values(self, resource: PlannedResource) -> dict[str, Any]:
        """Return the values that a mail server has after the plan."""
        return self.effective(resource.step.values if resource.step else {}, resource.found)

    def oauth2_method(self, resource: PlannedResource) -> OAuth2Method | None:
        """Return the OAuth2 method of a mail server's login; None if it does not use OAuth2."""
        declared = resource.declaration.options.get("smtp_authentication")
        return OAUTH2_METHODS.get(declared or self.expected_values(resource)["smtp_authentication"])

    def is_connected(self, resource: PlannedResource) -> bool | None:
        """Return whether a mail server has its OAuth2 token; None if it needs none."""
        method = self.oauth2_method(resource)
        return bool(self.expected_values(resource).get(method.refresh_token)) if method else None

    def connection(self, session: Session, resource: PlannedResource) -> Connection | None:
        method = self.oauth2_method(resource)
        if method is None:
            return None
        found, connected = resource.found, bool(self.is_connected(resource))
        url = None
        if found and not connected and method.refresh_token in found.values:
            url = authorize_url(session, found.id, method)
        return Connection(
            resource.declaration.key, connected, url, bool(oauth2_options(resource.declaration).get("required"))
        )

    def extra_report(self, resource: PlannedResource, connection: Connection | None) -> dict[str, Any]:
        return {"authorize_url": connection.authorize_url if connection else None}

    def used_by(self, found: Found, fields: Mapping[str, Field], parameters: Mapping[str, str]) -> str:
        """Return a description of everything that uses this server; empty if nothing uses it.

        :param parameters: the system parameters. One of them contains the server for mass mailings.
        """
        users = []
        if parameters.get(MAILING_SERVER_KEY) == str(found.id):
            users.append("Email Marketing as its default server")
        for name, what in _USERS.items():
            shown = fields[name].shown(found.values[name]) if name in fields and found.values.get(name) else ()
            if shown:
                users.append(f"the {what} {', '.join(map(repr, shown))}")
        return " and ".join(users)

    def effective(self, wanted: Mapping[str, Any], found: Found | None) -> dict[str, Any]:
        """Return the values after the plan: the wanted values, then the stored ones, then Odoo's defaults."""
        return {**_DEFAULTS, **(found.values if found else {}), **wanted}

    def needs_test(self, step: Step, found: Found | None) -> bool:
        """Return whether a step puts settings into use that a connection test can verify."""
        if step.resource != self.name or step.action in ("delete", "archive"):
            return False
        effective = self.effective(step.values, found)
        return bool(effective["active"]) and (found is None or bool(step.values.keys() - _UNTESTED_FIELDS))

    def is_candidate(self, record: Found) -> bool:
        """Return whether a record is a copy for a test, made by this run or left by a killed run."""
        return not record.values.get("active") and is_candidate_name(str(record.values.get("name")))

    def is_neutralization_dummy(self, record: Found) -> bool:
        """Return whether a record is the server that Odoo adds to a neutralized copy so that no other one is used (data/neutralize.sql)."""
        return record.values.get("smtp_host") == "invalid"

    def report(self, found: Found, fields: Mapping[str, Field]) -> dict[str, Any]:
        method = OAUTH2_METHODS.get(found.values.get("smtp_authentication") or "")
        secrets = {secret.strip() for secret in self.secrets_of(found.values)}
        shown = {
            name: masked_if_known(value, secrets)
            for name, value in super().report(found, fields).items()
            if name not in TOKEN_FIELDS
        }
        return {
            **shown,
            "connected": bool(found.values.get(method.refresh_token)) if method else None,
            "managed_elsewhere": sorted(self.managed_elsewhere(found, fields)),
        }


def _lacks_host(values: Mapping[str, Any]) -> bool:
    """Return whether Odoo would use a mail server without a host. With `cli`, it uses the host of its command line."""
    return bool(values.get("active")) and values.get("smtp_authentication") != "cli" and not values.get("smtp_host")


def repeats_secret(secrets: Collection[str], text: str) -> bool:
    """Return whether a text is one of the secrets, with or without blanks around it."""
    text = text.strip()
    return bool(text) and any(text == secret.strip() for secret in secrets)


def _is_spent(candidate: Found) -> bool:
    """Return whether a candidate has a token that a provider issued in place of the tested one."""
    return any(is_spent(candidate, method) for method in OAUTH2_METHODS.values() if method.rotates)


MAIL_SERVER = MailServer()
