# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts for people: short lists, and names from an instance, which can contain any character."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Characters that Markdown may interpret, such as `_` at the edge of a word and the start of a web address.
_MARKDOWN = re.compile(r"[^\w ,./=?%()':-]|(?<![^\W_])_|_(?![^\W_])|:(?! )|(?<=www)\.", re.IGNORECASE)


def some(names: Iterable[str], most: int = 5) -> str:
    """Return a few of many names: `a, b, c and 12 more`.

    :param most: the number of names to print.
    """
    listed = list(names)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, noun: str, several: str = "") -> str:
    """Return a number with a noun: `1 mail`, `2 mails`.

    :param noun: the words for one: `mail`, `mail is`.
    :param several: the words for several, if they do not only end with an `s`: `mails are`.
    """
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def shown(value: Any, limit: int = 60, *, quoted: bool = True) -> str:
    """Return a value of a file or a variable for a message, on one short line.

    :param limit: the greatest number of characters of the value.
    :param quoted: whether a text has quotes around it.
    """
    if isinstance(value, (Mapping, list, tuple, set)):
        return f"a {type(value).__name__} with {len(value)} items"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 64 bits"
    text = value if isinstance(value, str) else str(value)
    cut = text[:limit]
    words = repr(cut) if quoted and isinstance(value, str) else printable(cut)
    return words + ("..." if len(text) > limit else "")


def printable(text: str) -> str:
    """Return a text on one line, without invisible characters and without characters that a terminal or the log of a CI job interprets.

    Control characters (C0, C1, DEL), line and paragraph separators, bidirectional overrides and other format characters become escapes.
    So are GitHub's workflow commands: `::` at the start of the line, and `##[` anywhere.
    """
    return _harmless(" ".join(text.split()))


def printable_lines(text: str) -> str:
    """Return a text like `printable`, with its line breaks (LF) and its indentation."""
    return "\n".join(_harmless(line) for line in text.split("\n"))


def markdown(text: str, limit: int = 2_000) -> str:
    """Return a text for Markdown as code. No text can leave it: no markup, no link, no name of a user to notify.

    :param limit: the greatest number of characters.
    """
    shown = printable(text)
    if len(shown) > limit:
        shown = f"{shown[:limit]}…"
    return f"<code>{_MARKDOWN.sub(lambda char: f'&#{ord(char[0])};', shown)}</code>" if shown else ""


def slack(text: str) -> str:
    """Return a text for Slack, or for a service that takes the same messages. These three characters start everything that it obeys."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _harmless(line: str) -> str:
    if not line.isprintable():
        line = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line)
    line = line.replace("##[", r"#\u0023[")
    start = len(line) - len(line.lstrip(" "))
    return f"{line[:start]}\\u003a{line[start + 1 :]}" if line.startswith("::", start) else line


def value_text(value: Any) -> str:
    """Return the value of a field as a printable text."""
    if value in (None, ""):
        return "(none)"
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
