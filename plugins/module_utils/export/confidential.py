# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of an instance must not be written in clear, and which are masks instead of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import holds_secret
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import is_masked
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import LONG

AS_VARIABLE = (
    "it contains a secret that this run knows (its password or API key, or a password of a mail server), so it is a variable here. If it contains it by "
    "chance, change that secret"
)
LEFT_OUT_FOR_SECRET = (
    "it contains a secret that this run knows (its password or API key, or a password of a mail server). Change that secret or the value in Odoo, then "
    "export again"
)
LEFT_OUT_FOR_MASK = (
    "it is a mask instead of a value, as results of Ansible contain it. Set the value in Odoo, then export again"
)

# The most texts whose judgement is kept.
_TEXTS = 10_000


class KnownSecrets:
    """The secrets that a run knows, to find them in other values.

    Shorter texts than `LONG` are in other values by chance: that the user `admin` has a password of the same text is told by a mask, and not by the value.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(text for text in secrets if len(text) >= LONG)
        # The same texts are in many records, and each is looked at more than once.
        self._is_in = lru_cache(maxsize=_TEXTS)(self._search)
        self._holds_secret = lru_cache(maxsize=_TEXTS)(holds_secret)
        # By their first characters, the lengths of those that begin so: most places of a text are looked at once, however many there are.
        self._lengths: dict[str, set[int]] = {}
        for secret in self._secrets:
            self._lengths.setdefault(secret[:LONG], set()).add(len(secret))

    def are_in(self, value: Any) -> bool:
        """Return whether a text in a value contains one of them."""
        return any(map(self._is_in, _texts(value)))

    def _search(self, text: str) -> bool:
        for start in range(len(text) - LONG + 1):
            lengths = self._lengths.get(text[start : start + LONG])
            if lengths and any(text[start : start + length] in self._secrets for length in lengths):
                return True
        return False

    def show_in(self, text: str) -> bool:
        """Return whether a text contains one of them, or a secret that shows by itself."""
        return self._is_in(text) or self._holds_secret(text)

    def objection(self, value: Any) -> str:
        """Return why a value is left out; empty if it is not. Such a value cannot be a variable, because it is not one text."""
        if any(is_masked(text) for text in _texts(value)):
            return LEFT_OUT_FOR_MASK
        return LEFT_OUT_FOR_SECRET if self.are_in(value) else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
