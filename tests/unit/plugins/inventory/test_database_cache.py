# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of the inventory plugin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, LocalServer, serving
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import (
    REFUSED,
    SECRET,
    Parse,
    Refusal,
    odoo,
    variables,
)


@pytest.fixture
def cached(tmp_path: Path, server: LocalServer) -> dict[str, Any]:
    return {
        "url": server.url,
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }


def test_without_a_cache_every_run_queries_the_server(server: LocalServer, parse: Parse) -> None:
    for _run in range(2):
        parse({"url": server.url})
    assert len(server.requests) == 4


def test_a_cached_list_is_used(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse({**cached, "include": ["globex"]})
    server.answer = lambda _request: Answer(status=503)
    inventory = parse({**cached, "hostname": "x_{{ odoo_database }}"})  # the options are the present ones
    assert list(inventory.hosts) == ["x_acme", "x_acme-test", "x_globex"]
    assert variables(inventory, "x_acme")["odoo_version"] == "19.0"
    assert len(server.requests) == 2


def test_a_cached_name_is_not_a_template(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    server.answer = odoo("{{ 7 * 7 }}")
    for _run in range(2):
        inventory = parse({**cached, "compose": {"copy": "odoo_database ~ ''"}})
        assert inventory.hosts["{{ 7 * 7 }}"].vars["copy"] == "{{ 7 * 7 }}"


def test_flushing_the_cache(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse(cached)
    server.answer = odoo("initech")
    assert "initech" not in parse(cached).hosts
    assert list(parse(cached, cache=False).hosts) == ["initech"]
    assert list(parse(cached).hosts) == ["initech"]


def test_an_old_cache(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse(cached)
    server.answer = odoo("initech")
    (file,) = Path(cached["cache_connection"]).iterdir()
    os.utime(file, (0, 0))
    assert list(parse(cached).hosts) == ["initech"]


def test_entries_that_are_not_in_the_cache_are_queried(
    server: LocalServer, parse: Parse, cached: dict[str, Any]
) -> None:
    parse(cached)
    assert list(parse({**cached, "ignore_dbfilter": True}).hosts)[-1] == "hidden"
    with serving() as second:
        second.answer = odoo("initech")
        del cached["url"]
        inventory = parse({**cached, "servers": [{"url": server.url}, {"url": second.url}]})
    assert list(inventory.hosts) == ["acme", "acme-test", "globex", "initech"]


def test_a_failure_is_not_cached(server: LocalServer, parse: Parse, refusal: Refusal, cached: dict[str, Any]) -> None:
    answer, server.answer = server.answer, odoo(listed=REFUSED)
    refusal(cached)
    server.answer = answer
    assert parse(cached).hosts


def test_the_cache_contains_only_names(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    cached["proxy"] = server.url.replace("//", f"//user:{SECRET}@")
    answer = odoo("acme")
    server.answer = lambda request: answer(request._replace(target=request.target.removeprefix(server.url)))
    parse(cached)
    (file,) = Path(cached["cache_connection"]).iterdir()
    assert "acme" in file.read_text()
    assert SECRET not in file.read_text()
