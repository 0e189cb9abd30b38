# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Convergence: apply a plan, read the state back, and verify it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Batch, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Timeout, Unreachable

# The most steps of a batch that an error names.
_MOST_NAMED = 3


class Target(Protocol):
    """The object that is changed.

    :ivar reverted_because: possible reasons why a value is not stored although the store accepted it. It is appended to error messages.
    """

    reverted_because: str

    def plan(self) -> Plan:
        """Compare the current with the wanted state and return the plan. Only reads."""

    def exclusively(self) -> AbstractContextManager[None]:
        """Keep other runs from changing the same target at the same time."""

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        """Return the leading steps of a plan that can be done before the state must be read again."""

    def keep(self, steps: Sequence[Step]) -> None:
        """Save the state that these steps change, so that it can be restored. Only reads the target."""

    def prepare(self, steps: Sequence[Step]) -> None:
        """Check that these steps may be done. If they may not, this leaves no trace."""

    def batches(self, steps: Sequence[Step]) -> Sequence[Batch]:
        """Return the steps divided into batches, in the order in which they are done."""

    def perform(self, steps: Plan) -> None:
        """Do all steps of a batch or none. If the connection is lost, it is unknown which of the two happened."""

    def complete(self) -> None:
        """Do the work that follows once after all the steps that were just performed."""


def converge(target: Target, *, check_mode: bool) -> Plan:
    """Bring the target to the wanted state and return the steps that were done (in check mode: the steps that would be done).

    After the last step the state is read again. A value that still differs did not take effect.

    :raises OdooError: `details["applied"]` contains the steps that were done before the error.
    """
    plan = target.plan()
    if check_mode or not plan:
        return plan
    applied: list[Step] = []
    try:
        with target.exclusively():
            # Plan again under the lock, because another run may have just made changes.
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
    """Do steps and record them. If one is rejected, complete the earlier ones, because they are reported as done."""
    try:
        for batch in target.batches(steps):
            _perform(target, batch, applied)
    except (Timeout, Unreachable):
        raise
    except OdooError as error:
        try:
            target.complete()
        except OdooError as reason:
            error.message += f" In addition, the steps before it are incomplete: {reason.message}"
        raise


def _perform(target: Target, batch: Batch, applied: list[Step]) -> None:
    """Do a batch and record its steps. If the store rejects it, do its parts: so the error names the failing step, and all steps before it are done."""
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
    """Return the names of the steps of a batch for a message. Of many only the first are named."""
    first, *others = batch.steps
    keys = [repr(step.key) for step in batch.steps[:_MOST_NAMED]]
    more = f" and {len(others) + 1 - len(keys)} more" if len(keys) <= len(others) else ""
    return f"{first.resource} {', '.join(keys)}{more} ({first.action})"


def _refuse_repetition(applied: Sequence[Step], plan: Plan, reasons: str) -> None:
    """Raise an error if a step is planned again: it did not take effect. An update after a creation is another step, because the store has defaults."""
    done = {(step.resource, step.key, step.action) for step in applied}
    for step in plan:
        if (step.resource, step.key, step.action) not in done:
            continue
        fields = ", ".join(change.field for change in step.changes) or f"the {step.action}"
        shown = ", ".join(f"{change.field} {change.before!r}" for change in step.changes) or "that it still exists"
        raise Rejected(
            f"{step.resource} {step.key!r}: {fields} did not take effect. The write was accepted, but reading back shows {shown}. "
            f"Possible causes: {reasons}. Find the cause, or remove the value from the declaration."
        )
