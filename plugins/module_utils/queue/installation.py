# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install a queue policy into an instance, or take it away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    ErrorCollector,
    OdooError,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.policy import (
    OWN_ACTIONS,
    QUEUE_FIELDS,
    QueuePolicy,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import XML_ID
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def enforce_queue_policy(session: Session, policy: QueuePolicy, options: RunOptions) -> Outcome:
    """Make the scheduled actions of an instance those of the policy. With a read-only session: only say what differs.

    :raises OdooError: a lane or a listener that this instance would not take, before anything is written.
    """
    problems = ErrorCollector()
    for lane in policy.lanes:
        with problems:
            _try_domain(session, lane)
    listener = None
    with problems:
        listener = _find_listener(session, policy.listener)
    problems.raise_gathered()
    installed = _installed(session)
    queue = _read_queue(session, installed.get(QUEUE))
    if policy.lanes and queue is None:
        raise Unsupported(
            f"queue policy: lanes: they run inside Odoo's own queue, and its scheduled action {QUEUE} was deleted in database "
            f"{session.database} at {session.url}: an update of the addon mail brings it back."
        )
    outcome = enforce(session, policy.declarations(queue, listener), options)
    has_lanes = queue is not None and queue_jobs.before_of(str(queue.get("code") or "")) is not None
    undeclared = policy.undeclared(list(installed), has_lanes=has_lanes)
    warnings = [
        f"queue policy: {part} is installed in Odoo, and this task does not speak of it: it stays as it is. Declare it, or take it away."
        for part in undeclared
    ]
    return replace(outcome, warnings=[*outcome.warnings, *warnings])


def _try_domain(session: Session, lane: queue_jobs.Lane) -> None:
    """Let Odoo search with it once: a field that it does not have would stop the lane later, where nobody looks."""
    try:
        session.call("mail.mail", "search", domain=[*lane.domain], limit=1)
    except OdooError as error:
        raise type(error)(
            f"queue policy: lane {lane.name!r}: its domain does not work here: {error.message}"
        ) from error


def _find_listener(session: Session, named: tuple[str, str] | None) -> queue_jobs.Listener | None:
    """Whom the watchdog tells.

    :raises Unsupported: nobody bears the name. :raises Ambiguous: several do.
    """
    if named is None:
        return None
    option, name = named
    if option == "user":
        users = session.search_read("res.users", [["login", "=", name]], ["partner_id"])
        found = [user["partner_id"][0] for user in users]
        model = "res.partner"
    else:
        # mail.channel up to 16.0
        model = "discuss.channel" if session.has_model("discuss.channel") else "mail.channel"
        found = [channel["id"] for channel in session.search_read(model, [["name", "=", name]], ["name"])]
        if not found and XML_ID.fullmatch(name):
            pinned = read_external_ids(session, {name}).values()
            found = [row["res_id"] for row in pinned if row["model"] == model]
    if not found:
        raise Unsupported(f"queue policy: watchdog.{option}: there is no {option} {name!r}.")
    if len(found) > 1:
        raise Ambiguous(f"queue policy: watchdog.{option}: {len(found)} bear the name {name!r}: give its external id.")
    return queue_jobs.Listener(model, found[0])


def _installed(session: Session) -> dict[str, int]:
    """The ids of the scheduled actions that there are of the policy's, and of Odoo's own queue, by their external ids."""
    rows = read_external_ids(session, {QUEUE, *OWN_ACTIONS})
    return {xml_id: row["res_id"] for xml_id, row in rows.items() if row["model"] == CRON.model}


def _read_queue(session: Session, record_id: int | None) -> dict[str, Any] | None:
    if record_id is None:
        return None
    found = session.search_read(CRON.model, [["id", "=", record_id]], QUEUE_FIELDS)
    return found[0] if found else None
