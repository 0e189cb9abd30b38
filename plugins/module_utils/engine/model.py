# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data model of the engine: the wanted records, the found records, and the steps between them. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Field(Protocol):
    """The properties of a field that the engine needs. Values have the form in which the store reads and writes them."""

    name: str
    secret: bool
    readonly: bool
    required: bool

    def same(self, stored: Any, wanted: Any) -> bool:
        """Return whether a stored value is equal to the wanted one."""

    def shown(self, value: Any) -> Any:
        """Return the value for people: plain data, secrets masked, None if there is no value."""


@dataclass(frozen=True)
class Found:
    """A record that exists."""

    id: int
    values: Mapping[str, Any] = field(repr=False)
    xml_id: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A wanted record. Fields that are not in `values` are not changed.

    :param unpinned: an external ID that the record must not have.
    """

    resource: str
    key: str
    state: str = "present"
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    xml_id: str | None = None
    unpinned: str | None = None


@dataclass(frozen=True)
class Change:
    """The change of one field, with its former and its new value in the form shown to people.

    :param managed_elsewhere: the field is managed elsewhere, so writing to it has no effect.
    :param remark: the cause of the difference and its remedy, if they are known.
    """

    field: str
    before: Any
    after: Any
    secret: bool = False
    managed_elsewhere: bool = False
    remark: str = ""

    def as_result(self) -> dict[str, Any]:
        """Return the change as a part of a task's result."""
        result = {"field": self.field, "before": self.before, "after": self.after}
        if self.managed_elsewhere:
            result["managed_elsewhere"] = True
        if self.remark:
            result["remark"] = self.remark
        return result


@dataclass(frozen=True)
class Step:
    """One action on a record. `values` are the values to write. They contain secrets in clear text and never leave the engine.

    :param xml_id: the external ID to add.
    :param unpinned: the external ID to remove.
    :param is_removal: whether an action other than `delete` removes the resource.
    """

    resource: str
    key: str
    action: str
    changes: tuple[Change, ...] = ()
    record_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    xml_id: str | None = None
    unpinned: str | None = None
    is_removal: bool = False

    @property
    def removes(self) -> bool:
        """Whether the resource no longer exists afterwards."""
        return self.is_removal or self.action == "delete"

    def as_result(self) -> dict[str, Any]:
        """Return the step as a part of a task's result."""
        return {
            "resource": self.resource,
            "key": self.key,
            "action": self.action,
            "changes": [change.as_result() for change in self.changes],
        }


Plan = tuple[Step, ...]


@dataclass(frozen=True)
class Batch:
    """Steps that one call does: all of them, or none if the store rejects the call.

    :param is_divisible: whether each step can also be done without the others.
    """

    steps: Plan
    is_divisible: bool = True

    def parts(self) -> tuple[Batch, ...]:
        """Return the two halves of the batch; an empty tuple if it cannot be divided."""
        middle = len(self.steps) // 2
        if not self.is_divisible or middle == 0:
            return ()
        return Batch(self.steps[:middle]), Batch(self.steps[middle:])
