# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inputs of routing, on every series, and the routes that a stack asserts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    Conflict,
    ErrorCollector,
    Invalid,
    OdooError,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.assertions import assertions_of, find_routes
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import (
    RoutingTable,
    read_routing,
)
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    add_alias_domain,
    neutralize,
    oauth2_server,
    refused_unwritten,
    run,
    server,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import (
    HAVE_ALIAS_DOMAINS,
    HAVE_PERSONAL_SERVERS,
    HAVE_SENDER_LISTS,
    SERIES,
    STORE_FALSE,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

SALES = {"from": "sales@acme.example", "server": "Sales"}


def table(odoo: SimulatedOdoo) -> RoutingTable:
    return read_routing(odoo.session(read_only=True))


def refused(odoo: SimulatedOdoo, stack: Mapping[str, Any], kind: type[OdooError] = Conflict, **policy: Any) -> str:
    """Return the message of a run that must fail before anything is written, even after earlier writes."""
    odoo.log.clear()
    if kind is not Conflict:
        return refused_unwritten(kind, odoo, stack, **policy)
    predicted = [step for step in run(odoo, stack, check=True, **policy).plan if step.resource == "route"]
    with pytest.raises(Conflict) as caught:
        run(odoo, stack, **policy)
    assert written(odoo) == []
    for step in predicted:
        (change,) = step.changes
        for text in (step.key, change.after, change.remark):
            assert text in caught.value.message
    assert len(predicted) == caught.value.message.count("mail would leave")
    return caught.value.message


def declared(name: str, from_filter: str = "", **options: Any) -> dict[str, Any]:
    return {"name": name, "smtp_host": "smtp.acme.example", "from_filter": from_filter, **options}


# Records of an instance


def test_routing_table_of_an_instance(odoo: SimulatedOdoo) -> None:
    add_alias_domain(odoo, "acme.example", default_from="hello@acme.example", bounce_alias="returned")
    odoo.add("ir.mail_server", name="B", sequence=5, from_filter="acme.example", active=False)
    odoo.add("ir.config_parameter", key="mail.default.from_filter", value="acme.example")
    found = table(odoo)
    assert [(one.name, one.sequence, one.from_filter, one.active, one.personal) for one in found.servers] == [
        ("B", 5, "acme.example", False, False)
    ]
    assert found.rules == [
        Rules(
            notifications="hello@acme.example",
            bounce="returned@acme.example",
            config_filter="acme.example",
            several=odoo.series in HAVE_SENDER_LISTS,
            bare_notifications=odoo.series in HAVE_SENDER_LISTS,
            personal=odoo.major >= 19,
            rewrites_unmatched=True if odoo.major >= 18 else None,
        )
    ]


def test_a_result_that_depends_on_the_build_is_unknown(odoo: SimulatedOdoo) -> None:
    """In 16.0 and 17.0 the date of the build is unknown; the assertion still applies."""
    add_alias_domain(odoo, "acme.example", default_from="hello@acme.example")
    stack = {"servers": [{"name": "Shop", "from_filter": "shop.example", "smtp_host": "smtp.acme.example"}]}
    asserted = {"from": "ann@elsewhere.example", "server": "Shop"}
    run(odoo, {**stack, "routes": [asserted]})
    (found,) = find_routes(assertions_of([asserted], ErrorCollector()), table(odoo))
    is_known = odoo.major >= 18
    assert found == {
        **asserted,
        "email_from": '"ann" <hello@acme.example>' if is_known else None,
        "rewritten": True if is_known else None,
        "rule": "first",
    }


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
def test_the_number_of_calls_is_the_same_for_any_size(odoo: SimulatedOdoo) -> None:
    def calls() -> int:
        session = odoo.session(read_only=True)
        read_routing(session)
        return len(session.calls)

    few = calls()
    for number in range(50):
        odoo.add("ir.mail_server", name=f"S{number}", from_filter="acme.example")
        domain = odoo.add("mail.alias.domain", name=f"d{number}.example")
        odoo.add("res.company", name=f"C{number}", alias_domain_id=domain)
    # From 19.0 on, the stored form of the switch of personal servers also matters.
    assert calls() == few == (7 if "owner_user_id" in odoo.fields("ir.mail_server") else 6)


@pytest.mark.parametrize("series", HAVE_PERSONAL_SERVERS)
def test_a_switch_with_the_text_false_is_off_if_the_version_stores_false(odoo: SimulatedOdoo, series: str) -> None:
    """Up to 19.0 any text switches personal servers off."""
    odoo.add("ir.config_parameter", key="mail.disable_personal_mail_servers", value="False")
    assert [rules.personal for rules in read_routing(odoo.session()).rules] == [series in STORE_FALSE]


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
def test_each_company_has_its_own_rules(odoo: SimulatedOdoo) -> None:
    odoo.add("res.company", name="Branch", alias_domain_id=odoo.add("mail.alias.domain", name="acme.example"))
    odoo.add("res.company", name="Shop", alias_domain_id=odoo.add("mail.alias.domain", name="shop.example"))
    odoo.add("res.company", name="Gone", active=False)
    odoo.record("res.company", 1)["alias_domain_id"] = False
    notifications = [rules.notifications for rules in table(odoo).rules]
    assert notifications == ["", "notifications@acme.example", "notifications@shop.example"]


def test_personal_servers_may_be_switched_off() -> None:
    odoo = SimulatedOdoo("19.0")
    odoo.add("ir.mail_server", name="Own", owner_user_id=2, from_filter="admin@yourcompany.example")
    assert [one.personal for one in table(odoo).servers] == [True]
    assert table(odoo).rules[0].personal
    odoo.add("ir.config_parameter", key="mail.disable_personal_mail_servers", value="True")
    assert not table(odoo).rules[0].personal


@pytest.mark.parametrize(
    ("parameters", "notifications", "bounce"),
    [
        ({}, "", ""),
        ({"mail.default.from": "hello"}, "", ""),
        ({"mail.default.from": "hello@b.example"}, "hello@b.example", ""),
        ({"mail.default.from": "hello", "mail.catchall.domain": "a.example"}, "hello@a.example", ""),
        ({"mail.bounce.alias": "back", "mail.catchall.domain": "a.example"}, "", "back@a.example"),
    ],
)
def test_the_parameters_of_16(parameters: dict[str, str], notifications: str, bounce: str) -> None:
    odoo = SimulatedOdoo("16.0")
    for key, value in parameters.items():
        odoo.add("ir.config_parameter", key=key, value=value)
    (rules,) = table(odoo).rules
    assert (rules.notifications, rules.bounce) == (notifications, bounce)
    assert (rules.several, rules.bare_notifications, rules.personal) == (False, False, False)


# The state after a plan

STACKS: list[dict[str, Any]] = [
    {"servers": [declared("Sales", "sales@acme.example", sequence=3), declared("Main", "acme.example", active=False)]},
    {
        "servers": [
            {"name": "Old", "active": False},
            {"name": "Renamed", "xml_id": "postmaster.main", "from_filter": ""},
        ]
    },
    {"servers": [{"name": "Old", "state": "absent"}]},
    {"parameters": {"mail.default.from_filter": "acme.example", "mail.disable_personal_mail_servers": "True"}},
    {"alias_domains": [{"name": "acme.example"}]},
    {"alias_domains": [{"name": "acme.example", "default_from": "hello", "companies": ["Branch"]}]},
    {
        "alias_domains": [
            {"name": "acme.example", "companies": ["Branch"]},
            {"name": "shop.example", "bounce_alias": "back"},
        ]
    },
]


@pytest.mark.parametrize(
    ("series", "stack"),
    [
        (series, stack)
        for series in SERIES
        for stack in STACKS
        if "alias_domains" not in stack or series in HAVE_ALIAS_DOMAINS
    ],
)
@pytest.mark.parametrize("lived_in", [False, True])
def test_a_plan_predicts_the_later_state(odoo: SimulatedOdoo, stack: dict[str, Any], lived_in: bool) -> None:
    odoo.add("res.company", name="Branch")
    main = odoo.add("ir.mail_server", name="Main", from_filter="main.example")
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=main)
    odoo.add("ir.mail_server", name="Old")
    if lived_in:
        add_alias_domain(odoo, "acme.example", default_from="old")
        odoo.add("ir.config_parameter", key="mail.default.from_filter", value="old.example")
    before = table(odoo)
    plan = run(odoo, stack, check=True).plan
    run(odoo, stack)
    assert plan or (lived_in and "alias_domains" in stack)
    foreseen, found = before.after(plan), table(odoo)
    assert foreseen.rules == found.rules
    assert without_ids(foreseen) == without_ids(found)


