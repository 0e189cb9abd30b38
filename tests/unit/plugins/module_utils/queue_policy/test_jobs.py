# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generated code keeps to what every safe_eval takes, says whose it is, and can be taken back. What it does, integration tests see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import CodeType

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import load_facts

# What Python's parsers cannot take: of code, and of JSON.
NESTED = ("-" * 100_000 + "1", "[" * 100_000, "x" + ".a" * 100_000, "\0")
LANES = [Lane("accounts", [("model", "=", "res.users"), "!", ("res_id", "=", 1)], 100), Lane("o'clock {rest}", [], 7)]
NAMES = ("lanes", "backoff", "stale", "purge", "watchdog", "watchdog to a user", "watchdog to nobody")
CODES = dict(
    zip(
        NAMES,
        (
            queue_jobs.lanes_code(LANES, settle=60),
            queue_jobs.backoff_code(first_delay=5, max_delay=60, give_up_after=4320, max_attempts=30),
            queue_jobs.stale_code(7),
            queue_jobs.purge_code(30),
            queue_jobs.watchdog_code(max_overdue=30, max_outgoing=10, listener=Listener("discuss.channel", 7)),
            queue_jobs.watchdog_code(max_overdue=30, max_outgoing=None, listener=Listener("res.partner", 7)),
            queue_jobs.watchdog_code(max_overdue=30, max_outgoing=None, listener=None),
        ),
        strict=True,
    )
)

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


@pytest.fixture(params=NAMES)
def code(request: pytest.FixtureRequest) -> str:
    return CODES[request.param]


def test_it_keeps_to_what_safe_eval_takes(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        assert not isinstance(node, FORBIDDEN)
        if isinstance(node, ast.Attribute):
            assert isinstance(node.ctx, ast.Load)
            assert "__" not in node.attr
        if isinstance(node, ast.Try):
            assert node.finalbody == node.orelse == []


def test_it_names_nothing_that_is_not_there(code: str) -> None:
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


def test_no_try_is_followed_by_anything(code: str) -> None:
    """Python 3.13 would jump back from its handler by an opcode that safe_eval does not know."""
    for parent, body in bodies(ast.parse(code)):
        for statement in body:
            if isinstance(statement, ast.Try):
                assert isinstance(parent, (ast.FunctionDef, ast.For, ast.While))
                assert statement is body[-1]


def test_functions_close_over_nothing(code: str) -> None:
    """A cell is an opcode that safe_eval does not know."""

    def check(compiled: CodeType) -> None:
        assert not compiled.co_cellvars
        assert not compiled.co_freevars
        for constant in compiled.co_consts:
            if isinstance(constant, CodeType):
                check(constant)

    check(compile(code, "code", "exec"))


def test_it_says_whose_it_is_and_what_it_is(code: str) -> None:
    first = code.splitlines()[0]
    assert re.fullmatch(
        r"# postmaster\.odoo queue policy, \w+, version 1, [0-9a-f]{12}\. Do not edit: Ansible generates and updates this code\.",
        first,
    )
    assert "{" not in first
    assert code == code.strip()
    assert len(re.sub(r"'reason_\d+': .*", "", code)) < 6_000  # the words of refusals grow with what is known of them


def test_the_checksum_is_of_the_code() -> None:
    assert queue_jobs.stale_code(7).splitlines()[0] != queue_jobs.stale_code(8).splitlines()[0]


def test_what_was_before_can_be_told_from_the_code() -> None:
    before = {"code": "model.process_email_queue()\n# {made up}", "active": True, "interval_number": 1}
    code = queue_jobs.with_before(CODES["lanes"], before)
    assert queue_jobs.before_of(code) == before
    assert queue_jobs.before_of(code.replace("accounts", "edited by hand")) == before
    assert queue_jobs.before_of("model.process_email_queue()") is None
    assert queue_jobs.before_of("") is None


@pytest.mark.parametrize(
    "note", ["", "# Before the policy: {", "# Before the policy: []", '# Before the policy: {"active": true}']
)
def test_a_note_that_is_lost_means_odoos_own_code(note: str) -> None:
    head, _newline, body = CODES["lanes"].partition("\n")
    assert queue_jobs.before_of(f"{head}\n{note}\n{body}") == {"code": "model.process_email_queue()"}


def test_what_code_was_made_with_can_be_read_from_it() -> None:
    """Also where it notes former code that looks alike."""
    lanes = [Lane('it\'s "first"', [("state", "=", "outgoing"), "|", ("id", "in", [1, 2])], 5), Lane("rest", [], 9)]
    code = queue_jobs.with_before(queue_jobs.lanes_code(lanes, settle=61), {"code": queue_jobs.stale_code(9)})
    assert queue_jobs.lanes_in(code) == lanes
    assert queue_jobs.numbers_in(code) == [61]
    backoff = queue_jobs.backoff_code(first_delay=5, max_delay=60, give_up_after=4320, max_attempts=30)
    assert queue_jobs.numbers_in(backoff) == [4320, 5, 60, 30]
    assert queue_jobs.numbers_in(queue_jobs.stale_code(7)) == [7]
    assert queue_jobs.numbers_in(queue_jobs.purge_code(90)) == [90]


@pytest.mark.parametrize("listener", [None, Listener("discuss.channel", 4), Listener("res.partner", 7)])
@pytest.mark.parametrize("max_outgoing", [None, 500])
def test_whom_the_watchdog_tells_can_be_read_from_it(listener: Listener | None, max_outgoing: int | None) -> None:
    code = queue_jobs.watchdog_code(max_overdue=30, max_outgoing=max_outgoing, listener=listener)
    assert queue_jobs.listener_in(code) == listener
    assert queue_jobs.numbers_in(code) == [30, *([max_outgoing] if max_outgoing else [])]


@pytest.mark.parametrize("code", ["", "lanes = 5", "lanes = [1]", "if", "model.process_email_queue()"])
def test_other_code_holds_no_lanes(code: str) -> None:
    with pytest.raises(ValueError, match="no lanes"):
        queue_jobs.lanes_in(code)


@pytest.mark.parametrize("nested", NESTED, ids=["minus", "brackets", "attributes", "NUL"])
def test_code_that_python_cannot_parse_is_foreign_code(nested: str) -> None:
    assert not queue_jobs.sends_queue(nested)
    queue_jobs.keeps_order(
        f"model.process_email_queue({nested})"
    )  # which of these Python can parse depends on its version; none is an error
    for code in (nested, f"lanes = {nested}"):
        with pytest.raises(ValueError, match="it contains no lanes"):
            queue_jobs.lanes_in(code)


@pytest.mark.parametrize("nested", NESTED, ids=["minus", "brackets", "attributes", "NUL"])
def test_a_note_of_former_code_that_is_nested_too_deeply_is_spoilt(nested: str) -> None:
    code = queue_jobs.with_before(CODES["lanes"], {"code": "edited by hand"})
    spoilt = code.replace('{"code": "edited by hand"}', nested)
    assert spoilt != code
    assert queue_jobs.before_of(spoilt) == {"code": "model.process_email_queue()"}
