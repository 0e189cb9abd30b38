# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""External IDs: the rows of `ir.model.data`."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


# The modules of external IDs that Odoo itself assigns to records of users: exports, imports, Studio.
OF_ODOO = ("__export__", "__import__", "__custom__", "studio_customization")


def read_external_ids(session: Session, xml_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of the external IDs that exist, with `id`, `model` and `res_id`. This takes one call, or none without external IDs."""
    if not xml_ids:
        return {}
    parts = [xml_id.partition(".") for xml_id in xml_ids]
    domain = [
        ["module", "in", sorted({module for module, _dot, _name in parts})],
        ["name", "in", sorted({name for _module, _dot, name in parts})],
    ]
    rows = session.search_read("ir.model.data", domain, ["module", "name", "model", "res_id"])
    # The domain also finds the module of one ID with the name of another.
    found = {f"{row['module']}.{row['name']}": row for row in rows}
    return {xml_id: row for xml_id, row in found.items() if xml_id in xml_ids}


def read_own_external_ids(session: Session, model: str, record_ids: Collection[int]) -> dict[int, str]:
    """Return external IDs by record id, without those that addons, exports and imports of Odoo assign. The rest pins declared records.

    :param record_ids: if there are none, nothing is read.
    """
    if not record_ids:
        return {}
    domain = [["model", "=", model], ["res_id", "in", sorted(record_ids)], ["noupdate", "=", True]]
    rows = session.search_read("ir.model.data", domain, ["module", "name", "res_id"])
    modules = sorted({row["module"] for row in rows} - set(OF_ODOO))
    if not modules:
        return {}
    addons = {row["name"] for row in session.search_read("ir.module.module", [["name", "in", modules]], ["name"])}
    return {row["res_id"]: f"{row['module']}.{row['name']}" for row in rows if row["module"] in set(modules) - addons}
