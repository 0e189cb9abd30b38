# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes that a plan makes to the mail of real senders. test_routing.py compares them with mail that a real Odoo
sends.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope
from ansible_collections.postmaster.odoo.plugins.module_utils.routing import senders as senders_module
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.replay import (
    compare_senders,
    replay_result,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import Sender, Senders, read_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable, read_routing
from ansible_collections.postmaster.odoo.tests.unit.enforcing import add_alias_domain, refused, run
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT

ACME, SHOP = "ann@acme.example", "shop@shop.example"


def a_server(number: int, name: str, from_filter: str = "", **values: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "sequence": number, "from_filter": from_filter, "active": True, **values}


def a_table(*servers: dict[str, Any], **given: Any) -> RoutingTable:
    """Return a table of two companies; the second has no alias domain."""
    domain = {"id": 1, "name": "acme.example", "default_from": "notifications", "bounce_alias": "bounce"}
    return RoutingTable(servers, **{"alias_domains": {1: domain}, "companies": {1: 1}, **given})


OLD, NEW = a_server(1, "Old"), a_server(2, "New", "acme.example")


def effects(sender: Sender, before: RoutingTable, after: RoutingTable) -> tuple[str, ...]:
    (comparison,) = compare_senders([sender], before, after)
    return comparison.effects


# The comparison


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([OLD], [OLD], (), id="nothing changes"),
        pytest.param([OLD], [OLD | {"name": "Renamed"}], (), id="renamed"),
        pytest.param([OLD], [OLD | {"smtp_host": "smtp.other.example"}], ("other_host",), id="another host"),
        pytest.param([OLD], [OLD | {"smtp_port": 2525}], ("other_host",), id="another port"),
        pytest.param([OLD], [OLD | {"smtp_user": "other"}], ("other_host",), id="another login"),
        pytest.param([OLD], [OLD | {"smtp_user": ""}], (), id="no login in another way"),
        pytest.param([OLD], [OLD | {"smtp_encryption": "ssl"}], (), id="another encryption"),
        pytest.param([NEW], [NEW, a_server(3, "Better", ACME)], ("other_server",), id="another names the address"),
        pytest.param([NEW], [NEW | {"active": False}], ("no_server", "rewritten"), id="archived"),
        pytest.param([NEW], [NEW | {"from_filter": "shop.example"}], ("rewritten",), id="no longer for the sender"),
        pytest.param([NEW | {"from_filter": ""}], [NEW], ("restored",), id="for the sender now"),
        pytest.param([], [NEW], ("other_server", "restored"), id="the first server"),
        pytest.param([NEW], [a_server(1, "New", "acme.example") | {"id": None}], ("other_server",), id="made anew"),
    ],
)
def test_effects(before: list[dict[str, Any]], after: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    # Without an active server, the filter of the configuration file's decides about the sender.
    parameters = {"mail.default.from_filter": "nobody.example"}
    tables = [a_table(*servers, parameters=parameters) for servers in (before, after)]
    assert effects(Sender(ACME), *tables) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a@b@acme.example",
        '"Ann" <a@b@acme.example>',
        "evil\nBcc: x@y@acme.example",
        "ann@acme.example\r\nBcc: bob@acme.example",
        "ann@acme.example.",
        "ann@acme..example",
        "ann@.acme.example",
        "ann@",
    ],
)
def test_the_route_of_a_malformed_sender_is_unknown(text: str) -> None:
    """Odoo reads it differently at each step."""
    assert effects(Sender(text), a_table(OLD), a_table(NEW)) == ("unknown",)
    (found,) = compare_senders([Sender(text)], a_table(OLD), a_table(NEW))
    assert (found.server_before, found.email_from_before) == (None, None)
    # A plan that does not change routes does not change any mail.
    assert effects(Sender(text), a_table(OLD), a_table(OLD)) == ()


@pytest.mark.parametrize("text", ["", "NoAt", "ann@localhost", '"Ünï, Cödé" <ü@bücher.example>', "  ann@acme.example "])
def test_the_route_of_another_odd_sender_is_known(text: str) -> None:
    assert "unknown" not in effects(Sender(text), a_table(OLD), a_table(NEW))


