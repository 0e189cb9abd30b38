# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inputs of routes after the steps of a plan."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable

TABLE = RoutingTable(
    mail_servers=[{"id": 1, "name": "First", "sequence": 5}, {"id": 2, "name": "Second", "sequence": 6}],
    parameters={"mail.default.from_filter": "acme.example"},
    alias_domains={7: {"name": "old.example", "default_from": "n"}},
    companies={1: 7, 2: None},
)


def created(resource: str, key: str, **values: object) -> Step:
    return Step(resource, key, "create", values={"name": key, **values})


def deleted(resource: str, key: str, record_id: int) -> Step:
    return Step(resource, key, "delete", record_id=record_id)


def test_mail_servers_are_created_changed_and_deleted() -> None:
    steps = [
        created("mail_server", "Third"),
        deleted("mail_server", "First", 1),
        created("mail_server", "Fourth"),
        Step("mail_server", "Second", "update", record_id=2, values={"sequence": 9}),
        created("mail_server", "Fifth"),
    ]
    servers = TABLE.after(steps).servers
    assert {(one.id, one.name, one.sequence) for one in servers} == {
        *((2, "Second", 9), (None, "Third", 10), (None, "Fourth", 10), (None, "Fifth", 10))
    }
    assert [one.name for one in TABLE.servers] == ["First", "Second"]


def test_a_new_alias_domain_does_not_replace_another_new_one() -> None:
    steps = [
        created("alias_domain", "a.example", company_ids=[[6, 0, [2]]]),
        deleted("alias_domain", "old.example", 7),
        created("alias_domain", "b.example", company_ids=[[6, 0, [1]]]),
    ]
    after = TABLE.after(steps)
    assert sorted(one["name"] for one in (after.alias_domains or {}).values()) == ["a.example", "b.example"]
    assert [one.notifications for one in after.rules] == ["notifications@b.example", "notifications@a.example"]
    assert TABLE.companies == {1: 7, 2: None}


def test_a_company_moves_from_one_alias_domain_to_another() -> None:
    moved = Step("alias_domain", "old.example", "update", record_id=7, values={"company_ids": [[6, 0, [2]]]})
    assert TABLE.after([moved]).companies == {1: None, 2: 7}


def test_the_first_alias_domain_is_set_for_every_company() -> None:
    empty = RoutingTable(alias_domains={}, companies={1: None, 2: None})
    after = empty.after([created("alias_domain", "a.example"), created("alias_domain", "b.example")])
    assert [one.notifications for one in after.rules] == ["notifications@a.example"]


def test_system_parameters_are_set_and_removed() -> None:
    step = Step("system_parameter", "mail.default.from_filter", "delete", record_id=3)
    assert TABLE.after([step]).parameters == {}
    assert TABLE.after([step, created("system_parameter", "mail.a", value=False)]).parameters == {"mail.a": ""}
