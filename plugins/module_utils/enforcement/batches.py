# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The division of a plan's steps into batches. Odoo does each batch in one call, and so in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Batch, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType

# The greatest number of steps in one call. Odoo creates this many small records in a second, and a call may take half a minute (the option `timeout`).
LARGEST = 100


def divide(steps: Sequence[Step], tried: Collection[ResourceType] = ()) -> list[Batch]:
    """Return steps in batches. Only consecutive steps are done together, so that the order of the plan does not change.

    :param tried: types whose steps are done one by one, because each step has its own trial.
    """
    groups = {id(step): group for group in _inseparable(steps) for step in group}
    batches: list[Batch] = []
    batch: list[Step] = []
    placed: set[int] = set()
    for step in steps:
        group = groups.get(id(step))
        if batch and (group or len(batch) == LARGEST or not _fits(batch[0], step, tried)):
            batches.append(Batch(tuple(batch)))
            batch = []
        if group is None:
            batch.append(step)
        elif id(step) not in placed:
            batches.append(Batch(tuple(group), is_divisible=False))
            placed.update(map(id, group))
    return [*batches, Batch(tuple(batch))] if batch else batches


def _inseparable(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    for kind in registry.RESOURCE_TYPES:
        yield from kind.inseparable([step for step in steps if step.resource == kind.name])


def _fits(first: Step, step: Step, tried: Collection[ResourceType]) -> bool:
    kind = registry.resource_type(first.resource)
    return step.resource == first.resource and kind not in tried and kind.fits_batch(first, step)
