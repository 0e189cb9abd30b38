# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of databases as names of hosts: they are not changed, and they are never templates."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable
from ansible_collections.postmaster.odoo.tests.unit.local_server import LocalServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import Parse, Refusal, odoo

WEIRD = ["with space", "a.b.c", "it's", 'say "x"', "-v", "@x", "a,b:c", "a[1:3]", "Büro", "{{ 7 * 7 }}", "all-in", "~"]


def test_names_are_not_changed(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo(*WEIRD)
    inventory = parse(
        {
            "url": server.url,
            "compose": {"copy": "odoo_database"},
            "groups": {"seven": "odoo_database is search('7')"},
            "keyed_groups": [{"key": "odoo_database", "prefix": "db"}],
        }
    )
    assert list(inventory.hosts) == WEIRD
    for name in WEIRD:
        assert inventory.hosts[name].vars["odoo_database"] == inventory.hosts[name].vars["copy"] == name
    assert [host.name for host in inventory.groups["seven"].hosts] == ["{{ 7 * 7 }}"]
    assert "db_it_s" in inventory.groups


def test_a_name_from_the_server_is_not_a_template(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo("{{ 7 * 7 }}")
    inventory = parse({"url": server.url, "hostname": "x {{ odoo_database }} {{ 1 + 1 }}"})
    assert list(inventory.hosts) == ["x {{ 7 * 7 }} 2"]


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "   ", "a\tb", "::error::x", " ::error::x", "y##[error]z"])
def test_names_that_cannot_be_hosts(server: LocalServer, refusal: Refusal, parse: Parse, name: str) -> None:
    server.answer = odoo("acme", name)
    text = refusal({"url": server.url})
    on_one_line = printable(repr(name))
    assert f"{on_one_line} cannot be a host" in text
    assert text.isprintable()
    assert list(parse({"url": server.url, "include": ["acme"]}).hosts) == ["acme"]


@pytest.mark.parametrize(
    "template",
    ["{{ odoo_database", "{{ nothing }}", "{{ 7 }}", "{{ '' }}", "{{ [odoo_database] }}", "::{{ odoo_database }}"],
)
def test_templates_that_yield_no_name(server: LocalServer, refusal: Refusal, template: str) -> None:
    text = refusal({"url": server.url, "hostname": template})
    assert text.startswith(f"hostname {template!r} for the database 'acme' of {server.url}")