def without_ids(table_: RoutingTable) -> list[tuple[str, int, str, bool]]:
    return sorted((one.name, one.sequence, one.from_filter, one.active) for one in table_.servers)


def test_a_removed_parameter_and_a_removed_alias_domain_have_no_effect() -> None:
    found = RoutingTable(
        parameters={"mail.default.from_filter": "a.example"},
        alias_domains={3: {"name": "a.example", "default_from": "n", "bounce_alias": "b"}},
        companies={1: 3},
    )
    steps = [
        Step("system_parameter", "mail.default.from_filter", "delete", record_id=9),
        Step("alias_domain", "a.example", "delete", record_id=3),
    ]
    assert found.after(steps).rules == [Rules()]


# Assertions


def test_a_route_that_will_apply(odoo: SimulatedOdoo) -> None:
    stack = {"servers": [declared("Main", "acme.example"), declared("Sales", "sales@acme.example")], "routes": [SALES]}
    shown = {"from": "sales@acme.example", "server": "Sales", "email_from": "sales@acme.example"}
    for check in (True, False, False):
        assert run(odoo, stack, check=check).routes == [{**shown, "rewritten": False, "rule": "address"}]
    assert run(odoo, stack, check=True).plan == ()


def test_a_route_that_will_not_apply(odoo: SimulatedOdoo) -> None:
    message = refused(odoo, {"servers": [declared("Main", "acme.example"), declared("Sales")], "routes": [SALES]})
    assert message.startswith(
        "route 'sales@acme.example': mail would leave through 'Main' (its from_filter contains the domain of the address), "
        "and not through 'Sales', because 'Main' comes before it: add the sender to the from_filter of 'Sales', "
    )


