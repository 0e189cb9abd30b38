#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cron
short_description: Enforce a scheduled action (cron) of Odoo
version_added: 1.0.0
description:
  - Enforces the schedule and the state of a scheduled action (cron, C(ir.cron)). A cron is identified by its external ID, or by its name and its model.
  - With O(code), the cron is one of your own. The module creates, changes and deletes it. With O(run), the module also runs the cron once.
  - Odoo does not allow changes to a cron that is running. The module retries for a few seconds and then fails with C(conflict).
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
  - postmaster.odoo.activate_neutralized
options:
  xml_id:
    description:
      - The external ID of the cron, such as V(mail.ir_cron_mail_scheduler_action) for Odoo's mail queue.
      - With O(code), an external ID of your own that identifies the cron even after it was renamed. It is created together with the cron.
    type: str
  name:
    description:
      - The name of the cron, in English. Use it if the cron has no external ID that you can declare.
    type: str
  model:
    description:
      - The technical name of the model that the cron works on, such as V(mail.mail). It distinguishes crons that have the same O(name).
    type: str
  code:
    description:
      - The Python code of a cron of your own, as Odoo runs it in server actions (C(model), C(env), C(log), ...). If O(name) and O(model) are also given and
        the cron does not exist, it is created.
      - The code is compared character by character, including blanks.
    type: str
  state:
    description:
      - V(present) enforces the cron. V(absent) deletes a cron of your own.
      - A cron of an addon is never deleted because the addon relies on it. The task then fails before anything is written. Use O(active=false) instead.
    type: str
    choices: [present, absent]
    default: present
  active:
    description:
      - Whether the cron runs.
      - A declared cron is active unless this is V(false).
      - On a neutralized copy of a database, nothing is activated unless O(activate_neutralized) allows it.
    type: bool
  interval_number:
    description:
      - The number of O(interval_type) units between two runs.
    type: int
  interval_type:
    description:
      - The unit of the interval. V(minutes), V(hours), V(days), V(weeks) or V(months).
    type: str
  priority:
    description:
      - The priority of the cron. V(0) runs first, V(10) last.
    type: int
  user:
    description:
      - The user that the cron runs as, by login or external ID.
    type: str
  nextcall:
    description:
      - The time of the next run, in UTC, such as V(2026-01-31 06:00:00). Each run sets a new time. Declare it only to reschedule the cron once.
    type: str
  max_overdue:
    description:
      - The number of minutes that an active cron may be behind its schedule. It is drift if C(nextcall) is further in the past, or further ahead than one
        interval. The module then reschedules it to now.
    type: int
  numbercall:
    description:
      - The number of remaining runs. V(-1) is unlimited. Odoo 18.0 has removed this field.
    type: int
  doall:
    description:
      - Whether Odoo executes missed runs later. Odoo 18.0 has removed this field.
    type: bool
  run:
    description:
      - Runs the cron once, immediately, even if it is not active or not due, and waits for its end. The task is then always C(changed). It fails if the run
        fails.
      - In check mode the cron is not run.
      - If the cron sends mail, the run takes the same lock as M(postmaster.odoo.mail_queue) with O(postmaster.odoo.mail_queue#module:action=process). So
        only one of these tasks sends the queue at a time. Another task waits (O(lock_timeout)) and then fails with C(conflict). This applies to Odoo's own
        crons that send mail, and to crons whose code calls C(process_email_queue) or C(send).
      - If Odoo does not answer in time, it may still be sending. The lock then stays for 65 minutes.
      - The lock does not stop Odoo itself. If the scheduler or a person starts the cron again during the run, some mails can be sent twice up to 18.0.
        There, a run over the API or with C(Run Manually) keeps Odoo's lock on the cron only until its first commit. 16.0 takes no lock. From 19.0 on, Odoo
        prevents this.
    type: bool
    default: false
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.

  - module: postmaster.odoo.cron_info
"""

EXAMPLES = r"""
---
- name: Run the mail queue every five minutes, and reschedule it if it is stuck
  postmaster.odoo.cron:
    xml_id: mail.ir_cron_mail_scheduler_action
    active: true
    interval_number: 5
    interval_type: minutes
    max_overdue: 15

- name: Activate a cron that is identified by its name and model
  postmaster.odoo.cron:
    name: "Mail: Email Queue Manager"
    model: mail.mail
    active: true

- name: Create a cron of your own
  postmaster.odoo.cron:
    xml_id: postmaster.forget_cancelled_mails
    name: Forget mails that were cancelled a month ago
    model: mail.mail
    code: |
      limit = datetime.datetime.now() - datetime.timedelta(days=30)
      model.search([('state', '=', 'cancel'), ('write_date', '<', limit)], limit=1000).unlink()
    interval_number: 1
    interval_type: days

- name: Send the mails in the queue now
  postmaster.odoo.cron:
    xml_id: mail.ir_cron_mail_scheduler_action
    run: true
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
    - resource: cron
      key: mail.ir_cron_mail_scheduler_action
      action: update
      changes:
        - field: active
          before: false
          after: true
        - field: nextcall
          before: "2026-11-23 04:00:00"
          after: now
record:
  description:
    - The record after the run. In check mode, the record as it is now. Secrets are masked. Null if there is no such record.
    - The other fields are those of the cron in Odoo, as in RV(postmaster.odoo.cron_info#module:crons).
  returned: success
  type: dict
  contains:
    resource:
      description: The kind of resource, such as V(cron).
      returned: always
      type: str
      sample: cron
    key:
      description: The name, the key or the external ID of the resource, as in RV(plan).
      returned: always
      type: str
      sample: mail.ir_cron_mail_scheduler_action
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 3
    xml_id:
      description: The external ID of the record, or null.
      returned: always
      type: str
      sample: mail.ir_cron_mail_scheduler_action
    held_back:
      description: True if the record is declared active but stays inactive. A warning contains the reason, such as a neutralized database.
      returned: when a declared record stays inactive
      type: bool
      sample: true
  sample:
    resource: cron
    key: mail.ir_cron_mail_scheduler_action
    id: 3
    xml_id: mail.ir_cron_mail_scheduler_action
    name: "Mail: Email Queue Manager"
    model_name: mail.mail
    active: true
    interval_number: 5
    interval_type: minutes
    priority: 6
    user_id: __system__
    nextcall: "2026-11-24 05:40:00"
    lastcall: null
    failure_count: 0
    first_failure_date: null
run:
  description:
    - The result of the run. If the cron fails, the task fails instead.
  returned: success and O(run) is true
  type: dict
  contains:
    outcome:
      description: V(ok), or V(not_run) in check mode.
      returned: always
      type: str
      sample: ok
    seconds:
      description: The duration of the run in seconds. Null if the cron was not run.
      returned: always
      type: float
      sample: 0.11
  sample:
    outcome: ok
    seconds: 0.11
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
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_declared
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import (
    ACTIVATE_NEUTRALIZED,
    resource_arguments,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(CRON, states=("present", "absent"))
SPECIFICATION = Specification(
    options={
        **_RESOURCE,
        **ACTIVATE_NEUTRALIZED,
        "run": {"type": "bool", "default": False},
    },
    rules=CRON.option_rules,
    scope=ResultScope(single=CRON.name),
)


def run(module: OdooModule) -> None:
    """Enforce one cron, and run it if `run` is true."""
    declaration = CRON.declare({name: module.params[name] for name in _RESOURCE})
    if module.params["run"] and declaration.state == "absent":
        raise Invalid(f"{declaration.label}: run requires state present.")
    with module.session() as session:
        outcome = enforce(
            session, [declaration], RunOptions(activate_neutralized=module.params["activate_neutralized"])
        )
        module.exit_with(
            enforced_result(
                outcome,
                module.scope,
                diff=module.shows_diff,
                run=run_declared(session, outcome.records, outcome.plan) if module.params["run"] else None,
            )
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
