#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: alias_domain
short_description: Enforce an alias domain of Odoo
version_added: 1.0.0
description:
  - Creates, changes or deletes an alias domain (C(mail.alias.domain)). An alias domain defines the addresses for the bounces and replies of a company.
  - Alias domains exist since Odoo 17.0. Odoo 16.0 has system parameters instead.
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
      - An external ID, such as V(postmaster.acme), that identifies the record even after it was renamed. It is created together with the record.
    type: str
  bounce_alias:
    description:
      - The part before the @ of the address that bounces are sent to.
    type: str
  catchall_alias:
    description:
      - The part before the @ of the address for replies that have no alias of their own.
    type: str
  default_from:
    description:
      - The part before the @, or a whole address. Odoo sends from this address if it must not use the address of the sender.
    type: str
  sequence:
    description:
      - The position among the alias domains. The lowest number has the highest priority.
    type: int
  companies:
    description:
      - All companies that use the domain, by name or external ID. Companies that are not listed no longer use it.
    type: list
    elements: str

  state:
    description:
      - V(present) creates or changes the alias domain. V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.
"""

EXAMPLES = r"""
---
- name: Set the addresses of the company
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
    - The differences that the run has corrected. In check mode, those that a run would correct. An empty list means no drift.
    - After an error, the steps that were completed before it.
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
      description: The name, the key or the external ID of the resource.
      returned: always
      type: str
      sample: Transactional
    action:
      description: One of V(create), V(update), V(archive), V(unarchive), V(delete), V(install), V(upgrade), V(uninstall), V(reschedule).
      returned: always
      type: str
      sample: update
    changes:
      description: The fields that differ. A secret is shown as a mask of fixed length. Null means that there is no value.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: The name of the field in Odoo.
          returned: always
          type: str
          sample: smtp_port
        before:
          description: The value in Odoo before the run.
          returned: always
          type: raw
          sample: 25
        after:
          description: The declared value.
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
    - The record after the run. In check mode, the record as it is now. Secrets are masked. Null if there is no such record.
    - C(key) is the same as in RV(plan).
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
    - The kind of the error. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict), V(rejected), V(ambiguous),
      V(timeout).
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
