# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The resource types of a stack. Only this list names all of them."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER

# The order in which a stack is enforced: a later type may need an earlier one.
RESOURCE_TYPES: tuple[ResourceType, ...] = (ADDON, SYSTEM_PARAMETER, ALIAS_DOMAIN, MAIL_SERVER, CRON, QUEUE_POLICY)


def resource_type(name: str) -> ResourceType:
    """Return the resource type with a name, such as `mail_server`.

    :raises StopIteration: no resource type has this name.
    """
    return next(kind for kind in RESOURCE_TYPES if kind.name == name)


def type_of_option(option: str) -> ResourceType | None:
    """Return the resource type that an option of a stack declares, such as `servers`; None if it declares no records."""
    return next((kind for kind in RESOURCE_TYPES if kind.stack_option == option), None)
