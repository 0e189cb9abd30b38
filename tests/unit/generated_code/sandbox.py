# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model of the sandbox in which 20.0 runs code, with the policy `raise`. It follows the rules in Odoo's source.

Source: 20.0:odoo/tools/safe_eval/evaluation.py. `_SafeTransformer` adds a check to every call. `_SafeChecker` examines
the callee, every argument, and their contents. `_SafeWhitelist` and `_initialize_safe_whitelist` list the trusted
objects. This model contains the rules that apply to generated code. An untrusted object raises an error that `except
Exception` does not catch.
"""

from __future__ import annotations

import ast
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from fnmatch import fnmatchcase
from functools import reduce
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

# The name of the module of the code's own functions.
MODULE = "odoo.tools.safe_eval.evaluation.<evaluated_code>"

_CHECK = "checked_call"
_COLLECTIONS = (list, tuple, set, frozenset, dict, KeysView, ValuesView, ItemsView)
# The elements of iterators are checked too.
_ITERATORS = (enumerate, filter, map, range, reversed, zip, type(iter([])), type(iter(())), type(iter(set())))
_TYPES = frozenset(
    {
        *(object, type(None), bool, int, float, str, bytes),
        *(Exception, AttributeError, KeyError, TypeError, UnboundLocalError, ValueError, ZeroDivisionError),
        *(list, tuple, set, frozenset, dict),
        *(enumerate, filter, map, range, reversed, zip),
    }
)
_FUNCTIONS = frozenset(
    {*(abs, divmod, max, min, round, sum, chr, ord, repr, all, any, len, sorted, iter, hasattr, isinstance), reduce}
)
# The names of trusted classes. Their instances are trusted too, and so are the methods of these instances.
_TYPE_NAMES = (
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone", "tzinfo")),
    "dateutil.relativedelta.relativedelta",
    "odoo.addons.*",
    "odoo.orm.models.*",
    "odoo.orm.fields.*",
    "odoo.orm.environments.Environment",
    "odoo.sql_db.Cursor",
    *(f"odoo.exceptions.{name}" for name in ("AccessError", "MissingError", "UserError", "ValidationError")),
    *("psycopg2.InterfaceError", "psycopg2.OperationalError", "psycopg2.ProgrammingError", "psycopg2.errors.*"),
)
_FUNCTION_NAMES = (f"{MODULE}.*", "odoo.addons.*", "cursor.fetchall", "cursor.fetchone", "time.time", "time.sleep")
# Python's functions that generated code can call in every version.
_BUILTINS: tuple[Any, ...] = (
    *(bytes, str, bool, int, float, enumerate, dict, list, tuple, map, abs, min, max, sum, filter, sorted, round),
    *(len, repr, set, all, any, ord, chr, divmod, isinstance, range, zip, Exception),
)


class UnsafeError(BaseException):
    """An object that is not trusted takes part in a call."""


class _CheckedCalls(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name(_CHECK, ast.Load()), [node.func, *node.args], node.keywords), node)


def run(code: str, given: Mapping[str, Any]) -> None:
    """Run the code of a server action.

    :param given: the names that Odoo passes to it.
    :raises UnsafeError: it calls something untrusted, or passes something untrusted to a call.
    """
    tree = ast.fix_missing_locations(_CheckedCalls().visit(ast.parse(code)))
    names = {one.__name__: one for one in _BUILTINS}
    namespace = {"__name__": MODULE, "__builtins__": {**names, _CHECK: _checked_call}, **given}
    exec(compile(tree, "generated", "exec"), namespace)  # the code is the collection's own


def _checked_call(callee: Any, /, *args: Any, **kwargs: Any) -> Any:
    for one in _all_in((callee, args, kwargs)):
        if not _is_trusted(one):
            raise UnsafeError(f"{one!r} ({_path(type(one))})")
    return callee(*args, **kwargs)


def _all_in(value: Any) -> Iterator[Any]:
    """Yield the elements of a value, or the value itself if it is not a collection."""
    if isinstance(value, dict):
        parts: Iterable[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, _COLLECTIONS):
        parts = value
    elif isinstance(value, _ITERATORS):
        parts = value.__reduce__()
    else:
        yield value
        return
    for part in parts:
        yield from _all_in(part)


def _is_trusted(one: Any) -> bool:
    if isinstance(one, ModuleType):
        return False
    if isinstance(one, type):
        return _is_trusted_type(one)
    if isinstance(one, FunctionType):
        return _is_trusted_function(one)
    if isinstance(one, (MethodType, BuiltinFunctionType)):
        owner = one.__self__
        if isinstance(owner, ModuleType):
            return _is_trusted_function(one)
        return _is_trusted_type(owner if isinstance(owner, type) else type(owner)) or _is_trusted_function(one)
    return isinstance(one, GeneratorType) or _is_trusted_type(type(one))


def _is_trusted_type(one: type) -> bool:
    return one in _TYPES or any(fnmatchcase(_path(one), name) for name in _TYPE_NAMES)


def _is_trusted_function(one: Any) -> bool:
    return one in _FUNCTIONS or any(fnmatchcase(_path(one), name) for name in _FUNCTION_NAMES)


def _path(one: Any) -> str:
    return f"{one.__module__ or ''}.{one.__qualname__}".strip(".")
