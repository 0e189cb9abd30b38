# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Convergence: under the lock, in order, read back, and with a true report of the changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.converge import converge
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Batch, Change, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
)

Values = dict[str, int]


class Store:
    """A target of plain numbers that records the changes made to it."""

    reverted_because = "somebody else owns it"

    def __init__(self, wanted: Values, found: Values, *, first: frozenset[str] = frozenset()) -> None:
        self.wanted = wanted
        self.found = dict(found)
        self.first = first
        self.events: list[str] = []
        self.calls: list[str] = []
        self.batch_size = 1
        self.divisible = True
        self.locked = False
        self.kept: set[str] = set()
        self.on_prepare: Callable[[Sequence[Step]], None] = lambda _steps: None
        self.on_perform: Callable[[Step], None] = lambda _step: None
        self.on_lock: Callable[[], None] = lambda: None

    def plan(self) -> Plan:
        self.events.append("plan")
        return tuple(
            Step("number", key, "update", (Change("value", self.found.get(key), value),), values={"value": value})
            for key, value in self.wanted.items()
            if self.found.get(key) != value
        )

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        self.events.append("lock")
        self.locked = True
        self.on_lock()
        try:
            yield
        finally:
            self.events.append("unlock")
            self.locked = False

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        return [step for step in plan if step.key in self.first] or plan

    def keep(self, steps: Sequence[Step]) -> None:
        self.kept |= {step.key for step in steps}

    def prepare(self, steps: Sequence[Step]) -> None:
        assert self.locked
        self.on_prepare(steps)
        self.events.append("prepare")

    def batches(self, steps: Sequence[Step]) -> Sequence[Batch]:
        size = self.batch_size or len(steps)
        return [Batch(tuple(steps[at : at + size]), self.divisible) for at in range(0, len(steps), size)]

    def perform(self, steps: Plan) -> None:
        assert self.locked
        assert self.kept >= {step.key for step in steps}
        for step in steps:
            self.on_perform(step)
        self.calls.append("".join(step.key for step in steps))
        for step in steps:
            self.events.append(step.key)
            self.found[step.key] = step.values["value"]

    def complete(self) -> None:
        assert self.locked
        self.events.append("complete")


KEYS = st.sampled_from("abcdef")
NUMBERS = st.dictionaries(KEYS, st.integers(0, 3))


@given(NUMBERS, NUMBERS, st.frozensets(KEYS))
def test_the_target_reaches_the_declared_state_under_the_lock(
    wanted: Values, found: Values, first: frozenset[str]
) -> None:
    store = Store(wanted, found, first=first)
    predicted = store.plan()
    done = converge(store, check_mode=False)
    assert sorted(step.key for step in done) == sorted(step.key for step in predicted)
    assert store.found == {**found, **wanted}
    assert converge(store, check_mode=False) == ()
    assert not store.locked
    if not predicted:
        assert "lock" not in store.events
    keys = [step.key for step in done]
    assert keys == sorted(keys, key=lambda key: key not in first)


@given(NUMBERS, NUMBERS)
def test_check_mode_reads_once_and_writes_nothing(wanted: Values, found: Values) -> None:
    store = Store(wanted, found)
    plan = converge(store, check_mode=True)
    assert store.events == ["plan"]
    assert store.found == found
    assert plan == store.plan()


def looked(key: str) -> list[str]:
    return ["plan", "prepare", key, "complete"]


def test_a_plan_that_is_refused_beforehand_is_not_started() -> None:
    def refuse(steps: Sequence[Step]) -> None:
        raise Rejected(f"not {len(steps)} at once")

    store = Store({"a": 1, "b": 2}, {})
    store.on_prepare = refuse
    with pytest.raises(Rejected, match="not 2 at once") as caught:
        converge(store, check_mode=False)
    assert caught.value.details["applied"] == ()
    assert store.found == {}
    assert not store.locked


def test_the_state_is_read_again_after_prerequisites() -> None:
    store = Store({"a": 1, "b": 2}, {}, first=frozenset("b"))
    converge(store, check_mode=False)
    assert store.events == ["plan", "lock", *looked("b"), *looked("a"), "plan", "unlock"]


def test_changes_of_another_run_count_as_found() -> None:
    store = Store({"a": 1, "b": 2}, {})
    store.on_lock = lambda: store.found.update(a=1)
    assert [step.key for step in converge(store, check_mode=False)] == ["b"]


@given(st.dictionaries(KEYS, st.integers(1, 3), min_size=1), st.data())
def test_the_error_names_the_values_that_were_not_kept(wanted: Values, data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(sorted(wanted)))

    class Forgetful(Store):
        def perform(self, steps: Plan) -> None:
            super().perform(steps)
            self.found.pop(lost, None)

    store = Forgetful(wanted, {})
    with pytest.raises(Rejected, match=rf"number '{lost}': value did not take effect.*somebody else owns it") as caught:
        converge(store, check_mode=False)
    assert [step.key for step in caught.value.details["applied"]] == list(wanted)
    assert not store.locked


def test_an_error_lists_the_changes_before_it() -> None:
    def refuse(step: Step) -> None:
        if step.key == "c":
            raise Conflict("busy")

    store = Store({"a": 1, "b": 2, "c": 3, "d": 4}, {})
    store.on_perform = refuse
    with pytest.raises(Conflict) as caught:
        converge(store, check_mode=False)
    assert [step.key for step in caught.value.details["applied"]] == ["a", "b"]
    assert store.events[-4:] == ["a", "b", "complete", "unlock"]


