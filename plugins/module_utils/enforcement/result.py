# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outcomes and errors of an enforcement, in the form of a task's result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome
    from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
    from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

Listed = list[dict[str, Any]]


def enforced_result(
    outcome: Outcome, scope: ResultScope, *, diff: bool, run: Mapping[str, Any] | None = None
) -> TaskResult:
    """Return the result that all enforcing modules have in common.

    :param diff: whether to add the differences for Ansible's `--diff`.
    :param run: the result of running the enforced resource.
    """
    values: dict[str, Any] = {"plan": [step.as_result() for step in outcome.plan]}
    if scope.single:
        own = [record for record in outcome.records if record["resource"] == scope.single]
        values["record"] = own[0] if own else None
    elif scope.several:
        values["records"] = [record for record in outcome.records if record["resource"] == scope.several]
        values["unmanaged"] = outcome.unmanaged
    else:
        values.update(
            records=outcome.records,
            unmanaged=outcome.unmanaged,
            routes=outcome.routes,
            replay=outcome.replay,
            snapshot=outcome.snapshot,
        )
    if run:
        values["run"] = dict(run)
    values.update(_trials(outcome.verifications, outcome.connections, scope))
    if diff:
        values["diff"] = plan_diff(outcome.plan)
        if outcome.replay is not None:
            # Takes 2 ms, and only a replay needs it.
            from ansible_collections.postmaster.odoo.plugins.module_utils.routing.replay import replay_diff

            values["diff"] += replay_diff(outcome.replay)
    return TaskResult(values, bool(outcome.plan or run), outcome.warnings)


def failed_result(error: OdooError, scope: ResultScope) -> TaskResult:
    """Return the result of a failed task, with the steps that were done before the error."""
    applied = error.details.get("applied", ())
    steps = applied or error.details.get("predicted", ())
    message = error.message
    if applied:
        done = ", ".join(f"{step.action} {step.resource} {step.key!r}" for step in applied)
        message = f"{message.rstrip('.')}. Before that, this run did: {done}."
    values: dict[str, Any] = {"plan": [step.as_result() for step in steps]}
    if "verifications" in error.details:
        values.update(_trials(error.details["verifications"], error.details["connections"], scope))
    if not scope.single:
        values.update(
            {
                name: error.details[name]
                for name in ("records", "unmanaged", "routes", "replay", "snapshot")
                if name in error.details
            }
        )
    return TaskResult(values, bool(steps), error.details.get("warnings", ()), message, error.kind)


def _trials(verifications: Listed, connections: Listed, scope: ResultScope) -> dict[str, Any]:
    """Return the results of trials and the consents of resources; nothing for types that have neither."""
    if not (scope.single or scope.several):
        return {"verifications": verifications, "connections": connections}
    if not (scope.single and resource_type(scope.single).has_trials):
        return {}
    connection = connections[0] if connections else {"connected": None, "authorize_url": None}
    return {
        "verification": verifications[0] if verifications else None,
        "connected": connection["connected"],
        "authorize_url": connection["authorize_url"],
    }
