# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accepted drift: the accepted differences, expired and unmatched entries, and invalid baselines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable_lines
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import (
    Baseline,
    BaselineError,
    first_baseline,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import Instance
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    change,
    found,
    instance,
    step,
)

TODAY = date(2026, 11, 24)
ENTRY = {
    "resource": "mail_server",
    "key": "Transactional",
    "reason": "As found",
    "owner": "mail@acme.example",
    "expires": "2027-01-31",
}
SAID = {"reason": "As found", "owner": "mail@acme.example", "expires": "2027-01-31"}

Reader = Callable[..., Baseline]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a function that reads a baseline with these entries."""

    def read(*entries: Any, **content: Any) -> Baseline:
        path = tmp_path / "baseline.yml"
        path.write_text(yaml.safe_dump({"format": 1, "accepted": list(entries), **content}))
        return Baseline.read(path)

    return read


def drifted(*changes: Any, name: str = "acme", **more: Any) -> Instance:
    return instance(("ok", found(step(*changes or [change()], **more))), hosts=(name,))


def apply(baseline: Baseline, *fleet: Instance, inventory: tuple[str, ...] = (), **more: bool) -> Any:
    return baseline.apply(fleet, TODAY, inventory or tuple(one.name for one in fleet), **more)


def problems(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    return [(one["instance"], one["problem"]) for one in apply(*arguments, **more)["problems"]]


def test_a_field_is_accepted_with_its_reason(read: Reader) -> None:
    acme = drifted(change(), change("smtp_host", "a", "b"))
    assert apply(read({**ENTRY, "field": "smtp_port"}), acme) == {
        "file": "baseline.yml",
        "accepted": 1,
        "problems": [],
    }
    port, host = acme.resources[0].differences
    assert (port.status, port.accepted) == ("accepted", SAID)
    assert (host.status, host.accepted) == ("drifted", None)
    assert acme.status == "drifted"


def test_without_a_field_the_whole_record_is_accepted(read: Reader) -> None:
    acme = drifted(change(), change("smtp_host", "a", "b"))
    apply(read(ENTRY), acme)
    assert acme.status == "accepted"


def test_an_undeclared_record_can_be_accepted(read: Reader) -> None:
    acme = instance(("ok", found(unmanaged=[{"resource": "mail_server", "name": "Transactional"}])))
    apply(read(ENTRY), acme)
    assert acme.status == "accepted"


@pytest.mark.parametrize(
    ("value", "before", "status"),
    [
        (25, 25, "accepted"),
        (2525, 25, "drifted"),
        (500, "500", "accepted"),  # a parameter is text
        (True, 1, "drifted"),
        (False, None, "drifted"),
        (None, None, "accepted"),
        (["a"], ["a"], "accepted"),
        (date(2026, 1, 1), "2026-01-01", "accepted"),  # YAML has a type for days, Odoo's API does not
    ],
)
def test_a_value_is_accepted_only_while_it_is_unchanged(read: Reader, value: Any, before: Any, status: str) -> None:
    acme = drifted(change(before=before))
    baseline = read({**ENTRY, "field": "smtp_port", "value": value})
    assert problems(baseline, acme) == ([] if status == "accepted" else [("*", "unmatched")])
    assert acme.status == status


def test_a_secret_is_accepted_without_a_value_and_never_with_one(read: Reader) -> None:
    secret = change("smtp_pass", "********", "********")
    acme = drifted(secret)
    apply(read({**ENTRY, "field": "smtp_pass"}), acme)
    assert acme.status == "accepted"
    acme = drifted(secret)
    apply(read({**ENTRY, "field": "smtp_pass", "value": "guessed"}), acme)
    assert acme.status == "drifted"


def test_a_corrected_difference_stays_corrected(read: Reader) -> None:
    acme = drifted()
    acme.resources[0].differences[0].status = "corrected"
    assert problems(read(ENTRY), acme) == []
    assert acme.status == "corrected"


# Expiry


@pytest.mark.parametrize(("days", "status"), [(0, "accepted"), (-1, "drifted")])
def test_the_last_day_still_counts(read: Reader, days: int, status: str) -> None:
    acme = drifted()
    expires = (TODAY + timedelta(days=days)).isoformat()
    found_problems = problems(read({**ENTRY, "expires": expires}), acme)
    assert acme.status == status
    difference = acme.resources[0].differences[0]
    if status == "drifted":
        assert found_problems == [("*", "expired")]
        assert difference.expired == {**SAID, "expires": expires}
    else:
        assert found_problems == []
        assert difference.expired is None


def test_an_entry_that_was_renamed_is_not_a_problem(read: Reader) -> None:
    acme = drifted()
    assert problems(read({**ENTRY, "expires": "2026-01-01"}, ENTRY), acme) == []
    assert acme.status == "accepted"


# Unmatched entries


def test_an_entry_without_its_drift_is_unmatched(read: Reader) -> None:
    clean = instance(("ok", found(records=[{"resource": "mail_server", "key": "Transactional"}])))
    assert problems(read(ENTRY), clean) == [("*", "unmatched")]
    assert problems(read({**ENTRY, "expires": "2026-01-01"}), clean) == [("*", "unmatched")]


@pytest.mark.parametrize(
    ("pattern", "inventory", "partial", "judged"),
    [
        ("acme", ("acme", "globex"), False, True),
        ("ac*", ("acme", "globex"), False, True),
        ("*", ("acme",), False, True),
        ("*", ("acme", "globex"), False, False),  # --limit acme
        ("globex", ("acme", "globex"), False, False),
        ("hooli", ("acme",), False, True),  # no host of the inventory
        ("hooli", ("acme",), True, False),
        ("ac", ("acme",), False, True),
        ("acm?", ("acme",), False, True),  # only * has a meaning
        ("acme", ("acme",), True, False),  # --tags
    ],
)
def test_only_compared_instances_are_judged(
    read: Reader, pattern: str, inventory: tuple[str, ...], partial: bool, judged: bool
) -> None:
    clean = instance(("ok", found(records=[{"resource": "mail_server", "key": "Transactional"}])))
    expected = [(pattern, "unmatched")] if judged else []
    baseline = read({**ENTRY, "instance": pattern})
    assert problems(baseline, clean, inventory=inventory, partial=partial) == expected


def test_a_run_with_a_limit_does_not_judge_an_entry_without_a_host(read: Reader) -> None:
    clean = instance(("ok", found(records=[{"resource": "mail_server", "key": "Transactional"}])))
    assert problems(read({**ENTRY, "instance": "hooli"}), clean, limited=True) == []


def test_a_run_that_compares_other_kinds_judges_nothing(read: Reader) -> None:
    clean = instance(("ok", found(records=[{"resource": "cron", "key": "a.b"}])))
    assert problems(read(ENTRY), clean) == []


def test_an_instance_that_failed_judges_nothing(read: Reader) -> None:
    failed = instance(("failed", {"msg": "no", "error_kind": "access", "plan": []}), failures={"acme": 1})
    assert problems(read(ENTRY), failed) == []


# Invalid content


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**ENTRY, "reason": ""}, "reason is missing"),
        ({**ENTRY, "reason": " "}, "reason must be a text"),
        ({**ENTRY, "owner": None, "reason": None}, "reason, owner are missing"),
        ({**ENTRY, "expires": "soon"}, "expires must be a day such as 2027-01-31, not 'soon'"),
        ({**ENTRY, "expires": 2027}, "expires must be a day"),
        ({**ENTRY, "expires": "2027-02-30"}, "expires must be a day"),
        ({**ENTRY, "expires": "20270131"}, "expires must be a day"),
        ({**ENTRY, "expires": "2027-W04-1"}, "expires must be a day"),
        ({**ENTRY, "resource": "mail_serverr"}, "resource must be one of addon, .*, not 'mail_serverr'"),
        ({**ENTRY, "until": "2027-01-31"}, "until is not known"),
        ({**ENTRY, "value": 1}, "value needs field"),
        ({**ENTRY, "field": "smtp_pass", "value": "********"}, "the field is a secret, so value is not allowed"),
        ({**ENTRY, "field": None}, "field must be a text"),
        ({**ENTRY, "instance": 5}, "instance must be a text"),
        ("acme", "entry 1 is not a mapping"),
    ],
)
def test_a_wrong_entry_is_refused(read: Reader, entry: Any, words: str) -> None:
    with pytest.raises(BaselineError, match=words):
        read(entry)


def test_all_problems_are_reported_at_once(read: Reader) -> None:
    with pytest.raises(
        BaselineError, match=r"format must be 1, not 2; it has the unknown keys more .*; entry 1 .*; entry 2 "
    ):
        read({**ENTRY, "expires": "soon"}, {**ENTRY, "owner": ""}, format=2, more=1)


@pytest.mark.parametrize("day", ["2027-01-31", "'2027-01-31'"])
def test_a_day_may_be_quoted(tmp_path: Path, day: str) -> None:
    path = tmp_path / "baseline.yml"
    path.write_text(f"format: 1\naccepted: [{{resource: cron, key: a.b, reason: r, owner: o, expires: {day}}}]")
    assert apply(Baseline.read(path), inventory=("acme",))["problems"] == []
    path.write_text(path.read_text().replace("01-31", "02-30"))
    with pytest.raises(
        BaselineError, match=r"is not valid: entry 1 \(cron 'a.b'\): expires must be .* '2027-02-30'\.$"
    ):
        Baseline.read(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format: 1\naccepted: []\naccepted: []\n", "accepted occurs twice in the mapping of line 1"),
        ("format: 1\naccepted:\n- key: a\n  key: b\n", "key occurs twice in the mapping of line 3"),
    ],
)
def test_duplicate_entries_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "baseline.yml"
    path.write_text(text)
    with pytest.raises(BaselineError, match=words):
        Baseline.read(path)


@pytest.mark.parametrize("text", ["- a", "a: [", "", "format: 1\naccepted: all", "[" * 100_000])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.yml"
    path.write_text(text)
    with pytest.raises(BaselineError, match=r"^The baseline .*baseline.yml (cannot be read|is not valid): [^\n]+\.$"):
        Baseline.read(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be read: No such file or directory"):
        Baseline.read(tmp_path / "baseline.yml")


def test_a_baseline_without_entries_is_valid(read: Reader) -> None:
    acme = drifted()
    assert apply(read(), acme)["problems"] == []
    assert acme.status == "drifted"


def test_the_first_baseline_accepts_all_differences_of_its_results(tmp_path: Path) -> None:
    def fleet() -> list[Instance]:
        return [
            drifted(change(), change("smtp_pass", "********", "********"), change("from_filter", None, "a: {b}")),
            drifted(change(before=None), change("name", None, "T"), action="create", name="globex"),
            instance(("ok", found(unmanaged=[{"resource": "mail_server", "name": "Ä: 'x'\n- y"}])), hosts=("initech",)),
        ]

    path = tmp_path / "baseline.yml"
    path.write_text(first_baseline(fleet(), reason="As found", owner="me", expires=TODAY))
    assert [len(one) for one in yaml.safe_load(path.read_text())["accepted"]] == [8, 7, 8, 6, 6]
    judged = fleet()
    assert apply(Baseline.read(path), *judged)["problems"] == []
    assert [one.status for one in judged] == ["accepted"] * 3


HOSTILE = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\xa0",
    "\x1b[31m",
    "##[error]",
    "::error::",
    "##",
    "[",
    "\n",
    " ",
    "a" * 70,
    "ä",
    '"',
    "\\",
    "'",
]


@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=14).map("".join))
def test_the_first_baseline_contains_no_character_or_command_for_a_terminal(text: str) -> None:
    """`--diff` prints the file. Every value is read as the same value."""
    acme = drifted(change(before=text), change(text, [text], {text: text}), key=text, name=text)
    written = first_baseline([acme], reason=text, owner=text, expires=TODAY)
    assert printable_lines(written) == written
    assert not re.search(r"##\[|^\s*::", written, re.MULTILINE)
    whole = {"instance": text, "resource": "mail_server", "key": text}
    said = {"reason": text, "owner": text, "expires": TODAY}
    assert yaml.safe_load(written)["accepted"] == [
        {**whole, "field": "smtp_port", "value": text, **said},
        {**whole, "field": text, "value": [text], **said},
    ]
