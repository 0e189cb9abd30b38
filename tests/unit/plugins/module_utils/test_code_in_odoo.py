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

# The opcodes of Python 3.10 to 3.13 that this code needs. Odoo 19.0 allows all of them (19.0:odoo/tools/safe_eval.py, `_SAFE_OPCODES`). Look there
# before you add one.
ALLOWED = """
BINARY_ADD BINARY_MODULO BINARY_OP BINARY_SLICE BINARY_SUBSCR BINARY_SUBTRACT BUILD_CONST_KEY_MAP BUILD_LIST
BUILD_MAP BUILD_SLICE BUILD_STRING BUILD_TUPLE CALL CALL_FUNCTION CALL_FUNCTION_EX CALL_FUNCTION_KW CALL_KW
CALL_METHOD CHECK_EXC_MATCH COMPARE_OP CONTAINS_OP CONVERT_VALUE COPY DELETE_FAST DELETE_NAME DICT_MERGE
DICT_UPDATE DUP_TOP END_FOR EXTENDED_ARG FORMAT_SIMPLE FORMAT_VALUE FOR_ITER GET_ITER JUMP_ABSOLUTE
JUMP_BACKWARD JUMP_FORWARD JUMP_IF_NOT_EXC_MATCH JUMP_IF_TRUE_OR_POP KW_NAMES LIST_APPEND LIST_EXTEND LOAD_ATTR
LOAD_CONST LOAD_FAST LOAD_FAST_AND_CLEAR LOAD_FAST_LOAD_FAST LOAD_GLOBAL LOAD_METHOD LOAD_NAME MAKE_FUNCTION
MAP_ADD NOP POP_BLOCK POP_EXCEPT POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_FORWARD_IF_FALSE
POP_JUMP_FORWARD_IF_TRUE POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_TOP PRECALL PUSH_EXC_INFO PUSH_NULL RERAISE
RESUME RETURN_CONST RETURN_VALUE ROT_FOUR SETUP_FINALLY STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST
STORE_NAME STORE_SUBSCR SWAP TO_BOOL UNARY_NEGATIVE UNARY_NOT UNPACK_SEQUENCE
"""


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


def test_safe_eval_allows_every_opcode(code: str) -> None:
    """It rejects closures, for example, and on Python 3.13 a statement after a `try`."""

    def opcodes(compiled: CodeType) -> Iterator[str]:
        yield from (instruction.opname for instruction in dis.get_instructions(compiled))
        for constant in compiled.co_consts:
            if isinstance(constant, CodeType):
                yield from opcodes(constant)

    assert set(opcodes(compile(code, "code", "exec"))) <= {*ALLOWED.split()}
