#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: addon
short_description: Install, upgrade or uninstall an addon of Odoo
version_added: 0.1.0
description:
  - Installs, upgrades or uninstalls an addon (C(ir.module.module)) through Odoo's own buttons, and waits until Odoo has done it.
  - Odoo loads all its addons anew, which takes seconds to minutes; scheduled actions pause meanwhile.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The technical name, such as V(google_gmail).
    type: str
    required: true
  update_list:
    description:
      - Let Odoo look at its addons path again if it does not know the addon. Not done in check mode.
    type: bool
    default: false

  state:
    description:
      - V(present) installs the addon, V(latest) also upgrades it where the addons path holds another version than the database,
        V(absent) uninstalls it with all its data.
    type: str
    choices: [present, absent, latest]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.
"""

EXAMPLES = r"""
---
- name: Mail through Google
  postmaster.odoo.addon:
    name: google_gmail

- name: An addon that was just put on the addons path
  postmaster.odoo.addon:
    name: acme_mail
    state: latest
    update_list: true
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
    - resource: addon
      key: google_gmail
      action: install
      changes:
        - field: state
          before: uninstalled
          after: installed
record:
  description:
    - The record as found after the run (in check mode, before it), secrets masked, its C(key) as in RV(plan). Null where there is none.
  returned: success
  type: dict
  sample:
    resource: addon
    key: google_gmail
    id: 214
    xml_id: null
    name: google_gmail
    state: installed
    shortdesc: Google Gmail
    installed_version: 19.0.1.2
    latest_version: 19.0.1.2
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(ADDON, xml_id=False, states=("present", "absent", "latest"))
SPECIFICATION = Specification(
    options={**_RESOURCE, "update_list": {"type": "bool", "default": False}},
    scope=ResultScope(single=ADDON.name),
)


def run(module: OdooModule) -> None:
    """Enforce one addon."""
    declaration = ADDON.declare({name: module.params[name] for name in _RESOURCE})
    with module.session() as session:
        module.exit_with(
            enforced_result(
                enforce(session, [declaration], RunOptions(update_list=module.params["update_list"])),
                module.scope,
                diff=module.shows_diff,
            )
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
