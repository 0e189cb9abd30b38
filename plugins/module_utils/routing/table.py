# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All settings of an instance that routes depend on, before or after a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import methodcaller
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
# Up to 16.0, instead of alias domains.
_DEFAULT_FROM, _BOUNCE, _DOMAIN = "mail.default.from", "mail.bounce.alias", "mail.catchall.domain"
PARAMETERS = (_CONFIG_FILTER, _NO_PERSONAL, _DEFAULT_FROM, _BOUNCE, _DOMAIN)

# A change of the stable series lets Odoo replace a sender that matches no server. It was proposed on the first of these days
# (odoo/odoo#146801). Builds from the second day on contain it, and so does 18.0.
_PROPOSED, _CONTAINED = "20231219", "20240401"
_ALWAYS_REWRITES = 18

# Odoo's defaults for a new alias domain.
_ALIASES = {"default_from": "notifications", "bounce_alias": "bounce"}


@dataclass(frozen=True)
class RoutingTable:
    """All settings of an instance that routes depend on.

    :param mail_servers: records of `ir.mail_server`.
    :param alias_domains: records by id; None up to 16.0.
    :param companies: the id of each company's alias domain, or None; the main company first.
    :param several: whether a `from_filter` may list several senders (17.0 on).
    :param has_personal: whether mail servers can belong to users (19.0 on).
    :param rewrites_unmatched: as in `Rules`.
    :param stores_false: whether a parameter that is set to false is stored (20.0 on). Before, any value of a switch is true.
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
        """Return the mail servers as data for routing."""
        return [mail_server_of(record) for record in self.mail_servers]

    @property
    def domain(self) -> str:
        """Return the domain of aliases up to 16.0, which has no alias domains."""
        return self.parameters.get(_DOMAIN, "")

    @property
    def rules(self) -> list[Rules]:
        """Return the rules for mail of each company, those of the main company first. Equal rules are listed once."""
        if self.alias_domains is None:
            return [self.rules_of(None)]
        return list(dict.fromkeys(map(self.rules_of, self.companies.values()))) or [self.rules_of(None)]

    def rules_of(self, alias_domain: int | None, fallback: int | None = None) -> Rules:
        """Return the rules for mail of an alias domain. Up to 16.0, all mail has the same rules.

        :param fallback: the alias domain of the company that sends the mail. It supplies the addresses that the first one lacks.
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
        """Return the table after the steps of a plan."""
        servers: dict[object, Record] = {record["id"]: record for record in self.mail_servers}
        parameters = dict(self.parameters)
        domains = None if self.alias_domains is None else _AliasDomains(dict(self.alias_domains), dict(self.companies))
        for number, step in enumerate(steps, start=1):
            if step.resource == "mail_server":
                key = ("new", number) if step.record_id is None else step.record_id
                before = servers.pop(key, {})
                if step.action != "delete":
                    servers[key] = {"id": step.record_id, **before, **step.values}
            elif step.resource == "alias_domain" and domains is not None:
                # A new record has no id yet, so it gets a negative one, which cannot exist.
                domains.apply(step, step.record_id or -number)
            elif step.resource == "system_parameter":
                parameters.pop(step.key, None)
                if step.action != "delete":
                    parameters[step.key] = step.values.get("value") or ""
        table = replace(self, mail_servers=list(servers.values()), parameters=parameters)
        return replace(table, alias_domains=domains.records, companies=domains.companies) if domains else table


class _AliasDomains:
    """Alias domains and companies to which the steps of a plan are applied."""

    def __init__(self, records: dict[int, Record], companies: dict[int, int | None]) -> None:
        self.records = records
        self.companies = companies
        self._members: dict[int, set[int]] = {}
        for company, domain in companies.items():
            self._members.setdefault(domain or 0, set()).add(company)

    def apply(self, step: Step, domain_id: int) -> None:
        """Apply one step."""
        if step.action == "delete":
            self.records.pop(domain_id, None)
            return
        if (
            not self.records and "company_ids" not in step.values
        ):  # Odoo assigns the first alias domain to every company
            self._move(self._members.get(0, ()), domain_id)
        self.records[domain_id] = {**self.records.get(domain_id, _ALIASES), **step.values}
        for _command, _zero, members in step.values.get("company_ids", ()):
            self._move(self._members.get(domain_id, ()), None)
            self._move(members, domain_id)

    def _move(self, companies: Iterable[int], domain_id: int | None) -> None:
        for company in tuple(companies):
            self._members.get(self.companies.get(company) or 0, set()).discard(company)
            self._members.setdefault(domain_id or 0, set()).add(company)
            self.companies[company] = domain_id


def _at(alias: str, domain: str) -> str:
    """Return an address from an alias, which is an address or the part before the @; empty if a part is missing."""
    return alias if "@" in alias or not alias else f"{alias}@{domain}" if domain else ""


def read_routing(session: Session) -> RoutingTable:
    """Read all settings that routes depend on. It takes four calls, and one for each model whose fields are not known yet."""
    first: list[Callable[[Session], Any]] = [
        _read_servers,
        methodcaller("search_read", PARAMETER_MODEL, [["key", "in", sorted(PARAMETERS)]], ["key", "value"]),
        methodcaller("has_model", _ALIAS_DOMAINS),
    ]
    servers, parameters, has_domains = (read.result() for read in session.side_by_side(first))
    domains, companies = None, {}
    if has_domains:
        second = [
            methodcaller("search_read", _ALIAS_DOMAINS, [], ["name", *_ALIASES]),
            methodcaller("search_read", "res.company", [["active", "=", True]], ["alias_domain_id"]),
        ]
        rows, of_companies = (read.result() for read in session.side_by_side(second))
        domains = {row["id"]: row for row in rows}
        for row in of_companies:
            companies[row["id"]] = row["alias_domain_id"][0] if row["alias_domain_id"] else None
    values = {row["key"]: row["value"] or "" for row in parameters}
    return build_table(session, servers, values, domains, companies)


def _read_servers(session: Session) -> list[dict[str, Any]]:
    wanted = {"name", "sequence", "from_filter", "active", "owner_user_id", "smtp_host", "smtp_port", "smtp_user"}
    return session.search_read(_MAIL_SERVERS, [], wanted & session.fields(_MAIL_SERVERS).keys())


def rewrites_unmatched(version: ServerVersion) -> bool | None:
    """Return whether Odoo replaces a sender that matches no server; None if its version does not show it.

    There is no difference in fields, parameters or public methods. Only builds of packages and container images have a date in their version.
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
    """Return the table of an instance.

    :param domains: alias domains by id; None up to 16.0.
    :param companies: the id of each company's alias domain.
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
