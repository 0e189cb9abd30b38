# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a secret is shown: one mask of one length."""

from __future__ import annotations

from typing import Any

MASK = "********"


def masked(value: Any) -> str | None:
    """The mask where there is a secret, None where there is none."""
    return MASK if value not in (None, False, "") else None
