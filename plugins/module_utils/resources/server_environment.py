# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields from a configuration file of the Odoo server, through OCA's addon server_environment, the base of mail_environment.

Seen on 19.0 with mail_environment 19.0.1.1.1, read in the source of 16.0.1.1.6. For each field that it may manage it adds two fields. One
tells for each record whether the field can be written. The other has the value that applies if the file has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

# The field that the addon adds to each of its models. Odoo stores which addon added it.
OWNER_FIELD = "server_env_defaults"


@cache
def markers(field_name: str) -> tuple[str, str]:
    """Return the names of the fields that tell whether a field can be written: from 17.0 on, and in 16.0."""
    return f"x_{field_name}_env_is_editable", f"{field_name}_env_is_editable"


def owns(field_name: str, values: Mapping[str, Any]) -> bool:
    """Return whether the file sets this field on this record. Odoo then ignores writing to it without a message."""
    newer, older = markers(field_name)
    return values.get(newer) is False or values.get(older) is False


def with_defaults(values: Mapping[str, Any], available: Iterable[str]) -> dict[str, Any]:
    """Return the values for a new record, also in the addon's own fields, because it loses some values that are only written to the field."""
    names = set(available)
    defaults = {
        default: value
        for name, value in values.items()
        for default in (f"x_{name}_env_default", f"{name}_env_default")
        if default in names
    }
    return {**defaults, **values}
