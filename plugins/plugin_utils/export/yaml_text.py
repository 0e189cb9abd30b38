# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write readable YAML that Ansible, yamllint and ansible-lint accept. Texts are data, and never templates.

No line contains characters that a terminal or the log of a CI job interprets: `--diff` prints the file.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, printable_lines
from ansible_collections.postmaster.odoo.plugins.plugin_utils.yaml_escapes import escaped

# The approximate limit of the length of a line, without indentation.
_WIDTH = 110
# The greatest number of texts whose form is cached: thousands of records have the same options, values and comments.
_TEXTS = 10_000
_PLAIN = re.compile(r"[^\W\d][\w .@/+()-]*")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
# Texts that Ansible would evaluate as a template.
TEMPLATE = re.compile(r"\{[{%#]")


class Variable(str):
    """The name of a variable, to write a reference to its value."""

    __slots__ = ()


def entries(mapping: Mapping[str, Any], remarks: Mapping[str, Iterable[str]] | None = None) -> Iterator[str]:
    """Yield the lines of a mapping, with comments above each key."""
    for key, value in mapping.items():
        for text in (remarks or {}).get(key, ()):
            yield from comment(text)
        yield from _entry(f"{_scalar(key)}:", value)


def item(mapping: Mapping[str, Any], remarks: Mapping[str, Iterable[str]] | None = None) -> Iterator[str]:
    """Yield the lines of a mapping in a list. The comments about its first key are before the dash."""
    first, *_others = mapping
    comments = dict(remarks or {})
    for text in comments.pop(first, ()):
        yield from comment(text)
    for number, line in enumerate(entries(mapping, comments)):
        yield from indented([line]) if number else [f"- {line}"]


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with one more level of indentation."""
    for line in lines:
        yield f"  {line}" if line else line


@lru_cache(maxsize=_TEXTS)
def comment(text: str) -> Sequence[str]:
    """Return the lines of a comment."""
    wrapped = textwrap.wrap(printable(text), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return tuple(f"# {line}" for line in wrapped)


def _entry(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from indented(entries(value))
    elif isinstance(value, (list, tuple)) and value:
        yield head
        for one in value:
            yield from indented(item(one) if isinstance(one, Mapping) else _entry("-", one))
    elif isinstance(value, str):
        yield from _text(head, value)
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    """Return a value that is written on one line."""
    if isinstance(value, Variable):
        return f'"{{{{ {value} }}}}"'
    if isinstance(value, str):
        return value if _is_plain(value) else f'"{_escaped(value)}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    # In YAML 1.1 a number with an exponent must have a decimal point.
    return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))


def _text(head: str, text: str) -> Iterator[str]:
    if isinstance(text, Variable):
        yield f"{head} {_scalar(text)}"
        return
    if TEMPLATE.search(text):
        head = f"{head} !unsafe"
    if _fits_block(text):
        yield f"{head} |{'' if text.endswith(chr(10)) else '-'}"
        yield from indented(text.removesuffix("\n").split("\n"))
        return
    if len(text) <= _WIDTH:
        yield f"{head} {_scalar(text)}"
        return
    # A backslash at the end joins a line with the next one. If the next one begins with a blank, that needs a backslash too.
    parts = [_escaped(text[at : at + _WIDTH]) for at in range(0, len(text), _WIDTH)]
    for number, part in enumerate(parts):
        start = f'{head} "' if number == 0 else "  " + ("\\" if part.startswith(" ") else "")
        # At the start of a line, :: could be a command for GitHub.
        harmless = f"\\x3a{part[1:]}" if part.startswith("::") else part
        yield f"{start}{harmless}{chr(34) if number == len(parts) - 1 else chr(92)}"


def _fits_block(text: str) -> bool:
    """Return whether a text has several lines and can be written as a block."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1])
        and "\n\n\n\n" not in text
        and all(line == line.rstrip() and len(line) <= _WIDTH + 30 for line in lines)
        and printable_lines(text) == text
    )


@lru_cache(maxsize=_TEXTS)
def _is_plain(text: str) -> bool:
    """Return whether YAML reads a text without quotes as the same text."""
    if not _PLAIN.fullmatch(text) or text != text.strip() or len(text) > _WIDTH:
        return False
    return not _is_of_another_type(text)


def _is_of_another_type(text: str) -> bool:
    """Return whether YAML reads a word without quotes as another type, such as `yes` or `null`."""
    known = yaml.SafeLoader.yaml_implicit_resolvers
    return any(pattern.match(text) for first in (text[0], None) for _tag, pattern in known.get(first, ()))


def _escaped(text: str) -> str:
    return escaped(text.translate(_ESCAPES))
