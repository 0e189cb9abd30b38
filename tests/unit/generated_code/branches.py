# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every branch of generated code, and a variant of the code that logs the branches that it takes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

_MARK = "branch of "


def with_told_branches(code: str, part: str) -> tuple[str, dict[str, str]]:
    """Return the code with a call of `log` in every branch, and the name of each branch by the message that it logs.

    :param part: the name of the code.
    """
    branches = _Branches(part)
    tree = branches.visit(ast.parse(code))
    return ast.unparse(ast.fix_missing_locations(tree)), branches.names


@dataclass
class _Branches(ast.NodeTransformer):
    """The branches of a piece of code: bodies of functions, conditions, loops and handlers.

    :param part: the name of the code.
    :ivar names: names of the branches by the message that they log, in the order of the code.
    """

    part: str
    names: dict[str, str] = field(default_factory=dict)
    _function: str = ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._function = node.name
        node.body.insert(0, self._told("begin"))
        visited = self.generic_visit(node)
        self._function = ""
        return visited

    def visit_If(self, node: ast.If) -> ast.AST:
        condition = f"if {ast.unparse(node.test)}"
        node.body.insert(0, self._told(condition))
        node.orelse.insert(0, self._told(f"{condition}: else"))
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self._loop(node, f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}")
        return self.generic_visit(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        self._loop(node, f"while {ast.unparse(node.test)}")
        return self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        for handler in node.handlers:
            handler.body.insert(0, self._told(f"except of {ast.unparse(node.body[0])}"))
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        condition = f"{ast.unparse(node.body)} if {ast.unparse(node.test)}"
        node.body = self._told_value(condition, node.body)
        node.orelse = self._told_value(f"{condition} else {ast.unparse(node.orelse)}", node.orelse)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return node if _is_told(node) else self.generic_visit(node)

    def _loop(self, node: ast.For | ast.While, name: str) -> None:
        node.body.insert(0, self._told(name))
        node.orelse.insert(0, self._told(f"{name}: end"))

    def _told(self, name: str) -> ast.Expr:
        return ast.Expr(self._call(name))

    def _told_value(self, name: str, value: ast.expr) -> ast.expr:
        """Return an expression that logs and has the value: no statement fits in its place."""
        pair = ast.Tuple([self._call(name), value], ast.Load())
        return ast.Subscript(pair, ast.Constant(1), ast.Load())

    def _call(self, name: str) -> ast.Call:
        message = f"{_MARK}{self.part} {len(self.names)}"
        self.names[message] = f"{self.part}: {self._function}: {name}" if self._function else f"{self.part}: {name}"
        return ast.Call(ast.Name("log", ast.Load()), [ast.Constant(message)], [])


def _is_told(node: ast.Call) -> bool:
    """Return whether a call was added to log a branch."""
    return (
        isinstance(node.func, ast.Name)
        and node.func.id == "log"
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).startswith(_MARK)
    )
