#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: queue_policy
short_description: Pace Odoo's mail queue, try failed mails again, clean up, and keep it running
version_added: 0.1.0
description:
  - Odoo sends its mail queue in one lump, the newest mails first, never tries a failed mail again, and keeps failed and cancelled mails for
    ever. This module installs what is missing as scheduled actions with generated code. No addon is needed, and it works on Odoo Online.
  - Lanes replace the code of Odoo's own queue action (C(mail.ir_cron_mail_scheduler_action)), so that there is still one queue. Its former code
    is noted in the new one, and put back when the lanes go.
  - Every other part is a scheduled action of its own, under an external id that begins with C(postmaster_odoo.queue_).
  - Code that somebody has edited in Odoo is drift. Only users with the access right Administration / Settings can edit it.
  - A part that is not given is left as it is; a warning says so where it is installed.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  lanes:
    description:
      - The queue by importance. Every run sends each lane's oldest mails, lane after lane. A mail goes with the first lane that it fits.
      - What fits none goes with a last lane of 100 mails a run, unless the last lane here has no O(lanes[].domain).
      - An empty list takes the lanes away.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - What the lane is called in Odoo's log.
        type: str
        required: true
      domain:
        description:
          - Which mails it takes, as an Odoo domain on C(mail.mail) with plain values, as text or as a list of lists.
          - Without one, or with an empty one, it takes everything that is left, and must be the last.
        type: raw
      batch:
        description:
          - How many mails a run sends at most.
        type: int
        default: 100
  interval:
    description:
      - Minutes between two runs of the lanes. Odoo's own queue runs once an hour. If not set, its schedule is left as it is.
      - Odoo itself sometimes runs its queue in between.
    type: int
  settle:
    description:
      - Seconds that the lanes leave a new mail alone. Odoo sends most mails right after it has created them. One that the queue takes up
        meanwhile is sent twice.
    type: int
    default: 60
  backoff:
    description:
      - Returns mails to the queue that failed for a reason that passes. These are temporary refusals (421, 450, 451, 452), timeouts, broken
        connections, and servers that were down or not found. A mail that failed for good stays as it is.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) takes this part away.
        type: bool
        default: true
      first_delay:
        description:
          - Minutes before the first new attempt. Each further delay is as long as the mail was old when it failed, so that it about doubles.
        type: int
        default: 5
      max_delay:
        description:
          - Minutes that a delay never exceeds.
        type: int
        default: 60
      give_up_after:
        description:
          - Minutes after which a mail that still fails is left as it is, counted from its creation or from its scheduled date.
        type: int
        default: 4320
      max_attempts:
        description:
          - How often a mail is tried, the first attempt included. A mail that has failed as often, or is older than
            O(backoff.give_up_after), is given up. Odoo's log says so, and so do M(postmaster.odoo.mail_queue_info) and M(postmaster.odoo.mail_doctor).
          - The attempts that M(postmaster.odoo.mail_queue) makes count as well.
        type: int
        default: 100
  stale_after:
    description:
      - Days after which a mail that is due and still waits is cancelled, not deleted. V(0) takes this part away.
    type: int
  purge_after:
    description:
      - Days after which a failed or cancelled mail that nobody has touched since is deleted. V(0) takes this part away.
      - Odoo refuses to let even administrators delete some mails over RPC. The scheduled action does it as Odoo itself.
    type: int
  watchdog:
    description:
      - Keeps the queue and the other parts running. An action that is inactive or overdue, or whose next run lies further ahead than its
        interval, is activated and rescheduled to now. Odoo's log says so, and whoever is named here is told.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) takes this part away.
        type: bool
        default: true
      interval:
        description:
          - Minutes between two looks.
        type: int
        default: 5
      max_overdue:
        description:
          - Minutes that an action may be inactive, overdue, or too far ahead.
        type: int
        default: 30
      max_outgoing:
        description:
          - How many due mails may wait before it tells.
        type: int
      channel:
        description:
          - The channel to tell, by its name or its external id, such as V(mail.channel_admin), which Odoo has from 18.0 on. The same is
            told at most once an hour.
        type: str
      user:
        description:
          - The login of the user to tell, in Odoo or by mail, as the user's preferences say.
        type: str
  state:
    description:
      - V(absent) takes every part away, and puts Odoo's own queue back as it was.
    type: str
    choices:
      - present
      - absent
    default: present
  activate_neutralized:
    description:
      - Whether the actions may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Without it they are left inactive, and a warning says so. A copy holds the real passwords, and would send real mail.
    type: bool
    default: false
seealso:
  - module: postmaster.odoo.cron
  - module: postmaster.odoo.mail_stack
"""

EXAMPLES = r"""
---
- name: Password resets before newsletters, failed mails again, and nothing kept for ever
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
      channel: mail.channel_admin

- name: Only try failed mails again
  postmaster.odoo.queue_policy:
    backoff: {}

- name: No lanes any more; the rest stays
  postmaster.odoo.queue_policy:
    lanes: []

- name: Nothing of it any more
  postmaster.odoo.queue_policy:
    state: absent
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
      description: The options that differ, read back from the installed rule.
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
          description: What is installed.
          returned: always
          type: raw
          sample: 7
        after:
          description: What was declared.
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
    - The crons of the declared rules as found after the run (in check mode, before it), with the C(options) that their code was generated from.
  returned: success
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
    - The rules that are installed and not declared.
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
    - What kind of error it is. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict),
      V(rejected), V(ambiguous), V(timeout).
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

SPECIFICATION = Specification(
    options={**OPTIONS, "activate_neutralized": {"type": "bool", "default": False}},
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
