# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of an instance that must not be written in clear text, and masks in place of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import holds_secret
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import is_masked
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import LONG

AS_VARIABLE = (
    "it contains a secret of this run (its password or API key, or a password of a mail server), so it is a variable here. If this is a "
    "coincidence, change that secret"
)
LEFT_OUT_FOR_SECRET = (
    "it contains a secret of this run (its password or API key, or a password of a mail server). Change that secret or the value in Odoo, then "
    "export again"
)
LEFT_OUT_FOR_MASK = (
    "it is a mask instead of a value, probably from a result of Ansible. Set the value in Odoo, then export again"
)

# The greatest number of texts whose classification is cached.
_TEXTS = 10_000


class KnownSecrets:
    """The known secrets of a run, for finding them in other values.

    Texts that are shorter than `LONG` occur in other values by chance, so they are ignored. For example, the password of the user `admin` may be
    `admin`. A mask in place of the user name would reveal this, but the user name itself does not.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(text for text in secrets if len(text) >= LONG)
        # The same texts occur in many records, and each is checked several times.
        self._is_in = lru_cache(maxsize=_TEXTS)(self._search)
        self._holds_secret = lru_cache(maxsize=_TEXTS)(holds_secret)
        # The lengths of the secrets, by their first characters. So most positions of a text are checked once, even with many secrets.
        self._lengths: dict[str, set[int]] = {}
        for secret in self._secrets:
            self._lengths.setdefault(secret[:LONG], set()).add(len(secret))

    def are_in(self, value: Any) -> bool:
        """Return whether a text in a value contains a known secret."""
        return any(map(self._is_in, _texts(value)))

    def _search(self, text: str) -> bool:
        for start in range(len(text) - LONG + 1):
            lengths = self._lengths.get(text[start : start + LONG])
            if lengths and any(text[start : start + length] in self._secrets for length in lengths):
                return True
        return False

    def show_in(self, text: str) -> bool:
        """Return whether a text contains a known secret, or a part that looks like a secret."""
        return self._is_in(text) or self._holds_secret(text)

    def objection(self, value: Any) -> str:
        """Return the reason why a value is left out; empty if it is not. Such a value cannot be a variable, because it is not a single text."""
        if any(map(is_masked, _texts(value))):
            return LEFT_OUT_FOR_MASK
        return LEFT_OUT_FOR_SECRET if self.are_in(value) else ""


def _texts(value: Any) -> Sequence[str]:
    """Return all texts in a value."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        return [text for pair in value.items() for item in pair for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return ()
