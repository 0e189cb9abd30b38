# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that decides about routes in one instance, as it is or as a plan leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    RoutingServer,
    Rules,
    accepts_sender_lists,
    mail_server_of,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.stored_parameters import (
    PARAMETER_MODEL,
    boolean_of,
    stores_false,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

Record = Mapping[str, Any]

_MAIL_SERVERS, _ALIAS_DOMAINS = "ir.mail_server", "mail.alias.domain"

_CONFIG_FILTER = "mail.default.from_filter"
_NO_PERSONAL = "mail.disable_personal_mail_servers"
# Up to 16.0, in the place of alias domains.
_DEFAULT_FROM, _BOUNCE, _DOMAIN = "mail.default.from", "mail.bounce.alias", "mail.catchall.domain"
PARAMETERS = (_CONFIG_FILTER, _NO_PERSONAL, _DEFAULT_FROM, _BOUNCE, _DOMAIN)

# Odoo began to replace the sender in mail that no server is for with a change of stable series that was proposed on the first of these days
# (odoo/odoo#146801) and that builds from the second day on contain. 18.0 was made of them.
_PROPOSED, _CONTAINED = "20231219", "20240401"
_ALWAYS_REWRITES = 18

# What Odoo gives a new alias domain where nothing is said.
_ALIASES = {"default_from": "notifications", "bounce_alias": "bounce"}


@dataclass(frozen=True)
class RoutingTable:
    """All that decides about routes in one instance.

    :param mail_servers: records of `ir.mail_server`. :param alias_domains: records by id, None up to 16.0.
    :param companies: the id of each company's alias domain, None where it has none; the main company first.
    :param several: a `from_filter` may list several senders (17.0 on).
    :param has_personal: users can have mail servers of their own (19.0 on).
    :param rewrites_unmatched: as in `Rules`.
    :param stores_false: a parameter that is set to false is stored (20.0 on); before, any value of a switch is true.
    """

    mail_servers: Sequence[Record] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    alias_domains: Mapping[int, Record] | None = None
    companies: Mapping[int, int | None] = field(default_factory=dict)
    several: bool = True
    has_personal: bool = False
    rewrites_unmatched: bool | None = True
    stores_false: bool = False

    @property
    def servers(self) -> list[RoutingServer]:
        """The mail servers, as routing sees them."""
        return [mail_server_of(record) for record in self.mail_servers]

    @property
    def domain(self) -> str:
        """The domain of aliases up to 16.0, where there are no alias domains."""
        return self.parameters.get(_DOMAIN, "")

    @property
    def rules(self) -> list[Rules]:
        """The rules for mail of each company, those of the main company first; the same rules only once."""
        if self.alias_domains is None:
            return [self.rules_of(None)]
        return list(dict.fromkeys(map(self.rules_of, self.companies.values()))) or [self.rules_of(None)]

    def rules_of(self, alias_domain: int | None, fallback: int | None = None) -> Rules:
        """Return the rules for mail of an alias domain. Up to 16.0, the same rules are for all mail.

        :param fallback: the alias domain of the company that sends it. An address that the first one lacks is of this one.
        """
        common = Rules(
            config_filter=self.parameters.get(_CONFIG_FILTER, ""),
            several=self.several,
            bare_notifications=self.several,
            personal=self.has_personal and not self._has_switched_on(_NO_PERSONAL),
            rewrites_unmatched=self.rewrites_unmatched,
        )
        if self.alias_domains is None:
            default_from, bounce, domain = (self.parameters.get(key, "") for key in (_DEFAULT_FROM, _BOUNCE, _DOMAIN))
            return replace(common, notifications=_at(default_from, domain), bounce=_at(bounce, domain))
        domains = [self.alias_domains.get(one or 0, {}) for one in (alias_domain, fallback)]
        notifications, bounces = (
            [_at(domain.get(name) or "", domain.get("name", "")) for domain in domains]
            for name in ("default_from", "bounce_alias")
        )
        return replace(common, notifications=notifications[0] or notifications[1], bounce=bounces[0] or bounces[1])

    def _has_switched_on(self, key: str) -> bool:
        value = self.parameters.get(key, "")
        return bool(boolean_of(value)) if self.stores_false else bool(value)

    def after(self, steps: Iterable[Step]) -> RoutingTable:
        """The same once the steps of a plan are done."""
        table = self
        for step in steps:
            if step.resource == "mail_server":
                table = table._with_mail_server(step)
            elif step.resource == "alias_domain" and self.alias_domains is not None:
                table = table._with_alias_domain(step)
            elif step.resource == "system_parameter":
                parameters = {key: value for key, value in table.parameters.items() if key != step.key}
                if step.action != "delete":
                    parameters[step.key] = step.values.get("value") or ""
                table = replace(table, parameters=parameters)
        return table

    def _with_mail_server(self, step: Step) -> RoutingTable:
        records = [record for record in self.mail_servers if step.record_id is None or record["id"] != step.record_id]
        if step.action != "delete":
            before = next((record for record in self.mail_servers if record["id"] == step.record_id), {})
            records.append({"id": step.record_id, **(before if step.record_id else {}), **step.values})
        return replace(self, mail_servers=records)

    def _with_alias_domain(self, step: Step) -> RoutingTable:
        known = dict(self.alias_domains or {})
        companies = dict(self.companies)
        # A new one has no id yet; none that there is can be negative.
        domain_id = step.record_id or -len(known) - 1
        if step.action == "delete":
            known.pop(domain_id, None)
            return replace(self, alias_domains=known, companies=companies)
        if not known and "company_ids" not in step.values:  # Odoo gives the first one to every company
            companies = {company: domain or domain_id for company, domain in companies.items()}
        known[domain_id] = {**known.get(domain_id, _ALIASES), **step.values}
        for _command, _zero, members in step.values.get("company_ids", ()):
            kept = {company: None if domain == domain_id else domain for company, domain in companies.items()}
            companies = kept | dict.fromkeys(members, domain_id)
        return replace(self, alias_domains=known, companies=companies)


def _at(alias: str, domain: str) -> str:
    """An address from what may be one or only stand before its @; empty where it comes to none."""
    return alias if "@" in alias or not alias else f"{alias}@{domain}" if domain else ""


def read_routing(session: Session) -> RoutingTable:
    """Read what decides about routes: four calls, and one for the fields of each model that was not asked for yet."""
    wanted = {"name", "sequence", "from_filter", "active", "owner_user_id", "smtp_host"}
    wanted &= session.fields(_MAIL_SERVERS).keys()
    servers = session.search_read(_MAIL_SERVERS, [], wanted)
    parameters = session.search_read(PARAMETER_MODEL, [["key", "in", sorted(PARAMETERS)]], ["key", "value"])
    domains, companies = None, {}
    if session.has_model(_ALIAS_DOMAINS):
        rows = session.search_read(_ALIAS_DOMAINS, [], ["name", *_ALIASES])
        domains = {row["id"]: row for row in rows}
        for row in session.search_read("res.company", [["active", "=", True]], ["alias_domain_id"]):
            companies[row["id"]] = row["alias_domain_id"][0] if row["alias_domain_id"] else None
    values = {row["key"]: row["value"] or "" for row in parameters}
    return build_table(session, servers, values, domains, companies)


def rewrites_unmatched(version: ServerVersion) -> bool | None:
    """Return whether an Odoo replaces the sender in mail that no server is for, None if its version does not show it.

    No field, parameter or public method differs. Only builds of packages and container images have their date in the version.
    """
    if version.major >= _ALWAYS_REWRITES:
        return True
    build = re.search(r"-(\d{8})\b", version.text)
    if build is None or _PROPOSED <= build[1] < _CONTAINED:
        return None
    return build[1] >= _CONTAINED


def build_table(
    session: Session,
    servers: Sequence[Record],
    parameters: Mapping[str, str],
    domains: Mapping[int, Record] | None,
    companies: Mapping[int, int | None],
) -> RoutingTable:
    """Return the table of an instance from what was read.

    :param domains: alias domains by id, None up to 16.0. :param companies: the id of each company's alias domain.
    """
    fields = session.fields(_MAIL_SERVERS)
    has_personal = "owner_user_id" in fields
    return RoutingTable(
        servers,
        parameters,
        domains,
        companies,
        several=accepts_sender_lists(dict(fields["smtp_authentication"]["selection"])),
        has_personal=has_personal,
        stores_false=has_personal and stores_false(session),
        rewrites_unmatched=rewrites_unmatched(session.version),
    )
