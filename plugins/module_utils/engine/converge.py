# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a plan to a state that was read back and is right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected


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

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make sure that these steps may be done. Whatever this does leaves no trace where it refuses."""

    def perform(self, step: Step) -> None:
        """Do one step."""

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
                target.prepare(steps)
                for step in steps:
                    _perform(target, step)
                    applied.append(step)
                target.complete()
                plan = target.plan()
    except OdooError as error:
        error.details["applied"] = tuple(applied)
        raise
    return tuple(applied)


def _perform(target: Target, step: Step) -> None:
    try:
        target.perform(step)
    except OdooError as error:
        error.message = f"{step.resource} {step.key!r} ({step.action}): {error.message}"
        raise


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
