# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for the terminal: the verdict, every difference once, and other problems."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, printable
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.replayed_mail import replay_headline, replay_rows
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import NOT_COMPARED
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import (
    Document,
    GroupedDifference,
    findings,
    headline,
    named,
    nobody,
    problem_text,
    reasons,
    some,
)

# The largest number of senders of an instance that are listed.
_SENDERS = 10

Line = tuple[str, str]

_TITLES = (
    ("drifted", "Not as declared:"),
    ("corrected", "Was not as declared, and has been corrected:"),
    ("accepted", "Not as declared, and accepted:"),
)


def render(report: Document) -> Iterator[Line]:
    """Yield lines, each with the status that determines its color."""
    verdict = report["verdict"]
    yield verdict["status"], headline(report)
    for sentence in nobody(report) if report["instances"] else ():
        yield "unknown", sentence
    for status, title in _TITLES:
        found = findings(report, [status])
        if found:
            yield status, title
            yield from _differences(found)
    for instance in report["instances"]:
        changes = list(replay_rows(instance))
        if changes:
            yield "drifted", f"Mail of {printable(instance['instance'])}: {replay_headline(instance)}"
        for sender, mails, change in changes[:_SENDERS]:
            yield "drifted", f"  {sender}: {change} ({mails})"
        if len(changes) > _SENDERS:
            yield "drifted", f"  and {counted(len(changes) - _SENDERS, 'more sender')}"
    for status in reversed(NOT_COMPARED):
        instances = [instance for instance in report["instances"] if instance["status"] == status]
        if instances:
            yield status, f"{status.capitalize()}:"
        for instance in instances:
            yield status, f"  {printable(instance['instance'])}: {' '.join(map(printable, reasons(instance)))}"
    problems = report.get("baseline", {}).get("problems", ())
    if problems:
        yield "drifted", f"The baseline {printable(report['baseline']['file'])} has problems:"
    for problem in problems:
        yield "drifted", f"  {problem_text(problem)}"


def _differences(found: list[GroupedDifference]) -> Iterator[Line]:
    """Yield the differences below their resources."""
    by_resource: dict[tuple[str, str], list[GroupedDifference]] = {}
    for one in found:
        by_resource.setdefault((one.resource, one.key), []).append(one)
    for (resource, key), several in by_resource.items():
        yield several[0].status, f"  {printable(resource)} {named(key)}"
        for one in several:
            remarks = "; ".join(
                filter(None, (f"since {one.since[:10]}" if one.status != "corrected" else "", one.remark))
            )
            yield one.status, f"    {one.text}: {some(one.instances)}{f' ({remarks})' if remarks else ''}"
