# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugins that call Odoo without a module, and their output if a call ends with a hostile text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret, VaultSecretsContext
from ansible.plugins.loader import inventory_loader, lookup_loader
from ansible.template import Templar

from ansible_collections.postmaster.odoo.plugins.inventory import databases
from ansible_collections.postmaster.odoo.plugins.lookup import mail_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected


def _proxy(secret: str) -> str:
    return f"http://me:{quote(secret, safe='')}@127.0.0.1:1"


def _parse_inventory(secret: str, call: Callable[..., Any], folder: Path) -> None:
    inventory_loader.add_directory(str(Path(databases.__file__).parent))
    plugin = inventory_loader.get("databases")
    path = folder / "odoo_databases.yml"
    servers = [{"url": "http://odoo.acme.example", "proxy": _proxy(secret)}]
    path.write_text(yaml.safe_dump({"plugin": "postmaster.odoo.databases", "servers": servers}))
    plugin._redirected_names = None
    # Ansible has loaded another copy of the module.
    with mock.patch.dict(plugin.parse.__func__.__globals__, ask_databases=call):
        plugin.parse(InventoryData(), DataLoader(), str(path), cache=False)


def _run_lookup(secret: str, call: Callable[..., Any], folder: Path) -> None:
    lookup_loader.add_directory(str(Path(mail_secrets.__file__).parent))
    lookup = lookup_loader.get("mail_secrets", loader=DataLoader(), templar=Templar(loader=DataLoader()))
    login = {"url": "http://odoo.acme.example", "database": "acme", "username": "admin", "password": secret}
    context = VaultSecretsContext([("default", VaultSecret(b"made up"))])
    with (
        mock.patch.object(VaultSecretsContext, "_current", context),
        mock.patch.dict(lookup.run.__func__.__globals__, connect=call),
    ):
        lookup.run(["acme"], {}, path=str(folder / "vault.yml"), connection={**login, "proxy": _proxy(secret)})


PLUGINS: dict[str, Callable[[str, Callable[..., Any], Path], None]] = {
    "inventory": _parse_inventory,
    "lookup": _run_lookup,
}


def error_of(plugin: str, secret: str, words: str, folder: Path) -> str:
    """Return the error of a plugin that has a secret, if its first call ends with this text.

    :param folder: for its files.
    """

    def call(*_positional: Any, **_options: Any) -> Any:
        raise Rejected(f"Odoo at http://odoo.acme.example says: {words}")

    try:
        PLUGINS[plugin](secret, call, folder)
    except AnsibleError as error:
        return str(error)
    raise AssertionError(f"{plugin} has raised no error")
