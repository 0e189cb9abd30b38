# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removal of secrets from texts of other programs, such as errors of Odoo and replies of SMTP servers."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.encodings import encoded_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable

# Odoo puts a token into the URL of its own service, and the URL into its errors (19.0: google_gmail, microsoft_outlook).
_SECRET_IN_QUERY = re.compile(r"\b(\w*(?:token|secret|passw\w*|code|api_?key)=)[^&\s'\"]+", re.IGNORECASE)
# A login in a URL.
_PASSWORD_IN_URL = re.compile(r"(\w://[^\s/@:'\"]*:)[^\s@'\"]+(?=@)")
# PostgreSQL repeats the whole row that violates a constraint, and Odoo passes it on (16.0:odoo/service/model.py:114, 18.0:118).
_ROW = re.compile(r"(?<=Failing row contains \().*", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}")
# The return values that contain texts of other programs.
_WORDS = frozenset({"message", "reason", "reasons", "evidence", "reply", "text"})
# The longest text that is searched. A margin after it is also searched, so that no secret is cut in two.
_LONGEST = 20_000
_MARGIN = 8_000
# A secret of this length does not occur in a text by chance.
LONG = 6


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """Return a text of another program, such as an error of Odoo, without the secrets that it may contain.

    :param known: known secrets. Those of at least `LONG` characters are found in any encoding, shorter ones only unchanged and in base64.
    """
    shown = _without_known(text[: _LONGEST + _MARGIN], frozenset(known))
    for pattern in (_SECRET_IN_QUERY, _PASSWORD_IN_URL):
        shown = pattern.sub(rf"\1{MASK}", shown)
    shown = _ROW.sub(f"{MASK})", shown)
    return shown if len(text) <= _LONGEST else f"{shown[:_LONGEST]}..."


def safe_message(text: str, known: Iterable[str]) -> str:
    """Return a message for output: on one line, without known secrets, and without characters that a terminal interprets."""
    return printable(without_secrets(text, known))


@contextmanager
def without_secrets_in_errors(known: Collection[str]) -> Iterator[None]:
    """Remove known secrets from the error that is raised inside the context. An SMTP server can influence its text, so it can contain any of them."""
    try:
        yield
    except OdooError as error:
        error.message = without_secrets(error.message, known)
        raise


@lru_cache(maxsize=4096)
def _without_known(text: str, known: frozenset[str]) -> str:
    """Return the text without known secrets. The results are cached, because failed mails have the same few reasons."""
    spans = encoded_secrets(text, (secret for secret in known if len(secret) >= LONG))
    for secret in known:
        spans += (match.span() for match in re.finditer(_wherever_it_shows(secret), text) if secret)
    if known:
        spans += (word.span() for word in _BASE64.finditer(text) if _encodes(word[0], known))
    shown, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            shown += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*shown, text[end:]])


def without_secrets_in_words(values: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return a result without the known secrets in its texts of other programs: errors of Odoo, and replies of SMTP servers."""
    return {name: _without_in_words(name, value, known) for name, value in values.items()}


def _without_in_words(name: str, value: Any, known: Collection[str]) -> Any:
    if isinstance(value, str):
        return without_secrets(value, known) if name in _WORDS else value
    if isinstance(value, Mapping):
        return without_secrets_in_words(value, known)
    if isinstance(value, (list, tuple)):
        return [_without_in_words(name, item, known) for item in value]
    return value


def without_long_secrets(value: Any, known: Collection[str]) -> Any:
    """Return a value of Odoo without the known long secrets. Shorter ones than `LONG` occur by chance, and a mask would reveal them."""
    secrets = [secret for secret in known if len(secret) >= LONG]
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, Mapping):
        return {name: without_long_secrets(item, secrets) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_long_secrets(item, secrets) for item in value]
    return value


def _encodes(word: str, secrets: Iterable[str]) -> bool:
    """Return whether base64, as in SMTP logins, contains a secret: alone, between zero bytes, or, if it is long, anywhere."""
    try:
        content = b64decode(word + "=" * (-len(word) % 4))
    except binascii.Error:
        return False
    encoded = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
    return any(secret in content.split(b"\0") or (len(secret) >= LONG and secret in content) for secret in encoded)


def _wherever_it_shows(secret: str) -> str:
    """Return a pattern for a secret. A short one must be a whole word, because a mask inside other words would reveal it."""
    pattern = re.escape(secret)
    if len(secret) >= LONG:
        return pattern
    before = r"(?<!\w)" if re.match(r"\w", secret) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", secret) else ""
    return f"{before}{pattern}{after}"
