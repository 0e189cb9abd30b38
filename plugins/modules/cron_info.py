#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cron_info
short_description: List the scheduled actions (crons) of an Odoo instance
version_added: 1.0.0
description:
  - Reads the scheduled actions (crons) of an instance. It never changes anything. The client only calls methods that read.
  - Times are UTC. C(overdue_minutes) is the number of minutes that an active cron is behind its schedule.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
options:
  name:
    description:
      - Only crons with this name, in English.
    type: str
  xml_id:
    description:
      - Only the cron with this external ID.
    type: str

  query:
    description:
      - A JMESPath expression that is applied to the list of records. RV(query_result) contains its result.
      - The option needs the Python package C(jmespath) on the host that runs the task.
    type: str
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.

  - module: postmaster.odoo.cron
"""

EXAMPLES = r"""
---
- name: Read the cron of the mail queue
  postmaster.odoo.cron_info:
    xml_id: mail.ir_cron_mail_scheduler_action
  register: queue

- name: List the active crons that are more than an hour late
  postmaster.odoo.cron_info:
    query: "[?active && overdue_minutes > `60`].name"
  register: late
"""

RETURN = r"""
---
crons:
  description:
    - The crons, with every field that the instance has and that this collection manages. Secrets are masked.
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
    - The result of O(query), applied to RV(crons).
  returned: when O(query) is given
  type: raw
  sample: [smtp.provider.example]
odoo_version:
  description:
    - The version of Odoo that the instance reports.
  returned: success
  type: str
  sample: "19.0"
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
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
    """Read the crons and report them."""
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
