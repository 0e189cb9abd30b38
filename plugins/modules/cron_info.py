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
  - postmaster.odoo.query
options:
  name:
    description:
      - Only crons with this name, in English.
    type: str
  xml_id:
    description:
      - Only the cron with this external ID.
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
  contains:
    id:
      description: The ID of the cron in Odoo.
      returned: always
      type: int
      sample: 3
    xml_id:
      description: The external ID, or null.
      returned: always
      type: str
      sample: mail.ir_cron_mail_scheduler_action
    name:
      description: The name of the cron.
      returned: always
      type: str
      sample: "Mail: Email Queue Manager"
    model_name:
      description: The model that the code runs on.
      returned: always
      type: str
      sample: mail.mail
    active:
      description: Whether the cron runs.
      returned: always
      type: bool
      sample: true
    interval_number:
      description: The number of C(interval_type) between two runs.
      returned: always
      type: int
      sample: 1
    interval_type:
      description: The unit of the interval.
      returned: always
      type: str
      sample: hours
    priority:
      description: The priority. A lower number runs first.
      returned: always
      type: int
      sample: 6
    user_id:
      description: The login of the user that the cron runs as.
      returned: always
      type: str
      sample: __system__
    nextcall:
      description: The time of the next run, UTC.
      returned: always
      type: str
      sample: "2026-11-24 06:00:00"
    lastcall:
      description: The time of the last run, UTC. Null if there was no run.
      returned: always
      type: str
      sample: "2026-11-24 05:00:00"
    numbercall:
      description: The number of runs that are left. V(-1) means that there is no limit.
      returned: if the instance has the field (up to 17.0)
      type: int
      sample: -1
    doall:
      description: Whether missed runs are repeated after a restart.
      returned: if the instance has the field (up to 17.0)
      type: bool
      sample: false
    failure_count:
      description: The number of failures since the last successful run.
      returned: if the instance has the field (from 18.0 on)
      type: int
      sample: 0
    first_failure_date:
      description: The time of the first of these failures, UTC. Null without a failure.
      returned: if the instance has the field (from 18.0 on)
      type: str
      sample: null
    overdue_minutes:
      description: The number of minutes by which the next run is overdue. V(0) if it is not.
      returned: always
      type: int
      sample: 0
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
    INFO_ARGUMENTS,
    info_result,
    overdue_minutes,
    read_info,
)

SPECIFICATION = Specification(options=INFO_ARGUMENTS)


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
