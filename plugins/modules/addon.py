#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: addon
short_description: Install, upgrade or uninstall an addon of Odoo
version_added: 1.0.0
description:
  - Installs, upgrades or uninstalls an addon (C(ir.module.module)) with Odoo's own buttons, and waits until Odoo has finished.
  - Odoo then reloads all its addons, which takes seconds to minutes. No scheduled action (cron) runs during this time.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The technical name of the addon, such as V(google_gmail).
    type: str
    required: true
  update_list:
    description:
      - Whether Odoo reads its addons path again if it does not have the addon in its list. This is not done in check mode.
    type: bool
    default: false

  state:
    description:
      - V(present) installs the addon. V(latest) also upgrades it if the version on the addons path differs from the version in the database.
      - V(absent) uninstalls the addon and deletes all its data.
    type: str
    choices: [present, absent, latest]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.
"""

EXAMPLES = r"""
---
- name: Install the addon for mail through Google
  postmaster.odoo.addon:
    name: google_gmail

- name: Install or upgrade an addon that was just copied to the addons path
  postmaster.odoo.addon:
    name: acme_mail
    state: latest
    update_list: true
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
    - resource: addon
      key: google_gmail
      action: install
      changes:
        - field: state
          before: uninstalled
          after: installed
record:
  description:
    - The record after the run. In check mode, the record as it is now. Secrets are masked. Null if there is no such record.
    - C(key) is the same as in RV(plan).
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import UPDATE_LIST, resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(ADDON, xml_id=False, states=("present", "absent", "latest"))
SPECIFICATION = Specification(
    options={**_RESOURCE, **UPDATE_LIST},
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
