# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is secret, and how a secret looks to people: one mask of one length."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MASK = "********"

_SECRET_NAME = re.compile(
    r"secret|pas+w|passphrase|token|credential|pwd|(^|[._])pas+$|\w(?<!public)[._]?key$", re.IGNORECASE
)
# What such names also occur in: how a password must be, where a token is fetched, when it ends.
_SECRET_NAME_OF_A_SETTING = re.compile(
    r"(minlength|policy|expiration|expires|lifetime|_ur[il]|endpoint|reset_password)$", re.IGNORECASE
)
# Options that hold secrets beside what is none; whatever else somebody writes into them may be one.
_HOLD_SECRETS: Mapping[str, frozenset[str]] = {"oauth2": frozenset({"client_id", "update", "required"})}
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")
_PASSWORD_IN_URL = re.compile(r"^(?:[a-z]+://)?[^/@:]*:([^/@]+)@", re.IGNORECASE)
# A part of a URL that only somebody who logs in writes there.
_LOGIN_IN_URL = re.compile(r"\w://[^\s/@'\"?#]+@")
_PASSWORD_BEFORE_HOST = re.compile(
    r"://[^\s:@'\"]*:(?!\d+/)[^\s@'\"]+@[\w.-]+\.\w|^(?!mailto:)[^\s:@/]+:[^\s@/]+@[\w.-]+(:\d+)?$"
)
# What code or data gives to a name, by a sign of its own or as what stands after it among arguments: x = 'a', "x": "a", get('x', 'a').
_GIVEN = re.compile(
    r"""(?<![\w.])(?P<name>[\w.]+)['"]?\s{0,20}\]?\s{0,20}(?::\s{0,20}\w+\s{0,20}=|[=:]|(?<=['"])\s{0,20},)\s{0,20}\(?\s{0,20}[rbuf]{0,2}"""
    r"""(?:\"{3}|'{3}|['"])(?=[^'"\s])""",
    re.IGNORECASE,
)
# In a text of a line for each, as a system parameter may hold: password=a.
_GIVEN_UNQUOTED = re.compile(r"^[ \t]*(?P<name>[\w.]+)[ \t]*=[ \t]*[^\s'\"(){}\[\].,]+[ \t\r]*$", re.MULTILINE)
_LOGIN = re.compile(
    r"""(\.login\(|\bauth\s*=\s*\()[^()\n]*,\s*[rbuf]?['"][^'"]|\b(bearer|basic)\s+(?=\S*[\d=])[\w+/=.~-]{6,}|['"]bearer\s+[\w+/=.~-]{6,}""",
    re.IGNORECASE,
)
# In code these are names of columns and of what is sorted by, not of secrets.
_NO_SECRET_KEY = re.compile(
    r"(sort|order|group|primary|foreign|natural|unique|partition|index|lookup|cache|dict|record|field|row)[._]?keys?$",
    re.IGNORECASE,
)
# Odoo puts a token into the URL of its own service, and the URL into its errors (19.0: google_gmail, microsoft_outlook).
_SECRET_IN_QUERY = re.compile(r"\b(\w*(?:token|secret|passw\w*|code|api_?key)=)[^&\s'\"]+", re.IGNORECASE)
# What a URL gives to a name.
_GIVEN_IN_QUERY = re.compile(r"[?&](?P<name>[\w.]+)=[^&\s'\"{%]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{2,}={0,2}")
# A secret of so many characters is in no text by chance.
LONG = 6
# Words that no secret is; scrubbing them from a result would make it unreadable.
_NO_SECRETS = frozenset({"true", "false", "none", "null"})


def masked(value: Any) -> str | None:
    """The mask where there is a secret, None where there is none."""
    return MASK if value not in (None, False, "") else None


def is_secret_name(name: str) -> bool:
    """Whether what bears this name is a secret, by the name alone: `google_gmail_client_secret`, `smtp_passwd`, …"""
    return bool(_SECRET_NAME.search(name)) and not _SECRET_NAME_OF_A_SETTING.search(name)


def holds_secret(text: str) -> bool:
    """Whether a text, such as code or the value of a system parameter, seems to hold a secret: a key, a login, or what is given to the name of one."""
    names = {
        match["name"] for pattern in (_GIVEN, _GIVEN_UNQUOTED, _GIVEN_IN_QUERY) for match in pattern.finditer(text)
    }
    return any(is_secret_name(name) and not _NO_SECRET_KEY.search(name) for name in names) or any(
        pattern.search(text) for pattern in (_PRIVATE_KEY, _LOGIN_IN_URL, _PASSWORD_BEFORE_HOST, _LOGIN)
    )


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """Words of somebody else's, such as an error of Odoo's, without the secrets that may be in them, and those that are known."""
    secrets = sorted(known, key=len, reverse=True)
    if secrets:
        text = _BASE64.sub(lambda word: MASK if _encodes(word[0], secrets) else word[0], text)
    for secret in secrets:
        text = re.sub(_wherever_it_shows(secret), MASK, text)
    return _SECRET_IN_QUERY.sub(rf"\1{MASK}", text)


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


def secrets_in(arguments: Any) -> Iterator[str]:
    """Texts in a task's arguments that must never be shown, though no option's specification says so.

    The arguments need not be valid: what a misspelt `smtp_passwd` holds is a secret all the same.
    """
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            # A system parameter is declared as {key: its name, value: what it holds}.
            named = arguments.get("key") if name == "value" else name
            if is_secret_name(str(named)):
                yield from _texts(value)
            elif name in _HOLD_SECRETS:
                yield from _texts(_without(value, _HOLD_SECRETS[name]))
            elif isinstance(value, str) and _PRIVATE_KEY.search(value):
                yield value
            elif name in ("url", "proxy") and isinstance(value, str):
                yield from _PASSWORD_IN_URL.findall(value)
            elif isinstance(value, str) and holds_secret(value):
                yield value
            else:
                yield from secrets_in(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from secrets_in(value)


def _without(value: Any, names: frozenset[str]) -> Any:
    return {name: item for name, item in value.items() if name not in names} if isinstance(value, Mapping) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif str(value) and str(value).lower() not in _NO_SECRETS:
        yield str(value)
