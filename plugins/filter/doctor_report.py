# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `doctor_report`: one report of the doctor's results of many instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import (
    DEFAULT_CHECKS,
    SEVERITIES,
    count_by_severity,
)

# Increased when programs that read reports must be changed.
FORMAT = 1
NOT_QUERIED = "not_queried"
# Sorted from best to worst. An instance with only `info` findings is healthy.
STATUSES = ("healthy", "warning", "error", NOT_QUERIED)


def doctor_report(results: Any, *, generated: str | None = None) -> dict[str, Any]:
    """Return one report of the results of `mail_doctor` by instance name. If an instance was never queried, its result is empty.

    :param generated: the time of the run.
    :raises AnsibleFilterError: the value does not contain such results.
    """
    if not isinstance(results, Mapping) or not all(isinstance(result, Mapping) for result in results.values()):
        raise AnsibleFilterError(
            "doctor_report: the value is not valid (expected a dictionary of instance names and results of postmaster.odoo.mail_doctor)."
        )
    instances = [_instance(name, result) for name, result in results.items()]
    summary: dict[str, list[str]] = {status: [] for status in STATUSES}
    for instance in instances:
        summary[instance["status"]].append(instance["instance"])
    return {
        "format": FORMAT,
        "generated": generated,
        "summary": summary,
        "frequent": _frequent(instances),
        "instances": instances,
    }


def _instance(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    asked = "findings" in result
    findings = list(result["findings"]) if asked else []
    counts = count_by_severity(findings)
    status = next((one for one in ("error", "warning") if counts[one]), "healthy") if asked else NOT_QUERIED
    return {
        "instance": name,
        "status": status,
        "odoo_version": result.get("odoo_version"),
        "checks": list(result.get("checks") or ()),
        "not_examined": [one for one in DEFAULT_CHECKS if one not in result.get("checks", ())] if asked else [],
        "counts": counts,
        "findings": findings,
        "tests": list(result.get("tests") or ()),
        "queue": result.get("queue"),
        "expiry": list(result.get("expiry") or ()),
        "dns": result.get("dns"),
        "metrics_error": result.get("metrics_error"),
        "error_kind": None if asked else result.get("error_kind") or ("unreachable" if _is_lost(result) else "failed"),
        "message": None if asked else result.get("msg") or "The task failed before it queried the instance.",
    }


def _is_lost(result: Mapping[str, Any]) -> bool:
    """Return whether Ansible could not reach the host that runs the task."""
    return bool(result.get("unreachable"))


def _frequent(instances: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every finding with the instances that have it. The most frequent ones come first, then the most severe."""
    seen: dict[str, dict[str, Any]] = {}
    for instance in instances:
        for finding in instance["findings"]:
            one = seen.setdefault(
                finding["id"], {**{key: finding[key] for key in ("id", "severity", "title")}, "instances": []}
            )
            one["severity"] = min(one["severity"], finding["severity"], key=SEVERITIES.index)
            if instance["instance"] not in one["instances"]:
                one["instances"].append(instance["instance"])
    return sorted(seen.values(), key=lambda one: (-len(one["instances"]), SEVERITIES.index(one["severity"]), one["id"]))


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"doctor_report": doctor_report}
