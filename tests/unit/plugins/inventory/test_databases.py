# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of an Odoo server as hosts: all of them, each once, with their variables and groups."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.plugins import inventory as ansible_inventory

from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, LocalServer, closed_port
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import (
    LISTED,
    VERSION,
    Parse,
    Refusal,
    odoo,
    variables,
)


def test_every_database_is_a_host(server: LocalServer, parse: Parse) -> None:
    inventory = parse({"url": server.url + "/"})
    assert list(inventory.hosts) == ["acme", "acme-test", "globex"]
    assert variables(inventory, "acme") == {
        "odoo_url": server.url,
        "odoo_server": server.url,
        "odoo_database": "acme",
        "odoo_version": "19.0",
    }
    assert [request.target for request in server.requests] == [LISTED, VERSION]
    assert server.connections == 1


def test_a_server_that_does_not_publish_its_version(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo("acme", version=Answer(b"", 403))
    assert "odoo_version" not in variables(parse({"url": server.url}), "acme")


def test_given_databases_need_no_server(parse: Parse) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    inventory = parse({"url": url, "odoo_databases": ["acme", 123, "acme"], "exclude": ["glob*"]})
    assert list(inventory.hosts) == ["acme", "123"]
    assert variables(inventory, "123") == {"odoo_url": url, "odoo_server": url, "odoo_database": "123"}


def test_databases_that_a_dbfilter_hides(server: LocalServer, parse: Parse) -> None:
    assert list(parse({"url": server.url, "ignore_dbfilter": True}).hosts)[-1] == "hidden"
    assert server.requests[0].target == "/jsonrpc"
    assert server.requests[0].json["params"] == {"service": "db", "method": "list", "args": []}


@pytest.mark.parametrize(
    ("patterns", "hosts"),
    [
        ({"include": ["acme"]}, ["acme"]),
        ({"include": "acme"}, ["acme"]),
        ({"include": ["acme*"]}, ["acme", "acme-test"]),
        ({"include": ["acme?test", "g[kl]o*"]}, ["acme-test", "globex"]),
        ({"exclude": ["*-test"]}, ["acme", "globex"]),
        ({"exclude": ["[!a]*"]}, ["acme", "acme-test"]),
        ({"include": ["acme*"], "exclude": ["*-test"]}, ["acme"]),
        ({"exclude": ["ACME*", "me", "acm"]}, ["acme", "acme-test", "globex"]),
        ({"include": ["*.*", "*[]]", "*[!]]"]}, ["acme", "acme-test", "globex"]),
        ({"exclude": []}, ["acme", "acme-test", "globex"]),
    ],
)
def test_patterns(server: LocalServer, parse: Parse, patterns: dict[str, Any], hosts: list[str]) -> None:
    assert list(parse({"url": server.url, **patterns}).hosts) == hosts


@pytest.mark.parametrize("option", ["include", "exclude"])
@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "it is empty"),
        ("acme[", "its [ is not closed"),
        ("acme[!]", "its [ is not closed"),
        ("acme[]", "its [ is not closed"),
        ("[ab]c[", "its [ is not closed"),
        ("^acme", "^ has no meaning"),
        ("acme$", "$ has no meaning"),
        ("!acme", "! has no meaning"),
        ("~acme.*", "~ has no meaning"),
        ("&acme", "& has no meaning"),
    ],
)
def test_a_value_that_is_not_a_pattern(
    server: LocalServer, refusal: Refusal, option: str, pattern: str, problem: str
) -> None:
    text = refusal({"url": server.url, option: ["globex", pattern]})
    assert text.startswith(f"Odoo at {server.url}: {pattern!r} in {option} is not a shell pattern (* ? [ab] [!ab]): ")
    assert problem in text
    assert server.requests == []


def test_constructed(server: LocalServer, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible_inventory, "load_extra_vars", lambda _loader: {"domain": "acme.example"})
    options = {
        "url": server.url,
        "use_extra_vars": True,
        "compose": {
            "odoo_url": "'https://' ~ odoo_database ~ '.' ~ domain",
            "odoo_api_key": "lookup('env', 'NO_SUCH_VARIABLE') or 'of ' ~ inventory_hostname",
            "nothing": "no_such_variable",
        },
        "groups": {"copies": "odoo_database.endswith('-test')"},
        "keyed_groups": [{"key": "odoo_database.split('-')[0]", "prefix": "customer"}],
    }
    inventory = parse(options)
    acme = variables(inventory, "acme")
    assert acme["odoo_url"] == "https://acme.acme.example"
    assert acme["odoo_server"] == server.url
    assert acme["odoo_api_key"] == "of acme"
    assert [host.name for host in inventory.groups["copies"].hosts] == ["acme-test"]
    assert [host.name for host in inventory.groups["customer_acme"].hosts] == ["acme", "acme-test"]
    with pytest.raises(AnsibleError, match="Could not set nothing for host acme"):
        parse({**options, "strict": True})
