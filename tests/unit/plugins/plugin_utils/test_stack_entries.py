# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index finds the same entry as a comparison with each entry."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import EntryIndex, keys_of

VALUES = st.sampled_from(["a", "b", "", None, ["a"]])
ENTRIES = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "from", "xml_id", "model"), VALUES)))


@given(st.sampled_from(["servers", "crons", "routes"]), ENTRIES, ENTRIES)
def test_the_index_finds_the_same_entries_in_the_same_order(
    option: str, known: list[dict[str, Any]], wanted: list[dict[str, Any]]
) -> None:
    index = EntryIndex[int](option)
    places = list(range(1000, 1000 + len(known)))
    for place, entry in zip(places, known, strict=True):
        index.add(place, entry)
    for entry in wanted:
        expected = [place for place, one in zip(places, known, strict=True) if keys_of(option).are_same(one, entry)]
        assert list(index.find(entry)) == expected


def test_an_entry_is_found_by_its_new_name_only() -> None:
    index, entry = EntryIndex[dict[str, str]]("servers"), {"name": "Old", "xml_id": "acme.main"}
    index.add(entry, entry)
    entry["name"] = "New"
    index.add(entry, entry)
    assert list(index.find({"name": "New"})) == [entry]
    assert list(index.find({"name": "Old"})) == []
    assert list(index.find({"name": "Old", "xml_id": "acme.main"})) == [entry]
