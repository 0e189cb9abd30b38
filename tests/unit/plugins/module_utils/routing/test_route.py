# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routing by the rules of Odoo (docs/development/odoo-behaviour.md, Server choice).

tests/integration compares the same functions with a real Odoo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import (
    NAMED,
    RULES,
    RoutingServer,
    Rules,
    Shadow,
    address_of,
    mail_server_of,
    route,
    route_through,
    shadowed,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import rewrites_unmatched
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion

NOTIFICATIONS = "notifications@acme.example"
RULES_17 = Rules(notifications=NOTIFICATIONS, bounce="bounce@acme.example")
RULES_16 = replace(RULES_17, several=False, bare_notifications=False)

SALES = RoutingServer(1, "Sales", 20, "sales@acme.example, sales@shop.example")
ACME = RoutingServer(2, "Acme", 10, "Acme.example")
SHOP = RoutingServer(3, "Shop", 5, "shop.example")
ANY = RoutingServer(4, "Any", 1)
SERVERS = [ANY, SHOP, ACME, SALES]


@pytest.mark.parametrize(
    ("sender", "server", "rule"),
    [
        ("sales@acme.example", SALES, "address"),
        ('"Ann Lee" <SALES@Acme.example>', SALES, "address"),
        ("Ann Lee sales@acme.example", SALES, "address"),
        ("info@ACME.example", ACME, "domain"),
        ("info@sub.acme.example", ACME, "notifications_domain"),
        ("ann@elsewhere.example", ACME, "notifications_domain"),
        ("", ACME, "notifications_domain"),
        ("no address", ACME, "notifications_domain"),
    ],
)
def test_the_server_of_a_sender(sender: str, server: RoutingServer, rule: str) -> None:
    found = route(sender, SERVERS, RULES_17)
    assert (found.server, found.rule) == (server, rule)


@pytest.mark.parametrize(
    ("servers", "server", "rule"),
    [
        ([ANY, SHOP, RoutingServer(5, "N", 30, NOTIFICATIONS.upper()), ACME], "N", "notifications_address"),
        ([ANY, SHOP, ACME], "Acme", "notifications_domain"),
        ([SHOP, replace(ANY, sequence=90)], "Any", "unfiltered"),
        ([replace(SHOP, from_filter=" "), SALES], "Shop", "first"),
        ([replace(ANY, active=False)], None, "configuration"),
        ([], None, "configuration"),
    ],
)
def test_the_server_of_a_sender_without_a_matching_server(
    servers: list[RoutingServer], server: str | None, rule: str
) -> None:
    found = route('"Ann" <ann@elsewhere.example>', servers, RULES_17)
    assert (found.server and found.server.name, found.rule) == (server, rule)
    expected = '"Ann" <notifications@acme.example>' if servers and server else '"Ann" <ann@elsewhere.example>'
    assert (found.email_from, found.rewritten) == (expected, server is not None)


def test_every_rule_has_a_description() -> None:
    assert list(RULES) == [
        *("address", "domain", "notifications_address", "notifications_domain", "unfiltered", "first", "configuration"),
    ]


def test_lists_of_senders_exist_since_17() -> None:
    """Up to 16.0 a list is one entry that matches no sender."""
    assert route("sales@acme.example", [SALES, ANY], RULES_17).server == SALES
    assert route("sales@acme.example", [SALES, ANY], RULES_16).server == ANY
    single = replace(SALES, from_filter="sales@acme.example")
    assert route("sales@acme.example", [single, ANY], RULES_16).server == single


@pytest.mark.parametrize(
    ("sender", "in_16", "in_17"),
    [
        ('"Acme" <notifications@acme.example>', '"Acme" <notifications@acme.example>', NOTIFICATIONS),
        (NOTIFICATIONS, NOTIFICATIONS, NOTIFICATIONS),
        ("ann@elsewhere.example", '"ann" <notifications@acme.example>', '"ann" <notifications@acme.example>'),
    ],
)
def test_the_sender_with_a_server_that_does_not_match_it(sender: str, in_16: str, in_17: str) -> None:
    assert [route(sender, [ANY], rules).email_from for rules in (RULES_16, RULES_17)] == [in_16, in_17]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Lee, Ann", '"Lee, Ann"'),
        ('Ann \\"A\\" Lee', '"Ann \\"A\\" Lee"'),
        ("Zoë", '"Zoë"'),
    ],
)
def test_names_are_kept(name: str, header: str) -> None:
    assert route(f'"{name}" <a@b.example>', [ANY], RULES_17).email_from == f"{header} <{NOTIFICATIONS}>"
    assert route(f'"{name}" <a@acme.example>', [ACME], RULES_17).email_from == f"{header} <a@acme.example>"


