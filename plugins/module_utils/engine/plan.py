# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of a wanted record with the found one: the step between the two. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Field, Found, Step, Wanted


def plan_record(wanted: Wanted, found: Found | None, fields: Mapping[str, Field]) -> Step | None:
    """Return the step that turns the found record into the wanted one; None if they are equal."""
    if wanted.state == "absent":
        return None if found is None else Step(wanted.resource, wanted.key, "delete", record_id=found.id)
    if found is None:
        return _creation(wanted, fields)
    changes = tuple(
        Change(name, fields[name].shown(found.values.get(name)), fields[name].shown(value), fields[name].secret)
        for name, value in wanted.values.items()
        if not fields[name].same(found.values.get(name), value)
    )
    values = {change.field: wanted.values[change.field] for change in changes}
    xml_id = None
    if wanted.xml_id and found.xml_id != wanted.xml_id:
        xml_id = wanted.xml_id
        changes += (Change("xml_id", found.xml_id, xml_id),)
    unpinned = wanted.unpinned if wanted.unpinned and found.xml_id == wanted.unpinned else None
    if unpinned:
        changes += (Change("xml_id", unpinned, None),)
    if not changes:
        return None
    return Step(wanted.resource, wanted.key, "update", changes, found.id, values, xml_id, unpinned)


def _creation(wanted: Wanted, fields: Mapping[str, Field]) -> Step:
    changes = tuple(
        Change(name, None, fields[name].shown(value), fields[name].secret) for name, value in wanted.values.items()
    )
    if wanted.xml_id:
        changes += (Change("xml_id", None, wanted.xml_id),)
    return Step(wanted.resource, wanted.key, "create", changes, None, wanted.values, wanted.xml_id)
