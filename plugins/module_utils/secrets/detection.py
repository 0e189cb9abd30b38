# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detection of secrets: by the names of options and parameters, and in free text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

_SECRET_NAME = re.compile(
    r"secret|pas+w|passphrase|token|credential|pwd|(^|[._])pas+$|\w(?<!public)[._-]?key$", re.IGNORECASE
)
# Names of settings that contain such words but are not secrets: the rules for a password, the URL for a token, an expiry.
_SECRET_NAME_OF_A_SETTING = re.compile(
    r"(minlength|policy|expiration|expires|lifetime|_ur[il]|endpoint|reset_password)$", re.IGNORECASE
)
# Options that contain secrets, with their parts that are not secrets. Any other part may be a secret.
_HOLD_SECRETS: Mapping[str, frozenset[str]] = {
    "oauth2": frozenset({"client_id", "client_secret_expires", "update", "required"})
}
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")
_SCHEME = re.compile(r"(?:[a-z][a-z\d+.-]*:(?=/))?/*", re.IGNORECASE)
# Up to the last @, because users may leave the @ and / of a password unescaped.
_LOGIN = re.compile(r"([^/@:]*):(.+)@|([^/@:]{6,})@", re.DOTALL)
# Without an @ it is a login without its host, unless it begins with a port. Two slashes after digits are not a path.
_NO_PORT = re.compile(r"(?:\[[^\]]*\]|[^/:?#\[\]]*):(?!/|\d{1,5}/(?!/)|\d{0,5}(?:[?#]|$))(.{6,})", re.DOTALL)
# Up to the path, the query or the fragment.
_ADDRESS = re.compile(r"\s*(?:[a-z][a-z\d+.-]*:(?=/))?/*[^/\\?#]*", re.IGNORECASE)
# A value of this length in a query is not a page number.
_LONG_VALUE = 6
# A part of a URL that exists only with a login.
_LOGIN_IN_URL = re.compile(r"\w://[^\s/@'\"?#]+@")
_PASSWORD_BEFORE_HOST = re.compile(
    r"://[^\s:@'\"]*:(?!\d+/)[^\s@'\"]+@[\w.-]+\.\w|^(?!mailto:)[^\s:@/]+:[^\s@/]+@[\w.-]+(:\d+)?$"
)
# Values that code or data assigns to a name, with an operator or as the next argument: x = 'a', "x": "a", get('x', 'a').
_GIVEN = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]+)['"]?\s{0,20}\]?\s{0,20}(?::\s{0,20}\w+\s{0,20}=|[=:]|(?<=['"])\s{0,20},)\s{0,20}(?:(?:str|bytes)?\(\s{0,20})?[rbuf]{0,2}"""
    r"""(?:(?:\"{3}|'{3})\s{0,20}(?=[^'"\s])|(?P<quote>['"])(?!(?P=quote))(?=\S))""",
    re.IGNORECASE,
)
# One assignment in each line of a text, for example of a system parameter: password=a, or a header: X-Api-Key: made-up. The words of an annotation, such as
# token: str, have no digit.
_GIVEN_UNQUOTED = re.compile(
    r"^[ \t]*(?P<name>[\w.-]+)[ \t]*(?:=[ \t]*|:[ \t]+(?=\S*[\d=_-])(?=\S{6}))[^\s'\"(){}\[\].,]+[ \t\r]*$",
    re.MULTILINE,
)
_LOGIN_IN_CODE = re.compile(
    r"""(\.login\(|\bauth['"]?\s{0,20}[=:]\s{0,20}[(\[]|\b\w*(?:Basic|Digest)Auth\()[^()\[\]\n]*,\s*(?:\w+\s*=\s*)?[rbuf]?['"]{1,3}\s{0,20}[^'"\s]"""
    r"""|\b(bearer|basic)\s+(?=\S*[\d=])[\w+/=.~-]{6,}|['"]bearer\s+[\w+/=.~-]{6,}"""
    r"""|['"](?:token|apikey|key|digest)\s+(?=[^'"\s]*[\d=_-])[\w+/=.~-]{6,}['"]"""
    r"""|\b(?:authorization|x-auth)['"]?(?:\s{0,20}[\]:=,]){1,3}\s{0,20}[rbuf]?['"](?:\w+\s+)?[\w+/=.~-]{6,}['"]"""
    r"""|(?:\s-u|--user)[\s=]\s{0,20}['"]?[^\s:'"]+:[^\s'"]"""
    r"""|^[ \t]*authorization:[ \t]*\w+[ \t]+[\w+/=.~-]{6,}[ \t\r]*$""",
    re.IGNORECASE | re.MULTILINE,
)
# In code, these are names of columns and of sort keys, not of secrets.
_NO_SECRET_KEY = re.compile(
    r"(sort|order|group|primary|foreign|natural|unique|partition|index|lookup|cache|dict|record|field|row)[._]?keys?$",
    re.IGNORECASE,
)
# Values that a URL assigns to a name.
_GIVEN_IN_QUERY = re.compile(r"[?&](?P<name>[\w.]+)=[^&\s'\"{%]")
# Words that are never secrets. Removing them from a result would make it unreadable.
_NO_SECRETS = frozenset({"true", "false", "none", "null"})

