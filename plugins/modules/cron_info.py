#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cron_info
short_description: Ask Odoo for its scheduled actions
version_added: 0.1.0
description:
  - Reads the scheduled actions of an instance. Never changes anything; only methods that read are called, which the client itself enforces.
  - Times are UTC, and C(overdue_minutes) says how far an active action lies behind its schedule.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
options:
  name:
    description:
      - Only scheduled actions of this name, in English.
    type: str
  xml_id:
    description:
      - Only the scheduled action of this external id.
    type: str

  query:
    description:
      - A JMESPath expression that is applied to the list of records; its outcome is returned as RV(query_result).
      - Needs the Python package C(jmespath) where the task runs.
    type: str
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.

  - module: postmaster.odoo.cron
"""

EXAMPLES = r"""
---
- name: Is the mail queue on time?
  postmaster.odoo.cron_info:
    xml_id: mail.ir_cron_mail_scheduler_action
  register: queue

- name: Which active actions are more than an hour late?
  postmaster.odoo.cron_info:
    query: "[?active && overdue_minutes > `60`].name"
  register: late
"""

RETURN = r"""
---
crons:
  description:
    - The scheduled actions, every field that the instance has and that this collection manages, secrets masked.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 3
      xml_id: mail.ir_cron_mail_scheduler_action
      name: "Mail: Email Queue Manager"
      model_name: mail.mail
      active: true
      interval_number: 1
      interval_type: hours
      priority: 6
      user_id: __system__
      nextcall: "2026-11-24 06:00:00"
      lastcall: "2026-11-24 05:00:00"
      failure_count: 0
      first_failure_date: null
      overdue_minutes: 0
query_result:
  description:
    - What O(query) made of RV(crons).
  returned: when O(query) is given
  type: raw
  sample: [smtp.provider.example]
odoo_version:
  description:
    - The version of Odoo, as it says itself.
  returned: success
  type: str
  sample: "19.0"
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: unreachable
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import credentials_of
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import (
    info_result,
    overdue_minutes,
    read_info,
)

SPECIFICATION = Specification(
    options={
        "name": {"type": "str"},
        "xml_id": {"type": "str"},
        "query": {"type": "str"},
    },
)


def run(module: OdooModule) -> None:
    """Read and report."""
    with module.session(read_only=True) as session:
        names = {name: module.params[name] for name in ("name", "xml_id")}
        records = read_info(session, CRON, **names)
        for record in records:
            record["overdue_minutes"] = overdue_minutes(record, session.now)
        result = info_result("crons", records, session, module.params["query"], credentials_of(module.params))
    module.exit_with(result)


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
