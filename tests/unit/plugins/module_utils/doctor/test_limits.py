# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of an examination."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_age": -5}, "max_age must be at least 0, not -5"),
        ({"max_overdue": 10**12}, "max_overdue must be at most"),
        (
            {"stale_days": 10**7, "max_exceptions": -1},
            "max_exceptions must be at least 0, not -1; stale_days must be at most",
        ),
    ],
)
def test_invalid_limits(limits: dict[str, int], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Limits(**limits)
