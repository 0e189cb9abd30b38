# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enforcement of the declared resources on an instance. In check mode only the differences are reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import DeclaredStack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.stack import Stack
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.converge import converge
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ErrorCollector, NotConnected, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import Connection

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.kept_state import KeptState
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Plan
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Loss
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
        Declaration,
    )
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


@dataclass(frozen=True)
class Outcome:
    """The outcome of an enforcement."""

    plan: Plan
    records: list[dict[str, Any]]
    unmanaged: list[dict[str, Any]]
    verifications: list[dict[str, Any]]
    connections: list[dict[str, Any]]
    warnings: list[str]
    routes: list[dict[str, Any]] = field(default_factory=list)
    replay: dict[str, Any] | None = None
    snapshot: str | None = None
    losses: Sequence[Loss] = ()


def enforce(session: Session, declarations: Sequence[Declaration], options: RunOptions) -> Outcome:
    """Bring the instance to the declared state. With a read-only session, only return the differences.

    :raises OdooError: the errors of `enforce_stack`.
    """
    return enforce_stack(session, DeclaredStack(tuple(declarations)), options)


def enforce_stack(
    session: Session, declared: DeclaredStack, options: RunOptions, kept: KeptState | None = None
) -> Outcome:
    """Bring the instance to the declared state of a whole stack. With a read-only session, only return the differences.

    Invalid declarations are an error before the first write. With a read-only session, all other resources are compared before the error.

    :param kept: saves the state before the run. With None nothing is saved.
    :raises OdooError: `details` contains the results up to the error: applied or predicted, records, unmanaged, routes,
      replay, verifications, connections, warnings, snapshot.
    """
    stack = Stack(session, declared, options, kept)
    plan: Plan = ()
    connections: list[Connection] = []
    try:
        stack.prepare_instance()
        plan = converge(stack, check_mode=session.read_only)
        if not plan:
            stack.remove_expired_lock()
        problems = ErrorCollector()
        with problems:
            connections = stack.connections()
        with problems:
            stack.raise_problems()
        with problems:
            _refuse_unconnected(connections)
        problems.raise_gathered()
    except OdooError as error:
        error.details.setdefault("predicted" if session.read_only else "applied", plan)
        error.details["verifications"] = [verification.as_result() for verification in stack.verifications()]
        error.details["connections"] = [connection.as_result() for connection in connections]
        error.details["warnings"] = [*stack.warnings, *(kept.warnings if kept else ())]
        if kept:
            error.details["snapshot"] = kept.path
        if session.read_only:
            error.details.update(records=stack.report(), unmanaged=stack.report_unmanaged(), routes=stack.routes)
            error.details["replay"] = stack.replay
        raise
    return Outcome(
        plan,
        stack.report(),
        stack.report_unmanaged(),
        [verification.as_result() for verification in stack.verifications()],
        [connection.as_result() for connection in connections],
        [
            *stack.warnings,
            *(kept.warnings if kept else ()),
            *(connection.instruction for connection in connections if not connection.connected),
        ],
        stack.routes,
        stack.replay,
        kept.path if kept else None,
        stack.losses,
    )


def _refuse_unconnected(connections: Sequence[Connection]) -> None:
    """Raise an error for resources that wait for a person's consent. All other work is done before, because it creates the link for the consent."""
    waiting = [one for one in connections if one.required and not one.connected]
    if waiting:
        raise NotConnected(
            f"{' '.join(one.instruction for one in waiting)} (The task fails because {waiting[0].required_by} is true.)"
        )
