# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""External ids: the rows of `ir.model.data`."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def read_external_ids(session: Session, xml_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The rows of those that exist, with `id`, `model` and `res_id`: one call, and none for none."""
    if not xml_ids:
        return {}
    parts = [xml_id.partition(".") for xml_id in xml_ids]
    domain = [
        ["module", "in", sorted({module for module, _dot, _name in parts})],
        ["name", "in", sorted({name for _module, _dot, name in parts})],
    ]
    rows = session.search_read("ir.model.data", domain, ["module", "name", "model", "res_id"])
    # The domain also finds a module of one beside a name of another.
    found = {f"{row['module']}.{row['name']}": row for row in rows}
    return {xml_id: row for xml_id, row in found.items() if xml_id in xml_ids}
