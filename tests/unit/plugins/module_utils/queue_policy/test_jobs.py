# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generated code identifies its origin, and can be read and removed."""

from __future__ import annotations

import re

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.tests.unit.generated_code.codes import POLICY_CODES

# Code and JSON that the parsers of Python reject.
NESTED = ("-" * 100_000 + "1", "[" * 100_000, "x" + ".a" * 100_000, "\0")


@pytest.fixture(params=POLICY_CODES)
def code(request: pytest.FixtureRequest) -> str:
    return POLICY_CODES[request.param]


def test_the_first_line_identifies_the_owner_and_the_content(code: str) -> None:
    first = code.splitlines()[0]
    assert re.fullmatch(
        r"# postmaster\.odoo queue policy, \w+, version 1, [0-9a-f]{12}\. Do not edit: Ansible generates and updates this code\.",
        first,
    )
    assert "{" not in first
    assert code == code.strip()
    assert (
        len(re.sub(r"'reason_\d+': .*", "", code)) < 6_000
    )  # the texts about refusals grow with the number of known reasons


def test_the_checksum_is_of_the_code() -> None:
    assert queue_jobs.stale_code(7).splitlines()[0] != queue_jobs.stale_code(8).splitlines()[0]


def test_the_previous_state_can_be_read_from_the_code() -> None:
    before = {"code": "model.process_email_queue()\n# {made up}", "active": True, "interval_number": 1}
    code = queue_jobs.with_before(POLICY_CODES["lanes"], before)
    assert queue_jobs.before_of(code) == before
    assert queue_jobs.before_of(code.replace("accounts", "edited by hand")) == before
    assert queue_jobs.before_of("model.process_email_queue()") is None
    assert queue_jobs.before_of("") is None


@pytest.mark.parametrize(
    "note", ["", "# Before the policy: {", "# Before the policy: []", '# Before the policy: {"active": true}']
)
def test_without_the_note_the_former_code_is_odoos_own(note: str) -> None:
    head, _newline, body = POLICY_CODES["lanes"].partition("\n")
    assert queue_jobs.before_of(f"{head}\n{note}\n{body}") == {"code": "model.process_email_queue()"}


def test_the_parameters_of_the_code_can_be_read_from_it() -> None:
    """This also works if the code contains similar former code."""
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
def test_the_listener_of_the_watchdog_can_be_read_from_it(listener: Listener | None, max_outgoing: int | None) -> None:
    code = queue_jobs.watchdog_code(max_overdue=30, max_outgoing=max_outgoing, listener=listener)
    assert queue_jobs.listener_in(code) == listener
    assert queue_jobs.numbers_in(code) == [30, *([max_outgoing] if max_outgoing else [])]


@pytest.mark.parametrize("code", ["", "lanes = 5", "lanes = [1]", "if", "model.process_email_queue()"])
def test_other_code_contains_no_lanes(code: str) -> None:
    with pytest.raises(ValueError, match="no lanes"):
        queue_jobs.lanes_in(code)


@pytest.mark.parametrize("nested", NESTED, ids=["minus", "brackets", "attributes", "NUL"])
def test_code_that_python_cannot_parse_is_unmanaged_code(nested: str) -> None:
    assert not queue_jobs.sends_queue(nested)
    queue_jobs.keeps_order(
        f"model.process_email_queue({nested})"
    )  # the version of Python decides which of these it can parse; none is an error
    for code in (nested, f"lanes = {nested}"):
        with pytest.raises(ValueError, match="it contains no lanes"):
            queue_jobs.lanes_in(code)


@pytest.mark.parametrize("nested", NESTED, ids=["minus", "brackets", "attributes", "NUL"])
def test_a_note_with_too_deeply_nested_former_code_is_damaged(nested: str) -> None:
    code = queue_jobs.with_before(POLICY_CODES["lanes"], {"code": "edited by hand"})
    spoilt = code.replace('{"code": "edited by hand"}', nested)
    assert spoilt != code
    assert queue_jobs.before_of(spoilt) == {"code": "model.process_email_queue()"}
