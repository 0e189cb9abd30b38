# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are not stored (any more): a checkout that is thrown away locks nobody out, and what is left is bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid
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
    assert "was not saved" in run(odoo, store.copy()).warnings[0]
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
        assert "it is unknown which" in run(odoo, unnamed.copy()).reason
        assert owner_of(odoo, str(unnamed.secret)) == odoo.uid
    with pytest.raises(Conflict, match="revoke the other keys in Odoo"):
        run(odoo, unnamed)
    assert len(names(odoo)) == 5


def add_key(odoo: SimulatedOdoo, name: str, **values: Any) -> int:
    return odoo.add("res.users.apikeys", name=name, user_id=odoo.uid, scope=False, **values)


@pytest.mark.parametrize("name", ["Ansible", "Ansible 3f9a2c1b"])
def test_nothing_is_stored_but_the_user_has_keys(odoo: SimulatedOdoo, name: str) -> None:
    """Another vault file may contain it, or a person has created it."""
    key = add_key(odoo, name)
    store = Store()
    with pytest.raises(Invalid, match=f"contains no key, but the user has keys with this name: {name!r}"):
        run(odoo, store)
    assert (store.secret, list(odoo.records.tables["res.users.apikeys"])) == (None, [key])
    run(odoo, store, FORCED)
    assert key not in odoo.records.tables["res.users.apikeys"]
    assert len(names(odoo)) == 1


def test_keys_that_have_ended_are_in_nobodys_way() -> None:
    odoo = SimulatedOdoo("19.0")
    key = add_key(odoo, "Ansible", expiration_date="2020-01-01 00:00:00")
    run(odoo, Store())
    assert key not in odoo.records.tables["res.users.apikeys"]


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
