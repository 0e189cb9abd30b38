# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data from earlier reports: since when a field drifts, and the numbers of instances by status.

The newest report contains the data of those before it. Older reports are read only for resources that it does not contain, for example after a
run with a limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import (
    FORMAT,
    STATUSES,
    Instance,
    is_partial,
)

NEWEST = "drift.json"
_DATED = re.compile(r"drift-\d{8}T\d{6}Z\.json")
# The statuses of instances for which everything in the scope of the run was compared.
_JUDGED = frozenset({"clean", "corrected", "accepted", "drifted"})


# The options that limit a run to some hosts or parts.
_NARROWING = ("limit", "tags", "skip_tags", "start_at_task")


class _NoReport(Exception):
    """A file with the name of a report that is not one. The message contains the reason."""


@dataclass(frozen=True)
class _Former:
    """The data that is needed from an earlier report.

    :param since: since when fields drift, for every instance, by resource and key; empty for a resource without drift.
    :param compared: the instances for which all kinds of resources were compared.
    """

    generated: str
    run: Mapping[str, Any]
    counts: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    since: Mapping[str, Mapping[tuple[str, str], Mapping[str | None, str]]]
    compared: frozenset[str]

    def speaks_of(self, instance: str, resource: str) -> bool:
        """Return whether the report would contain drift of a resource of this kind in this instance."""
        return instance in self.compared or any(kind == resource for kind, _key in self.since.get(instance, ()))


class History:
    """The earlier reports in a folder.

    :param folder: None if no reports are stored.
    """

    def __init__(self, folder: Path | None) -> None:
        self.warnings: list[str] = []
        self._folder = folder
        self._unread = iter([folder / NEWEST, *_dated(folder)] if folder else ())
        self._read_ones: list[_Former] = []  # the newest first

    def is_narrower(self, run: Mapping[str, Any], left_out: Iterable[str] = ()) -> bool:
        """Return whether a run was limited to hosts or parts in another way than the run of the newest report.

        :param left_out: the hosts of the inventory that the run has left out, by an option or by the choice of its playbook.
        """
        newest = next(self._former(), None)
        if newest is None:
            return False
        if any(name in run and run[name] != newest.run.get(name) for name in _NARROWING):
            return True
        return not newest.since.keys().isdisjoint(left_out)

    def of_fleet(self, keep: int) -> list[dict[str, Any]]:
        """Return the number of instances by status in the earlier runs, the oldest first, for at most `keep` runs."""
        newest = next(self._former(), None)
        if newest is None or keep < 1:
            return []
        return [*map(dict, newest.history), {"generated": newest.generated, "instances": newest.counts}][-keep:]

    def date(self, instances: Sequence[Instance], generated: str) -> None:
        """Set for every difference the time when it was first reported; the current time if no earlier report contains it."""
        for instance in instances:
            for resource in instance.resources:
                if resource.differences:
                    known = self._known(instance.name, resource.resource, resource.key)
                    for difference in resource.differences:
                        difference.since = known.get(difference.field, generated)

    def prune(self, keep: int) -> None:
        """Remove the oldest of the dated reports. Other files with such a name are not removed.

        :raises OSError: if a report cannot be removed.
        """
        for path in _dated(self._folder)[keep:] if self._folder else ():
            if self._read(path) is not None:
                path.unlink()

    def _known(self, instance: str, resource: str, key: str) -> Mapping[str | None, str]:
        """Return since when the fields of a resource drift, from the newest report that compared it."""
        for former in self._former():
            found = former.since.get(instance, {}).get((resource, key))
            if found is not None:
                return found
            if former.speaks_of(instance, resource):
                break
        return {}

    def _former(self) -> Iterator[_Former]:
        """Yield the reports, the newest first. Each is read only once, and only if it is needed."""
        yield from self._read_ones
        for path in self._unread:
            former = self._read(path)
            # The newest report exists twice.
            if former is not None and former.generated not in {one.generated for one in self._read_ones}:
                self._read_ones.append(former)
                yield former

    def _read(self, path: Path) -> _Former | None:
        """Return the data of a report; None, with a warning, if the file is not a report."""
        try:
            return _former(json.loads(read_text(path)))
        except FileNotFoundError:
            return None
        except _NoReport as error:
            reason = str(error)
        except OSError as error:
            reason = f"it cannot be read ({error.strerror})"
        except (ValueError, RecursionError) as error:
            reason = f"it cannot be read ({type(error).__name__})"
        warning = f"{path} is ignored: {reason}."
        if warning not in self.warnings:
            self.warnings.append(warning)
        return None


def dated_name(generated: str) -> str:
    """Return the name of the dated copy of a report."""
    return f"drift-{re.sub('[-:]', '', generated)}.json"


def _dated(folder: Path) -> list[Path]:
    """Return the dated reports, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _DATED.fullmatch(path.name)), reverse=True)


def _former(report: Any) -> _Former:
    """Return the data that is needed from a report.

    :raises _NoReport: if it is not a report, or has an unknown format.
    """
    try:
        if report["format"] != FORMAT:
            raise _NoReport(f"its format is {shown(report['format'])}, but only format {FORMAT} is supported")
        partial = is_partial(report["run"])
        instances = report["instances"]
        return _Former(
            str(report["generated"]),
            dict(report["run"]),
            _counts(report["verdict"]["instances"]),
            [{"generated": str(one["generated"]), "instances": _counts(one["instances"])} for one in report["history"]],
            {
                one["instance"]: {(each["resource"], each["key"]): _since(each) for each in one["resources"]}
                for one in instances
            },
            frozenset(one["instance"] for one in instances if one["status"] in _JUDGED and not partial),
        )
    except (LookupError, TypeError, ArithmeticError, ValueError, AttributeError):
        raise _NoReport("it is not a report of the callback drift") from None


def _counts(counts: Mapping[str, Any]) -> dict[str, int]:
    return {status: int(counts[status]) for status in STATUSES}


def _since(resource: Mapping[str, Any]) -> dict[str | None, str]:
    """Return since when fields drift. For a field that was corrected then, the drift starts again."""
    differences = resource.get("differences", ())
    return {one["field"]: str(one["since"]) for one in differences if one["status"] != "corrected"}
