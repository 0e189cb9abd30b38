#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_queue
short_description: Send, queue again, cancel or delete mails of Odoo's queue
version_added: 0.1.0
description:
  - Does one thing to the mails that fit every filter, in chunks, the oldest first, and counts what came of it.
  - In check mode nothing is touched, and RV(count) says how many mails would be.
  - On a C(local) connection, V(-v) shows how far long work has come.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  action:
    description:
      - V(process) has Odoo send outgoing mails that are due, and reads back what became of each. While a batch is being sent its mails are put off
        (C(scheduled_date)), so that the queue's own scheduled action does not send them, too; while that one is running, V(process) ends with
        RV(error_kind=conflict). A mail may also be on its way because whoever made it sends it right after; O(older_than=1) leaves the youngest alone.
      - Only one task of the collection sends the queue of a database at a time. This includes M(postmaster.odoo.cron) with
        O(postmaster.odoo.cron#module:run=true) for an action that sends mail. Another task waits (O(lock_timeout)) and then fails with
        RV(error_kind=conflict).
      - Up to 18.0 Odoo does not show that a person has started the queue's action with C(Run Manually), except before its first mail. If V(process)
        sends the same mails during such a run, some of them are sent twice. This cannot be prevented. Do not use both at the same time.
      - V(retry) queues failed mails again, which Odoo itself never does. Its scheduled action sends them, or V(process).
      - Without O(failure_class) and O(ids), V(retry) takes only what O(transient_only) means. It leaves the others as they are, for example those whose
        recipient or login was refused.
      - V(cancel) gives outgoing mails up. They stay in Odoo.
      - V(purge) deletes failed and cancelled mails, with their messages. Odoo refuses to delete the message of a mail that belongs to no document
        over RPC; such mails are counted in RV(refused).
    type: str
    required: true
    choices: [process, retry, cancel, purge]
  states:
    description:
      - The states to take mails from, of those that the action takes. V(process) takes V(outgoing), V(retry) takes V(exception), V(cancel) takes V(outgoing)
        and, where it is named here, V(exception), V(purge) takes V(exception) and V(cancel).
    type: list
    elements: str
    choices: [outgoing, exception, cancel]
    default: []
  failure_class:
    description:
      - Only mails whose last failure was one of these, as in M(postmaster.odoo.mail_queue_info). A mail that was queued again keeps its last reason.
    type: list
    elements: str
    choices:
      - auth
      - auth_unsupported
      - certificate
      - client_blocked
      - content_rejected
      - disconnected
      - dns
      - helo_rejected
      - interrupted
      - mailbox_full
      - no_recipient
      - not_smtp
      - recipient_invalid
      - recipient_rejected
      - relay_denied
      - sender_invalid
      - sender_rejected
      - starttls_required
      - starttls_unsupported
      - throttled
      - timeout
      - tls
      - too_large
      - unconfigured
      - unknown
      - unreachable
    default: []
  older_than:
    description:
      - Only mails that were made more than so many minutes ago; of those with a scheduled date, only those that were to leave that long ago.
    type: int
  server:
    description:
      - Only mails that are bound to the mail server of this name; with an empty string, only those that are bound to none, as most are.
    type: str
  from_domain:
    description:
      - Only mails whose sender is of this domain.
    type: str
  ids:
    description:
      - Only mails with these database ids.
    type: list
    elements: int
  limit:
    description:
      - At most so many mails, the oldest first. V(process) says how many are still due then (RV(outcomes.due)).
    type: int
  transient_only:
    description:
      - Only mails that may leave without a change, because their failure passes, was an interruption, or is unknown.
      - V(retry) without O(failure_class) and O(ids) takes only these, too. It counts the others in RV(refused).
    type: bool
    default: false
  batch_size:
    description:
      - How many mails V(process) has Odoo send with one call. A call that lasts longer than Odoo's C(limit_time_real) is killed; what it had sent by then
        stays sent.
    type: int
    default: 50
  max_attempts:
    description:
      - How often a mail is tried at most, the first attempt included. V(retry) leaves a mail that has failed as often, and counts it in RV(given_up).
      - The attempts of M(postmaster.odoo.queue_policy) and of the playbook C(heal) count as well. They are kept in the system parameter
        C(postmaster_odoo.attempts).
      - V(0) queues mails again however often they have failed, and counts anew. Use it after the cause was corrected.
    type: int
    default: 30
seealso:
  - module: postmaster.odoo.mail_queue_info
"""

EXAMPLES = r"""
---
- name: Send what is due now
  postmaster.odoo.mail_queue:
    action: process
    limit: 200

- name: Another attempt for what failed for a passing reason
  postmaster.odoo.mail_queue:
    action: retry
    failure_class: [throttled, timeout, disconnected, unreachable, dns, interrupted]

- name: After the limit of the provider was raised, also the mails that were given up
  postmaster.odoo.mail_queue:
    action: retry
    failure_class: [throttled]
    max_attempts: 0

- name: Nobody wants last week's mail any more
  postmaster.odoo.mail_queue:
    action: cancel
    older_than: 10080

- name: How much would be deleted?
  postmaster.odoo.mail_queue:
    action: purge
    older_than: 43200
  check_mode: true
"""

RETURN = r"""
---
action:
  description:
    - What was done.
  returned: always, unless the instance could not be asked
  type: str
  sample: process
count:
  description:
    - How many mails were touched; in check mode, how many would be.
  returned: always, unless the instance could not be asked
  type: int
  sample: 30
outcomes:
  description:
    - What became of the mails.
  returned: when O(action=process)
  type: dict
  contains:
    sent:
      description: How many left.
      returned: always
      type: int
      sample: 28
    failed:
      description: How many failed.
      returned: always
      type: int
      sample: 2
    postponed:
      description: How many Odoo itself postponed, as 19.0 does where a user's own server has had enough for this minute.
      returned: always
      type: int
      sample: 0
    unsent:
      description:
        - How many are still outgoing because Odoo broke off at their mail server, for example because the SMTP server hung up. The mails of other servers
          and senders were sent; the next run tries these again.
      returned: always
      type: int
      sample: 0
    due:
      description:
        - How many mails that fit the filters are still due in the end, for example those beyond O(limit) and those of C(unsent). If there are any, a warning
          says why. Mails that were created while the task ran do not count.
        - In check mode, how many O(limit) would leave.
      returned: always
      type: int
      sample: 0
failures:
  description:
    - The failed ones by the class of their failure, each with one mail as a sample, as in M(postmaster.odoo.mail_queue_info).
  returned: when O(action=process)
  type: list
  elements: dict
  sample:
    - class: throttled
      count: 2
      transient: true
      reason: "Mail Delivery Failed Mail delivery failed via SMTP server 'None'. SMTPSenderRefused: (421, b'4.7.0 Come back later', 'odoo@acme.example')"
      reasons:
        - "Mail Delivery Failed Mail delivery failed via SMTP server 'None'. SMTPSenderRefused: (421, b'4.7.0 Come back later', 'odoo@acme.example')"
      id: 41
refused:
  description:
    - The mails that Odoo did not let us touch, by the reason that it gave, with up to 20 of their ids. The others were touched all the same.
  returned: always, unless the instance could not be asked
  type: list
  elements: dict
  sample:
    - reason: >-
        These mails belong to no document, so Odoo does not allow anybody to delete their messages over RPC. Cancel them, or purge them with
        queue_policy, which runs inside Odoo.
      count: 2
      ids: [40, 41]
given_up:
  description:
    - How many mails were not queued again because they have failed O(max_attempts) times.
  returned: when O(action=retry)
  type: int
  sample: 0
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: timeout
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import work_result
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import MAX_ATTEMPTS
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES

SPECIFICATION = Specification(
    options={
        "action": {"type": "str", "required": True, "choices": ["process", "retry", "cancel", "purge"]},
        "states": {"type": "list", "elements": "str", "choices": ["outgoing", "exception", "cancel"], "default": []},
        "failure_class": {"type": "list", "elements": "str", "choices": list(FAILURE_CLASSES), "default": []},
        "older_than": {"type": "int"},
        "server": {"type": "str"},
        "from_domain": {"type": "str"},
        "ids": {"type": "list", "elements": "int"},
        "limit": {"type": "int"},
        "transient_only": {"type": "bool", "default": False},
        "batch_size": {"type": "int", "default": 50},
        "max_attempts": {"type": "int", "default": MAX_ATTEMPTS},
    },
)

_FILTERS = ("states", "failure_class", "older_than", "server", "from_domain", "ids", "limit", "transient_only")


def run(module: OdooModule) -> None:
    """Do it, and report."""
    params = module.params
    selection = Selection(**{name: params[name] for name in _FILTERS})
    with module.session() as session:
        work = act(
            session,
            params["action"],
            selection,
            batch_size=params["batch_size"],
            max_attempts=params["max_attempts"],
            progress=module.progress,
        )
    module.exit_with(work_result(work))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
