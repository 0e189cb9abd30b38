# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of the engine: what is wanted, what was found, and the steps between them. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Field(Protocol):
    """What the engine must know of a field. Values are as the store wants them written, and as it reads them."""

    name: str
    secret: bool
    readonly: bool
    required: bool

    def same(self, stored: Any, wanted: Any) -> bool:
        """Whether a stored value already is the wanted one."""

    def shown(self, value: Any) -> Any:
        """The value for people: plain data, a secret masked, None where there is none."""


@dataclass(frozen=True)
class Found:
    """A record that exists."""

    id: int
    values: Mapping[str, Any] = field(repr=False)
    xml_id: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A record as it should be. Fields that are not in `values` are left alone.

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
    """One field's way from before to after, both as shown to people.

    :param managed_elsewhere: something else owns the field, and writing to it is in vain.
    :param remark: the cause of the difference and its remedy, if they are known.
    """

    field: str
    before: Any
    after: Any
    secret: bool = False
    managed_elsewhere: bool = False
    remark: str = ""

    def as_result(self) -> dict[str, Any]:
        """The change in a task's result."""
        result = {"field": self.field, "before": self.before, "after": self.after}
        if self.managed_elsewhere:
            result["managed_elsewhere"] = True
        if self.remark:
            result["remark"] = self.remark
        return result


@dataclass(frozen=True)
class Step:
    """One thing to do. `values` are what to write, secrets in clear: they never leave the engine.

    :param xml_id: the external ID to add. :param unpinned: the one to remove.
    """

    resource: str
    key: str
    action: str
    changes: tuple[Change, ...] = ()
    record_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    xml_id: str | None = None
    unpinned: str | None = None

    @property
    def removes(self) -> bool:
        """Whether the resource is gone afterwards."""
        return self.action in ("delete", "uninstall")

    def as_result(self) -> dict[str, Any]:
        """The step in a task's result."""
        return {
            "resource": self.resource,
            "key": self.key,
            "action": self.action,
            "changes": [change.as_result() for change in self.changes],
        }


Plan = tuple[Step, ...]


@dataclass(frozen=True)
class Batch:
    """Steps that one call does: all of them, or none if the store refuses.

    :param is_divisible: each step can also be done without the others.
    """

    steps: Plan
    is_divisible: bool = True

    def parts(self) -> tuple[Batch, ...]:
        """Return the two halves of the batch; none if it cannot be divided."""
        middle = len(self.steps) // 2
        if not self.is_divisible or middle == 0:
            return ()
        return Batch(self.steps[:middle]), Batch(self.steps[middle:])
