# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue policy that is installed, as the options that make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.jobs import Listener
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.policy import OWN_ACTIONS, QueuePolicy

_COMPARED = ("active", "interval_number", "interval_type", "code")


def policy_options(actions: Mapping[str, Found], listener: tuple[str, str] | None) -> tuple[dict[str, Any], list[str]]:
    """The options of `queue_policy`, and sentences on what is not as they say.

    :param actions: as `Instance.policy` has them. :param listener: as `Instance.listener`.
    """
    options: dict[str, Any] = {}
    remarks: list[str] = []
    for xml_id, action in sorted(actions.items()):
        part = OWN_ACTIONS.get(xml_id, "lanes")
        code = str(action.values.get("code") or "")
        try:
            options.update(_part(part, action, code, listener))
        except (ValueError, Invalid):
            remarks.append(f"{part}: somebody has changed its code ({xml_id}), and it is left out")
    if options:
        remarks += _differences(options, actions)
    return options, remarks


def _part(part: str, action: Found, code: str, listener: tuple[str, str] | None) -> dict[str, Any]:
    """The options of one part.

    :raises ValueError: its code holds other numbers than code that the policy makes.
    """
    numbers = queue_jobs.numbers_in(code)
    minutes = action.values["interval_number"]
    if part == "lanes":
        (settle,) = numbers
        lanes = [_lane(lane) for lane in queue_jobs.lanes_in(code)]
        before = queue_jobs.before_of(code) or {}
        paced = "interval_number" in before and action.values["interval_type"] == "minutes"
        return {"lanes": lanes, **({"interval": minutes} if paced else {}), "settle": settle}
    if part == "backoff":
        give_up_after, first_delay, max_delay = numbers
        return {part: {"first_delay": first_delay, "max_delay": max_delay, "give_up_after": give_up_after}}
    if part == "watchdog":
        max_overdue, *max_outgoing = numbers
        told = dict([listener]) if listener else {}
        limit = {"max_outgoing": max_outgoing[0]} if max_outgoing else {}
        return {part: {"interval": minutes, "max_overdue": max_overdue, **limit, **told}}
    (days,) = numbers
    return {part: days}


def _lane(lane: queue_jobs.Lane) -> dict[str, Any]:
    domain = {"domain": repr(list(lane.domain))} if lane.domain else {}
    return {"name": lane.name, **domain, "batch": lane.batch}


def _differences(options: Mapping[str, Any], actions: Mapping[str, Found]) -> Iterator[str]:
    """What the policy would make otherwise: another version of the collection has made it, or somebody has changed it."""
    queue = actions.get(QUEUE)
    watchdog = actions.get(queue_jobs.WATCHDOG)
    listener: Listener | None = queue_jobs.listener_in(str(watchdog.values["code"])) if watchdog else None
    for declaration in QueuePolicy(options).declarations(queue.values if queue else None, listener):
        found = actions[str(declaration.xml_id)]
        differs = [
            name
            for name in _COMPARED
            if name in declaration.options and declaration.options[name] != found.values[name]
        ]
        if differs:
            part = OWN_ACTIONS.get(str(declaration.xml_id), "lanes")
            yield f"{part}: {', '.join(differs)} of {declaration.xml_id} is not as the policy makes it; the next run of the role queue_policy mends it"
