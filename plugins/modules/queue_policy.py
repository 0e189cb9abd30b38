#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: queue_policy
short_description: Pace, retry, clean up and monitor Odoo's mail queue
version_added: 1.0.0
description:
  - Odoo sends its mail queue without pauses or priorities, the newest mails first. It never retries a failed mail, and it keeps failed and cancelled mails
    forever. This module adds the missing features as scheduled actions (crons) with generated code. It needs no addon and works on Odoo Online.
  - Lanes replace the code of Odoo's own queue cron (C(mail.ir_cron_mail_scheduler_action)), so that there is still only one queue. The new code contains
    the former code, which is restored when the lanes are removed.
  - Every other rule is a cron of its own, with an external ID that begins with C(postmaster_odoo.queue_).
  - If a person has edited the code in Odoo, it is drift. Only users with the access right Administration / Settings can edit it.
  - A rule that is not declared is not changed. If it is installed, RV(unmanaged) contains it.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  lanes:
    description:
      - The queue by priority. Every run sends the oldest mails of each lane, one lane after the other. A mail belongs to the first lane that it matches.
      - Mails that match no lane belong to an additional last lane with 100 mails per run, unless the last lane here has no O(lanes[].domain).
      - An empty list removes the lanes.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the lane in Odoo's log.
        type: str
        required: true
      domain:
        description:
          - The filter for the mails of the lane. It is an Odoo domain on C(mail.mail) with plain values, as text or as a list of lists.
          - Without a domain, or with an empty one, the lane takes all remaining mails and must be the last one.
        type: raw
      batch:
        description:
          - The maximum number of mails per run.
        type: int
        default: 100
  interval:
    description:
      - The number of minutes between two runs of the lanes. Odoo's own queue runs once an hour. If not set, the schedule is not changed.
        Without O(lanes) it is an error.
      - Odoo itself sometimes runs its queue between these runs.
    type: int
  settle:
    description:
      - The number of seconds during which the lanes do not touch a new mail. Odoo sends most mails right after it has created them. If the queue takes such
        a mail during this time, it is sent twice.
      - 60 if not set. Without O(lanes) it is an error.
    type: int
  backoff:
    description:
      - Retries mails with a transient failure. These are temporary refusals (421, 450, 451, 452), timeouts, broken connections, and servers that were down
        or not found. Mails with a permanent failure are not changed.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) removes this rule.
        type: bool
        default: true
      first_delay:
        description:
          - The number of minutes before the first retry. Each further delay is as long as the age of the mail when it failed. So the delay about doubles
            each time.
        type: int
        default: 5
      max_delay:
        description:
          - The maximum number of minutes of a delay.
        type: int
        default: 60
      give_up_after:
        description:
          - The number of minutes after which a mail that still fails is given up, counted from its creation or its scheduled date.
        type: int
        default: 4320
      max_attempts:
        description:
          - The maximum number of attempts for a mail, including the first. A mail that has failed that often, or is older than O(backoff.give_up_after), is
            given up. Odoo's log, M(postmaster.odoo.mail_queue_info) and M(postmaster.odoo.mail_doctor) report it.
          - The attempts of M(postmaster.odoo.mail_queue) count as well.
        type: int
        default: 100
  stale_after:
    description:
      - The number of days after which a due mail that still waits is cancelled. It is not deleted. V(0) removes this rule.
    type: int
  purge_after:
    description:
      - The number of days after which a failed or cancelled mail is deleted, counted from its last change. V(0) removes this rule.
      - Over RPC, Odoo does not allow even administrators to delete some mails. The cron deletes them inside Odoo.
    type: int
  watchdog:
    description:
      - Keeps the queue and the other rules running. A cron that is inactive, overdue, or scheduled further ahead than its interval is activated and
        rescheduled to now. Odoo's log reports it, and the channel or user below gets a message.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) removes this rule.
        type: bool
        default: true
      interval:
        description:
          - The number of minutes between two checks.
        type: int
        default: 5
      max_overdue:
        description:
          - The number of minutes that a cron may be inactive, overdue, or too far ahead.
        type: int
        default: 30
      max_outgoing:
        description:
          - The number of due mails that may wait before the watchdog sends a message.
        type: int
      channel:
        description:
          - The channel that gets the messages, by its name or its external ID, such as V(mail.channel_admin), which exists from Odoo 18.0 on. The same
            message is sent at most once an hour.
        type: str
      user:
        description:
          - The login of the user who gets the messages, in Odoo or by mail, depending on the preferences of the user.
        type: str
  state:
    description:
      - V(present) enforces the declared rules. V(absent) removes all rules, and restores Odoo's own queue.
    type: str
    choices:
      - present
      - absent
    default: present
  activate_neutralized:
    description:
      - Whether the crons may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Odoo can neutralize a copy. It then deactivates the mail servers and crons, because a copy contains the real passwords and would send real mail.
      - Without this option they stay inactive, and a warning names them.
    type: bool
    default: false
