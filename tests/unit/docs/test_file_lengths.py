# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No Python file of the plugins and the tests has more than 400 lines of code."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
# ansible-test keeps its virtual environments there.
OUTPUT = CHECKOUT / "tests/output"
MOST = 400

# Parts of a plugin that Ansible reads as YAML.
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
WITHOUT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def documentation_in(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield docstrings, and the documentation of a plugin."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node) is not None:
                yield node.body[0]
        elif isinstance(node, ast.Assign) and any(getattr(one, "id", "") in DOCUMENTATION for one in node.targets):
            yield node


def lines_of_code(text: str) -> int:
    """Count the lines of code. Documentation, comments and blank lines do not count."""
    documented = {
        line for node in documentation_in(ast.parse(text)) for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for one in tokens if one.type not in WITHOUT_CODE for line in range(one.start[0], one.end[0] + 1)}
    return len(code - documented)


def test_only_code_is_counted() -> None:
    text = '''# A comment.
"""A docstring
of two lines."""

DOCUMENTATION = r"""
options: {}
"""
TEXT = """
No docstring.
"""


def add(number):  # a comment behind code
    """Return more."""

    return (
        number
        + 1
    )
'''
    assert lines_of_code(text) == 8


def test_no_file_is_too_long() -> None:
    files = [file for folder in ("plugins", "tests") for file in sorted((CHECKOUT / folder).rglob("*.py"))]
    texts = {
        str(file.relative_to(CHECKOUT)): file.read_text(encoding="utf-8")
        for file in files
        if OUTPUT not in file.parents
    }
    assert len(texts) > 500
    # A file without more lines cannot have more lines of code. Counting takes longer.
    counts = {name: lines_of_code(text) for name, text in texts.items() if text.count("\n") > MOST}
    assert {name: count for name, count in counts.items() if count > MOST} == {}
