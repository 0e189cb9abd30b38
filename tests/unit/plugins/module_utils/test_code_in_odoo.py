# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All code that Odoo runs is valid for every safe_eval on every Python."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils import errors
from ansible_collections.postmaster.odoo.tests.unit.generated_code.codes import CODE_OF_MODULES, POLICY_CODES
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import load_facts

CODES = {**POLICY_CODES, **CODE_OF_MODULES}
# The names that a server action can use in every version, and the logger, which 16.0 lacks: the code catches that.
KNOWN = frozenset.intersection(*(frozenset(load_facts(series).server_action_names) for series in SERIES)) | {"_logger"}
FORBIDDEN = (
    ast.AsyncFor,
    ast.AsyncFunctionDef,
    ast.AsyncWith,
    ast.Await,
    ast.ClassDef,
    ast.Delete,
    ast.Global,
    ast.Import,
    ast.ImportFrom,
    ast.JoinedStr,
    ast.Match,
    ast.Nonlocal,
    ast.With,
    ast.Yield,
    ast.YieldFrom,
)

# Opcodes that no safe_eval allows (odoo/tools/safe_eval.py of 16.0 to 19.0), and that Python generates for allowed statements.
REJECTED = {
    "JUMP_BACKWARD_NO_INTERRUPT",
    "LOAD_CLOSURE",
    "MAKE_CELL",
    "STORE_ATTR",
    "DELETE_ATTR",
    "STORE_GLOBAL",
    "IMPORT_NAME",
    "WITH_EXCEPT_START",
}


@pytest.fixture(params=CODES)
def code(request: pytest.FixtureRequest) -> str:
    return CODES[request.param]


def test_every_module_that_has_odoo_run_code_is_listed() -> None:
    sources = {file.stem: file.read_text() for file in Path(errors.__file__).parent.rglob("*.py")}
    calling = {name for name, source in sources.items() if "run_in_odoo(" in source.replace("def run_in_odoo(", "")}
    assert calling == set(CODE_OF_MODULES)


def test_safe_eval_accepts_the_code(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        assert not isinstance(node, FORBIDDEN)
        if isinstance(node, ast.Attribute):
            assert isinstance(node.ctx, ast.Load)
            assert "__" not in node.attr
        if isinstance(node, ast.Try):
            assert node.finalbody == node.orelse == []


def test_it_uses_only_available_names(code: str) -> None:
    tree = ast.parse(code)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ExceptHandler)) and node.name
    }
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    used = {node.id for node in names} - bound
    assert used <= KNOWN


def bodies(node: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    for child in ast.walk(node):
        for name in ("body", "orelse"):
            if isinstance(getattr(child, name, None), list):
                yield child, getattr(child, name)


def test_no_statement_follows_a_try(code: str) -> None:
    """Python 3.13 would jump back from its handler by an opcode that safe_eval rejects."""
    for parent, body in bodies(ast.parse(code)):
        for statement in body:
            if isinstance(statement, ast.Try):
                assert isinstance(parent, (ast.FunctionDef, ast.For, ast.While))
                assert statement is body[-1]


def test_functions_have_no_closure(code: str) -> None:
    """A cell is an opcode that safe_eval rejects."""

    def check(compiled: CodeType) -> None:
        assert not compiled.co_cellvars
        assert not compiled.co_freevars
        for constant in compiled.co_consts:
            if isinstance(constant, CodeType):
                check(constant)

    check(compile(code, "code", "exec"))


def test_python_generates_no_opcode_that_safe_eval_rejects(code: str) -> None:
    def opcodes(compiled: CodeType) -> Iterator[str]:
        yield from (instruction.opname for instruction in dis.get_instructions(compiled))
        for constant in compiled.co_consts:
            if isinstance(constant, CodeType):
                yield from opcodes(constant)

    assert not REJECTED.intersection(opcodes(compile(code, "code", "exec")))
