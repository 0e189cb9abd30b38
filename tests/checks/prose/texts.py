# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the texts that a person reads out of the files of the project: prose, docstrings, comments, and messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import yaml

# A line of a file, from 1, and a text of Markdown that begins there.
Text = tuple[int, str]

# Names of variables whose value is documentation as YAML.
_DOCUMENTATION = {"DOCUMENTATION", "RETURN", "EXAMPLES"}
# Keys of YAML whose value is a text.
_TEXT_KEYS = {
    *("description", "short_description", "notes", "name", "msg", "fail_msg", "success_msg", "details", "summary"),
    *("why", "alternative", "title", "body", "label", "author_notes", "bugfixes", "breaking_changes", "security_fixes"),
    *("minor_changes", "major_changes", "release_summary", "known_issues", "deprecated_features", "removed_features"),
}
# Markup of Ansible's documentation, and links.
_MARKUP = re.compile(r"\b(?:RV|[OVMCPREU]|[BI])\((?P<text>[^()]*)\)|\bL\((?P<link>[^,()]*),[^()]*\)|\bHORIZONTALLINE\b")
_FIELD = re.compile(r"^\s*:(?:param|returns?|raises?|var|type|rtype)\b[^:]*:\s*", re.MULTILINE)
_NO_COMMENT = re.compile(
    r"^(#!|# (Copyright|GNU General|SPDX|type:|noqa|pylint|pragma|yamllint|mypy|ruff|fmt|nosec|shellcheck|renovate))"
)
# A sentence has at least this many words.
_WORDS = 5
_CODE = re.compile(
    r"\(\?|\\[swdbnA-Z]|SELECT |INSERT |UPDATE |DELETE |^\s*(def|import|from|for \w+ in)\b|^\s*if .*:$|^\w+ = \w+[.(]|[{}]{2}|</?\w+>",
    re.MULTILINE,
)


def texts_of(path: Path) -> list[Text]:
    """Return the texts of a file; none if its kind contains no prose."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [(1, _without_html_comments(content))]
    if path.suffix == ".py":
        return list(_of_python(content, path))
    if path.suffix in (".yml", ".yaml"):
        return [*_of_yaml(content), *_of_hash_comments(content)]
    if path.suffix == ".j2":
        return list(_of_template(content))
    if path.name == "Makefile" or path.suffix in (".sh", ".cfg", ".toml", ".txt"):
        return list(_of_hash_comments(content))
    return []


def _without_html_comments(content: str) -> str:
    return re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), content, flags=re.DOTALL)


def _of_python(content: str, path: Path) -> Iterator[Text]:
    tree = ast.parse(content)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                constant = node.body[0].value
                docstrings.add(constant)
                yield constant.lineno, _plain(_FIELD.sub("\n\n", ast.get_docstring(node) or ""))
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.lineno, node.name.removeprefix("test_").replace("_", " ")
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if names & _DOCUMENTATION:
                docstrings.add(node.value)
                for line, text in _of_yaml(node.value.value):
                    yield node.value.lineno + line - 1, text
    if "plugins" in path.parts and "tests" not in path.parts:
        yield from _messages(tree, docstrings)
    yield from _of_python_comments(content)


def _messages(tree: ast.AST, left_out: set[ast.AST]) -> Iterator[Text]:
    """Yield the sentences among the strings of a program, with "x" in the place of each value."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in left_out or node in inner:
            continue
        if isinstance(node, ast.JoinedStr):
            inner.update(ast.walk(node))
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if len(text.split()) >= _WORDS and not _CODE.search(text):
            yield node.lineno, _plain(re.sub(r"\{[^{}]*\}|%\(?\w*\)?[sd]", "x", text))


def _of_python_comments(content: str) -> Iterator[Text]:
    comments = [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(content).readline)
        if token.type == tokenize.COMMENT
    ]
    yield from _joined(comments)


def _of_hash_comments(content: str) -> Iterator[Text]:
    lines = enumerate(content.splitlines(), 1)
    yield from _joined([(line, text.strip()) for line, text in lines if text.lstrip().startswith("#")])


def _joined(comments: list[Text]) -> Iterator[Text]:
    """Yield comments of consecutive lines as one text."""
    told = [(line, text) for line, text in comments if not _NO_COMMENT.match(text)]
    for _key, group in groupby(enumerate(told), key=lambda one: one[1][0] - one[0]):
        lines = [text for _number, text in group]
        yield lines[0][0], _plain("\n".join(re.sub(r"^#+:? ?", "", text) for _line, text in lines))


def _of_yaml(content: str) -> Iterator[Text]:
    for document in yaml.compose_all(content, Loader=yaml.SafeLoader):
        if document is not None:
            yield from _of_node(document, told=False)


def _of_node(node: yaml.Node, *, told: bool) -> Iterator[Text]:
    if isinstance(node, yaml.ScalarNode):
        if told and node.tag == "tag:yaml.org,2002:str" and len(node.value.split()) > 1:
            block = node.style in ("|", ">")
            yield node.start_mark.line + 1 + block, _plain(_without_jinja(node.value))
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _of_node(one, told=told)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            is_text = isinstance(key, yaml.ScalarNode) and key.value in _TEXT_KEYS
            yield from _of_node(value, told=is_text and not isinstance(value, yaml.MappingNode))


def _of_template(content: str) -> Iterator[Text]:
    for line, text in enumerate(_without_jinja(content).splitlines(), 1):
        plain = re.sub(r"<[^>]*>", "", text).strip()
        if len(plain.split()) >= _WORDS:
            yield line, plain


def _without_jinja(text: str) -> str:
    text = re.sub(r"\{[%#].*?[%#]\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", lambda found: "x" + "\n" * found[0].count("\n"), text, flags=re.DOTALL)


def _plain(text: str) -> str:
    """Return a text of documentation as Markdown: names of options and values are code."""
    return _MARKUP.sub(lambda found: f"`{found['text'] or found['link'] or '-'}`", text)
