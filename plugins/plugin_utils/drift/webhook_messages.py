# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A verdict as the body of a request to a webhook: generic JSON, Slack, Mattermost, Microsoft Teams.

A message contains the names of instances, resources and fields. It contains no value of a field and no text of an error, and so no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, printable, slack
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import FORMAT, STATUSES
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import Document, headline, named, some, subject

Message = dict[str, Any]

# The limits: Slack 3,000 characters in a block and 50 blocks, Mattermost 16,383 characters in a post, Teams 28 KB in a card.
_LONGEST_LINE = 300
_MOST_RESOURCES = 10


def message(report: Document, to: str) -> Message:
    """Return the body for a service.

    :param to: a key of FORMATS.
    """
    return FORMATS[to](report)


def _generic(report: Document) -> Message:
    return {
        "format": FORMAT,
        "generated": report["generated"],
        "playbook": printable(report["run"]["playbook"]),
        "status": report["verdict"]["status"],
        "exit_code": report["verdict"]["exit_code"],
        "headline": headline(report),
        "instances": [
            {
                "instance": printable(one["instance"]),
                "status": one["status"],
                "resources": [
                    {
                        "resource": resource["resource"],
                        "key": named(resource["key"]),
                        "status": resource["status"],
                        "action": resource["action"],
                        "fields": _fields(resource),
                    }
                    for resource in one["resources"]
                    if resource.get("differences")
                ],
                "error_kinds": sorted({printable(error["kind"]) for error in one["errors"]}),
            }
            for one in report["instances"]
        ],
    }


def _slack(report: Document) -> Message:
    title, *lines = _lines(report)
    header = {"type": "header", "text": {"type": "plain_text", "text": title[:150], "emoji": False}}
    sections = [{"type": "section", "text": {"type": "plain_text", "text": line, "emoji": False}} for line in lines]
    # Only the text for notifications is markup.
    return {"text": slack(title), "blocks": [header, *sections]}


def _mattermost(report: Document) -> Message:
    # In a code span, Mattermost interprets only the backtick at its end.
    spans = ["`{}`".format(line.replace("`", "'")) for line in _lines(report)]
    return {"text": "\n".join([f"**Odoo mail** {spans[0]}", *(f"- {span}" for span in spans[1:])])}


def _teams(report: Document) -> Message:
    title, *lines = _lines(report)
    # A TextBlock is Markdown, a TextRun is plain text.
    body = [_teams_text(title, size="medium", weight="bolder"), *(_teams_text(line) for line in lines)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _teams_text(text: str, **looks: str) -> Message:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}


def _lines(report: Document) -> Iterator[str]:
    """Yield the headline, one line for each status except clean, and one for each resource that differs now."""
    yield _short(headline(report))
    for status in reversed(STATUSES[1:]):
        instances = [one["instance"] for one in report["instances"] if one["status"] == status]
        if instances:
            yield _short(f"{status}: {some(instances)}")
    differing = _differing_resources(report)
    for line, instances in list(differing.items())[:_MOST_RESOURCES]:
        yield _short(f"{line}: {some(instances, 5)}")
    if len(differing) > _MOST_RESOURCES:
        yield f"and {counted(len(differing) - _MOST_RESOURCES, 'more resource')}"


def _differing_resources(report: Document) -> dict[str, list[str]]:
    """Return the instances of each resource that differs, those of most instances first."""
    found: dict[str, list[str]] = {}
    for instance in report["instances"]:
        for resource in instance["resources"]:
            if resource["status"] == "drifted":
                fields = ", ".join(_fields(resource)) or printable(str(resource["action"]))
                found.setdefault(f"{subject(resource)} ({fields})", []).append(instance["instance"])
    return dict(sorted(found.items(), key=lambda one: -len(one[1])))


def _fields(resource: Mapping[str, Any]) -> list[str]:
    return [printable(one["field"]) for one in resource["differences"] if one["field"]]


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"


FORMATS: Mapping[str, Callable[[Document], Message]] = {
    "json": _generic,
    "slack": _slack,
    "mattermost": _mattermost,
    "teams": _teams,
}
