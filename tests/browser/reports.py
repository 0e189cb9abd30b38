# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Made-up reports of fleets of any size, the same ones every time.

Every instance has a stack of shared resources and a mail server and a parameter of its own. What differs follows from
an instance's place in the fleet, so that a test can say what it expects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import (
    DIFFERENCE_STATUSES,
    STATUSES,
    Difference,
    Error,
    Instance,
    Resource,
    document,
    verdict,
)

GENERATED = datetime(2026, 11, 24, 15, 4, 5, tzinfo=timezone.utc)
ACCEPTED = {"reason": "The provider blocks 587 until the move", "owner": "mail team", "expires": "2027-01-31"}
EXPIRED = {"reason": "Until the old relay is gone", "owner": "mail team", "expires": "2026-10-31"}

PARAMETERS = {
    "mail.session.batch.size": "500",
    "mail.bounce.alias": "bounce",
    "mail.catchall.alias": "catchall",
    "mail.default.from": "notifications",
    "mail.mail.force.smtp.from": "postmaster@acme.example",
}
CRONS = (
    "mail.ir_cron_mail_scheduler_action",
    "fetchmail.ir_cron_mail_gateway_action",
    "mail.ir_cron_module_update_notification",
    "digest.ir_cron_digest_scheduler_action",
)
CODE = """\
# The queue, in batches.
batch = 100
mails = model.search([('state', '=', 'outgoing')], limit=batch)
for mail in mails:
    mail.send()
log('sent %s' % len(mails))
"""
DECLARED_CODE = CODE.replace("batch = 100", "batch = 500").replace("    mail.send()", "    mail.send(auto_commit=True)")


