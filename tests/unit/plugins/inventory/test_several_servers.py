# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of several servers: each host is one database of one server."""

from __future__ import annotations

from typing import Any

from ansible.inventory.data import InventoryData

from ansible_collections.postmaster.odoo.tests.unit.local_server import LocalServer, closed_port, serving
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import (
    REFUSED,
    Parse,
    Refusal,
    odoo,
    variables,
)


def test_a_servers_own_options(server: LocalServer, parse: Parse) -> None:
    with serving() as second:
        second.answer = odoo("initech", "initech-test", version={"result": {"server_version": "saas~18.2"}})
        servers = [
            {"url": server.url, "include": ["acme*"]},
            {"url": second.url, "exclude": [], "hostname": "second_{{ odoo_database }}"},
            {"url": "http://third.example", "odoo_databases": "a,b"},
        ]
        inventory = parse({"servers": servers, "exclude": ["*-test"]})
    assert list(inventory.hosts) == ["acme", "second_initech", "second_initech-test", "a", "b"]
    assert variables(inventory, "second_initech")["odoo_version"] == "saas~18.2"


def test_all_problems_of_servers_are_reported_at_once(server: LocalServer, refusal: Refusal) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    with serving() as second:
        second.answer = odoo(listed=REFUSED)
        text = refusal({"servers": [{"url": server.url}, {"url": nobody}, {"url": second.url}]})
        assert f"Odoo at {nobody}: connection refused" in text
        assert f"Odoo at {second.url} does not list its databases" in text


def test_two_databases_of_one_name(server: LocalServer, refusal: Refusal, parse: Parse) -> None:
    with serving() as second:
        second.answer = odoo("globex", "acme", "initech")
        servers: list[dict[str, Any]] = [{"url": server.url}, {"url": second.url}]
        text = refusal({"servers": servers})
        assert f"Two databases would be the host 'globex': globex at {server.url}, and globex at {second.url}." in text
        servers[1]["hostname"] = "{{ odoo_database }}.eu"
        inventory = parse({"servers": servers})
        assert variables(inventory, "acme")["odoo_url"] == server.url
        assert variables(inventory, "acme.eu")["odoo_url"] == second.url


def test_two_files_with_one_name(server: LocalServer, refusal: Refusal, parse: Parse) -> None:
    compose = {"compose": {"odoo_url": "'https://elsewhere.example'"}}
    inventory = parse({"url": server.url, **compose})
    with serving() as second:
        second.answer = odoo("initech", "acme")
        assert f"'acme': acme at {server.url}, and acme at {second.url}" in refusal({"url": second.url}, inventory)
    again = parse({"url": server.url, "include": ["acme*"], **compose}, inventory)  # another file on the same server
    assert list(again.hosts) == ["acme", "acme-test", "globex"]


def test_a_host_name_of_another_database(server: LocalServer, refusal: Refusal) -> None:
    inventory = InventoryData()
    inventory.add_host("acme")
    inventory.set_variable("acme", "odoo_url", "https://odoo.acme.example")
    inventory.set_variable("acme", "odoo_database", "acme")
    text = refusal({"url": server.url}, inventory)
    assert f"acme at https://odoo.acme.example, and acme at {server.url}" in text


def test_a_database_with_the_name_of_a_group(server: LocalServer, parse: Parse, refusal: Refusal) -> None:
    inventory = InventoryData()
    inventory.add_group("globex")
    assert f"globex at {server.url} cannot be the host 'globex' because a group has this name" in refusal(
        {"url": server.url}, inventory
    )
    composed = {"url": server.url, "groups": {"globex": "true"}}
    assert "because a group has this name" in refusal(composed)
    server.answer = odoo("all")
    assert "because a group has this name" in refusal({"url": server.url})
    assert parse({**composed, "hostname": "db_{{ odoo_database }}"}).groups["globex"].hosts


def test_a_host_that_another_file_has(server: LocalServer, parse: Parse) -> None:
    inventory = InventoryData()
    inventory.add_host("acme")
    inventory.set_variable("acme", "team", "mail")
    assert parse({"url": server.url}, inventory).hosts["acme"].vars.items() >= {
        ("team", "mail"),
        ("odoo_database", "acme"),
    }


def test_two_entries_for_one_database(server: LocalServer, parse: Parse) -> None:
    servers = [{"url": server.url, "include": ["acme*"]}, {"url": server.url}]
    assert list(parse({"servers": servers}).hosts) == ["acme", "acme-test", "globex"]


def test_one_host_for_two_databases(server: LocalServer, refusal: Refusal) -> None:
    assert "acme at" in refusal({"url": server.url, "hostname": "odoo"})
