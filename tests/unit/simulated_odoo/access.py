# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access rights: an administrator may do everything, other users hardly anything."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import MODEL_NAMES

# The models that an ordinary user may read.
_FOR_EVERYBODY = frozenset(
    {"ir.model", "mail.alias.domain", "mail.template", "res.company", "res.users", "res.users.apikeys"}
)

# The right that an operation needs, if it is not `write`.
_OPERATIONS = {
    "check_object_reference": "read",
    "context_get": "read",
    "copy": "create",
    "create": "create",
    "formatted_read_group": "read",
    "read": "read",
    "read_group": "read",
    "search": "read",
    "search_count": "read",
    "search_read": "read",
    "unlink": "unlink",
}


def check(model: str, method: str) -> None:
    """Refuse an ordinary user's call; only `fields_get` is open to all."""
    operation = _OPERATIONS.get(method, "write")
    if method != "fields_get" and not (operation == "read" and model in _FOR_EVERYBODY):
        raise refusals.forbidden(operation, model, MODEL_NAMES.get(model, model))
