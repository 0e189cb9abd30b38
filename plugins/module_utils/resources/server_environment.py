# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields that come from a configuration file of the Odoo server: OCA's addon server_environment, the ground of mail_environment.

Seen on 19.0 with mail_environment 19.0.1.1.1, read in the source of 16.0.1.1.6: beside each field that it may own it puts two others, one that says for
each record whether the field can be written, and one with the value that holds where the file says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

# Its own field on each of its models; Odoo knows which addon brought it there.
OWNER_FIELD = "server_env_defaults"


@cache
def markers(field_name: str) -> tuple[str, str]:
    """The fields that say whether a field can be written: from 17.0 on, and in 16.0."""
    return f"x_{field_name}_env_is_editable", f"{field_name}_env_is_editable"


def owns(field_name: str, values: Mapping[str, Any]) -> bool:
    """Whether the file gives this field on this record; writing to it is then silently ignored."""
    return any(values.get(marker) is False for marker in markers(field_name))


def with_defaults(values: Mapping[str, Any], available: Iterable[str]) -> dict[str, Any]:
    """Values for a new record, told to the addon in its own way too: of some it loses what was only said to the field."""
    names = set(available)
    defaults = {
        default: value
        for name, value in values.items()
        for default in (f"x_{name}_env_default", f"{name}_env_default")
        if default in names
    }
    return {**defaults, **values}
