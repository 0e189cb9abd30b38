# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A baseline from results, and the results that it rejects."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter.drift_baseline import FilterModule
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    change,
    failure,
    found,
    step,
)

FAR = date(2999, 1, 31)
SAID: dict[str, Any] = {"reason": "As found", "owner": "mail@acme.example", "expires": "2999-01-31"}
drift_baseline = FilterModule().filters()["drift_baseline"]


def accepted(results: Any, **said: Any) -> list[dict[str, Any]]:
    content = yaml.safe_load(drift_baseline(results, **{**SAID, **said}))
    assert content["format"] == 1
    return list(content["accepted"])


def test_a_difference_is_accepted_with_its_comment() -> None:
    result = found(step(change(), change("smtp_pass", "********", "********")))
    entry = {"instance": "acme", "resource": "mail_server", "key": "Transactional", **SAID, "expires": FAR}
    assert accepted({"acme": result}) == [
        {**entry, "field": "smtp_port", "value": 25},
        {**entry, "field": "smtp_pass"},
    ]


def test_several_results_of_a_host_and_none() -> None:
    servers, policy = found(step(change())), found(step(change("active", True, False), resource="cron", key="a.b"))
    results = {"acme": [servers, policy], "globex": (policy, {}), "initech": []}
    assert [(one["instance"], one["key"]) for one in accepted(results)] == [
        ("acme", "Transactional"),
        ("acme", "a.b"),
        ("globex", "a.b"),
    ]
    assert accepted({}) == []


def test_results_without_a_verdict_accept_nothing() -> None:
    skipped = {"skipped": True, "skip_reason": "Conditional result was False", "changed": False}
    assert accepted({"acme": [skipped, {**failure(), "failed": True}]}) == []


def test_today_is_not_expired() -> None:
    today = datetime.now(timezone.utc).date()
    assert drift_baseline({}, **{**SAID, "expires": today}) == "---\nformat: 1\naccepted: []\n"
    assert drift_baseline({}, **{**SAID, "expires": f" {today} "})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"reason": ""}, "reason must be a text that is not empty"),
        ({"owner": "  "}, "owner must be a text that is not empty"),
        ({"owner": None}, "owner must be a text"),
        ({"expires": ""}, "expires must be a day such as 2027-01-31"),
        ({"expires": "31.01.2027"}, "expires must be a day"),
        ({"expires": datetime.now(timezone.utc).date() - timedelta(days=2)}, "is in the past"),
    ],
)
def test_it_needs_a_reason_an_owner_and_a_future_day(said: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        drift_baseline({}, **{**SAID, **said})


@pytest.mark.parametrize("results", [None, [], "acme", {"acme": "drifted"}, {"acme": [5]}])
def test_it_takes_results_by_hosts(results: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"drift_baseline: the value .*is not valid"):
        drift_baseline(results, **SAID)
