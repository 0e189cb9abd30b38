# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets of every size are shown completely with a small page. `tests/bench` measures how long they take to open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser import Page
from reports import fleet, name

MEGABYTES = 5.0


@pytest.mark.parametrize(("size", "own"), [(1, 1), (50, 1), (500, 1), (500, 20)])
def test_the_page_is_complete_and_small(show: Callable[..., Page], size: int, own: int) -> None:
    page = show(fleet(size, own=own))
    page.settle()
    assert page.run("return document.querySelectorAll('.matrix tbody tr').length") == size
    assert page.file.stat().st_size / 1e6 < MEGABYTES


def test_a_search_among_500_instances_finds_one(show: Callable[..., Page]) -> None:
    page = show(500)
    page.search("acme-499")
    assert page.instances() == [name(498)]
    page.search("smtp_pass")
    assert len(page.instances()) == 50
