# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a queue policy accepts and rejects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import QueuePolicy, read_domain

BACKOFF = {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30}
WATCHDOG = {"enabled": True, "interval": 5, "max_overdue": 30}


def lane(**changed: Any) -> dict[str, Any]:
    return {"name": "one", "batch": 10, **changed}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, []),
        ("", []),
        ("[]", []),
        ("[('a', '=', 1)]", [("a", "=", 1)]),
        ([["a", "=", 1]], [("a", "=", 1)]),
        ("['|', ('a', '=', 1), ('b', 'in', [1, 2])]", ["|", ("a", "=", 1), ("b", "in", [1, 2])]),
        ("['!', '&', ('a', '=', 1), ('b', '=', None)]", ["!", "&", ("a", "=", 1), ("b", "=", None)]),
        ("[('a', '=', 1), '|', ('b', '=', 1), ('c', '=', 1)]", [("a", "=", 1), "|", ("b", "=", 1), ("c", "=", 1)]),
    ],
)
def test_domains(given: Any, read: list[Any]) -> None:
    assert read_domain(given) == read


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[('a', '=', uid)]", "plain values"),
        ("[('a', '=', 1)", "plain values"),
        ("__import__('os')", "plain values"),
        ("{{}}", "plain values"),
        ("{" + "-" * 50_000 + "}", "plain values"),
        ("{'a': 1}", "a list of conditions"),
        (5, "a list of conditions"),
        ("[('a', '=')]", "neither a condition"),
        ("['or', ('a', '=', 1)]", "neither a condition"),
        ("['|', ('a', '=', 1)]", "is not complete, because an operator lacks a condition"),
        ("[('a', '=', 1), '!']", "is not complete, because an operator lacks a condition"),
        # Values that JSON, or the Python that Odoo runs, cannot represent.
        ([["a", "=", float("nan")]], "not a plain value"),
        ("[('a', '=', 1e999)]", "not a plain value"),
        ("[('a', 'in', {1, 2})]", "not a plain value"),
        ("[('a', 'in', [1, [b'x']])]", "not a plain value"),
        ("[('a', '=', 1j)]", "not a plain value"),
        ("[('a', '=', ...)]", "not a plain value"),
    ],
)
def test_a_value_that_is_not_a_domain(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_domain(given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"lanes": [lane(domain="[('a', '=', uid)]")]},
            "lane 'one': domain: .* is not an Odoo domain with plain values",
        ),
        ({"lanes": [lane(batch=0)]}, "lane 'one': batch must be at least 1, not 0"),
        (
            {"lanes": [lane(), lane(name="two")]},
            "lane 'one': a lane without a domain takes all mails, so it must be the last one",
        ),
        ({"lanes": [lane(domain="[('a', '=', 1)]"), lane()]}, "lane 'one' is declared twice"),
        ({"lanes": [lane()], "interval": 0}, "interval must be at least 1, not 0"),
        ({"interval": 5}, "interval needs lanes, because it is the interval of their cron"),
        ({"settle": 5}, "settle needs lanes, because only they leave new mails alone"),
        ({"lanes": [lane()], "settle": -1}, "settle must be at least 0, not -1"),
        ({"stale_after": -1}, "stale_after must be at least 0, not -1"),
        ({"purge_after": -1}, "purge_after must be at least 0, not -1"),
        ({"backoff": {**BACKOFF, "give_up_after": 0}}, "backoff.give_up_after must be at least 1"),
        (
            {"backoff": {**BACKOFF, "max_delay": 1}},
            r"backoff.max_delay \(1\) must not be less than backoff.first_delay \(5\)",
        ),
        ({"watchdog": {**WATCHDOG, "max_overdue": 0}}, "watchdog.max_overdue must be at least 1"),
        ({"watchdog": {**WATCHDOG, "max_outgoing": 0}}, "watchdog.max_outgoing must be at least 1"),
        ({"watchdog": {**WATCHDOG, "channel": ""}}, "watchdog.channel must not be empty"),
        ({"lanes": [lane(name="")]}, "a lane's name must not be empty"),
        # Values beyond the range of dates or integers, which would fail in each run.
        ({"lanes": [lane()], "settle": 99999999999999}, "settle must be at most 86400"),
        ({"lanes": [lane()], "interval": 10**9}, "interval must be at most 52560000"),
        ({"lanes": [lane(batch=2**31)]}, "lane 'one': batch must be at most 2147483647"),
        ({"stale_after": 1000000}, "stale_after must be at most 36500"),
        ({"purge_after": 99999999999}, "purge_after must be at most 36500"),
        ({"backoff": {**BACKOFF, "give_up_after": 10**17}}, "backoff.give_up_after must be at most 52560000"),
        ({"watchdog": {**WATCHDOG, "max_overdue": 99999999999}}, "watchdog.max_overdue must be at most 52560000"),
    ],
)
def test_values_that_every_odoo_rejects(options: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        QueuePolicy(options)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        QueuePolicy({"stale_after": -1, "purge_after": -1, "lanes": [lane(batch=0)]})
    assert caught.value.message.count(";") == 2


def test_a_last_lane_takes_the_remaining_mails() -> None:
    lanes = QueuePolicy({"lanes": [lane(domain="[('a', '=', 1)]")], "settle": 60}).lanes
    assert [(one.name, list(one.domain), one.batch) for one in lanes] == [
        ("one", [("a", "=", 1)], 10),
        ("everything else", [], 100),
    ]
    assert len(QueuePolicy({"lanes": [lane()], "settle": 60}).lanes) == 1


def test_absent_applies_to_everything_with_any_other_options() -> None:
    policy = QueuePolicy({"state": "absent", "stale_after": -5})
    assert [policy.removes(rule) for rule in policy.declared_rules] == [True] * 5
