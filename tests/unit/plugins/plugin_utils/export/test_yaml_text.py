# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML and Ansible read every written value as the same value, and never as a template."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable_lines
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.yaml_text import (
    Variable,
    comment,
    entries,
    indented,
    item,
)

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=400),
    st.text(" \n\t#:-'\"\\{}%[]&*!|>ab1é", max_size=60),
)
# Texts with characters and commands that a terminal or GitHub interprets.
_HOSTILE_PIECES = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\x1b[31m",
    "\xa0",
    "\ufeff",
    "##[error]",
    "::error::",
    "##",
    "[",
    ":",
]
HOSTILE = st.lists(
    st.sampled_from([*_HOSTILE_PIECES, "\n", " ", "a", "b" * 55, "{{ c }}", "ä", '"', "\\"]), max_size=14
).map("".join)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-(2**31), 2**31), st.floats(0, 1e6, allow_nan=False), st.none())
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(TEXTS, SCALARS, max_size=3))
# Texts that YAML, or a reader, interprets as another type.
TRAPS = (
    *("yes", "No", "on", "null", "~", "", "1", "0x1f", "0o17", "010", "1e3", "12:30:00", "2026-01-31", ".5", "=", "<<"),
    *(
        "- a",
        "a: b",
        "a #b",
        "# a",
        "&a",
        "*a",
        "!a",
        "@a",
        "`a",
        "%a",
        "a:",
        "'a'",
        '"a"',
        " a",
        "a ",
        "{a: b}",
        "[a]",
    ),
    *(
        "a\n",
        "a\n\n",
        "\na",
        "a\n b",
        " a\nb",
        "a \nb",
        "a\tb\nc",
        "a\r\nb",
        "a\n\n\n\n\nb",
        "---\na",
        "...\na",
        "true\n",
    ),
    *("\u2028", "\u0085", "\ufeff", "\x7f", "\U0001f600", "☃ é", "a" * 500, "a b " * 200, " " * 300, "\\" * 200),
    *("{{ a }}", "{% a %}", "{# a #}", "a\n{{ b }}\n", "{{", "{{ 'a' }} " * 30),
)


class Loader(yaml.SafeLoader):
    """Reads values with Ansible's unsafe tag as plain texts."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[no-untyped-call]  # PyYAML has no types


def written(value: Any) -> str:
    return "\n".join(entries({"key": value})) + "\n"


def load(text: str) -> Any:
    """Return the result of Ansible's reader for a file of variables, whose templates it trusts."""
    return DataLoader().load(trust_as_template(text), file_name="/mail.yml")


@pytest.mark.parametrize("text", TRAPS)
def test_a_text_is_read_as_the_same_text(text: str) -> None:
    assert yaml.load(written(text), Loader) == {"key": text}
    assert yaml.load(written([text]), Loader) == {"key": [text]}
    assert yaml.load("\n".join(item({text: text, "other": text})) + "\n", Loader) == [{text: text, "other": text}]


@pytest.mark.parametrize("number", [0.0, 5e-324, 1e-05, 1e16, -1e22, 12.5, 0, -1])
def test_a_number_is_read_as_the_same_number(number: float) -> None:
    assert yaml.safe_load(written(number)) == {"key": number}


@given(VALUES)
def test_every_value_is_read_as_the_same_value(value: Any) -> None:
    text = "---\nlist:\n" + "\n".join(indented(item({"first": value, "second": {"third": value}}))) + "\n"
    assert yaml.load(text, Loader) == {"list": [{"first": value, "second": {"third": value}}]}


@given(TEXTS)
def test_ansible_reads_no_text_as_a_template(text: str) -> None:
    loaded = load(written(text))
    assert Templar(loader=DataLoader(), variables={}).template(loaded["key"]) == text


def test_a_variable_remains_a_variable() -> None:
    loaded = load(written(Variable("vault_a")))
    assert written(Variable("vault_a")) == 'key: "{{ vault_a }}"\n'
    assert Templar(loader=DataLoader(), variables={"vault_a": "made-up"}).template(loaded["key"]) == "made-up"


def test_code_is_a_block() -> None:
    assert written("if a:\n\n    b()\n") == "key: |\n  if a:\n\n      b()\n"
    assert written("if a:\n    b()") == "key: |-\n  if a:\n      b()\n"


@given(TEXTS)
def test_no_line_ends_with_a_blank_or_is_long(text: str) -> None:
    for line in [*written(text).splitlines(), *comment(text)]:
        assert line == line.rstrip()
        assert len(line) <= 160 or " " not in line.strip("# ") or "\\" in line


@given(HOSTILE)
def test_no_line_contains_a_character_or_a_command_for_a_terminal(text: str) -> None:
    """`--diff` prints the file, also in the log of a CI job."""
    lines = "\n".join([*entries({"key": text, text: [text, {text: text}]}, {"key": [text]}), *comment(text)])
    assert printable_lines(lines) == lines
    assert not re.search(r"##\[|^\s*::", lines, re.MULTILINE)
    assert yaml.load(lines, Loader) == {"key": text, text: [text, {text: text}]}


@given(TEXTS)
def test_a_comment_has_no_other_effect(text: str) -> None:
    assert yaml.safe_load("\n".join([*comment(text), "a: 1"])) == {"a": 1}


def test_the_comment_of_a_key_is_above_it() -> None:
    lines = item({"name": "Relay", "port": 25}, {"name": ["of all"], "port": ["of the port"]})
    assert list(lines) == ["# of all", "- name: Relay", "  # of the port", "  port: 25"]
