# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Odoo server, and the inventory plugin as Ansible runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

from ansible_collections.postmaster.odoo.plugins.inventory import databases as plugin_file
from ansible_collections.postmaster.odoo.tests.unit.local_server import LocalServer, serving
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import SECRET, Parse, odoo


@pytest.fixture(autouse=True)
def _environment_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("ODOO_", "ANSIBLE_INVENTORY_", "ANSIBLE_CACHE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        local.answer = odoo("acme", "acme-test", "globex")
        yield local


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """Return a function that lets the plugin parse a file, as Ansible does.

    The plugin is loaded by its file, without Ansible's loader of collections. A test on a real Odoo covers the loader.
    """
    inventory_loader.add_directory(str(Path(plugin_file.__file__).parent))

    def parse(options: dict[str, Any], into: InventoryData | None = None, *, cache: bool = True) -> InventoryData:
        inventory = into or InventoryData()
        path = tmp_path / "odoo_databases.yml"
        path.write_text(yaml.safe_dump({"plugin": "postmaster.odoo.databases", **options}))
        plugin = inventory_loader.get("databases")
        plugin._redirected_names = None  # it would be the bare name
        assert plugin.verify_file(str(path))
        plugin.parse(inventory, DataLoader(), str(path), cache=cache)
        plugin.update_cache_if_changed() if hasattr(plugin, "_cache") else None
        inventory.reconcile_inventory()
        return inventory

    return parse


@pytest.fixture
def refusal(parse: Parse) -> Callable[[dict[str, Any]], str]:
    """Return the plugin's message about a file that it rejects. There must be no host and no secret."""

    def refusal(options: dict[str, Any], into: InventoryData | None = None) -> str:
        inventory = into or InventoryData()
        before = set(inventory.hosts)
        with pytest.raises(AnsibleParserError) as caught:
            parse(options, inventory)
        assert set(inventory.hosts) == before
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None
        return str(caught.value)

    return refusal