def test_without_a_notifications_address_nothing_is_rewritten() -> None:
    found = route("ann@elsewhere.example", [ANY], Rules())
    assert (found.email_from, found.envelope_from, found.rewritten) == (
        "ann@elsewhere.example",
        "ann@elsewhere.example",
        False,
    )


@pytest.mark.parametrize("sender", ["", "no address"])
def test_without_any_address_no_mail_can_be_sent(sender: str) -> None:
    assert route(sender, [ACME], Rules()).envelope_from == ""


@pytest.mark.parametrize(
    ("servers", "bounce", "envelope"),
    [
        ([ANY], "bounce@else.example", "bounce@else.example"),  # it accepts any sender
        ([ACME], "bounce@acme.example", "bounce@acme.example"),
        ([ACME], "bounce@else.example", "info@acme.example"),
        ([ACME], "", "info@acme.example"),
        ([SHOP], "", NOTIFICATIONS),
        ([ANY], "", "info@acme.example"),  # the recipient sees another sender
        ([ANY], "bounce@bücher.example", "bounce@xn--bcher-kva.example"),
        ([ANY], "bounce@straße.example", "bounce@xn--strae-oqa.example"),
    ],
)
def test_addresses_of_bounces(servers: list[RoutingServer], bounce: str, envelope: str) -> None:
    assert route("info@acme.example", servers, Rules(NOTIFICATIONS, bounce)).envelope_from == envelope


@pytest.mark.parametrize(
    ("config_filter", "email_from"),
    [
        ("", "ann@elsewhere.example"),
        ("elsewhere.example", "ann@elsewhere.example"),
        ("acme.example", '"ann" <notifications@acme.example>'),
        ("third.example", '"ann" <notifications@acme.example>'),
    ],
)
def test_the_server_of_the_configuration_file(config_filter: str, email_from: str) -> None:
    found = route("ann@elsewhere.example", [], replace(RULES_17, config_filter=config_filter))
    assert (found.server, found.rule, found.email_from) == (None, "configuration", email_from)


def test_a_personal_server_is_for_its_owners_address_only() -> None:
    own = RoutingServer(9, "Ann's", 1, "ann@acme.example", personal=True)
    with_personal = replace(RULES_17, personal=True)
    assert route("ann@acme.example", [own, ACME], with_personal).server == own
    assert route("ann@acme.example", [own, ACME], RULES_17).server == ACME
    assert (
        route("bob@elsewhere.example", [own], replace(with_personal, notifications="ann@acme.example")).server is None
    )


def test_a_server_to_be_created_comes_after_its_equals() -> None:
    new, old = RoutingServer(None, "New", 10, "acme.example"), RoutingServer(7, "Old", 10, "acme.example")
    assert route("info@acme.example", [new, old], RULES_17).server == old
    assert route("info@acme.example", [replace(new, sequence=9), old], RULES_17).server == replace(new, sequence=9)


def test_a_record_of_odoo_and_one_of_the_collection() -> None:
    odoo = {"id": 3, "name": "A", "sequence": 5, "from_filter": False, "active": True, "owner_user_id": [2, "Ann"]}
    shown = {"id": 3, "name": "A", "sequence": 5, "from_filter": None, "active": True, "owner_user_id": "Ann"}
    assert mail_server_of(odoo) == mail_server_of(shown) == RoutingServer(3, "A", 5, personal=True)
    assert mail_server_of({"name": "B"}) == RoutingServer(None, "B")


# Shadows


def test_senders_that_an_earlier_server_takes() -> None:
    first = RoutingServer(1, "First", 1, "acme.example, info@shop.example")
    part = RoutingServer(2, "Part", 2, "ACME.example, shop.example")
    whole = RoutingServer(3, "Whole", 3, "info@SHOP.example, shop.example")
    assert shadowed([whole, part, first], RULES_17) == [Shadow(part, "acme.example", first), Shadow(whole, "", first)]


def test_a_domain_entry_does_not_take_an_address_entry() -> None:
    assert shadowed([ACME, SALES], RULES_17) == []


def test_servers_that_no_fallback_reaches() -> None:
    """All mail without a matching server uses the server of the notifications address."""
    assert shadowed([ACME, ANY], RULES_17) == [Shadow(ANY, "", ACME)]
    second = RoutingServer(8, "Second", 50)
    assert shadowed([ANY, second], Rules()) == [Shadow(second, "", ANY)]
    # Another company sends notifications from another domain, and its mail reaches the server.
    assert shadowed([ACME, ANY], RULES_17, Rules("notifications@elsewhere.example")) == []