seealso:
  - module: postmaster.odoo.cron
  - module: postmaster.odoo.mail_stack
"""

EXAMPLES = r"""
---
- name: Send password resets first, retry failed mails, and delete old mails
  postmaster.odoo.queue_policy:
    lanes:
      - name: accounts
        domain: "[('model', '=', 'res.users')]"
      - name: documents
        domain: "[('model', 'in', ['sale.order', 'account.move'])]"
      - name: everything else
        batch: 50
    interval: 5
    backoff:
      first_delay: 5
      max_attempts: 50
    stale_after: 7
    purge_after: 90
    watchdog:
      max_outgoing: 2000
      user: admin

- name: Only retry failed mails
  postmaster.odoo.queue_policy:
    backoff: {}

- name: Remove the lanes and keep the other rules
  postmaster.odoo.queue_policy:
    lanes: []

- name: Remove all rules
  postmaster.odoo.queue_policy:
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
      description: The kind of resource, V(queue_policy).
      returned: always
      type: str
      sample: queue_policy
    key:
      description: The rule, one of V(lanes), V(backoff), V(stale_after), V(purge_after), V(watchdog).
      returned: always
      type: str
      sample: stale_after
    action:
      description: One of V(create), V(update), V(delete), V(reschedule).
      returned: always
      type: str
      sample: update
    changes:
      description: The options that differ, read from the installed rule.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: The name of the option, or of a field of the cron such as V(active).
          returned: always
          type: str
          sample: stale_after
        before:
          description: The installed value.
          returned: always
          type: raw
          sample: 7
        after:
          description: The declared value.
          returned: always
          type: raw
          sample: 9
  sample:
    - resource: queue_policy
      key: stale_after
      action: update
      changes:
        - field: stale_after
          before: 7
          after: 9
records:
  description:
    - The crons of the declared rules after the run. In check mode, the crons as they are now. C(options) are the options that their code was generated
      from. The other fields are as in RV(postmaster.odoo.cron_info#module:crons).
  returned: success, and failure in check mode
  type: list
  elements: dict
  sample:
    - resource: queue_policy
      key: stale_after
      id: 18
      xml_id: postmaster_odoo.queue_stale
      name: "Mail queue: stale mails are cancelled"
      model_name: mail.mail
      model_id: mail.mail
      state: code
      active: true
      interval_number: 60
      interval_type: minutes
      user_id: __system__
      nextcall: "2026-11-24 10:19:19"
      lastcall: "2026-11-24 09:19:25"
      failure_count: 0
      first_failure_date: null
      options:
        stale_after: 7
unmanaged:
  description:
    - The rules that are installed but not declared.
  returned: success
  type: list
  elements: dict
  sample:
    - resource: queue_policy
      key: purge_after
      id: 19
      name: "Mail queue: old mails are purged"
      xml_id: postmaster_odoo.queue_purge
error_kind:
  description:
    - The kind of the error. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict), V(rejected), V(ambiguous),
      V(timeout).
  returned: failure
  type: str
  sample: unsupported
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import OPTIONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import ACTIVATE_NEUTRALIZED
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

SPECIFICATION = Specification(
    options={**OPTIONS, **ACTIVATE_NEUTRALIZED},
    scope=ResultScope(several=QUEUE_POLICY.name),
)


def run(module: OdooModule) -> None:
    """Enforce the queue policy."""
    declaration = QUEUE_POLICY.declare({name: module.params.get(name) for name in OPTIONS})
    options = RunOptions(unmanaged="report", activate_neutralized=module.params["activate_neutralized"])
    with module.session() as session:
        module.exit_with(
            enforced_result(enforce(session, [declaration], options), module.scope, diff=module.shows_diff)
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
