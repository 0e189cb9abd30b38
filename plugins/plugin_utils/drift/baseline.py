# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The baseline: drift that is accepted, with a reason and an expiry date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import (
    Difference,
    Instance,
    Resource,
    kinds,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.untrusted_yaml import (
    LARGEST,
    YAML_ERRORS,
    is_nested_deeply,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.yaml_escapes import escaped

FORMAT = 1
_REQUIRED = ("resource", "key", "reason", "owner", "expires")
_OPTIONAL = ("instance", "field", "value")
_EVERYWHERE = "*"
_MERGE = "tag:yaml.org,2002:merge"
_MOST_KEYS = 1000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BaselineError(Exception):
    """A baseline that cannot be used. The message lists all problems."""


@dataclass(frozen=True)
class Entry:
    """An accepted difference.

    :param instance: the name of a host, or a pattern with `*`.
    :param field: None for all differences of the record.
    :param values: the one value that the instance may have; empty for any value.
    :param expires: the last day on which the entry applies.
    """

    resource: str
    key: str
    reason: str
    owner: str
    expires: date
    instance: str = _EVERYWHERE
    field: str | None = None
    values: tuple[Any, ...] = ()

    def hosts(self, names: Mapping[str, Any]) -> list[str]:
        """Return the hosts that the entry is for."""
        if "*" not in self.instance:
            return [self.instance] if self.instance in names else []
        pattern = re.compile(".*".join(map(re.escape, self.instance.split("*"))), re.DOTALL)
        return [name for name in names if pattern.fullmatch(name)]

    def fits(self, resource: Resource, difference: Difference) -> bool:
        """Return whether the entry is for this difference. The expiry date is not checked."""
        return (
            (self.resource, self.key) == (resource.resource, resource.key)
            and self.field in (None, difference.field)
            and (not self.values or (not difference.secret and _same(self.values[0], difference.before)))
        )

    def said_of_it(self) -> dict[str, str]:
        """Return reason, owner and expiry date."""
        return {"reason": self.reason, "owner": self.owner, "expires": self.expires.isoformat()}

    def as_problem(self, problem: str) -> dict[str, Any]:
        """Return the entry of a report about an expired or unmatched entry of the baseline."""
        return {
            "instance": self.instance,
            "resource": self.resource,
            "key": self.key,
            "field": self.field,
            "problem": problem,
            **self.said_of_it(),
        }


class Baseline:
    """A file of accepted drift.

    :param name: its name in reports.
    """

    def __init__(self, name: str, entries: Sequence[Entry]) -> None:
        self.name = name
        self._entries = entries

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Return the baseline in a file.

        :raises BaselineError: if the file cannot be read, or its content is not valid.
        """
        problems: list[str] = []

        class Loader(yaml.SafeLoader):
            """A loader that rejects duplicate keys, and reads dates as texts."""

            def compose_mapping_node(self, anchor: Any) -> Any:
                node = super().compose_mapping_node(anchor)
                for key, count in Counter(
                    key.value for key, _value in node.value if key.id == "scalar" and key.tag != _MERGE
                ).items():
                    if count > 1:
                        problems.append(
                            f"{shown(key, quoted=False)} occurs twice in the mapping of line {node.start_mark.line + 1}"
                        )
                return node

            def flatten_mapping(self, node: Any) -> None:
                super().flatten_mapping(node)
                # Mappings that are merged into each other can double in size with every line.
                if len(node.value) > _MOST_KEYS:
                    raise yaml.YAMLError(f"a mapping has more than {_MOST_KEYS} keys")

            def construct_date(self, node: yaml.ScalarNode) -> Any:
                return self.construct_scalar(node)

        Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_date)
        try:
            text = read_text(path, LARGEST)
            if is_nested_deeply(text):
                raise ValueError("it is nested too deeply")
            content = yaml.load(text, Loader)
        except OSError as error:
            raise BaselineError(f"The baseline {path} cannot be read: {error.strerror}.") from error
        except YAML_ERRORS as error:
            # The message of a built-in error is only a part of a sentence, such as the key of a KeyError.
            told = isinstance(error, (ValueError, yaml.YAMLError))
            reason = shown(" ".join(str(error).split()), 300, quoted=False) if told else "it is not valid YAML"
            raise BaselineError(f"The baseline {path} cannot be read: {reason}.") from error
        entries = list(_entries(content, problems))
        if problems:
            raise BaselineError(f"The baseline {path} is not valid: {'; '.join(problems)}.")
        return cls(path.name, entries)

    def apply(
        self,
        instances: Sequence[Instance],
        today: date,
        inventory: Sequence[str],
        *,
        partial: bool = False,
        limited: bool = False,
    ) -> dict[str, Any]:
        """Mark the differences that are accepted, and those that were accepted before, and return the report's part about the baseline.

        :param inventory: all hosts, whether they are in this run or not.
        :param partial: whether tags may have excluded the resource of an entry.
        :param limited: whether hosts were left out on purpose. Then an entry that matches no host of the inventory is not a problem.
        """
        used: set[int] = set()
        problems: dict[int, str] = {}
        entries_of: dict[str, list[tuple[int, Entry]]] = {one.name: [] for one in instances}
        for position, entry in enumerate(self._entries):
            for host in entry.hosts(entries_of):
                entries_of[host].append((position, entry))
        for instance in instances:
            entries = entries_of[instance.name]
            for resource in instance.resources if entries else ():
                for difference in resource.differences:
                    fitting = {position: one for position, one in entries if one.fits(resource, difference)}
                    if _accept(difference, list(fitting.values()), today):
                        used.update(fitting)
                    else:
                        problems.update(dict.fromkeys(fitting, "expired"))
        known = dict.fromkeys(inventory)
        judged = {one.name for one in instances if one.outcome == "clean"}
        compared = {resource.resource for one in instances for resource in one.resources}
        for position, entry in enumerate(self._entries):
            hosts = entry.hosts(known)
            is_looked_at = judged.issuperset(hosts) and entry.resource in compared if hosts else not limited
            if is_looked_at and not partial and position not in used:
                problems.setdefault(position, "unmatched")
        return {
            "file": self.name,
            "accepted": len(used),
            "problems": [self._entries[position].as_problem(problem) for position, problem in sorted(problems.items())],
        }


def _accept(difference: Difference, entries: Sequence[Entry], today: date) -> bool:
    """Mark a difference with its entries, and return whether one of them still applies."""
    if not entries:
        return False
    entry = max(entries, key=lambda one: one.expires)
    holds = entry.expires >= today
    if difference.status == "drifted":
        if holds:
            difference.status = "accepted"
            difference.accepted = entry.said_of_it()
        else:
            difference.expired = entry.said_of_it()
    return holds


def _same(accepted: Any, before: Any) -> bool:
    """Return whether the instance has the accepted value. Odoo's parameters are texts, so the number 500 equals the text `500`."""
    if isinstance(accepted, bool) or isinstance(before, bool) or accepted is None or before is None:
        return accepted is before
    return bool(accepted == before) or (isinstance(before, str) and str(accepted) == before)


def _entries(content: Any, problems: list[str]) -> Iterator[Entry]:
    """Yield the entries of a file's content, and add its problems to a list."""
    if not isinstance(content, Mapping) or not isinstance(content.get("accepted", []), list):
        problems.append("it must be a mapping with format: 1 and a list named accepted")
        return
    if content.get("format") != FORMAT or isinstance(content.get("format"), bool):
        problems.append(f"format must be {FORMAT}, not {shown(content.get('format'))}")
    unknown = sorted(shown(name, quoted=False) for name in content if name not in ("format", "accepted"))
    if unknown:
        problems.append(f"it has the unknown keys {', '.join(unknown)} (known are format and accepted)")
    for number, given in enumerate(content.get("accepted", []), 1):
        if not isinstance(given, Mapping):
            problems.append(f"entry {number} is not a mapping")
            continue
        wrong = list(_wrong(given))
        if wrong:
            named = f"{shown(given.get('resource'), quoted=False)} {shown(given.get('key'))}"
            problems.append(f"entry {number} ({named}): {', '.join(wrong)}")
            continue
        yield Entry(
            resource=given["resource"],
            key=given["key"],
            reason=given["reason"].strip(),
            owner=given["owner"].strip(),
            expires=read_date(given["expires"]),
            instance=given.get("instance", _EVERYWHERE),
            field=given.get("field"),
            values=(given["value"],) if "value" in given else (),
        )


def _wrong(given: Mapping[Any, Any]) -> Iterator[str]:
    """Yield the problems of an entry."""
    missing = [name for name in _REQUIRED if given.get(name) in (None, "")]
    if missing:
        yield f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    unknown = sorted(shown(name, quoted=False) for name in given if name not in (*_REQUIRED, *_OPTIONAL))
    if unknown:
        yield f"{', '.join(unknown)} is not known (known are {', '.join((*_REQUIRED, *_OPTIONAL))})"
    for name in ("instance", "resource", "key", "field", "reason", "owner"):
        value = given.get(name)
        if name in given and name not in missing and not (isinstance(value, str) and value.strip()):
            yield f"{name} must be a text that is not empty, not {shown(value)}"
    kind = given.get("resource")
    if isinstance(kind, str) and kind.strip() and kind not in kinds():
        yield f"resource must be one of {', '.join(kinds())}, not {shown(kind)}"
    if "expires" not in missing:
        try:
            read_date(given["expires"])
        except ValueError as error:
            yield f"expires {error}"
    if "value" in given and "field" not in given:
        yield "value needs field"
    if given.get("value") == MASK:
        yield "the field is a secret, so value is not allowed: remove it, to accept any value of the field"


def read_date(given: Any) -> date:
    """Return a day from a value of YAML or of a user.

    :raises ValueError: if it is not a day. The message continues a sentence that begins with the name of the value.
    """
    if isinstance(given, str) and _DAY.fullmatch(given.strip()):
        try:
            return date.fromisoformat(given.strip())
        except ValueError:
            pass
    elif isinstance(given, date) and not isinstance(
        given, datetime
    ):  # a datetime is an instance of date, but not a day
        return given
    raise ValueError(f"must be a day such as 2027-01-31, not {shown(given)}")


def first_baseline(instances: Sequence[Instance], *, reason: str, owner: str, expires: date) -> str:
    """Return the text of a file that accepts all current drift.

    A missing or unmanaged record is accepted as a whole. In other records, every field is accepted while it has its current value.
    The text contains no characters that a terminal or the log of a CI job interprets: `--diff` prints it.
    """

    class Dumper(yaml.SafeDumper):
        """A dumper that indents lists, and writes every value without aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def represent_text(self, text: str) -> yaml.ScalarNode:
            style = None if printable(text) == text else '"'
            return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, Dumper.represent_text)
    accepted = []
    for instance in instances:
        for resource in instance.resources:
            named = {"instance": instance.name, "resource": resource.resource, "key": resource.key}
            as_a_whole = resource.action == "create" or any(one.field is None for one in resource.differences)
            for difference in resource.differences[:1] if as_a_whole else resource.differences:
                which = {} if as_a_whole else {"field": difference.field}
                value = {} if as_a_whole or difference.secret else {"value": difference.before}
                accepted.append({**named, **which, **value, "reason": reason, "owner": owner, "expires": expires})
    content = {"format": FORMAT, "accepted": accepted}
    # Without a limit of the width, no text continues on a new line.
    text: str = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=inf, explicit_start=True)
    return escaped(text)