@pytest.mark.parametrize(
    ("kind", "completed", "message"),
    [
        (Rejected, 1, "number 'b' (update): no In addition, the steps before it are incomplete: not now"),
        (Unreachable, 0, "number 'b' (update): no"),
    ],
)
def test_incomplete_work_after_an_error_is_reported(kind: type[OdooError], completed: int, message: str) -> None:
    """Nothing is retried over a lost connection."""

    class Incomplete(Store):
        def complete(self) -> None:
            super().complete()
            raise Conflict("not now")

    def refuse(step: Step) -> None:
        if step.key == "b":
            raise kind("no")

    store = Incomplete({"a": 1, "b": 2}, {})
    store.on_perform = refuse
    with pytest.raises(kind) as caught:
        converge(store, check_mode=False)
    assert caught.value.message == message
    assert store.events.count("complete") == completed


# Batches

EIGHT = dict.fromkeys("abcdefgh", 1)


@pytest.mark.parametrize("culprit", EIGHT)
def test_a_refused_batch_is_performed_up_to_the_failing_step(culprit: str) -> None:
    """The steps have the same results as one by one, with fewer calls."""
    attempts = 0

    def refuse(step: Step) -> None:
        nonlocal attempts
        attempts += step.key == culprit
        if step.key == culprit:
            raise Conflict("busy")

    store = Store(EIGHT, {})
    store.batch_size = 8
    store.on_perform = refuse
    with pytest.raises(Conflict) as caught:
        converge(store, check_mode=False)
    assert caught.value.message == f"number '{culprit}' (update): busy"
    before = "abcdefgh".partition(culprit)[0]
    assert "".join(step.key for step in caught.value.details["applied"]) == before
    assert "".join(store.found) == before
    assert attempts == 4
    assert len(store.calls) <= 3
    assert not store.locked


def test_a_batch_that_only_works_in_parts_is_performed() -> None:
    class Small(Store):
        def perform(self, steps: Plan) -> None:
            if len(steps) > 2:
                raise Rejected("too many")
            super().perform(steps)

    store = Small(EIGHT, {})
    store.batch_size = 8
    assert len(converge(store, check_mode=False)) == 8
    assert store.calls == ["ab", "cd", "ef", "gh"]


@pytest.mark.parametrize(
    ("size", "divisible", "kind", "named"),
    [
        (2, False, Rejected, "number 'a', 'b' (update): no"),
        (8, True, Timeout, "number 'a', 'b', 'c' and 5 more (update): no"),
        (3, True, Unreachable, "number 'a', 'b', 'c' (update): no"),
    ],
)
def test_an_indivisible_batch_is_tried_once(size: int, divisible: bool, kind: type[OdooError], named: str) -> None:
    """It only makes sense as a whole, or it is unknown whether it was performed."""

    def refuse(_step: Step) -> None:
        nonlocal attempts
        attempts += 1
        raise kind("no")

    attempts = 0
    store = Store(EIGHT, {})
    store.batch_size, store.divisible = size, divisible
    store.on_perform = refuse
    with pytest.raises(kind) as caught:
        converge(store, check_mode=False)
    assert caught.value.message == named
    assert caught.value.details["applied"] == ()
    assert attempts == 1


def test_an_update_of_a_new_record_is_another_step() -> None:
    """The store has its own defaults, but it is not read a second time."""

    class Defaulting(Store):
        keeps = False

        def plan(self) -> Plan:
            steps = super().plan()
            if any(event == "a" for event in self.events):
                return steps
            return tuple(replace(step, action="create") for step in steps)

        def perform(self, steps: Plan) -> None:
            super().perform(steps)
            if steps[0].action == "create" or self.keeps:
                self.found["a"] = 0

    done = converge(Defaulting({"a": 1}, {}), check_mode=False)
    assert [step.action for step in done] == ["create", "update"]
    stubborn = Defaulting({"a": 1}, {})
    stubborn.keeps = True
    with pytest.raises(Rejected, match="'a': value did not take effect"):
        converge(stubborn, check_mode=False)


def test_an_unavailable_lock_changes_nothing() -> None:
    def refuse() -> None:
        raise Conflict("another run")

    store = Store({"a": 1}, {})
    store.on_lock = refuse
    with pytest.raises(Conflict) as caught:
        converge(store, check_mode=False)
    assert caught.value.details["applied"] == ()
    assert store.found == {}


def test_a_record_that_was_not_kept_is_named_too() -> None:
    class Undying(Store):
        def plan(self) -> Plan:
            return (Step("number", "a", "delete", record_id=1),)

        def perform(self, steps: Plan) -> Any:
            """Accept the deletion, and delete nothing."""

    with pytest.raises(Rejected, match="number 'a': the delete did not take effect"):
        converge(Undying({}, {}), check_mode=False)


def test_changed_records_are_saved_before_the_first_step() -> None:
    """If the former state cannot be saved, nothing is written. It is saved under the lock, so it matches the real changes."""

    class Full(Store):
        def keep(self, steps: Sequence[Step]) -> None:
            raise Rejected("full")

    store = Full({"a": 1}, {})
    with pytest.raises(Rejected, match="full"):
        converge(store, check_mode=False)
    assert store.events == ["plan", "lock", "plan", "unlock"]
