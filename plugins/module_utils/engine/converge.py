# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a plan to a state that was read back and is right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Batch, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Timeout, Unreachable

# The most steps of a batch that an error names.
_MOST_NAMED = 3


class Target(Protocol):
    """What is made to converge.

    :ivar reverted_because: possible reasons why a value is not stored although the store accepted it, to end a message with.
    """

    reverted_because: str

    def plan(self) -> Plan:
        """Look, and say what is to be done. Only reads."""

    def exclusively(self) -> AbstractContextManager[None]:
        """Keep other runs from changing the same target meanwhile."""

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        """The leading part of a plan that can be done before one has to look again."""

    def keep(self, steps: Sequence[Step]) -> None:
        """Keep what these steps change, so that it can be restored. Only reads the target."""

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make sure that these steps may be done. Whatever this does leaves no trace where it refuses."""

    def batches(self, steps: Sequence[Step]) -> Sequence[Batch]:
        """Return the steps in the batches in which they are done, one after the other."""

    def perform(self, steps: Plan) -> None:
        """Do the steps of a batch, all or none. If the connection is lost, it is not known which."""

    def complete(self) -> None:
        """Do what is done once for all the steps just performed."""


def converge(target: Target, *, check_mode: bool) -> Plan:
    """Make the target as it is wanted, and return what was done (in check mode: what would be).

    After the last step the target is looked at again; whatever still differs did not stick.

    :raises OdooError: `details["applied"]` holds the steps that were done before it.
    """
    plan = target.plan()
    if check_mode or not plan:
        return plan
    applied: list[Step] = []
    try:
        with target.exclusively():
            # Under the lock once more: what another run has just done counts as found.
            plan = target.plan()
            while plan:
                _refuse_repetition(applied, plan, target.reverted_because)
                steps = target.next_steps(plan)
                target.keep(steps)
                target.prepare(steps)
                _perform_all(target, steps, applied)
                target.complete()
                plan = target.plan()
    except OdooError as error:
        error.details["applied"] = tuple(applied)
        raise
    return tuple(applied)


def _perform_all(target: Target, steps: Sequence[Step], applied: list[Step]) -> None:
    """Do steps and note them. If one is refused, complete those before it: they are reported as done."""
    try:
        for batch in target.batches(steps):
            _perform(target, batch, applied)
    except (Timeout, Unreachable):
        raise
    except OdooError as error:
        try:
            target.complete()
        except OdooError as reason:
            error.message += f" Besides, the steps before it are incomplete: {reason.message}"
        raise


def _perform(target: Target, batch: Batch, applied: list[Step]) -> None:
    """Do a batch and note its steps. If the store refuses it, do its parts: the error names the step that is at fault, and all before it are done."""
    try:
        target.perform(batch.steps)
    except OdooError as error:
        parts = () if isinstance(error, (Timeout, Unreachable)) else batch.parts()
        if not parts:
            error.message = f"{_named(batch)}: {error.message}"
            raise
    else:
        applied += batch.steps
        return
    for part in parts:
        _perform(target, part, applied)


def _named(batch: Batch) -> str:
    """Return the steps of a batch in words; of many only the first."""
    first, *others = batch.steps
    keys = [repr(step.key) for step in batch.steps[:_MOST_NAMED]]
    more = f" and {len(others) + 1 - len(keys)} more" if len(keys) <= len(others) else ""
    return f"{first.resource} {', '.join(keys)}{more} ({first.action})"


def _refuse_repetition(applied: Sequence[Step], plan: Plan, reasons: str) -> None:
    """A step that comes up again did not stick. (An update of what was just created is another step: the store has defaults.)"""
    done = {(step.resource, step.key, step.action) for step in applied}
    for step in plan:
        if (step.resource, step.key, step.action) not in done:
            continue
        fields = ", ".join(change.field for change in step.changes) or "its existence"
        shown = ", ".join(f"{change.field} {change.before!r}" for change in step.changes) or "that it is still there"
        raise Rejected(
            f"{step.resource} {step.key!r}: {fields} did not stick. The write was accepted, but reading back shows {shown}: {reasons}."
        )
