# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as Markdown, for the summary of a job or a note on a merge request, within the size limits of GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, markdown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.replayed_mail import replay_headline, replay_rows
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import NOT_COMPARED
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import (
    Document,
    differences,
    findings,
    headline,
    nobody,
    problem_text,
    reasons,
    remark,
    some,
    subject,
)

# The limit of GitHub is 1 MiB for all summaries of a step, that of GitLab 1,000,000 characters in a note.
LIMIT = 1_000_000

_SYMBOLS = {
    "clean": "✅",
    "corrected": "🔧",
    "accepted": "☑️",
    "drifted": "❌",
    "unknown": "❔",
    "failed": "💥",
    "unreachable": "🔌",
}


def render(report: Document, limit: int = LIMIT) -> str:
    """Return the report as Markdown.

    :param limit: the largest size in bytes.
    """
    page = _Page(limit)
    verdict = report["verdict"]
    page.add(f"## {_SYMBOLS[verdict['status']]} Drift report: {headline(report)}\n\n", always=True)
    page.add(f"{markdown(report['run']['playbook'])}, {report['generated']}\n", always=True)
    found = findings(report, ["drifted", "corrected", "accepted"])
    page.table(
        "What differs",
        ("", "resource", "what", "instances", "since", ""),
        [
            (
                _SYMBOLS[one.status],
                markdown(f"{one.resource} {one.key}"),
                markdown(one.text),
                markdown(some(one.instances)),
                one.since[:10],
                markdown(one.remark),
            )
            for one in found
        ],
    )
    page.table(
        "Mail that would leave in another way",
        ("instance", "sender", "messages", "change"),
        [
            (markdown(one["instance"]), markdown(sender), mails, markdown(change))
            for one in report["instances"]
            for sender, mails, change in replay_rows(one)
        ],
    )
    page.table(
        "Not compared",
        ("", "instance", "why"),
        [(_SYMBOLS["unknown"], "", markdown(sentence)) for sentence in nobody(report)]
        + [
            (_SYMBOLS[one["status"]], markdown(one["instance"]), markdown(" ".join(reasons(one))))
            for one in report["instances"]
            if one["status"] in NOT_COMPARED
        ],
    )
    problems = report.get("baseline", {}).get("problems", ())
    page.table("Problems of the baseline", ("",), [(markdown(problem_text(one)),) for one in problems])
    told = [one for one in report["instances"] if one["status"] != "clean" or one["warnings"] or one.get("replay")]
    if told:
        page.add("\n### Instances\n\n")
    for instance in told:
        page.add("".join(_details(instance)))
    return page.text()


class _Page:
    """A text with a size limit, which counts the parts that were left out."""

    def __init__(self, limit: int) -> None:
        self._room = limit - 300  # for the sentence at the end
        self._parts: list[str] = []
        self._left_out = 0

    def add(self, part: str, *, always: bool = False) -> None:
        """Add a whole part. After the first part without room, all later parts are left out, to preserve the order."""
        size = len(part.encode())
        if not always and (self._left_out or size > self._room):
            self._left_out += 1
            return
        self._room -= size
        self._parts.append(part)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table, if it has rows."""
        if rows:
            self.add(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n")
        for row in rows:
            self.add(f"| {' | '.join(row)} |\n")

    def text(self) -> str:
        rest = ""
        if self._left_out:
            rest = (
                f"\n**The report is too long for this page, so {counted(self._left_out, 'more part')} (rows of tables, instances) are left out. "
                "The JSON report contains everything.**\n"
            )
        return "".join(self._parts) + rest


def _details(instance: dict[str, Any]) -> Iterator[str]:
    """Yield all details of an instance in a folded section."""
    status = instance["status"]
    yield f"<details><summary>{_SYMBOLS[status]} {markdown(instance['instance'])}: {status}</summary>\n\n"
    for resource in instance["resources"]:
        for text, difference in differences(resource):
            remarks = ", ".join(filter(None, (f"since {difference['since'][:10]}", markdown(remark(difference)))))
            yield f"- {_SYMBOLS[difference['status']]} {markdown(subject(resource))}: {markdown(text)} ({remarks})\n"
    for error in instance["errors"]:
        yield f"- {_SYMBOLS['failed']} {markdown(error['task'])} ({markdown(error['kind'])}): {markdown(error['message'])}\n"
    if text := replay_headline(instance):
        yield f"- ✉️ {markdown(text)}\n"
    for warning in instance["warnings"]:
        yield f"- ⚠️ {markdown(warning)}\n"
    yield "\n</details>\n\n"
