# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alias domains on every series."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    Invalid,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    refused,
    refused_unwritten,
    run,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

pytestmark = pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)


def declared(**options: Any) -> dict[str, Any]:
    return {"alias_domains": [{"name": "acme.example", **options}]}


def domain(odoo: SimulatedOdoo) -> dict[str, Any]:
    (found,) = odoo.records.tables["mail.alias.domain"].values()
    return found


def test_the_life_of_an_alias_domain(odoo: SimulatedOdoo) -> None:
    aliases = {"bounce_alias": "returned", "catchall_alias": "replies", "default_from": "info", "sequence": 3}
    assert actions(run(odoo, declared(**aliases)).plan) == [("create", "acme.example")]
    assert {name: domain(odoo)[name] for name in aliases} == aliases
    assert run(odoo, declared(**aliases)).plan == ()
    assert changes(run(odoo, declared(default_from="sales@other.example")).plan) == {
        "default_from": ("info", "sales@other.example")
    }
    assert run(odoo, declared()).plan == ()
    assert changes(run(odoo, declared(default_from="")).plan) == {"default_from": ("sales@other.example", None)}
    absent = ALIAS_DOMAIN.declare({"name": "acme.example", "state": "absent"})
    assert actions(enforce(odoo.session(), [absent], RunOptions()).plan) == [("delete", "acme.example")]


def test_aliases_are_kept_in_lower_case(odoo: SimulatedOdoo) -> None:
    """Odoo writes them so, which is no drift."""
    stack = declared(bounce_alias="Bounce", default_from="No-Reply")
    run(odoo, stack)
    assert domain(odoo)["default_from"] == "no-reply"
    assert run(odoo, stack).plan == ()


@pytest.mark.parametrize("company", ["Branch", "acme.branch"])
def test_companies_by_name_or_external_id(odoo: SimulatedOdoo, company: str) -> None:
    branch = odoo.add("res.company", name="Branch")
    odoo.add("ir.model.data", module="acme", name="branch", model="res.company", res_id=branch)
    odoo.add("mail.alias.domain", name="acme.example")  # the first becomes every company's
    plan = run(odoo, declared(companies=[company])).plan
    assert changes(plan) == {"company_ids": (["Branch", "YourCompany"], ["Branch"])}
    assert run(odoo, declared(companies=[company])).plan == ()
    assert odoo.record("res.company", 1)["alias_domain_id"] is False
    assert changes(run(odoo, declared(companies=["YourCompany", company])).plan)["company_ids"][1] == [
        "Branch",
        "YourCompany",
    ]
    assert changes(run(odoo, declared(companies=[])).plan)["company_ids"][1] == []


@pytest.mark.parametrize(("companies", "owners"), [([], []), (["YourCompany"], ["YourCompany"])])
def test_the_first_domain_is_only_for_its_companies(
    odoo: SimulatedOdoo, companies: list[str], owners: list[str]
) -> None:
    """Odoo gives the first one to every company that has none."""
    odoo.add("res.company", name="Branch")
    assert actions(run(odoo, declared(companies=companies)).plan)[0] == ("create", "acme.example")
    given = [one["name"] for one in odoo.records.tables["res.company"].values() if one.get("alias_domain_id")]
    assert given == owners
    assert run(odoo, declared(companies=companies)).plan == ()


def test_two_domains_cannot_both_have_a_company(odoo: SimulatedOdoo) -> None:
    stack = {"alias_domains": [{"name": name, "companies": ["YourCompany"]} for name in ("a.example", "b.example")]}
    text = refused_unwritten(Invalid, odoo, stack)
    assert all(name in text for name in ("a.example", "b.example", "YourCompany"))


def test_companies_that_are_none_or_two(odoo: SimulatedOdoo) -> None:
    assert "no record of res.company with the name 'Nowhere'" in refused_unwritten(
        Unsupported, odoo, declared(companies=["Nowhere"])
    )
    twins = [odoo.add("res.company", name="Twin") for _twin in range(2)]
    text = refused_unwritten(Ambiguous, odoo, declared(companies=["YourCompany", "Twin"]))
    assert f"have the name 'Twin' (ids {twins[0]}, {twins[1]})" in text


def test_a_pin(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(xml_id="postmaster.acme"))
    assert odoo.ref("postmaster.acme") == domain(odoo)["id"]
    stack = {"alias_domains": [{"name": "new.example", "xml_id": "postmaster.acme"}]}
    assert changes(run(odoo, stack).plan) == {"name": ("acme.example", "new.example")}


def test_a_database_without_alias_domains(series: str) -> None:
    odoo = SimulatedOdoo(series, without_models={"mail.alias.domain"})
    text = refused_unwritten(Unsupported, odoo, declared())
    assert f"alias domain 'acme.example': Odoo {series}" in text
    assert "has no model mail.alias.domain" in text


def test_what_does_not_stick_is_rejected(odoo: SimulatedOdoo) -> None:
    odoo.ignored_writes.add(("mail.alias.domain", "default_from"))
    text = refused(Rejected, odoo, declared(default_from="info"))
    assert "alias_domain 'acme.example': default_from did not take effect" in text


def test_a_clerk_may_look_but_not_write(odoo: SimulatedOdoo) -> None:
    odoo.user = "clerk"
    assert actions(run(odoo, declared(), check=True).plan) == [("create", "acme.example")]
    refused(AccessRefused, odoo, declared())
    assert ("mail.alias.domain", "create") not in written(odoo)
