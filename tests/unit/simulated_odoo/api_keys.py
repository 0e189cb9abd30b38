# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and their API keys, with the dialogs that check a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import refusals

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def context_get(odoo: SimulatedOdoo, _ids: None, _context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calling user."""
    return {"lang": "en_US", "tz": False, "uid": odoo.uid}


def name_create(odoo: SimulatedOdoo, _ids: None, context: Mapping[str, Any], name: str) -> list[Any]:
    """Create the dialog by its name and the defaults of the context."""
    defaults = {key.removeprefix("default_"): value for key, value in context.items() if key.startswith("default_")}
    return [odoo.records.insert("res.users.apikeys.description", {"name": name, **defaults}), name]


def make_key(odoo: SimulatedOdoo, ids: list[int], _context: Mapping[str, Any]) -> dict[str, Any]:
    """Request the password."""
    return _ask(odoo, "make", ids)


def remove(odoo: SimulatedOdoo, ids: list[int], _context: Mapping[str, Any]) -> dict[str, Any]:
    """Request the password."""
    return _ask(odoo, "remove", ids)


def _ask(odoo: SimulatedOdoo, what: str, ids: list[int]) -> dict[str, Any]:
    request = f"{what} {' '.join(map(str, ids))}"
    check = odoo.records.insert("res.users.identitycheck", {"request": request})
    return {"res_model": "res.users.identitycheck", "res_id": check}


def run_check(odoo: SimulatedOdoo, ids: list[int], context: Mapping[str, Any]) -> dict[str, Any]:
    """Check the password, and run the requested operation."""
    record = odoo.record("res.users.identitycheck", ids[0])
    given = record["password"] if odoo.schema.stores_password else context.get("password")
    if given != odoo.password:
        raise refusals.user_error("Incorrect Password, try again or click on Forgot Password to reset your password.")
    record["password"] = False
    what, *numbers = record["request"].split(" ")
    if what == "remove":
        for number in map(int, numbers):
            if odoo.record("res.users.apikeys", number)["user_id"] != odoo.uid:
                raise refusals.access_error("You can not remove API keys unless they're yours or you are a system user")
            del odoo.records.tables["res.users.apikeys"][number]
        return {"type": "ir.actions.act_window_close"}
    dialog = odoo.record("res.users.apikeys.description", int(numbers[0]))
    ends = {"expiration_date": dialog["expiration_date"]} if "expiration_date" in dialog else {}
    key = odoo.records.insert(
        "res.users.apikeys", {"name": dialog["name"], "user_id": odoo.uid, "scope": False, **ends}
    )
    secret = f"made-up-key-{len(odoo.api_keys):028d}"
    odoo.api_keys[secret] = (key, dialog["name"])
    return {"res_model": "res.users.apikeys.show", "context": {"default_key": secret}}


def owner_of(odoo: SimulatedOdoo, secret: str) -> int | None:
    """Return the id of the user that a key belongs to; None if Odoo does not accept it."""
    number, name = odoo.api_keys.get(secret, (0, ""))
    record = odoo.records.tables["res.users.apikeys"].get(number)
    return record["user_id"] if record and record["name"] == name else None
