# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons why a record, or an option of it, cannot be declared in the form in which Odoo has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import Records, resolve

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import InstanceFacts
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType


def server_problem(found: Found) -> str:
    """Return the reason why a mail server cannot be declared; empty if it can."""
    if not MAIL_SERVER.is_own(found.values):
        return "it is a personal mail server of a user, which this collection never changes"
    if MAIL_SERVER.is_candidate(found):
        return "a killed run has left it; the next run that declares mail servers removes it"
    if MAIL_SERVER.is_neutralization_dummy(found):
        return "Odoo's neutralization has created it, so that no mail leaves"
    return ""


def option_problem(
    kind: ResourceType,
    found: Found,
    records: Records,
    identity: Mapping[str, Any],
    options: Mapping[str, Any],
    instance: InstanceFacts,
) -> str:
    """Return the reason why an option would be rejected or would change; empty if all options are fine."""
    try:
        declaration = kind.declare({**identity, **options})
    except OdooError as error:
        return without_label(error.message)
    given = {option: declaration.options[option] for option in options}
    values, problems = resolve(replace(declaration, options=given), records, instance)
    if problems:
        return problems[0].message
    names = (kind.field_names.get(option, option) for option in options)
    if not all(records.fields[name].same(found.values[name], values[name]) for name in names):
        return "declaring it would change how Odoo's value is written"
    return ""


def without_label(message: str) -> str:
    """Return a message without the resource at its beginning."""
    return re.sub(r"^[a-z ]+'.*?': ", "", message).rstrip(".")
