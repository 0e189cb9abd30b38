# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as JUnit XML for Jenkins and GitLab: a suite for each instance, a case for each resource."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import NOT_COMPARED
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import (
    Document,
    differences,
    nobody,
    problem_text,
    remark,
    subject,
)

# Characters that XML 1.0 cannot contain, not even escaped.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Document) -> str:
    """Return the report as JUnit XML."""
    suites = [_suite(instance["instance"], _cases(instance), instance["warnings"]) for instance in report["instances"]]
    problems = report.get("baseline", {}).get("problems", ())
    if problems:
        cases = [(subject(one), "failure", one["problem"], [problem_text(one)]) for one in problems]
        suites.append(_suite(f"baseline {report['baseline']['file']}", cases, ()))
    if nobody(report):
        suites.append(_suite("instances", [("instances", "error", "unknown", nobody(report))], ()))
    root = ElementTree.Element("testsuites", {"name": "drift", "time": str(report["run"]["seconds"])})
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in suites)))
    for suite in suites:
        suite.set("timestamp", report["generated"].rstrip("Z"))
        root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


# A case: its name, its outcome (failure, error, skipped, or "" if it passed), the kind of the outcome, and its text.
_Case = tuple[str, str, str, list[str]]


def _cases(instance: dict[str, Any]) -> list[_Case]:
    cases = [_case(resource) for resource in instance["resources"]]
    by_task: dict[str, list[dict[str, str]]] = {}
    for error in instance["errors"]:
        by_task.setdefault(error["task"], []).append(error)
    for task, errors in by_task.items():
        cases.append((task, "error", errors[0]["kind"], [printable(error["message"]) for error in errors]))
    if instance["status"] in NOT_COMPARED and not by_task:
        cases.append(("verdict", "error", instance["status"], list(map(printable, instance["warnings"]))))
    return cases


def _case(resource: dict[str, Any]) -> _Case:
    lines = []
    for text, difference in differences(resource):
        remarks = "; ".join(filter(None, (f"since {difference['since']}", remark(difference))))
        lines.append(f"{text} ({remarks})")
    outcome = {"drifted": "failure", "accepted": "skipped"}.get(resource["status"], "")
    return subject(resource), outcome, resource["status"], lines


def _suite(name: str, cases: list[_Case], warnings: Any) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": _text(printable(name)), "tests": str(len(cases))})
    for attribute, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case[1] == outcome for case in cases)))
    suite.set("time", "0")
    for case_name, outcome, kind, lines in cases:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": _text(printable(name)), "name": _text(printable(case_name)), "time": "0"}
        )
        text = _text("\n".join(lines))
        if outcome == "skipped":
            ElementTree.SubElement(case, outcome, {"message": text})
        elif outcome:
            ElementTree.SubElement(case, outcome, {"message": _text("; ".join(lines)), "type": _text(kind)}).text = text
        elif text:
            ElementTree.SubElement(case, "system-out").text = text
    if warnings:
        ElementTree.SubElement(suite, "system-out").text = _text("\n".join(map(printable, warnings)))
    return suite


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
