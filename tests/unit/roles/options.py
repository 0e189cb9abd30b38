# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of roles and modules in a form that can be compared."""

from __future__ import annotations

from typing import Any

TOLD = ("type", "elements", "choices", "required", "no_log")


def outline(options: dict[str, Any]) -> dict[str, Any]:
    """Return the requirements for a value, without descriptions and defaults."""
    return {
        name: {
            **{key: option[key] for key in TOLD if key in option},
            **({"options": outline(option["options"])} if "options" in option else {}),
        }
        for name, option in options.items()
    }
