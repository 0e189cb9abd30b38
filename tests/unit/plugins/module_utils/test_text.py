# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts from an instance have no effect in a terminal, a log or Markdown. Numbers and nouns agree."""

from __future__ import annotations

import html
import re

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, markdown, printable, printable_lines

ANY = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\n\r\x00\x1b\x7f\x85\u2028\u2029\u202e\u200b:#[*_`<>|&@\\ ")),
    max_size=60,
)
COMMAND = re.compile(r"^\s*::|##\[")


def hostile(line: str) -> bool:
    return not line.isprintable() or bool(COMMAND.search(line))


@given(ANY)
@example("x\n::add-mask::y")
@example("  ::error::x")
@example("\u202e##[add-mask]x")
@example("\x1b]0;title\x07\x9b31m")
def test_a_printable_text_is_one_harmless_line(text: str) -> None:
    shown = printable(text)
    assert not hostile(shown)
    assert printable(shown) == shown


@given(st.text(alphabet=st.characters(categories=["L", "N"]), max_size=40))
def test_plain_texts_are_unchanged(text: str) -> None:
    assert printable(text) == text


@given(ANY)
def test_lines_keep_their_breaks_and_their_indentation(text: str) -> None:
    lines = printable_lines(text).split("\n")
    assert len(lines) == text.count("\n") + 1
    assert not any(map(hostile, lines))
    assert printable_lines("def a():\n    return 1") == "def a():\n    return 1"


@given(ANY)
@example("**bold** [a](http://x) @name #1 <b> | `code`")
@example("www.acme.example mailto:a@b")
def test_no_text_is_markup_in_markdown(text: str) -> None:
    shown = markdown(text)
    if not shown:
        assert not printable(text)
        return
    inner = shown.removeprefix("<code>").removesuffix("</code>")
    assert html.unescape(inner) == printable(text)
    assert not re.search(r"[*`<>|\[\]@\\\n]|https?://", inner)


def test_a_long_text_is_cut() -> None:
    assert len(markdown("x" * 5000)) < 2100


def test_a_noun_agrees_with_its_number() -> None:
    assert [counted(number, "mail") for number in (0, 1, 2)] == ["0 mails", "1 mail", "2 mails"]
    assert [counted(number, "mail has", "mails have") for number in (1, 2)] == ["1 mail has", "2 mails have"]