def test_a_list_in_16_matches_no_sender() -> None:
    assert shadowed([SALES, ANY], RULES_16) == [Shadow(SALES, "", ANY)]


# Properties

ADDRESSES = [f"{local}@{domain}" for local in ("a", "b", "n") for domain in ("x.example", "y.example")]
DOMAINS = ["x.example", "y.example"]
FILTERS = st.lists(st.sampled_from([*ADDRESSES, *DOMAINS]), max_size=3).map(", ".join)
SOME_SERVERS = st.lists(
    st.builds(
        dict,
        sequence=st.integers(1, 3),
        from_filter=st.one_of(FILTERS, st.just(",")),
        active=st.sampled_from([True, True, False]),
        personal=st.sampled_from([False, False, True]),
    ),
    max_size=5,
).map(lambda made: [RoutingServer(id=place + 1, name=f"S{place}", **values) for place, values in enumerate(made)])
SOME_RULES = st.builds(
    Rules,
    notifications=st.sampled_from(["", *ADDRESSES]),
    bounce=st.sampled_from(["", *ADDRESSES]),
    config_filter=FILTERS,
    several=st.booleans(),
    bare_notifications=st.booleans(),
    personal=st.booleans(),
    rewrites_unmatched=st.sampled_from([True, False, None]),
)
SENDERS = st.sampled_from(["", "no address", "c@z.example", *ADDRESSES, *(f'"Name" <{one}>' for one in ADDRESSES)])


# The inputs of a route: rules, servers, the filter in the configuration, and other facts about the sender.
UNMATCHED = [
    ("unfiltered", [ANY, SHOP], ""),
    ("first", [SHOP], ""),
    ("configuration", [], "other.example"),
]


@pytest.mark.parametrize(("rule", "servers", "config_filter"), UNMATCHED)
@pytest.mark.parametrize(
    ("rewrites", "email_from", "rewritten"),
    [
        (True, '"Ann" <notifications@acme.example>', True),
        (False, '"Ann" <ann@elsewhere.example>', False),
        (None, None, None),
    ],
)
def test_mail_without_a_matching_server_depends_on_the_build(
    rule: str,
    servers: list[RoutingServer],
    config_filter: str,
    rewrites: bool | None,
    email_from: str | None,
    rewritten: bool | None,
) -> None:
    rules = replace(RULES_16, rewrites_unmatched=rewrites, config_filter=config_filter)
    found = route("Ann <ann@elsewhere.example>", servers, rules)
    assert (found.rule, found.email_from, found.rewritten) == (rule, email_from, rewritten)
    bounces_fit = not servers or servers[0].from_filter
    expected = (
        {True: NOTIFICATIONS, False: "ann@elsewhere.example", None: None}[rewrites]
        if bounces_fit
        else "bounce@acme.example"
    )
    assert found.envelope_from == expected


@pytest.mark.parametrize("rewrites", [True, False, None])
@pytest.mark.parametrize(
    ("sender", "servers", "config_filter", "rewritten"),
    [
        ("info@acme.example", [ACME], "", False),  # a server for the sender
        ("ann@elsewhere.example", [ACME], "", True),  # or for the notifications address
        ("ann@elsewhere.example", [], "acme.example", True),
        ("ann@elsewhere.example", [], "", False),
        ("notifications@acme.example", [ANY], "", False),  # it replaces itself
        ("Acme <notifications@acme.example>", [SHOP], "", False),
        ("", [ANY], "", False),
    ],
)
def test_all_other_mail_does_not_depend_on_the_build(
    rewrites: bool | None, sender: str, servers: list[RoutingServer], config_filter: str, rewritten: bool
) -> None:
    rules = replace(RULES_16, rewrites_unmatched=rewrites, config_filter=config_filter)
    found = route(sender, servers, rules)
    assert found.rewritten is rewritten
    assert found.email_from
    assert found == route(sender, servers, replace(rules, rewrites_unmatched=True))


def test_a_name_that_only_some_builds_drop() -> None:
    rules = replace(RULES_17, rewrites_unmatched=None)
    found = route("Acme <notifications@acme.example>", [SHOP], rules)
    assert (found.email_from, found.rewritten, found.envelope_from) == (None, False, NOTIFICATIONS)


