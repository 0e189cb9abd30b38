# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter doctor_report, and a check that its documentation is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter import doctor_report as plugin
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding, sorted_results

doctor_report = plugin.FilterModule().filters()["doctor_report"]
DOCUMENTED = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def diagnosis(*findings: Finding) -> dict[str, Any]:
    return {"findings": sorted_results(findings), "tests": [], "queue": {"due": 0}, "odoo_version": "19.0"}


INFO = Finding("from_rewritten", "ann@else.example")
WARNING = Finding("throttled", "3 mails", {"model": "mail.mail", "id": 3, "name": "throttled"})
ERROR = Finding("auth_failed", "535", {"model": "ir.mail_server", "id": 1, "name": "Main"})
OTHER_ERROR = Finding("auth_failed", "535", {"model": "ir.mail_server", "id": 2, "name": "Other"})
REFUSED = {"msg": "The credentials were refused.", "error_kind": "authentication", "changed": False}
LOST = {"msg": "No route to host", "unreachable": True, "changed": False}


def test_each_instance_is_in_one_group() -> None:
    report = doctor_report(
        {
            "well": diagnosis(),
            "told": diagnosis(INFO),
            "warned": diagnosis(INFO, WARNING),
            "ill": diagnosis(INFO, WARNING, ERROR, OTHER_ERROR),
            "refused": REFUSED,
            "lost": LOST,
            "never": {},
        },
        generated="2026-11-24T12:00:00Z",
    )
    assert report["summary"] == {
        "healthy": ["well", "told"],
        "warning": ["warned"],
        "error": ["ill"],
        "not_queried": ["refused", "lost", "never"],
    }
    assert (report["format"], report["generated"]) == (1, "2026-11-24T12:00:00Z")
    by_name = {instance["instance"]: instance for instance in report["instances"]}
    assert by_name["ill"]["counts"] == {"error": 2, "warning": 1, "info": 1}
    assert by_name["ill"]["findings"][0]["resource"]["name"] == "Main"
    assert by_name["ill"]["error_kind"] is None
    words = {
        name: (one["error_kind"], one["message"]) for name, one in by_name.items() if one["status"] == "not_queried"
    }
    assert words == {
        "refused": ("authentication", "The credentials were refused."),
        "lost": ("unreachable", "No route to host"),
        "never": ("failed", "The task failed before it queried the instance."),
    }


def test_the_most_frequent_come_first_each_instance_once() -> None:
    as_error = Finding("throttled", "all", severity="error")
    report = doctor_report(
        {"a": diagnosis(ERROR, OTHER_ERROR), "b": diagnosis(WARNING), "c": diagnosis(as_error, INFO)}
    )
    assert [(one["id"], one["severity"], one["instances"]) for one in report["frequent"]] == [
        ("throttled", "error", ["b", "c"]),
        ("auth_failed", "error", ["a"]),
        ("from_rewritten", "info", ["c"]),
    ]


def test_no_results() -> None:
    assert doctor_report({})["summary"] == {"healthy": [], "warning": [], "error": [], "not_queried": []}


@pytest.mark.parametrize("results", [None, [], "acme", {"acme": "failed"}])
def test_something_that_is_not_a_result(results: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="doctor_report: the value is not valid"):
        doctor_report(results)


def test_the_documentation() -> None:
    documented = DOCUMENTED["DOCUMENTATION"]
    assert documented["name"] == "doctor_report"
    assert set(documented["options"]) == {"_input", "generated"}
    assert set(DOCUMENTED["RETURN"]["_value"]["contains"]) == set(doctor_report({}))
    told = str(DOCUMENTED["RETURN"])
    for name in doctor_report({"a": {}})["instances"][0]:
        assert f"C({name})" in told
    assert all(f"V({status})" in told for status in plugin.STATUSES)


def test_checks_that_did_not_run_are_named() -> None:
    (narrowed,) = doctor_report({"a": {**diagnosis(), "checks": ["cron", "dns"]}})["instances"]
    assert narrowed["checks"] == ["cron", "dns"]
    assert narrowed["not_examined"] == ["server", "routing", "queue", "setup", "expiry"]
    (lost,) = doctor_report({"a": LOST})["instances"]
    assert (lost["checks"], lost["not_examined"]) == ([], [])
