# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alias domains: `mail.alias.domain`, from 17.0 on. They determine the addresses of a company's bounces, replies and notifications."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration, ResourceType

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step

_COMPANIES = "company_ids"
_ALIASES = ("bounce_alias", "catchall_alias", "default_from")


class AliasDomain(ResourceType):
    """An alias domain, identified by its domain name."""

    name = "alias_domain"
    label = "alias domain"
    model = "mail.alias.domain"
    stack_option = "alias_domains"
    is_described_specially = True
    options: ClassVar[Mapping[str, Any]] = {
        "name": {"type": "str"},
        "bounce_alias": {"type": "str"},
        "catchall_alias": {"type": "str"},
        "default_from": {"type": "str"},
        "sequence": {"type": "int"},
        "companies": {"type": "list", "elements": "str"},
    }
    option_rules: ClassVar[Mapping[str, Any]] = {"required_one_of": [["name", "xml_id"]]}
    field_names: ClassVar[Mapping[str, Any]] = {"companies": _COMPANIES}

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        name = str(given.get("name", "example.com"))
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name):
            yield f"name {name!r} is not a valid domain (expected lower case, for example example.com)"
        for option in _ALIASES:
            value = given.get(option, "")
            # Odoo removes all other characters without a message (mail.alias, `_sanitize_alias_name`).
            allowed = r"[\w!#$%&'*+\-/=?^`{|}~.@]*" if option == "default_from" else r"[\w!#$%&'*+\-/=?^`{|}~.]*"
            if not re.fullmatch(allowed, value, re.ASCII):
                yield f"{option} {value!r} is not a valid alias (expected the part before the @, in ASCII)"

    def contradictions(self, declarations: Sequence[Declaration]) -> Iterator[str]:
        owner: dict[str, Declaration] = {}
        for declaration in declarations:
            for company in declaration.options.get("companies", ()):
                other = owner.setdefault(company, declaration)
                if other is not declaration:
                    yield (
                        f"{other.label} and {declaration.label} both declare the company {company!r}, but a company has only one alias domain: "
                        "remove it from one of them"
                    )

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        """Return the declared values with aliases in lower case, because Odoo stores them so (mail.alias.domain, `_sanitize_…`)."""
        declared = super().declared_fields(declaration)
        return {name: value.strip().lower() if name in _ALIASES else value for name, value in declared.items()}

    def also_changed(self, step: Step, records: Sequence[Found]) -> Mapping[int, set[str]]:
        """Return the alias domains that lose a company, because a company has only one alias domain."""
        claimed = {company for command in step.values.get(_COMPANIES, ()) for company in command[2]}
        return {
            one.id: {_COMPANIES}
            for one in records
            if one.id != step.record_id and claimed & set(one.values.get(_COMPANIES) or ())
        }

    def undoing_creation(self, step: Step) -> tuple[str | None, Mapping[str, Any], str]:
        """Keep the alias domain, but remove it from its companies."""
        left = "It stays, without companies, because Odoo's aliases refer to it."
        return ("present", {_COMPANIES: []}, left) if _COMPANIES in step.values else (None, {}, left)


ALIAS_DOMAIN = AliasDomain()