def test_another_notifications_address_is_another_from() -> None:
    domain = {"id": 1, "name": "acme.example", "default_from": "info", "bounce_alias": "bounce"}
    (found,) = compare_senders([Sender(f'"Sue" <{SHOP}>')], a_table(OLD), a_table(OLD, alias_domains={1: domain}))
    assert found.effects == ("other_from",)
    assert (found.email_from_before, found.email_from_after) == (
        '"Sue" <notifications@acme.example>',
        '"Sue" <info@acme.example>',
    )


def test_mail_that_names_its_server_is_sent_through_it() -> None:
    bound = Sender(ACME, server=1)
    assert effects(bound, a_table(OLD), a_table(OLD, NEW)) == ()
    (found,) = compare_senders([bound], a_table(OLD), a_table(OLD, NEW))
    assert (found.server_after, found.email_from_after) == ("Old", ACME)  # unchanged: Odoo does not choose
    assert effects(bound, a_table(OLD), a_table(OLD | {"active": False}, NEW)) == ("fails",)
    # The database empties the field if the server is deleted.
    assert effects(bound, a_table(OLD), a_table(NEW)) == ("other_server",)


def test_personal_servers_are_only_for_their_owners() -> None:
    own = a_server(3, "Ann", ACME, owner_user_id=[7, "Ann"])
    before, after = (
        a_table(OLD, own, has_personal=True, parameters=given)
        for given in ({}, {"mail.disable_personal_mail_servers": "True"})
    )
    assert effects(Sender(ACME, user=7), before, after) == ("other_server", "rewritten")
    assert effects(Sender(ACME, user=8), before, after) == ()
    assert effects(Sender(ACME), before, after) == ()
    assert effects(Sender(ACME, server=3, user=7), before, after) == ("fails",)


def test_each_company_has_its_own_rules() -> None:
    domains = {number: {"name": f"c{number}.example", "default_from": "info"} for number in (1, 2)}
    before, after = (
        a_table(OLD, a_server(2, "Second", "c2.example"), alias_domains=domains, companies=companies)
        for companies in ({1: 1, 2: 1}, {1: 1, 2: 2})
    )
    assert effects(Sender(SHOP, company=1), before, after) == ()
    assert effects(Sender(SHOP, company=2, alias_domain=1), before, after) == ("other_server", "other_from")
    # The sending process is unknown.
    assert effects(Sender(SHOP), before, after) == ("unknown",)
    # An archived company: its mail keeps its alias domain.
    assert effects(Sender(SHOP, company=9, alias_domain=2), before, after) == ()


def test_without_a_relevant_company_the_effect_is_known() -> None:
    domains = {number: {"name": f"c{number}.example", "default_from": "info"} for number in (1, 2)}
    tables = (a_table(one, alias_domains=domains, companies={1: 1, 2: 2}) for one in (OLD, a_server(4, "Next")))
    (found,) = compare_senders([Sender(SHOP)], *tables)
    assert found.effects == ("other_server",)
    assert (found.server_before, found.email_from_before) == ("Old", None)


def test_an_unknown_build_matters_only_if_the_builds_differ() -> None:
    filtered = a_server(1, "Old", "other.example")
    same, kept = (
        a_table(one, rewrites_unmatched=None) for one in (filtered, filtered | {"from_filter": "acme.example"})
    )
    assert effects(Sender(SHOP), same, same) == ()
    assert effects(Sender(ACME), same, kept) == ("unknown",)


