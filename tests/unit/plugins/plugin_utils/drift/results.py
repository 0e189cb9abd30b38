# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of enforcing modules, as Ansible passes them to a callback, and the collector's instances of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector, Play, Task
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import Instance, document, verdict

Result = dict[str, Any]

CHECK = Task("check", "Compare", enforces=True, check_mode=True)
NOW = "2026-11-24T15:04:05Z"


def change(field: str = "smtp_port", before: Any = 25, after: Any = 587, **more: Any) -> Result:
    return {"field": field, "before": before, "after": after, **more}


def step(*changes: Result, resource: str = "mail_server", key: str = "Transactional", action: str = "update") -> Result:
    return {"resource": resource, "key": key, "action": action, "changes": list(changes)}


def found(*steps: Result, **more: Any) -> Result:
    """Return a result with a verdict."""
    return {"changed": bool(steps), "plan": list(steps), **more}


def replay(*senders: Result, mails: int = 3, listed: int | None = None) -> Result:
    """Return the changes that a plan makes to the mail of these senders."""
    changed = [sender for sender in senders if sender["effects"]]
    return {
        "days": 30,
        "since": "2026-10-25 15:04:05",
        "counted_since": "2026-10-25 15:04:05",
        "complete": True,
        "mails": mails,
        "changed": {
            "senders": len(changed),
            "mails": sum(one["mails"] for one in changed),
            "effects": {"rewritten": 1},
        },
        "senders": list(senders)[:listed],
        "left_out": 0,
    }


def sender(
    address: str = "ann@acme.example", change: str = "server Old -> New", *effects: str, mails: int = 2
) -> Result:
    """Return a sender in a result's `replay`."""
    return {
        "from": address,
        "mails": mails,
        "sources": ["mail"],
        "companies": ["ACME"],
        "server_before": "Old",
        "server_after": "New",
        "email_from_before": address,
        "email_from_after": None,
        "effects": list(effects),
        "change": change,
    }


def failure(kind: str = "authentication", **more: Any) -> Result:
    return {"msg": "Odoo at https://odoo.example: it did not work.", "error_kind": kind, "plan": [], **more}


def instances(
    *observed: tuple[str, Result],
    task: Task = CHECK,
    hosts: Sequence[str] = ("acme",),
    failures: Mapping[str, int] | None = None,
) -> list[Instance]:
    """Return the instances of hosts after these outcomes and results of one task on the first of them."""
    collector = Collector()
    collector.begin(Play(hosts, [task], enforces=True))
    for outcome, result in observed:
        collector.observe(hosts[0], task, outcome, result)
    return collector.instances(hosts, failures=failures or {})


def instance(*observed: tuple[str, Result], **more: Any) -> Instance:
    return instances(*observed, **more)[0]


def report(fleet: Sequence[Instance], **more: Any) -> dict[str, Any]:
    """Return the document of a fleet; differences without a time get the present time."""
    for one in fleet:
        for resource in one.resources:
            for difference in resource.differences:
                difference.since = difference.since or NOW
    baseline = more.get("baseline")
    values = {
        "generated": NOW,
        "run": {"playbook": "postmaster.odoo.drift", "seconds": 1.5},
        "verdict": verdict(fleet, problems=bool(baseline and baseline["problems"])),
        "instances": fleet,
        "baseline": None,
        "history": [],
    }
    return document(**{**values, **more})
