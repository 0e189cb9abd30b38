# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue policy that is installed in an instance, read back from its crons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import MAX_ATTEMPTS_OF_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import (
    LANES,
    RULES,
    QueuePolicy,
    shown_lane,
)

_COMPARED = ("active", "interval_number", "interval_type", "code")


def installed_options(
    crons: Mapping[str, Mapping[str, Any]], listener: tuple[str, str] | None
) -> tuple[dict[str, Any], list[str]]:
    """Return the options of `queue_policy` that declare the installed policy, and sentences about parts that they do not cover.

    :param crons: the fields of each installed rule's cron, by the rule.
    :param listener: the receiver of the watchdog's alerts, as the option and its value: (channel or user, name).
    """
    options: dict[str, Any] = {}
    remarks: list[str] = []
    for rule in sorted(crons):
        try:
            summary = installed_rule(rule, crons[rule])
        except (ValueError, Invalid):
            remarks.append(f"{rule}: the code of its cron ({RULES[rule]}) was changed by hand, so the rule is left out")
            continue
        if rule == LANES or rule in summary:
            options.update(summary)
        else:
            options[rule] = {**summary, **(dict([listener]) if listener and rule == "watchdog" else {})}
    if options:
        remarks += _differences(options, crons)
    return options, remarks


def installed_rule(rule: str, cron: Mapping[str, Any]) -> dict[str, Any]:
    """Return an installed rule as its options with their values, without the receiver of the watchdog's alerts.

    :param cron: the fields of the rule's cron.
    :raises ValueError: if the code contains other numbers than generated code.
    """
    code = str(cron.get("code") or "")
    numbers = queue_jobs.numbers_in(code)
    minutes = cron["interval_number"]
    if rule == LANES:
        (settle,) = numbers
        before = queue_jobs.before_of(code) or {}
        paced = "interval_number" in before and cron["interval_type"] == "minutes"
        lanes = [shown_lane(lane) for lane in queue_jobs.lanes_in(code)]
        return {LANES: lanes, **({"interval": minutes} if paced else {}), "settle": settle}
    if rule == "backoff":
        # Versions before 1.0 do not count attempts.
        give_up_after, first_delay, max_delay, max_attempts = [*numbers, MAX_ATTEMPTS_OF_POLICY][:4]
        return {
            "first_delay": first_delay,
            "max_delay": max_delay,
            "give_up_after": give_up_after,
            "max_attempts": max_attempts,
        }
    if rule == "watchdog":
        max_overdue, *max_outgoing = numbers
        limit = {"max_outgoing": max_outgoing[0]} if max_outgoing else {}
        return {"interval": minutes, "max_overdue": max_overdue, **limit}
    (days,) = numbers
    return {rule: days}


def _differences(options: Mapping[str, Any], crons: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield sentences about changes that the policy would make, because another version generated it, or somebody changed it."""
    policy = QueuePolicy(options)
    watchdog = crons.get("watchdog")
    listener = queue_jobs.listener_in(str(watchdog["code"])) if watchdog else None
    for rule in policy.declared_rules:
        found = crons[rule]
        wanted = policy.lanes_values(found) if rule == LANES else policy.cron_values(rule, listener)
        differs = [name for name in _COMPARED if name in wanted and wanted[name] != found[name]]
        if differs:
            yield (
                f"{rule}: {', '.join(differs)} of {RULES[rule]} differs from the generated rule; the next run of the playbook provision "
                "corrects it"
            )
