# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove secrets from text of others, such as errors of Odoo and replies of SMTP servers."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK

# Odoo puts a token into the URL of its own service, and the URL into its errors (19.0: google_gmail, microsoft_outlook).
_SECRET_IN_QUERY = re.compile(r"\b(\w*(?:token|secret|passw\w*|code|api_?key)=)[^&\s'\"]+", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}")
# A secret of so many characters is in no text by chance.
LONG = 6


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """Words of somebody else's, such as an error of Odoo's, without the secrets that may be in them, and those that are known."""
    secrets = sorted(known, key=len, reverse=True)
    if secrets:
        text = _BASE64.sub(lambda word: MASK if _encodes(word[0], secrets) else word[0], text)
    for secret in secrets:
        text = re.sub(_wherever_it_shows(secret), MASK, text)
    return _SECRET_IN_QUERY.sub(rf"\1{MASK}", text)


def without_long_secrets(value: Any, known: Collection[str]) -> Any:
    """Return a value of Odoo without the known secrets in its texts. Shorter ones than `LONG` are there by chance, and a mask would tell them."""
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
    """Whether there is a secret in base64, as logins in SMTP are: it alone, between zero bytes, or a long one anywhere."""
    try:
        content = b64decode(word + "=" * (-len(word) % 4))
    except binascii.Error:
        return False
    encoded = [secret.encode() for secret in secrets]
    return any(secret in content.split(b"\0") or (len(secret) >= LONG and secret in content) for secret in encoded)


def _wherever_it_shows(secret: str) -> str:
    """A pattern. A short secret is also a part of innocent words, which a mask in them would tell it by."""
    pattern = re.escape(secret)
    if len(secret) >= LONG:
        return pattern
    before = r"(?<!\w)" if re.match(r"\w", secret) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", secret) else ""
    return f"{before}{pattern}{after}"
