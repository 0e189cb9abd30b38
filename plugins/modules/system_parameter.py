#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: system_parameter
short_description: Enforce a system parameter of Odoo
version_added: 1.0.0
description:
  - Sets or removes one system parameter (C(ir.config_parameter)).
  - If the key names a secret, such as C(google_gmail_client_secret), the value is masked everywhere.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  key:
    description:
      - The key, such as V(mail.session.batch.size).
    type: str
    required: true
  value:
    description:
      - The value. Odoo stores text. A number is stored as its digits (V(500)), and V(true) as V(True).
      - An empty string removes the parameter. A parameter with a blank value, which can exist in Odoo 20.0, counts as absent.
      - V(false) removes the parameter up to Odoo 19.0, as it does in Odoo itself. From 20.0 on, Odoo stores V(False), and booleans are compared as
        booleans.
      - Required with O(state=present).
    type: raw
  secret:
    description:
      - Whether the value is a secret although its key does not name one. A secret is masked in results, diffs, logs and reports.
      - If the key names a secret, the value is masked without this option.
    type: bool
  state:
    description:
      - V(present) sets the parameter. V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.
"""

EXAMPLES = r"""
---
- name: Send up to 500 mails per SMTP session
  postmaster.odoo.system_parameter:
    key: mail.session.batch.size
    value: 500

- name: Set a licence key, which is a secret although its name does not show it
  postmaster.odoo.system_parameter:
    key: acme_mail.licence
    value: "{{ vault_acme_mail_licence }}"
    secret: true

- name: Restore Odoo's default
  postmaster.odoo.system_parameter:
    key: mail.session.batch.size
    state: absent
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
    - resource: system_parameter
      key: mail.session.batch.size
      action: create
      changes:
        - field: key
          before: null
          after: mail.session.batch.size
        - field: value
          before: null
          after: "500"
record:
  description:
    - The record after the run. In check mode, the record as it is now. Secrets are masked. Null if there is no such record.
  returned: success
  type: dict
  sample:
    resource: system_parameter
    key: mail.session.batch.size
    id: 21
    xml_id: null
    value: "500"
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(SYSTEM_PARAMETER, xml_id=False, states=("present", "absent"))
SPECIFICATION = Specification(
    options={**_RESOURCE},
    rules={"required_if": [["state", "present", ["value"]]]},
    scope=ResultScope(single=SYSTEM_PARAMETER.name),
)


def run(module: OdooModule) -> None:
    """Enforce one system parameter."""
    declaration = SYSTEM_PARAMETER.declare({name: module.params[name] for name in _RESOURCE})
    with module.session() as session:
        module.exit_with(
            enforced_result(enforce(session, [declaration], RunOptions()), module.scope, diff=module.shows_diff)
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