def test_every_wrong_route_is_named(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Found", from_filter="acme.example")
    routes = [SALES, {"from": "info@acme.example", "server": "Gone"}, {"from": "x@acme.example", "server": "Found"}]
    message = refused(odoo, {"routes": routes})
    assert "'sales@acme.example': mail would leave through 'Found'" in message
    assert "not through 'Gone', because no mail server has this name" in message
    assert "x@acme.example" not in message


def test_a_server_that_another_program_archived_takes_no_mail(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Sales", from_filter="sales@acme.example", active=False)
    message = refused(odoo, {"routes": [SALES]})
    assert "through the server of Odoo's configuration file (no mail server is active)" in message
    assert "not through 'Sales', because that server is archived: declare it as active" in message
    # The plan activates a declared server.
    assert run(odoo, {"servers": [{"name": "Sales"}], "routes": [SALES]}).routes[0]["server"] == "Sales"


def test_a_filter_that_does_not_name_the_sender(odoo: SimulatedOdoo) -> None:
    stack = {"servers": [declared("Main"), declared("Sales", "other.example")], "routes": [SALES]}
    assert "because its from_filter (other.example) does not contain the sender: add" in refused(odoo, stack)


def test_a_wrong_route_may_be_the_only_drift(odoo: SimulatedOdoo) -> None:
    """The declared records have no drift; an unmanaged server takes the mail."""
    stack = {"servers": [declared("Sales", "acme.example")], "routes": [SALES]}
    run(odoo, stack)
    odoo.add("ir.mail_server", name="Intruder", from_filter="SALES@acme.example")
    assert "leave through 'Intruder' (its from_filter contains the address)" in refused(odoo, stack)
    assert actions(run(odoo, stack, unmanaged="archive").plan) == [("archive", "Intruder")]


def test_a_route_by_external_id(odoo: SimulatedOdoo) -> None:
    stack: dict[str, Any] = {
        "servers": [{**declared("Sales 2026", "acme.example"), "xml_id": "postmaster.sales"}],
        "routes": [{"from": "sales@acme.example", "server": "postmaster.sales"}],
    }
    assert [one["server"] for one in run(odoo, stack).routes] == ["Sales 2026"]
    stack["servers"] = [{"xml_id": "postmaster.sales"}]
    assert [one["server"] for one in run(odoo, stack).routes] == ["Sales 2026"]


def test_two_servers_of_one_name_are_ambiguous(odoo: SimulatedOdoo) -> None:
    for from_filter in ("acme.example", "sales@acme.example"):
        odoo.add("ir.mail_server", name="Sales", from_filter=from_filter)
    assert "several active mail servers have the name 'Sales'" in refused(odoo, {"routes": [SALES]}, Ambiguous)


def test_one_faulty_route_hides_no_broken_route(odoo: SimulatedOdoo) -> None:
    for from_filter in ("acme.example", "sales@acme.example"):
        odoo.add("ir.mail_server", name="Twin", from_filter=from_filter)
    ambiguous = {"from": "sales@acme.example", "server": "Twin"}
    malformed = {"from": "acme.example", "server": "Twin"}
    broken = {"from": "bill@acme.example", "server": "Nowhere"}
    stack = {"routes": [malformed, ambiguous, broken]}
    with pytest.raises(OdooError) as caught:
        run(odoo, stack, check=True)
    assert "route 'acme.example': from must be exactly one email address" in caught.value.message
    assert caught.value.message.count("several active mail servers have the name 'Twin'") == 1
    (step,) = caught.value.details["predicted"]
    assert (step.resource, step.key) == ("route", "bill@acme.example")
    assert [one["from"] for one in caught.value.details["routes"]] == ["sales@acme.example", "bill@acme.example"]
    refused(odoo, {"routes": [malformed]}, Invalid)
    refused(odoo, {"routes": [ambiguous, broken]}, Ambiguous)


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
def test_a_route_must_apply_to_every_company(odoo: SimulatedOdoo) -> None:
    odoo.add("mail.alias.domain", name="acme.example")
    stack: dict[str, Any] = {
        "servers": [declared("Sales", "acme.example"), declared("Shop", "shop.example")],
        "routes": [{"from": "ann@elsewhere.example", "server": "Sales"}],
    }
    (shown,) = run(odoo, stack).routes
    assert (shown["email_from"], shown["rewritten"], shown["rule"]) == (
        '"ann" <notifications@acme.example>',
        True,
        "notifications_domain",
    )
    odoo.add("res.company", name="Shop", alias_domain_id=odoo.add("mail.alias.domain", name="shop.example"))
    message = refused(odoo, stack)
    assert "leave through 'Shop' (for companies that send notifications from notifications@shop.example)" in message


def test_personal_servers_are_ignored() -> None:
    odoo = SimulatedOdoo("19.0")
    odoo.add("ir.mail_server", name="Ann's", owner_user_id=2, from_filter="sales@acme.example")
    stack = {"servers": [declared("Sales", "acme.example")], "routes": [SALES]}
    assert [one["rule"] for one in run(odoo, stack).routes] == ["domain"]
    stack["routes"] = [{**SALES, "server": "Ann's"}]
    assert 'not through "Ann\'s", because no mail server has this name' in refused(odoo, stack)


@pytest.mark.parametrize("verify", ["none", "connection"])
def test_a_server_that_waits_for_consent_counts_as_in_use(odoo: SimulatedOdoo, verify: str) -> None:
    """A refusal would leave the user without the link to open."""
    sales = oauth2_server("gmail", name="Sales", from_filter="sales@acme.example")
    stack = {"servers": [declared("Main", "acme.example"), sales], "routes": [SALES]}
    for _run in range(2):
        outcome = run(odoo, stack, verify=verify)
        warnings = [one for one in outcome.warnings if one.startswith("route ")]
        if verify == "none":
            assert warnings == []
            assert [one["server"] for one in outcome.routes] == ["Sales"]
        else:
            assert [one["server"] for one in outcome.routes] == ["Main"]
            assert len(warnings) == 1
            assert "not through 'Sales', because that server is archived" in warnings[0]
            assert warnings[0].endswith("The route applies once the server is in use.")
    sales["from_filter"] = "other.example"
    assert "'Main' (its from_filter contains the domain" in refused(odoo, stack, verify=verify)


def test_a_server_that_keeps_its_authentication_until_there_is_consent(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Sales", smtp_host="smtp.acme.example", from_filter="old.example")
    sales = oauth2_server("gmail", name="Sales", from_filter="sales@acme.example")
    outcome = run(odoo, {"servers": [declared("Main", "acme.example"), sales], "routes": [SALES]}, verify="connection")
    assert server(odoo, "Sales")["from_filter"] == "old.example"
    assert any(one.endswith("The route applies once the server is in use.") for one in outcome.warnings)


def test_a_neutralized_copy_is_compared_with_the_state_before_neutralization(odoo: SimulatedOdoo) -> None:
    stack: dict[str, Any] = {"servers": [declared("Sales", "acme.example")], "routes": [SALES]}
    run(odoo, stack)
    neutralize(odoo)
    outcome = run(odoo, stack)
    assert (outcome.plan, [one["server"] for one in outcome.routes]) == ((), ["neutralization - disable emails"])
    assert any(one.endswith("The route applies once the server is in use.") for one in outcome.warnings)
    assert "leave through 'Sales'" in refused(odoo, {**stack, "routes": [{**SALES, "server": "Else"}]})


def test_without_routes_no_additional_reads(odoo: SimulatedOdoo) -> None:
    session = odoo.session(read_only=True)
    stack = read_declared_stack({"servers": [declared("Sales")]}, RunOptions())
    outcome = enforce_stack(session, stack, RunOptions())
    assert outcome.routes == []
    assert not [call for call in session.calls if call.startswith(("res.company", "mail.alias.domain"))]


def test_a_route_needs_an_address(odoo: SimulatedOdoo) -> None:
    invalid = {**SALES, "from": "acme.example"}
    message = refused(odoo, {"servers": [declared("Sales")], "routes": [invalid]}, Invalid)
    assert message.startswith("route 'acme.example': from must be exactly one email address")
