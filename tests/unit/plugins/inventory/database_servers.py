# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo servers that list their databases, and the inventory that the plugin reads from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.inventory.data import InventoryData

from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, Request

SECRET = "correct-horse"
VERSION = "/web/webclient/version_info"
LISTED = "/web/database/list"
REFUSED = {
    "error": {"code": 0, "data": {"name": "odoo.exceptions.AccessDenied", "message": "Access Denied", "debug": SECRET}}
}

Answers = Callable[[Request], Answer]


def odoo(*databases: str, **answers: Any) -> Answers:
    """Return the answers of an Odoo. `listed`, `all_listed` and `version` replace one of its answers."""

    def answer(request: Request) -> Answer:
        told: dict[str, Any] = {
            LISTED: answers.get("listed", {"result": list(databases)}),
            "/jsonrpc": answers.get("all_listed", {"result": [*databases, "hidden"]}),
            VERSION: answers.get("version", {"result": {"server_version": "19.0"}}),
        }
        found = told.get(request.target, Answer(b"<h1>Not Found</h1>", 404))
        return found if isinstance(found, Answer) else Answer(found)

    return answer


Parse = Callable[..., InventoryData]

Refusal = Callable[..., str]


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    return {name: value for name, value in inventory.hosts[host].vars.items() if name.startswith("odoo_")}
