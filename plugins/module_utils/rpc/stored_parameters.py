# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an instance stores the values of system parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

PARAMETER_MODEL = "ir.config_parameter"
# The words that Odoo reads as true and as false (odoo/tools/misc.py, str2bool).
_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "1", "true", "t", "on"), True),
    **dict.fromkeys(("n", "no", "0", "false", "f", "off"), False),
}


def boolean_of(value: str) -> bool | None:
    """Return the boolean that Odoo reads in a parameter's value; None if it is not a boolean."""
    return _BOOLEANS.get(value.lower())


def stores_false(session: Session) -> bool:
    """Return whether the instance stores a parameter that is set to false. Up to 19.0 Odoo deletes it.

    Instances that store it also accept an empty value (20.0:odoo/addons/base/models/ir_config_parameter.py, `value` and `set_bool`).
    """
    return not session.fields(PARAMETER_MODEL)["value"].get("required")
