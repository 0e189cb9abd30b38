# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of routing: each sender has a mail server, and recipients see the sender's own address."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import ObservedSender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import (
    results,
    routing,
    server,
)


def test_every_sender_has_a_server() -> None:
    assert routing(server(), senders=("a@d1.example", "b@d1.example")) == {}
    assert routing(server(from_filter=None), senders=("a@else.example",)) == {}


def test_some_senders_have_no_server() -> None:
    finding = routing(server(), senders=("a@d1.example", "b@else.example"))["sender_without_server"]
    assert finding["evidence"].startswith(
        "1 of 2 addresses: b@else.example (user 1). The first leaves through 'Server 1'"
    )


def test_recipients_see_another_sender() -> None:
    finding = routing(server(), senders=("a@d1.example", "b@else.example"), notifications="odoo@d1.example")
    assert set(finding) == {"from_rewritten"}
    assert "odoo@d1.example" in finding["from_rewritten"]["evidence"]


def test_a_company_with_its_own_alias_domain() -> None:
    """Mail of a company uses the notifications address of its own domain."""
    rules = [Rules(notifications="odoo@d1.example"), Rules(notifications="odoo@d2.example")]
    people = [ObservedSender("a@d2.example", "user a")]
    assert results(check_routing, servers=[server(), server(2)], senders=people, rules=rules) == {}


def test_a_server_shadowed_by_another() -> None:
    found = results(
        check_routing,
        servers=[server(), server(2, from_filter="d1.example")],
        rules=[Rules(notifications="odoo@d1.example")],
    )
    assert found["route_shadowed"]["resource"]["name"] == "Server 2"


def test_without_servers_nothing_is_routed() -> None:
    assert routing(server(active=False), senders=("a@d1.example",)) == {}
    assert routing(server(leads_nowhere=True), senders=("a@else.example",)) == {}
