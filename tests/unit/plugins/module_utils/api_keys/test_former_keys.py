# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are not stored (any more): a checkout that is thrown away locks nobody out, and what is left is bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.tests.unit.rotating import FORCED, SETTLED, Store, names, run
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.api_keys import owner_of
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    return SimulatedOdoo(series)


@pytest.mark.parametrize("nights", [1, 5])
def test_a_checkout_that_does_not_stay(odoo: SimulatedOdoo, nights: int) -> None:
    """Each night starts with the file of the repository, to which nobody commits."""
    store = Store()
    first = run(odoo, store)
    odoo.now += timedelta(days=61)
    for night in range(nights):
        checkout = store.copy()
        done = run(odoo, checkout)
        assert "ends at" in done.reason
        assert owner_of(odoo, str(store.secret)) == odoo.uid
        assert names(odoo) == [first.created, done.created]
        assert bool(done.warnings) == bool(night)
        odoo.now += timedelta(days=1)
    assert "was not kept" in run(odoo, store.copy()).warnings[0]
    # The commit is what ends it.
    kept = store.copy()
    run(odoo, kept)
    odoo.now += SETTLED
    run(odoo, kept)
    assert len(names(odoo)) == 1
    assert owner_of(odoo, str(kept.secret)) == odoo.uid


def test_a_file_without_the_name_of_its_key(odoo: SimulatedOdoo) -> None:
    """No key is revoked that may be the stored one, and the number of keys is bounded."""
    store = Store()
    run(odoo, store)
    unnamed = Store(store.secret)
    run(odoo, unnamed.copy(), FORCED)
    for _night in range(3):
        assert "nothing tells which" in run(odoo, unnamed.copy()).reason
        assert owner_of(odoo, str(unnamed.secret)) == odoo.uid
    with pytest.raises(Conflict, match="revoke the other keys in Odoo"):
        run(odoo, unnamed)
    assert len(names(odoo)) == 5


def test_a_secret_that_somebody_else_has_put_there(odoo: SimulatedOdoo) -> None:
    """The name beside it is that of another key, which does not count."""
    first = Store()
    run(odoo, first)
    second = first.copy()
    run(odoo, second, FORCED)
    mixed = Store(first.secret, second.note)
    odoo.now += SETTLED
    run(odoo, mixed)
    assert owner_of(odoo, str(mixed.secret)) == odoo.uid
