# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and their API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def context_get(odoo: SimulatedOdoo, _ids: None, _context: Mapping[str, Any]) -> dict[str, Any]:
    """Return who calls."""
    return {"lang": "en_US", "tz": False, "uid": odoo.uid}