@pytest.mark.parametrize(
    ("sender", "before", "after", "expected"),
    [
        pytest.param(
            Sender(ACME), [], [NEW], "server none (the server of Odoo's configuration file) -> New", id="first"
        ),
        pytest.param(
            Sender(ACME), [NEW], [], "server New -> none (the server of Odoo's configuration file)", id="last"
        ),
        pytest.param(
            Sender(ACME, server=1),
            [OLD | {"active": False}],
            [OLD],
            "server none (not sent) -> Old",
            id="unarchived",
        ),
        pytest.param(
            Sender(ACME, server=1),
            [OLD],
            [OLD | {"active": False}],
            "Odoo cannot send it: the mail names an archived server, or there is no address to send from",
            id="archived",
        ),
        pytest.param(
            Sender(ACME),
            [NEW],
            [NEW | {"from_filter": "shop.example"}],
            'From ann@acme.example -> "ann" <notifications@acme.example>',
            id="rewritten",
        ),
        pytest.param(
            Sender(ACME),
            [OLD | {"smtp_host": "smtp.a.example", "smtp_port": 25}],
            [OLD | {"smtp_host": "smtp.b.example", "smtp_port": 587, "smtp_user": "key"}],
            "server Old: smtp.a.example:25 -> smtp.b.example:587 as key",
            id="another host",
        ),
        pytest.param(
            Sender("a@b@acme.example"),
            [OLD],
            [NEW],
            "cannot be predicted: the sender is not a valid address",
            id="malformed",
        ),
    ],
)
def test_the_change_in_words(
    sender: Sender, before: list[dict[str, Any]], after: list[dict[str, Any]], expected: str
) -> None:
    senders = Senders([sender], "", "", is_complete=True, companies={})
    result = replay_result(senders, 30, a_table(*before), a_table(*after))
    assert [one["change"] for one in result["senders"]] == [expected]


# Mail that an instance has sent


def add_message(odoo: SimulatedOdoo, email_from: str, *, days: int = 1, kind: str = "email", **values: Any) -> int:
    message = odoo.add("mail.message", email_from=email_from, **values)
    created = (odoo.now - timedelta(days=days)).strftime(DATETIME_FORMAT)
    odoo.record("mail.message", message)["create_date"] = created
    if kind:
        partner = odoo.add("res.partner", name="Somebody")
        odoo.add("mail.notification", mail_message_id=message, notification_type=kind, res_partner_id=partner)
    return message


@pytest.mark.parametrize("series", SERIES)
def test_senders_of_the_last_days(series: str) -> None:
    odoo = SimulatedOdoo(series)
    server = odoo.add("ir.mail_server", name="Bound")
    for _each in range(3):
        add_message(odoo, ACME)
    add_message(odoo, ACME, mail_server_id=server)
    add_message(odoo, "note@acme.example", kind="")
    add_message(odoo, "inbox@acme.example", kind="inbox")
    add_message(odoo, "old@acme.example", days=31)
    for state, sender, is_notification in (
        ("sent", SHOP, False),
        ("cancel", "cancelled@acme.example", False),
        ("outgoing", ACME, True),
    ):
        odoo.add("mail.mail", email_from=sender, state=state, is_notification=is_notification)
    odoo.add("mail.template", name="Fixed", email_from="fixed@acme.example", mail_server_id=server)
    odoo.add("mail.template", name="Computed", email_from="{{ object.user_id.email_formatted }}@")
    domain = add_alias_domain(odoo, "acme.example")
    odoo.add("mail.alias", alias_name="support", **({"alias_domain_id": domain} if domain else {}))
    odoo.add("mail.alias", alias_name=False)
    session = odoo.session(read_only=True)
    found = read_senders(session, read_routing(session), 30)
    sent = {(one.email_from, one.server): one.mails for one in found.senders if one.source == "mail"}
    assert sent == {(ACME, None): 3, (ACME, server): 1, (SHOP, None): 1}
    configured = {(one.source, one.email_from, one.server) for one in found.senders if one.source != "mail"}
    assert configured == {
        ("template", "fixed@acme.example", server),
        ("company", "info@yourcompany.example", None),
        ("alias", "support@acme.example", None),
    }
    assert (found.is_complete, found.counted_since) == (True, found.since)


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
def test_senders_have_the_company_of_their_record(series: str) -> None:
    odoo = SimulatedOdoo(series)
    domain = add_alias_domain(odoo, "acme.example")
    add_message(odoo, ACME, record_company_id=1, record_alias_domain_id=domain)
    session = odoo.session(read_only=True)
    (sent,) = (one for one in read_senders(session, read_routing(session), 30).senders if one.source == "mail")
    assert (sent.company, sent.alias_domain, sent.user) == (1, domain, None)


