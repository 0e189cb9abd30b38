# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of real Odoo servers as hosts: a server that lists them, one that does not, and one with a filter."""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instance import LabInstance
from inventory import listed, recap
from lab import Lab
from playbook import Run, ansible_playbook

pytestmark = pytest.mark.in_process

FILE = "inventory/odoo_databases.yml"
PARAMETER = "postmaster.inventory.test"


@pytest.fixture(scope="module", autouse=True)
def databases(fresh: Callable[[str], LabInstance]) -> list[LabInstance]:
    return [fresh(name) for name in ("inventory_a", "inventory_b")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inventory").mkdir()
    return tmp_path


def write(folder: Path, url: str, **options: Any) -> None:
    """Write a file for the plugin that contains the databases of this test's module."""
    given = {"plugin": "postmaster.odoo.databases", "url": url, "include": ["inventory_*"], **options}
    (folder / FILE).write_text(json.dumps(given))


def refusal(folder: Path) -> str:
    """Return the error of a file without hosts, with Ansible configured to fail then."""
    run = listed(folder, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    assert run.exit_code != 0
    assert not run.results
    return run.output


def test_databases_that_odoo_lists(lab: Lab, folder: Path) -> None:
    write(folder, lab.odoo.url, keyed_groups=[{"key": "odoo_database[-1]", "prefix": "customer"}])
    run = listed(folder)
    assert run.exit_code == 0
    assert run.output == ""
    assert run.results == {
        name: {
            "odoo_url": lab.odoo.url,
            "odoo_server": lab.odoo.url,
            "odoo_database": name,
            "odoo_version": lab.description["odoo"]["version"],
        }
        for name in ("inventory_a", "inventory_b")
    }
    write(folder, lab.odoo.url, exclude=["*_b"])
    assert list(listed(folder).results) == ["inventory_a"]


def test_databases_that_a_filter_hides(lab: Lab, folder: Path) -> None:
    with lab.second_odoo("--db-filter=^inventory_a$") as url:
        write(folder, url)
        assert list(listed(folder).results) == ["inventory_a"]
        write(folder, url, ignore_dbfilter=True)
        assert list(listed(folder).results) == ["inventory_a", "inventory_b"]
    with lab.second_odoo("--db-filter=^%d$") as url:
        write(folder, url)
        assert f"Odoo at {url} lists no database: it has none, or its dbfilter hides them" in refusal(folder)


def test_a_server_that_does_not_list(lab: Lab, folder: Path, databases: list[LabInstance]) -> None:
    with lab.second_odoo("--no-database-list") as url:
        for options in ({}, {"ignore_dbfilter": True}):
            write(folder, url, **options)
            assert f"Odoo at {url} does not list its databases: list_db is off in its configuration" in refusal(folder)
        ignored = listed(folder)
        assert ignored.exit_code == 0
        assert "does not list its databases" in ignored.output
        # No password gives access to the list, so the plugin has no option for one.
        service = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/db")
        for call in (
            lambda: service.list(lab.description["odoo"]["master_password"]),
            lambda: service.dump(lab.description["odoo"]["master_password"], "inventory_a", "zip"),
        ):
            with pytest.raises(xmlrpc.client.Fault, match=r"Access ?Denied"):
                call()
        write(folder, url, odoo_databases=["inventory_a"])
        run = provision(folder, databases[0])
        assert run.exit_code == 0
        assert recap(run)["inventory_a"]["changed"] == 1


def test_without_the_addon_rpc(lab: Lab, folder: Path) -> None:
    with lab.second_odoo("--load=base,web") as url:
        write(folder, url)
        assert list(listed(folder).results) == ["inventory_a", "inventory_b"]
        write(folder, url, ignore_dbfilter=True)
        assert "/jsonrpc returned HTTP 404. The addon rpc may be missing" in refusal(folder)


def test_a_cached_list_lasts_until_it_is_flushed(lab: Lab, folder: Path, fresh: Callable[[str], LabInstance]) -> None:
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(folder / "cache")}
    write(folder, lab.odoo.url, **cache)
    before = set(listed(folder).results)
    fresh("inventory_c")
    try:
        assert set(listed(folder).results) == before
        assert set(listed(folder, "--flush-cache").results) == {*before, "inventory_c"}
        assert set(listed(folder).results) == {*before, "inventory_c"}
    finally:
        lab.drop("inventory_c")


def provision(folder: Path, instance: LabInstance, *arguments: str) -> Run:
    """Check, on the hosts of the file, whether they have a parameter; credentials come from group_vars."""
    group_vars = folder / "inventory/group_vars"
    group_vars.mkdir(exist_ok=True)
    variables = {
        "odoo_username": instance.username,
        "odoo_api_key": instance.needs_api_key(),
        "odoo_mail_parameters": {PARAMETER: "{{ odoo_database }}"},
    }
    (group_vars / "all.yml").write_text(json.dumps(variables))
    return ansible_playbook(
        folder,
        [{"import_playbook": "postmaster.odoo.provision"}],
        *("--inventory", "inventory", "--check", "--diff", *arguments),
    )


def test_a_playbook_on_all_of_them(lab: Lab, folder: Path, databases: list[LabInstance]) -> None:
    write(folder, lab.odoo.url, groups={"second": "odoo_database.endswith('_b')"})
    run = provision(folder, databases[0])
    assert run.exit_code == 0
    counts = recap(run)
    assert set(counts) == {"inventory_a", "inventory_b"}
    assert all(count["changed"] == 1 and not count["failed"] for count in counts.values())
    for instance in databases:
        assert instance.read("ir.config_parameter", ["key", "=", PARAMETER], fields=("key",)) == []
    assert set(recap(provision(folder, databases[0], "--limit", "second"))) == {"inventory_b"}
