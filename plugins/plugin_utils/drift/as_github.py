# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for GitHub Actions: workflow commands in the job's log, and Markdown in its summary."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.postmaster.odoo.plugins.module_utils.files import open_to_append
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import as_markdown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import NOT_COMPARED, STATUSES
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import (
    Document,
    differences,
    nobody,
    problem_text,
    reasons,
    remark,
    subject,
)

# The limits of GitHub for all summaries of a step, and for an annotation.
_SUMMARY_LIMIT = 1024 * 1024
_MESSAGE_LIMIT = 4_000


def commands(report: Document) -> Iterator[str]:
    """Yield a workflow command for each instance that is not clean, and for each problem of the baseline.

    The worst come first, because GitHub shows only ten of a kind.
    """
    for sentence in nobody(report):
        yield _command("error", "Drift: unknown", sentence)
    for instance in sorted(report["instances"], key=lambda one: -STATUSES.index(one["status"])):
        status = instance["status"]
        if status == "clean":
            continue
        level = "warning" if status in ("accepted", "corrected") else "error"
        is_incomplete = status in NOT_COMPARED
        message = reasons(instance) if is_incomplete else []
        # An instance that was not compared completely can have drifted in addition.
        shown = "drifted" if is_incomplete else status
        for resource in instance["resources"]:
            for text, one in differences(resource):
                if one["status"] == shown:
                    further = remark(one)
                    message.append(f"{subject(resource)}: {text}{f' ({further})' if further else ''}")
        title = f"Drift: {instance['instance']}: {status}"
        yield _command(level, title, "\n".join(map(printable, message)))
    for problem in report.get("baseline", {}).get("problems", ()):
        yield _command("error", f"Drift: the baseline has an entry that is {problem['problem']}", problem_text(problem))


def append_summary(path: Path, report: Document) -> None:
    """Append the report to the summary of the step, within its size limit.

    :raises OSError: if it cannot be written, or is not a regular file.
    """
    with open_to_append(path) as summary:
        used = os.fstat(summary.fileno()).st_size
        text = as_markdown.render(report, min(as_markdown.LIMIT, _SUMMARY_LIMIT - used - 1))
        summary.write(f"{text}\n")


def _command(level: str, title: str, message: str) -> str:
    if len(message) > _MESSAGE_LIMIT:
        message = f"{message[:_MESSAGE_LIMIT]}…"
    escaped = _escape(printable(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={escaped}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