@pytest.mark.parametrize("rewrites", [True, False, None])
def test_without_a_notifications_address_nothing_is_replaced(rewrites: bool | None) -> None:
    rules = Rules(rewrites_unmatched=rewrites)
    assert route("ann@elsewhere.example", [ANY], rules).email_from == "ann@elsewhere.example"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (ServerVersion("16.0", 16), None),
        (ServerVersion("16.0-20231016", 16), False),
        (ServerVersion("16.0-20231218", 16), False),
        (ServerVersion("16.0-20231219", 16), None),
        (ServerVersion("16.0-20240331", 16), None),
        (ServerVersion("16.0-20240401", 16), True),
        (ServerVersion("16.0+e-20250902", 16), True),
        (ServerVersion("17.0", 17), None),
        (ServerVersion("17.0-20231114", 17), False),
        (ServerVersion("17.0-20250114", 17), True),
        (ServerVersion("18.0", 18), True),
        (ServerVersion("saas~18.2", 18), True),
        (ServerVersion("18.0-20250421", 18), True),
        (ServerVersion("19.0", 19), True),
    ],
)
def test_the_build_is_in_the_version_or_unknown(version: ServerVersion, expected: bool | None) -> None:
    assert rewrites_unmatched(version) is expected


@pytest.mark.parametrize(
    ("from_filter", "envelope"),
    [("", "bounce@acme.example"), ("acme.example", "bounce@acme.example"), ("other.example", "a@else.example")],
)
def test_mail_that_names_its_server_keeps_its_sender(from_filter: str, envelope: str) -> None:
    rules = Rules(notifications="odoo@acme.example", bounce="bounce@acme.example")
    found = route_through('"Ann" <a@else.example>', RoutingServer(1, "Bulk", from_filter=from_filter), rules)
    assert (found.email_from, found.envelope_from, found.rewritten) == ('"Ann" <a@else.example>', envelope, False)
    assert found.rule == NAMED


@given(SENDERS, SOME_SERVERS, SOME_RULES, st.randoms())
def test_routes(sender: str, servers: list[RoutingServer], rules: Rules, chance: Any) -> None:
    found = route(sender, servers, rules)
    usable = [server for server in servers if server.active and (rules.personal or not server.personal)]
    assert found.server is None or found.server in usable
    assert (
        (found.server is None)
        == (found.rule == "configuration")
        == (not [one for one in usable if not one.personal or found.server == one])
    )
    # The answer is the same for any order of the list.
    mixed = list(servers)
    chance.shuffle(mixed)
    assert route(sender, mixed, rules) == found
    # A sender with a matching server is never rewritten. Rewritten mail leaves from the notifications address.
    if found.rule in ("address", "domain"):
        assert not found.rewritten
    if found.rewritten:
        assert address_of(found.email_from) == rules.notifications
    # Without that server another one is used, which comes later or matches less well.
    if found.server:
        again = route(sender, [one for one in servers if one is not found.server], rules)
        assert again.server != found.server
        assert list(RULES).index(again.rule) >= list(RULES).index(found.rule)


@given(SENDERS, SOME_SERVERS, SOME_RULES)
def test_the_unknown_values_are_those_on_which_builds_differ(
    sender: str, servers: list[RoutingServer], rules: Rules
) -> None:
    rewriting, keeping, unknown = (
        route(sender, servers, replace(rules, rewrites_unmatched=rewrites)) for rewrites in (True, False, None)
    )
    for name in ("server", "email_from", "envelope_from", "rewritten", "rule"):
        both = {getattr(rewriting, name), getattr(keeping, name)}
        if getattr(unknown, name) is None and name != "server":
            assert len(both) == 2
        else:
            assert both == {getattr(unknown, name)}


@given(SOME_SERVERS, SOME_RULES)
def test_shadows(servers: list[RoutingServer], rules: Rules) -> None:
    """A server is reached from one of the existing addresses, or it is shadowed. The same applies to its entries."""
    shared = replace(rules, personal=False)
    reached = [route(sender, servers, shared) for sender in [*ADDRESSES, "c@x.example", "c@y.example", "c@z.example"]]
    whole = {shadow.server for shadow in shadowed(servers, rules) if not shadow.entry}
    in_use = {server for server in servers if server.active and not server.personal}
    assert whole == in_use - {one.server for one in reached}
    for shadow in shadowed(servers, rules):
        sender = shadow.entry if "@" in shadow.entry else f"c@{shadow.entry}"
        if shadow.entry:
            assert route(sender, servers, shared).server == shadow.by
