# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OAuth2 methods of mail servers, for their tests."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["gmail", "outlook"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)