def time(days: float = 0) -> str:
    return (GENERATED - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def name(position: int) -> str:
    return f"acme-{position + 1:03}"


def fleet(size: int, *, baseline: bool = True, runs: int = 30, own: int = 1) -> dict[str, Any]:
    """The report on a fleet of that many instances.

    :param runs: how many former runs there are.
    :param own: how many mail servers each instance has that no other has.
    """
    instances = [_instance(position, own) for position in range(size)]
    problems = [
        {
            "instance": name(0),
            "resource": "mail_server",
            "key": "Transactional",
            "field": "smtp_port",
            "problem": "expired",
            **EXPIRED,
        },
        {
            "instance": "*",
            "resource": "cron",
            "key": "base.autovacuum_job",
            "field": None,
            "problem": "unmatched",
            **ACCEPTED,
        },
    ]
    return document(
        generated=time(),
        run={"playbook": "postmaster.odoo.drift", "seconds": 0.4 * size + 2},
        verdict=verdict(instances, problems=baseline),
        instances=instances,
        baseline={"file": "baseline.yml", "accepted": 2, "problems": problems} if baseline else None,
        history=list(_history(instances, runs)),
    )


def _instance(position: int, own: int) -> Instance:
    """Every tenth has drifted; beside them others are unreachable, failed, unknown, accepted or corrected."""
    resources = [
        Resource("addon", "mail"),
        Resource("addon", "google_gmail"),
        *(Resource("system_parameter", key) for key in PARAMETERS),
        Resource("alias_domain", "acme.example"),
        Resource("mail_server", "Transactional"),
        *(Resource("mail_server", f"Outgoing {name(position)}{'' if not n else f' {n}'}") for n in range(own)),
        *(Resource("cron", key) for key in CRONS),
        Resource("queue_policy", "retry"),
    ]
    instance = Instance(name(position), resources)
    if position % 50 == 33:
        instance.outcome = "unreachable"
        instance.resources = []
        instance.errors = [
            Error(
                "The mail of an instance",
                "unreachable",
                f"{name(position)}.example does not answer: connection refused. Is it up?",
            )
        ]
    elif position % 50 == 27:
        instance.outcome = "failed"
        instance.resources = resources[:3]
        instance.errors = [
            Error("The mail of an instance", "authentication", "Odoo does not accept this user and password.")
        ]
    elif position % 50 == 18:
        instance.outcome = "unknown"
        instance.resources = []
        instance.warnings = ["The state is not known: no task has compared anything."]
    elif position % 10 == 0:
        _drift(instance, position)
    elif position % 25 == 6:
        _differ(
            resources[8], "update", Difference("smtp_port", 2525, 587, "accepted", since=time(90), accepted=ACCEPTED)
        )
    elif position % 50 == 12:
        _differ(resources[3], "update", Difference("value", "bounces", "bounce", "corrected", since=time(2)))
    return instance


def _drift(instance: Instance, position: int) -> None:
    """Drift of every kind, the more the rounder the number."""
    by_key = {resource.key: resource for resource in instance.resources}
    _differ(
        by_key["Transactional"],
        "update",
        Difference("smtp_port", 25, 587, "drifted", since=time(4.6), expired=EXPIRED if position == 0 else None),
        Difference("smtp_pass", MASK, MASK, "drifted", secret=True, since=time(0.1)),
        Difference(
            "smtp_host",
            "smtp-old.provider.example",
            "smtp.provider.example",
            "drifted",
            managed_elsewhere=True,
            since=time(40),
        ),
    )
    if position % 20 == 0:
        _differ(
            by_key["mail.ir_cron_mail_scheduler_action"],
            "update",
            Difference("code", CODE, DECLARED_CODE, "drifted", since=time(12)),
        )
    if position % 40 == 0:
        own = next(resource for key, resource in by_key.items() if key.startswith("Outgoing"))
        _differ(
            own,
            "create",
            *(
                Difference(field, None, value, "drifted", since=time())
                for field, value in {
                    "smtp_host": "smtp.acme.example",
                    "smtp_port": 465,
                    "smtp_encryption": "ssl",
                    "smtp_user": "",
                    "active": True,
                }.items()
            ),
        )
        _differ(by_key["google_gmail"], "install", Difference(None, "absent", "present", "drifted", since=time(1)))
    if position % 100 == 0:
        legacy = Resource("mail_server", "Legacy relay")
        _differ(legacy, "unmanaged", Difference(None, "present", None, "drifted", since=time(60)))
        instance.resources.append(legacy)
        _differ(by_key["mail.default.from"], "delete", Difference(None, "present", "absent", "drifted", since=time(1)))
        _differ(
            by_key["acme.example"],
            "update",
            Difference("bounce_alias", "", "bounce", "accepted", since=time(200), accepted=ACCEPTED),
        )


def _differ(resource: Resource, action: str, *differences: Difference) -> None:
    resource.action = action
    resource.differences = list(differences)


def _history(instances: list[Instance], runs: int) -> Iterator[dict[str, Any]]:
    """Former runs, the drift of which grows to what it is."""
    now = Counter(instance.status for instance in instances)
    for run in range(runs):
        counts = {status: now[status] * run // runs for status in STATUSES}
        counts["clean"] += len(instances) - sum(counts.values())
        yield {"generated": time(runs - run), "instances": counts}


def shuffled(size: int) -> dict[str, Any]:
    """The report on such a fleet, the inventory of which is in no order that anything else has."""
    report = fleet(size)
    report["instances"] = [report["instances"][position * 7 % size] for position in range(size)]
    return report


def worst_first(report: dict[str, Any]) -> list[str]:
    """Its instances by status, then by how many resources differ, then in the order of the inventory."""

    def badness(instance: dict[str, Any]) -> tuple[int, int]:
        differing = [resource for resource in instance["resources"] if resource["status"] != "clean"]
        return STATUSES.index(instance["status"]), len(differing)

    # Sorting keeps what is as bad in its order, in reverse too.
    return [instance["instance"] for instance in sorted(report["instances"], key=badness, reverse=True)]


def in_inventory(report: dict[str, Any]) -> list[str]:
    return [instance["instance"] for instance in report["instances"]]


def by_name(report: dict[str, Any]) -> list[str]:
    return sorted(in_inventory(report))


# By address, the order that it asks for.
ORDERS = {"": worst_first, "#sort=inventory": in_inventory, "#sort=name": by_name}


def differences(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every difference, with its instance and its resource."""
    for instance in report["instances"]:
        for resource in instance["resources"]:
            for difference in resource.get("differences", ()):
                assert difference["status"] in DIFFERENCE_STATUSES
                yield instance["instance"], resource, difference
