#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_queue
short_description: Send, retry, cancel or delete mails in Odoo's queue
version_added: 1.0.0
description:
  - Performs one action on the mails that match every filter, in batches, the oldest first, and counts the results.
  - In check mode nothing is changed. RV(count) is then the number of mails that a run would change.
  - On a C(local) connection, V(-v) shows the progress of long tasks.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  action:
    description:
      - V(process) makes Odoo send outgoing mails that are due, and reads back the result of each mail. While Odoo sends a batch, the mails of the batch are
        postponed (C(scheduled_date)), so that the queue's own cron does not send them as well. If that cron is already running, V(process) fails with
        RV(error_kind=conflict).
      - Odoo sends many mails itself right after it has created them. With O(older_than=1), V(process) does not touch the newest mails.
      - Only one task of the collection sends the queue of a database at a time. This includes M(postmaster.odoo.cron) with
        O(postmaster.odoo.cron#module:run=true) for a cron that sends mail. Another task waits (O(lock_timeout)) and then fails with
        RV(error_kind=conflict).
      - Up to 18.0, Odoo does not show that a person has started the queue's cron with C(Run Manually), except before its first mail. If V(process) sends
        the same mails during such a run, some of them are sent twice. This cannot be prevented. Do not use both at the same time.
      - V(retry) puts failed mails back into the queue, which Odoo itself never does. Odoo's cron or V(process) then sends them.
      - Without O(failure_class) and O(ids), V(retry) only takes the mails that O(transient_only) describes. It does not touch the others, such as mails
        whose recipient or login was rejected.
      - V(cancel) cancels outgoing mails. They stay in Odoo.
      - V(purge) deletes failed and cancelled mails, with their messages. Over RPC, Odoo refuses to delete the message of a mail that belongs to no
        document. RV(refused) counts such mails.
    type: str
    required: true
    choices: [process, retry, cancel, purge]
  states:
    description:
      - The states of the mails to take.
      - V(process) takes V(outgoing), V(retry) takes V(exception), and V(purge) takes V(exception) and V(cancel). V(cancel) takes V(outgoing), and also
        V(exception) if this option lists it.
    type: list
    elements: str
    choices: [outgoing, exception, cancel]
    default: []
  failure_class:
    description:
      - Only mails whose last failure has one of these classes, as in M(postmaster.odoo.mail_queue_info). A mail that is back in the queue keeps its last
        failure.
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
      - Only mails that were created more than this number of minutes ago. If a mail has a scheduled date, the scheduled date counts instead.
    type: int
  server:
    description:
      - Only mails that are bound to the mail server of this name. With an empty string, only mails that are bound to no server, as most are.
    type: str
  from_domain:
    description:
      - Only mails whose sender is in this domain.
    type: str
  ids:
    description:
      - Only mails with these database IDs.
    type: list
    elements: int
  limit:
    description:
      - The maximum number of mails, the oldest first. V(process) reports the number of mails that are still due afterwards (RV(outcomes.due)).
    type: int
  transient_only:
    description:
      - Only mails whose failure is transient, was an interruption, or is unknown. Such mails may be sent without any change.
      - V(retry) without O(failure_class) and O(ids) always has this limit. It counts the other mails in RV(refused).
    type: bool
    default: false
  batch_size:
    description:
      - The number of mails that V(process) lets Odoo send in one call. Odoo kills a call that takes longer than its C(limit_time_real). Mails that it has
        sent before that stay sent.
    type: int
    default: 50
  max_attempts:
    description:
      - The maximum number of attempts for a mail, including the first. V(retry) does not touch a mail that has failed that often, and counts it in
        RV(given_up).
      - The attempts of M(postmaster.odoo.queue_policy) and of the playbook C(heal) count as well. The system parameter C(postmaster_odoo.attempts) stores
        them.
      - With V(0), there is no limit, and counting starts again. Use it after you have fixed the cause.
    type: int
    default: 30
seealso:
  - module: postmaster.odoo.mail_queue_info
"""

EXAMPLES = r"""
---
- name: Send up to 200 due mails
  postmaster.odoo.mail_queue:
    action: process
    limit: 200

- name: Retry mails with a transient failure
  postmaster.odoo.mail_queue:
    action: retry
    failure_class: [throttled, timeout, disconnected, unreachable, dns, interrupted]

- name: Also retry mails that were given up, after the provider has raised its limit
  postmaster.odoo.mail_queue:
    action: retry
    failure_class: [throttled]
    max_attempts: 0

- name: Cancel mails that are older than a week
  postmaster.odoo.mail_queue:
    action: cancel
    older_than: 10080

- name: Count the mails that would be deleted
  postmaster.odoo.mail_queue:
    action: purge
    older_than: 43200
  check_mode: true
"""

RETURN = r"""
---
action:
  description:
    - The action that was performed.
  returned: always, unless the instance could not be queried
  type: str
  sample: process
count:
  description:
    - The number of mails that were changed. In check mode, the number that would be changed.
  returned: always, unless the instance could not be queried
  type: int
  sample: 30
outcomes:
  description:
    - The results for the mails.
  returned: when O(action=process)
  type: dict
  contains:
    sent:
      description: The number of mails that were sent.
      returned: always
      type: int
      sample: 28
    failed:
      description: The number of mails that failed.
      returned: always
      type: int
      sample: 2
    postponed:
      description: The number of mails that Odoo itself postponed. 19.0 does that if a user's personal server has reached its limit for this minute.
      returned: always
      type: int
      sample: 0
    unsent:
      description:
        - The number of mails that are still outgoing because Odoo stopped at their mail server, for example because the SMTP server closed the connection.
          The mails of other servers and senders were sent. The next run retries these mails.
      returned: always
      type: int
      sample: 0
    due:
      description:
        - The number of mails that match the filters and are still due at the end. These are, for example, mails beyond O(limit) and the mails in C(unsent).
          If there are any, a warning gives the reason. Mails that were created during the task do not count.
        - In check mode, the number of mails that O(limit) would leave.
      returned: always
      type: int
      sample: 0
failures:
  description:
    - The failed mails by class of failure, each with one mail as a sample, as in M(postmaster.odoo.mail_queue_info).
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
    - The mails that Odoo did not allow the task to change, by the reason that Odoo gave, with up to 20 of their IDs. All other mails were changed.
  returned: always, unless the instance could not be queried
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
    - The number of mails that were not put back into the queue because they have failed O(max_attempts) times.
  returned: when O(action=retry)
  type: int
  sample: 0
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
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
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES_ARGUMENT

SPECIFICATION = Specification(
    options={
        "action": {"type": "str", "required": True, "choices": ["process", "retry", "cancel", "purge"]},
        "states": {"type": "list", "elements": "str", "choices": ["outgoing", "exception", "cancel"], "default": []},
        "failure_class": FAILURE_CLASSES_ARGUMENT,
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
    """Perform the action and report its results."""
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
