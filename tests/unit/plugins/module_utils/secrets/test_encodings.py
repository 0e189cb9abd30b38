# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If a server repeats a secret in any encoding, the secret is not shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.encodings import encoded_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import (
    without_secrets,
    without_secrets_in_words,
)
from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import ENCODINGS, SECRETS, smtp_refusal

WORDS = "Server replied with following exception: (535, b'5.7.8 Error: authentication failed: UGFzc3dvcmQ6')"


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_secrets_of_every_shape(encode: Callable[[str], str]) -> None:
    for secret in SECRETS:
        repeated = encode(secret)
        shown = without_secrets(f"Refused {repeated} (made up)", {secret, "the-password-of-another-server"})
        assert shown.startswith("Refused ")
        assert shown.endswith(" (made up)")
        assert MASK in shown
        assert repeated not in shown
        assert secret not in shown


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_secrets_in_an_smtp_refusal(encode: Callable[[str], str]) -> None:
    """The lines of a reply begin with a code, and Odoo shows the reply as a literal of Python."""
    for secret in SECRETS:
        text = smtp_refusal(f"Refused {encode(secret)} (made up)")
        shown = without_secrets(text, {secret, "the-password-of-another-server"})
        refused = shown.partition("Refused ")[2].rpartition(" (made up)")[0]
        assert MASK in refused
        for at in range(0, len(secret), 5):
            piece = encode(secret[at : at + 5])
            # One of the secrets begins with the code of every line.
            assert len(piece) < 5 or piece == "5.7.8" or piece not in refused


@pytest.mark.parametrize("secret", SECRETS)
def test_texts_without_a_secret_are_unchanged(secret: str) -> None:
    assert without_secrets(WORDS, {secret}) == WORDS


@given(st.text(min_size=6), st.sampled_from(list(ENCODINGS.values())), st.text())
def test_any_text_can_be_searched(secret: str, encode: Callable[[str], str], text: str) -> None:
    for start, end in encoded_secrets(text + encode("correct-horse"), [secret]):
        assert 0 <= start < end


@pytest.mark.parametrize("secret", ["half\udcffsecret", "pair\ud83dsecret"])
def test_a_secret_with_half_of_a_surrogate_pair(secret: str) -> None:
    """Python reads a byte of an environment variable that is not UTF-8 as such a character."""
    assert without_secrets(f"Refused {secret}: {WORDS}", {secret}) == f"Refused {MASK}: {WORDS}"


def test_a_text_of_any_size() -> None:
    secret = "correct-horse"
    shown = without_secrets("x " * 9_995 + secret + " y" * 1_000_000, {secret})
    assert len(shown) < 20_100
    assert secret[:5] not in shown
    assert shown.endswith("...")


def test_only_words_are_searched() -> None:
    secret = "correct-horse"
    values: dict[str, Any] = {
        "tests": [{"name": "correct-horse.example", "message": "no: CORRECT-HORSE", "seconds": 1}],
        "reasons": ["correct%2Dhorse", None],
    }
    assert without_secrets_in_words(values, frozenset({secret})) == {
        "tests": [{"name": "correct-horse.example", "message": f"no: {MASK}", "seconds": 1}],
        "reasons": [MASK, None],
    }