@pytest.mark.parametrize("series", SERIES)
def test_too_many_mails_are_counted_from_a_time_on(series: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odoo = SimulatedOdoo(series)
    for sender, days in (("rare@acme.example", 20), (ACME, 19), (ACME, 2), (ACME, 1)):
        add_message(odoo, sender, days=days)
    monkeypatch.setattr(senders_module, "_COUNTED", 1)
    session = odoo.session(read_only=True)
    found = read_senders(session, read_routing(session), 30)
    assert {one.email_from: one.mails for one in found.senders if one.source == "mail"} == {
        ACME: 2,
        "rare@acme.example": 1,
    }
    assert found.counted_since == (odoo.now - timedelta(days=2)).strftime(DATETIME_FORMAT)
    assert found.is_complete
    monkeypatch.setattr(senders_module, "_READ", 1)
    assert not read_senders(session, read_routing(session), 30).is_complete


def test_the_number_of_calls_is_constant() -> None:
    calls = []
    for number in (1, 40):
        odoo = SimulatedOdoo("19.0")
        for place in range(number):
            add_message(odoo, f"sender{place}@acme.example")
        run(odoo, {"servers": [{"name": "New", "smtp_host": "smtp.acme.example"}]}, check=True, replay_days=30)
        calls.append(len(odoo.log))
    assert calls[0] == calls[1]


# Part of a stack

STACK = {"servers": [{"name": "New", "smtp_host": "smtp.acme.example", "from_filter": "acme.example"}]}


@pytest.mark.parametrize("series", SERIES)
def test_a_stack_reports_its_changes(series: str) -> None:
    odoo = SimulatedOdoo(series)
    odoo.add("ir.mail_server", name="Old")
    for sender in (ACME, SHOP, ACME):
        add_message(odoo, sender)
    predicted = run(odoo, STACK, check=True, replay_days=30)
    replay = predicted.replay
    assert replay is not None
    changed = [one for one in replay["senders"] if one["effects"]]
    (only,) = changed
    assert (only["from"], only["mails"], only["server_before"], only["server_after"]) == (ACME, 2, "Old", "New")
    assert (only["effects"], only["change"]) == (["other_server"], "server Old -> New")
    assert replay["changed"] == {"senders": 1, "mails": 2, "effects": {"other_server": 2}}
    assert replay["mails"] == 3
    # A run reports the same changes as check mode; after it nothing changes.
    done = run(odoo, STACK, replay_days=30)
    assert done.replay == replay
    again = run(odoo, STACK, replay_days=30)
    assert again.plan == ()
    assert again.replay is not None
    assert again.replay["changed"]["senders"] == 0
    assert run(odoo, STACK).replay is None


def test_the_diff_shows_the_changes() -> None:
    odoo = SimulatedOdoo("19.0")
    odoo.add("ir.mail_server", name="Old")
    add_message(odoo, ACME)
    outcome = run(odoo, STACK, check=True, replay_days=7)
    diff = enforced_result(outcome, ResultScope(), diff=True).values["diff"]
    assert diff[-1] == {
        "before": "",
        "after": "server Old -> New\n",
        "before_header": f"mail from {ACME}: 1 in 7 days",
        "after_header": f"mail from {ACME}: 1 in 7 days (other_server)",
    }
    without = run(odoo, STACK, check=True)
    assert enforced_result(without, ResultScope(), diff=True).values["diff"] == diff[:-1]


def test_unreadable_mail_is_an_error_after_everything_else() -> None:
    odoo = SimulatedOdoo("19.0")

    def refuse(model: str, _method: str, _ids: Any, _arguments: Any) -> None:
        if model == "mail.message":
            raise AccessRefused("mail.message is not for this user")

    odoo.before.append(refuse)
    wrong = {**STACK, "routes": [{"from": ACME, "server": "Nowhere"}]}
    assert "mail.message is not for this user" in refused(AccessRefused, odoo, wrong, check=True, replay_days=30)


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_days_out_of_bounds(days: int) -> None:
    with pytest.raises(Invalid, match=r"replay\.days must be at"):
        run(SimulatedOdoo("19.0"), STACK, check=True, replay_days=days)
