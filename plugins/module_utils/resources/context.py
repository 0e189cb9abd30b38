# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data that the hooks of a resource type get: one declaration, or all records of the type, with facts about the instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY, is_neutralized
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field, Found, Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration


@dataclass
class ReadFacts:
    """Facts about the whole instance in the rows of one resource type.

    :ivar parameters: every system parameter that was read, by key.
    :ivar arriving_addons: declared addons that are not installed yet.
    :ivar ignored_parameters: keys of declared system parameters that the instance does not read.
    """

    parameters: dict[str, str] = field(default_factory=dict, repr=False)
    arriving_addons: frozenset[str] = frozenset()
    ignored_parameters: frozenset[str] = frozenset()

    @property
    def is_neutralized(self) -> bool:
        """Whether the database is a neutralized copy."""
        return is_neutralized(self.parameters)

    @property
    def has_lock(self) -> bool | None:
        """Whether there is a lock of a run, which may have expired. None if no system parameters were read."""
        return LOCK_KEY in self.parameters if self.parameters else None

    @property
    def arrival(self) -> str:
        """The event after which missing models and records may exist, as the end of a sentence, or an empty text."""
        names = ", ".join(sorted(self.arriving_addons))
        return f"the addons {names} are installed" if names else ""

    def for_planning(self, now: datetime, *, neutralized: bool, verify: bool) -> InstanceFacts:
        """Return the facts for planning. The parameters are those of `InstanceFacts`."""
        return InstanceFacts(
            now, neutralized, self.arriving_addons, self.parameters, verify, ignored_parameters=self.ignored_parameters
        )


@dataclass(frozen=True)
class InstanceFacts:
    """The facts that planning depends on in addition to the records.

    :param now: the server's time, UTC.
    :param neutralized: whether the database is a neutralized copy that may not send (docs/development/odoo-behaviour.md, Neutralized databases).
    :param arriving_addons: addons that this plan installs.
    :param parameters: the values of the system parameters after this plan.
    :param verify: whether new settings are tested before they go live.
    :param ignored_parameters: keys of declared system parameters that the instance does not read.
    """

    now: datetime
    neutralized: bool = False
    arriving_addons: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool = False
    ignored_parameters: frozenset[str] = frozenset()


@dataclass
class PlanContext:
    """One declaration during planning.

    :param found: the declared record; None if it does not exist.
    :param fields: the fields of the model on this instance.
    :param values: the values to enforce, in the form that Odoo accepts. The hooks `adapt` and `hold_back` may change them.
    :param records: all records of the type.
    """

    declaration: Declaration
    found: Found | None
    fields: Mapping[str, Field]
    instance: InstanceFacts
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    records: RecordIndex = field(default_factory=RecordIndex, repr=False)


@dataclass(frozen=True)
class PlannedResource:
    """A declaration with its record and the step that is planned for it; both can be None.

    :param values: the values to enforce, in the form that Odoo accepts.
    """

    declaration: Declaration
    found: Found | None
    step: Step | None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class TypeContext:
    """The records of one type after each declaration has been planned.

    :param records: all records of the type.
    :param fields: the fields of the model on this instance.
    :param facts: facts about the whole instance, before the plan.
    :param resources: the declared resources of the type.
    :param unmanaged: the records that nobody declared.
    """

    records: Sequence[Found]
    fields: Mapping[str, Field]
    facts: ReadFacts
    resources: Sequence[PlannedResource] = ()
    unmanaged: Sequence[Found] = ()
