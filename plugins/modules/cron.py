#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cron
short_description: Enforce a scheduled action of Odoo
version_added: 0.1.0
description:
  - Enforces the schedule and the state of a scheduled action (C(ir.cron)), which is known by its external id, or by its name and the model
    that it works on.
  - With O(code), the action is one of your own, which is created, changed and deleted. With O(run), it is also run once.
  - A scheduled action that is running cannot be written. The module tries again for a few seconds and then fails with C(conflict).
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  xml_id:
    description:
      - The external id of the scheduled action, such as V(mail.ir_cron_mail_scheduler_action), Odoo's mail queue.
      - With O(code), an external id of your own, that the action is created with and that survives renaming.
    type: str
  name:
    description:
      - The name of the scheduled action, in English, where it has no external id worth naming.
    type: str
  model:
    description:
      - The technical name of the model that it works on, such as V(mail.mail), to tell actions of one O(name) apart.
    type: str
  code:
    description:
      - The Python code of a scheduled action of your own, as Odoo runs it in server actions (C(model), C(env), C(log), ...). With it, and
        O(name) and O(model), the action is created where there is none.
      - The code is compared as it stands, to the last blank.
    type: str
  state:
    description:
      - V(absent) deletes a scheduled action of your own. What an addon has brought is not deleted, for the addon relies on it; that is an error
        before anything is written. Use O(active=false) for it.
    type: str
    choices: [present, absent]
    default: present
  active:
    description:
      - A declared record is active unless this is V(false).
      - Whether it runs at all.
      - On a neutralized copy of a database nothing is activated unless O(activate_neutralized) says so.
    type: bool
  interval_number:
    description:
      - How many O(interval_type) lie between two runs.
    type: int
  interval_type:
    description:
      - V(minutes), V(hours), V(days), V(weeks) or V(months).
    type: str
  priority:
    description:
      - V(0) runs first, V(10) last.
    type: int
  user:
    description:
      - The login, or the external id, of the user that it runs as.
    type: str
  nextcall:
    description:
      - When it runs next, in UTC, such as V(2026-01-31 06:00:00). Odoo moves it on with each run, so declare it only to move it once.
    type: str
  max_overdue:
    description:
      - Minutes. An active action whose C(nextcall) lies further back than that, or further ahead than one interval, is drift, and is
        rescheduled to now.
    type: int
  numbercall:
    description:
      - How many more times it runs, V(-1) for ever. Gone in Odoo 18.0.
    type: int
  doall:
    description:
      - Whether missed runs are made up for. Gone in Odoo 18.0.
    type: bool

  activate_neutralized:
    description:
      - Whether mail servers and crons may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Without it they are left inactive, and a warning says so. A copy holds the real passwords, and would send real mail.
    type: bool
    default: false
  run:
    description:
      - Run the action once, now, whether or not it is active or due, and wait for its end. The task then always is C(changed), and fails if the
        action does.
      - In check mode it is not run.
      - If the action sends mail, the run takes the same lock as M(postmaster.odoo.mail_queue) with O(postmaster.odoo.mail_queue#module:action=process), so that
        only one of these tasks sends the queue at a time. Another one waits (O(lock_timeout)) and then fails with C(conflict). This applies to Odoo's
        own actions that send mail, and to actions whose code calls C(process_email_queue) or C(send).
      - If Odoo does not answer in time, it may still be sending. The lock then stays for 65 minutes.
      - The lock does not stop Odoo itself. Up to 18.0 a run that was started over the API, or by a person with C(Run Manually), keeps Odoo's lock on the action
        only until its first commit (16.0 takes none). If the scheduler or a person starts the action again during the run, some mails are sent twice. From
        19.0 on Odoo prevents this.
    type: bool
    default: false
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.

  - module: postmaster.odoo.cron_info
"""

EXAMPLES = r"""
---
- name: The mail queue runs every five minutes, and is never stuck for long
  postmaster.odoo.cron:
    xml_id: mail.ir_cron_mail_scheduler_action
    active: true
    interval_number: 5
    interval_type: minutes
    max_overdue: 15

- name: Known by name and model
  postmaster.odoo.cron:
    name: "Mail: Email Queue Manager"
    model: mail.mail
    active: true

- name: A scheduled action of one's own
  postmaster.odoo.cron:
    xml_id: postmaster.forget_cancelled_mails
    name: Forget mails that were cancelled a month ago
    model: mail.mail
    code: |
      limit = datetime.datetime.now() - datetime.timedelta(days=30)
      model.search([('state', '=', 'cancel'), ('write_date', '<', limit)], limit=1000).unlink()
    interval_number: 1
    interval_type: days

- name: Send what is in the queue now
  postmaster.odoo.cron:
    xml_id: mail.ir_cron_mail_scheduler_action
    run: true
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
    - The record as found after the run (in check mode, before it), secrets masked, its C(key) as in RV(plan). Null where there is none.
  returned: success
  type: dict
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
    - What came of running the action. After a failure the task fails instead.
  returned: success and O(run) is true
  type: dict
  contains:
    outcome:
      description: V(ok), or in check mode V(not_run).
      returned: always
      type: str
      sample: ok
    seconds:
      description: How long it took; null where it was not run.
      returned: always
      type: float
      sample: 0.11
  sample:
    outcome: ok
    seconds: 0.11
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
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.cron_run import run_declared
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(CRON, states=("present", "absent"))
SPECIFICATION = Specification(
    options={
        **_RESOURCE,
        "activate_neutralized": {"type": "bool", "default": False},
        "run": {"type": "bool", "default": False},
    },
    rules=CRON.option_rules,
    scope=ResultScope(single=CRON.name),
)


def run(module: OdooModule) -> None:
    """Enforce one cron, and run it if asked to."""
    declaration = CRON.declare({name: module.params[name] for name in _RESOURCE})
    if module.params["run"] and declaration.state == "absent":
        raise Invalid(f"{declaration.label}: run goes with state present.")
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
