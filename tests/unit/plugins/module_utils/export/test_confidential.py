# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known secrets are found in texts, in any number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.export.confidential import KnownSecrets
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import LONG

# There are so few characters that secrets have equal beginnings, overlap, and are in texts.
TEXTS = st.text("ab\u00e9", max_size=20)


@given(st.lists(st.text("ab\u00e9", max_size=12), max_size=8), st.lists(TEXTS, max_size=8))
def test_a_secret_is_found_at_any_place(secrets: list[str], texts: list[str]) -> None:
    known = KnownSecrets(secrets)
    for text in texts:
        expected = any(len(secret) >= LONG and secret in text for secret in secrets)
        assert known.are_in(text) is expected
        assert known.are_in({"name": [1, text]}) is expected
        assert bool(known.objection(text)) is expected


def test_the_end_of_a_text_is_searched_too() -> None:
    known = KnownSecrets(["made-up-password", "made-up-password-of-another"])
    assert known.are_in("the login is made-up-password")
    assert not known.are_in("the login is made-up-passwor")
