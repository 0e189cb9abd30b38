# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hooks of a resource type get: the declaration, the record that was found, and facts of the instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field, Found, Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration


@dataclass
class ReadFacts:
    """Facts that the rows of one resource type tell about the whole instance.

    :ivar parameters: every system parameter that was read, by key.
    :ivar arriving_addons: declared addons that are not installed yet.
    :ivar ignored_parameters: keys of declared system parameters that the instance does not read.
    """

    parameters: dict[str, str] = field(default_factory=dict, repr=False)
    arriving_addons: frozenset[str] = frozenset()
    ignored_parameters: frozenset[str] = frozenset()


@dataclass(frozen=True)
class InstanceFacts:
    """What planning depends on in addition to the records.

    :param now: the server's time, UTC.
    :param neutralized: the database is a neutralized copy and the user did not allow it to send (docs/development/odoo-behaviour.md, Neutralized databases).
    :param arriving_addons: addons that this plan installs.
    :param parameters: the system parameters that were read, as they will be after this plan.
    :param verify: new settings are tested before they go live.
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
    """One declaration while it is planned.

    :param found: the record that the declaration means, None if it does not exist.
    :param fields: the fields of the model, as the instance has them.
    :param values: the values to enforce, as Odoo accepts them. The hooks `adapt` and `hold_back` may change them.
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
    """A declaration with the record that it means and the step between them, None if there is none.

    :param values: the values to enforce, as Odoo accepts them.
    """

    declaration: Declaration
    found: Found | None
    step: Step | None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
