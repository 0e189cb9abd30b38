#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: alias_domain
short_description: Enforce an alias domain of Odoo
version_added: 0.1.0
description:
  - Creates, changes or deletes an alias domain (C(mail.alias.domain)), the addresses that bounces and replies of a company use.
  - Alias domains exist from Odoo 17.0 on; 16.0 has system parameters instead.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The domain, in lower case, such as V(acme.example).
    type: str
  xml_id:
    description:
      - An external id such as V(postmaster.acme), that pins the record. It is created with the record and survives renaming.
    type: str
  bounce_alias:
    description:
      - The part before the @ of the address that bounces return to.
    type: str
  catchall_alias:
    description:
      - The part before the @ of the address that replies without an alias of their own go to.
    type: str
  default_from:
    description:
      - The part before the @ of the address that Odoo sends from where it must not use the sender's own, or a whole address.
    type: str
  sequence:
    description:
      - Its place among the alias domains; the lowest number wins.
    type: int
  companies:
    description:
      - The companies that use the domain, by name or external id; all of them. Companies that are not listed lose it.
    type: list
    elements: str

  state:
    description:
      - V(absent) deletes the alias domain.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.
"""

EXAMPLES = r"""
---
- name: The addresses of the company
  postmaster.odoo.alias_domain:
    name: acme.example
    bounce_alias: bounce
    catchall_alias: catchall
    default_from: notifications
    companies: [ACME]
"""

RETURN = r"""
---
plan:
  description:
    - What differed, and was done; in check mode, what would be. Empty means no drift.
    - After an error, the steps that were done before it.
  returned: always
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource, such as V(mail_server).
      returned: always
      type: str
      sample: mail_server
    key:
      description: What the resource is called.
      returned: always
      type: str
      sample: Transactional
    action:
      description: One of V(create), V(update), V(archive), V(unarchive), V(delete), V(install), V(upgrade), V(uninstall), V(reschedule).
      returned: always
      type: str
      sample: update
    changes:
      description: The fields that differ. A secret shows as a mask of one length, and null where there is none.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: Odoo's name of the field.
          returned: always
          type: str
          sample: smtp_port
        before:
          description: What Odoo held.
          returned: always
          type: raw
          sample: 25
        after:
          description: What was declared.
          returned: always
          type: raw
          sample: 587
  sample:
    - resource: alias_domain
      key: acme.example
      action: update
      changes:
        - field: default_from
          before: null
          after: notifications
record:
  description:
    - The record as found after the run (in check mode, before it), secrets masked, its C(key) as in RV(plan). Null where there is none.
  returned: success
  type: dict
  sample:
    resource: alias_domain
    key: acme.example
    id: 1
    xml_id: null
    name: acme.example
    bounce_alias: bounce
    catchall_alias: catchall
    default_from: notifications
    sequence: 10
    company_ids: [ACME]
error_kind:
  description:
    - What kind of error it is. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict),
      V(rejected), V(ambiguous), V(timeout).
  returned: failure
  type: str
  sample: unreachable
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(ALIAS_DOMAIN, states=("present", "absent"))
SPECIFICATION = Specification(
    options={**_RESOURCE},
    rules=ALIAS_DOMAIN.option_rules,
    scope=ResultScope(single=ALIAS_DOMAIN.name),
)


def run(module: OdooModule) -> None:
    """Enforce one alias domain."""
    declaration = ALIAS_DOMAIN.declare({name: module.params[name] for name in _RESOURCE})
    with module.session() as session:
        module.exit_with(
            enforced_result(enforce(session, [declaration], RunOptions()), module.scope, diff=module.shows_diff)
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
