# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search for a secret in all forms in which a server may repeat it: in another case, escaped, folded, in hexadecimal digits, or inside base64."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

Span = tuple[int, int]
_Decode = Callable[[re.Match[str]], str]

_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


def _of_backslash(match: re.Match[str]) -> str:
    token = match[0][1:]
    if len(token) == 11:  # a UTF-16 surrogate pair
        return (bytes.fromhex(token[1:5]) + bytes.fromhex(token[7:])).decode("utf-16-be")
    if token[0] in "xuU" and len(token) > 1:
        return _character(int(token[1:], 16))
    if len(token) == 3:
        return _character(int(token, 8))
    return _CONTROLS.get(token, token)


def _character(number: int) -> str:
    return chr(number) if number < 0x110000 else ""


# The escapes of servers and libraries for special characters.
_ESCAPES: tuple[tuple[re.Pattern[str], _Decode], ...] = (
    (re.compile(r"%([0-9A-Fa-f]{2})"), lambda match: chr(int(match[1], 16))),  # URLs
    (re.compile(r"=([0-9A-Fa-f]{2})"), lambda match: chr(int(match[1], 16))),  # quoted-printable
    (re.compile(r"\+([0-9A-Fa-f]{2})"), lambda match: chr(int(match[1], 16))),  # xtext (RFC 3461)
    (
        re.compile(
            r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|.)",
            re.DOTALL,
        ),
        _of_backslash,
    ),
    (re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-z]{2,6});?"), lambda match: html.unescape(match[0])),  # HTML
)
# Form data: a blank is written as +.
_FORM: tuple[re.Pattern[str], _Decode] = (
    re.compile(r"\+|%([0-9A-Fa-f]{2})"),
    lambda match: chr(int(match[1], 16)) if match[1] else " ",
)
_BLANKS = re.compile(r"\s+")
# The ways to break a text into lines: blanks, quoted-printable, and the codes at the beginning of the next line of an SMTP reply. smtplib removes the code
# of three digits (`SMTP.getreply`), and the enhanced code (RFC 2034) stays.
_CODES = r"(?:\d{3}[ -])?(?:\d\.\d{1,3}\.\d{1,3}\s+)?"
_FOLDS = (_BLANKS, re.compile(r"=?\s+"), re.compile(rf"\s+{_CODES}"), re.compile(rf"=?\s+{_CODES}"))
_BETWEEN_DIGITS = re.compile(r"0x|\\x|[\s:,.-]", re.IGNORECASE)
_BASE64_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_STANDARD = str.maketrans("-_", "+/")
_ROUNDS = 3


class _View(NamedTuple):
    """A text in another form, with the position of each of its characters in the original text."""

    text: str
    places: list[Span]

    def replaced(self, pattern: re.Pattern[str], by: _Decode) -> _View:
        """Return the view with the matches replaced."""
        characters: list[str] = []
        places: list[Span] = []
        end = 0
        for match in pattern.finditer(self.text):
            characters.append(self.text[end : match.start()])
            places += self.places[end : match.start()]
            new = by(match)
            characters.append(new)
            place = (self.places[match.start()][0], self.places[match.end() - 1][1])
            places += [place] * len(new)
            end = match.end()
        characters.append(self.text[end:])
        return _View("".join(characters), places + self.places[end:])

    def folded(self) -> Iterator[_View]:
        """Yield the view without the characters that separate its parts."""
        texts = set()
        for fold in _FOLDS:
            view = self.replaced(fold, lambda _match: "")
            if view.text not in texts:
                texts.add(view.text)
                yield view

    def find(self, needle: str) -> Iterator[Span]:
        """Yield the spans of a text in the original."""
        at = self.text.find(needle)
        while at >= 0:
            yield self.places[at][0], self.places[at + len(needle) - 1][1]
            at = self.text.find(needle, at + 1)


class _Needles(NamedTuple):
    """The texts to search for: in the text itself, in hexadecimal digits, and in base64."""

    plain: frozenset[str]
    hexadecimal: frozenset[str]
    base64: frozenset[str]


def literal_forms(secret: str) -> set[str]:
    """Return a secret unchanged and in the forms of Python and JSON literals, because an error may repeat it inside a dictionary or list."""
    # In a literal between ' every ' is escaped, in one between " none. If the text contains both, Python uses '.
    escaped = repr(f"'\"{secret}")[4:-1]
    in_json = (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return {secret, escaped, escaped.replace("\\'", "'"), *in_json}


def encoded_secrets(text: str, secrets: Iterable[str]) -> list[Span]:
    """Return the spans of secrets in a text, in any form.

    :param secrets: texts that are long enough not to occur by chance.
    """
    needles = [_needles(secret) for secret in secrets]
    found: list[Span] = []
    for view in _views(text) if needles else ():
        lowered = _lowered(view)
        words = view._replace(text=view.text.translate(_STANDARD))
        for needle in needles:
            for one in needle.plain:
                found += lowered.find(one)
            for one in needle.base64:
                found += (_whole_word(text, span) for span in words.find(one))
        digits = lowered.replaced(_BETWEEN_DIGITS, lambda _match: "")
        for needle in needles:
            for one in needle.hexadecimal:
                found += digits.find(one)
    return found


def _views(text: str) -> Iterator[_View]:
    """Yield the text unchanged, without folds, with each kind of escape decoded, and with all of them decoded."""
    original = _View(text, [(at, at + 1) for at in range(len(text))])
    yield original
    yield from original.folded()
    present = [escape for escape in _ESCAPES if escape[0].search(text)]
    for escape in (*present, _FORM) if present or "+" in text else ():
        yield from original.replaced(*escape).folded()
    decoded = original
    for _round in range(_ROUNDS if present else 0):
        for escape in present:
            decoded = decoded.replaced(*escape)
        yield from decoded.folded()


def _lowered(view: _View) -> _View:
    return view._replace(text=_lower(view.text))


def _lower(text: str) -> str:
    """Return a text in lower case with the same number of characters."""
    lowered = text.lower()
    return (
        lowered if len(lowered) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    )


@lru_cache(maxsize=20_000)
def _needles(secret: str) -> _Needles:
    cases = {secret, secret.upper(), secret.lower()}
    contents = {one.encode(encoding, "replace") for one in cases for encoding in ("utf-8", "utf-16-le", "utf-16-be")}
    contents |= {one.encode("latin-1") for one in cases if _is_latin1(one)}
    plain = {_lower(form) for one in cases for form in (one, one.encode("utf-8", "replace").decode("latin-1"))}
    return _Needles(
        # Folding removes blanks from the text, so they are also removed from the secret.
        frozenset(form for one in plain for form in (one, *(fold.sub("", one) for fold in _FOLDS)) if form),
        frozenset(content.hex() for content in contents),
        frozenset(form for content in contents for form in _in_base64(content)),
    )


def _is_latin1(text: str) -> bool:
    return all(character <= "\xff" for character in text)


def _in_base64(content: bytes) -> Iterator[str]:
    """Yield the base64 of bytes at each of the three possible offsets, without characters that also depend on other bytes."""
    for shift in range(3):
        encoded = b64encode(b"\0" * shift + content).decode()
        yield encoded[(shift * 8 + 5) // 6 : (shift + len(content)) * 8 // 6]


def _whole_word(text: str, span: Span) -> Span:
    """Return the whole base64 word around a span, because the neighbouring characters contain some bits of the secret."""
    start, end = span
    while start > 0 and text[start - 1] in _BASE64_CHARACTERS:
        start -= 1
    while end < len(text) and text[end] in _BASE64_CHARACTERS:
        end += 1
    return start, end