# Values of the option `secret` that do not make the value a secret.
_NOT_SECRET = frozenset({"none", "false", "no", "off", "0", "0.0", "n", "f"})


def is_secret_name(name: str) -> bool:
    """Return whether a name is the name of a secret, such as `google_gmail_client_secret` or `smtp_passwd`."""
    return bool(_SECRET_NAME.search(name)) and not _SECRET_NAME_OF_A_SETTING.search(name)


def holds_secret(text: str) -> bool:
    """Return whether a text seems to contain a secret: a key, a login, or a value with such a name. It can be code or the value of a system parameter."""
    names = {
        match["name"] for pattern in (_GIVEN, _GIVEN_UNQUOTED, _GIVEN_IN_QUERY) for match in pattern.finditer(text)
    }
    return any(is_secret_name(name) and not _NO_SECRET_KEY.search(name) for name in names) or any(
        pattern.search(text) for pattern in (_PRIVATE_KEY, _LOGIN_IN_URL, _PASSWORD_BEFORE_HOST, _LOGIN_IN_CODE)
    )


def logins_in_url(url: str) -> Iterator[str]:
    """Yield the secrets in the text of a URL option: a password, or a token in place of a user name. The text need not be a valid URL."""
    rest = url[_SCHEME.match(url).end() :]  # type: ignore[union-attr]  # it matches any text
    found = _LOGIN.match(rest) if "@" in rest else _NO_PORT.match(rest)
    for secret in filter(None, found.groups()[-2:] if found else ()):
        yield from (secret, unquote(secret))


def secrets_in_url_option(value: Any) -> Iterator[str]:
    """Yield the secrets in the value of a URL option: a login, a query, a fragment. Of a value that is not a text, yield all texts in it."""
    if not isinstance(value, str):
        yield from _texts_and_names(value)
        return
    yield from logins_in_url(value)
    yield from _texts_and_names(_parsed(value))
    rest, _hash, fragment = value.partition("#")
    query = rest.partition("?")[2]
    for text in filter(None, (query, fragment)):
        yield text
        for part in re.split("[&;]", text):
            name, equals, content = part.partition("=")
            if equals and content and (is_secret_name(name) or len(content) >= _LONG_VALUE):
                yield from (content, unquote(content))


def shown_url(url: str) -> str:
    """Return the scheme, the host and the port of the value of a URL option for a message. The rest of it may contain a secret."""
    if "@" in url or any(logins_in_url(url)):
        return "(not shown: it has a user name, or a password)"
    address = _ADDRESS.match(url)[0]  # type: ignore[index]  # it matches any text
    return repr(f"{address}{url[len(address) :][:1]}..." if len(url) > len(address) + 1 else url)


def secrets_in(arguments: Any) -> Iterator[str]:
    """Yield texts in a task's arguments that must never be shown, even if the option's specification does not mark them.

    The arguments need not be valid: the value of a misspelled `smtp_passwd` is still a secret.
    """
    if isinstance(arguments, Mapping):
        is_marked = str(arguments.get("secret", "no")).lower() not in _NOT_SECRET
        if is_marked and "value" not in arguments:  # `value` is misspelled
            yield from _texts({name: value for name, value in arguments.items() if name not in ("key", "secret")})
        for name, value in arguments.items():
            # A system parameter is declared as {key: its name, value: its content, secret: whether the content is secret}.
            named = arguments.get("key") if name == "value" else name
            if name == "secret" and "value" in arguments:
                continue
            if (name == "value" and is_marked) or is_secret_name(str(named)):
                yield from _texts(value)
            elif name in _HOLD_SECRETS:
                yield from _texts(_without(value, _HOLD_SECRETS[name]))
            elif isinstance(value, str) and _PRIVATE_KEY.search(value):
                yield value
            elif name in ("url", "proxy"):
                yield from secrets_in_url_option(value)
            elif isinstance(value, str) and holds_secret(value):
                yield value
            elif isinstance(value, str):  # Ansible accepts lists and dictionaries as text too
                yield from secrets_in(_parsed(value))
            else:
                yield from secrets_in(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from secrets_in(value)


def _parsed(text: str) -> Any:
    """Return the dictionary or list in a JSON text; None if it contains neither."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        return None


def _without(value: Any, names: frozenset[str]) -> Any:
    return {name: item for name, item in value.items() if name not in names} if isinstance(value, Mapping) else value


def _texts_and_names(value: Any) -> Iterator[str]:
    """Yield the texts in a value, and the names in its dictionaries."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if len(str(name)) >= _LONG_VALUE:
                yield str(name)
            yield from _texts_and_names(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_and_names(item)
    elif value is not None:
        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif str(value) and str(value).lower() not in _NO_SECRETS:
        yield str(value)
