# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The level of the inventory that sets a variable of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.vars.plugins import get_vars_from_inventory_sources

if TYPE_CHECKING:
    from ansible.parsing.dataloader import DataLoader


def inventory_level(inventory: Any, loader: DataLoader, host_name: str, variable: str) -> str:
    """Return a text about the most specific level that sets a variable: the host, or the groups of one depth. Empty if no level sets it.

    Ansible does not store the source of a variable, so this function reads the inventory and the files of its variables again.

    :param inventory: an `InventoryManager`.
    """
    host = inventory.get_host(host_name)
    if host is None:
        return ""

    def sets(entity: Any) -> bool:
        if variable in entity.vars:
            return True
        sources = [*inventory._sources, *([loader.get_basedir()] if loader.get_basedir() else ())]
        return variable in get_vars_from_inventory_sources(loader, sources, [entity], "task")

    if sets(host):
        return f"the host {host_name}"
    setting = [group for group in host.get_groups() if sets(group)]
    if not setting:
        return ""
    depth = max(group.depth for group in setting)
    return "all hosts" if depth == 0 else f"groups of depth {depth}"
