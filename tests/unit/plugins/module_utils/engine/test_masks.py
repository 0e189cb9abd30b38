# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks have one length, and tell only whether there is something."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.masks import MASK, masked


@given(st.text(min_size=1) | st.binary(min_size=1) | st.integers(min_value=1))
def test_every_secret_looks_alike(secret: Any) -> None:
    assert masked(secret) == MASK


@pytest.mark.parametrize("nothing", [None, False, ""])
def test_no_secret_is_none(nothing: Any) -> None:
    assert masked(nothing) is None
