# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of a report that the formats for humans share. Values from instances are escaped for a line of text here. Each format adds its own
escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, value_text
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some as some_of

Document = Mapping[str, Any]

# The length of a shown value, and the length of the common beginning that is shown of two long values.
_LONG = 80
_CONTEXT = 15


@dataclass
class GroupedDifference:
    """One difference, and all instances that have it.

    :param since: the earliest time.
    """

    resource: str
    key: str
    text: str
    status: str
    remark: str
    since: str
    instances: list[str] = field(default_factory=list)


def subject(resource: Mapping[str, Any]) -> str:
    """Return the name of a resource."""
    return printable(f"{resource['resource']} {named(resource['key'])}")


def named(key: str) -> str:
    """Return a key, shortened if it is very long."""
    return printable(key if len(key) <= 2 * _LONG else f"{key[:_LONG]}… ({len(key)} characters)")


def differences(resource: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return texts about the differences of a resource, each with the first difference that it describes.

    A missing record is one text, and not one for each of its fields.
    """
    found = list(resource.get("differences", ()))
    if resource.get("action") == "create" and len({one["status"] for one in found}) == 1:
        return [("missing", found[0])]
    return [(_difference_text(one), one) for one in found]


def remark(difference: Mapping[str, Any]) -> str:
    """Return a text with further information about a difference."""
    remarks = []
    if difference.get("managed_elsewhere"):
        remarks.append("managed elsewhere")
    if difference.get("remark"):
        remarks.append(printable(difference["remark"]))
    for name, text in (("accepted", "accepted until"), ("expired", "was accepted until")):
        entry = difference.get(name)
        if entry:
            remarks.append(f"{text} {entry['expires']} by {printable(entry['owner'])}: {printable(entry['reason'])}")
    return "; ".join(remarks)


def findings(report: Document, statuses: Iterable[str]) -> list[GroupedDifference]:
    """Return every difference with these statuses once, those of most instances first."""
    wanted = set(statuses)
    found: dict[tuple[str, ...], GroupedDifference] = {}
    for instance in report["instances"]:
        for resource in instance["resources"]:
            for text, difference in differences(resource):
                if difference["status"] not in wanted:
                    continue
                identity = (resource["resource"], resource["key"], text, difference["status"], remark(difference))
                one = found.setdefault(identity, GroupedDifference(*identity, since=difference["since"]))
                one.since = min(one.since, difference["since"])
                if instance["instance"] not in one.instances:
                    one.instances.append(instance["instance"])
    return sorted(found.values(), key=lambda one: -len(one.instances))


def problem_text(problem: Mapping[str, Any]) -> str:
    """Return a text about the problem of an entry of the baseline."""
    where = "every instance" if problem["instance"] == "*" else printable(problem["instance"])
    what = subject(problem) + (f" {printable(problem['field'])}" if problem["field"] else "")
    said = f"{printable(problem['reason'])} ({printable(problem['owner'])})"
    if problem["problem"] == "expired":
        return f"{what} of {where}: accepted until {problem['expires']}, but it still differs: {said}"
    return f"{what} of {where}: this no longer differs; remove the entry: {said}"


def nobody(report: Document) -> list[str]:
    """Return sentences about the fact that there was no host to compare."""
    plays = [printable(name) for name in report["run"].get("without_hosts", ())]
    if plays:
        return [f"No host matches the play {name}." for name in plays]
    return [] if report["instances"] else ["No instance was compared."]


def reasons(instance: Mapping[str, Any]) -> list[str]:
    """Return the reasons why an instance was not compared."""
    return [error["message"] for error in instance["errors"]] or list(instance["warnings"])


def headline(report: Document) -> str:
    """Return the verdict in one sentence."""
    verdict = report["verdict"]
    total = len(report["instances"])
    if not total:
        return "unknown: no instance was compared"
    counts = [(status, count) for status, count in reversed(list(verdict["instances"].items())) if count]
    (worst, first), *rest = counts
    of = "" if first == total else f" of {total}"
    told = [f"{first}{of} instance{'' if total == 1 else 's'} {worst}"]
    told += [f"{count} {status}" for status, count in rest]
    # The baseline, or a play without hosts, can make the verdict worse than every instance.
    verdict_text = "" if worst == verdict["status"] else f"{verdict['status']}: "
    return verdict_text + ", ".join(told)


def some(names: Sequence[str], most: int = 10) -> str:
    """Return a few of many names, printable."""
    return some_of(map(printable, names), most)


def _difference_text(difference: Mapping[str, Any]) -> str:
    before, after = difference["before"], difference["after"]
    if difference["field"] is None:
        if after is None:
            return "it is not declared"
        # The action of a step without fields: delete, install, upgrade, …
        return {"present": "missing", "absent": "should not be there"}.get(after, f"to {printable(str(after))}")
    name = printable(difference["field"])
    if difference.get("secret") and before is not None and after is not None:
        return f"{name} differs"
    return "{} {} -> {}".format(name, *_shortened(value_text(before), value_text(after)))


def _shortened(*texts: str) -> Iterator[str]:
    """Yield the texts, shortened to the parts that differ."""
    start = 0
    if max(map(len, texts)) > _LONG:
        differing = (position for position, chars in enumerate(zip(*texts, strict=False)) if len(set(chars)) > 1)
        start = max(next(differing, min(map(len, texts))) - _CONTEXT, 0)
    for text in texts:
        shown = ("…" if start else "") + text[start : start + _LONG]
        yield shown + (f"… ({len(text)} characters)" if len(text) > start + _LONG else "")
