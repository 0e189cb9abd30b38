#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: own_records
short_description: List and remove the records that this collection has created in an Odoo instance
version_added: 1.0.0
description:
  - The collection keeps a few records of its own in an instance. These are the crons of the queue policy, the system parameters C(postmaster_odoo.…), and
    the external IDs of declared records. They also include the addon C(mail_smtp_timeout), and copies of mail servers and server actions that a killed run
    has left.
  - The module lists these records and removes them with O(state=absent). Odoo's own queue gets its former code back.
  - Declared records are not changed, such as mail servers, crons, system parameters and alias domains.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  state:
    description:
      - V(present) only lists the records. V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: postmaster.odoo.queue_policy
"""

EXAMPLES = r"""
---
- name: List the records of the collection
  postmaster.odoo.own_records:

- name: Remove the records of the collection
  postmaster.odoo.own_records:
    state: absent
"""

RETURN = r"""
---
records:
  description:
    - The records of the collection. With O(state=absent), the removed records. In check mode, the records that a run would remove.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: One of V(queue_policy), V(mail_server_copy), V(server_action), V(system_parameter), V(external_id), V(addon).
      returned: always
      type: str
      sample: external_id
    name:
      description: The rule of the queue policy, or the name, the key or the external ID of the record.
      returned: always
      type: str
      sample: postmaster.transactional
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 4711
  sample:
    - kind: queue_policy
      name: stale_after
      id: 18
    - kind: external_id
      name: postmaster.transactional
      id: 4711
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: conflict
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.removal.own_records import (
    find_own_records,
    remove_own_records,
)

SPECIFICATION = Specification(
    options={"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}},
)


def run(module: OdooModule) -> None:
    """List the records, and remove them if `state` is absent."""
    removes = module.params["state"] == "absent"
    with module.session(read_only=not removes) as session:
        records = find_own_records(session)
        if removes and not module.check_mode:
            remove_own_records(session, records)
    module.exit_json(changed=removes and bool(records), records=[record.as_result() for record in records])


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
