#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_queue_info
short_description: Report the state of the mail queue of an Odoo instance
version_added: 1.0.0
description:
  - Counts the mails of an instance by state, and the failed mails by class of failure. The number of calls does not depend on the size of the queue.
  - It never changes anything. The client only calls methods that read.
  - With thresholds, the task is a gate. It fails if the queue exceeds them. One message lists all exceeded thresholds, and the result is still complete.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
options:
  by:
    description:
      - Also counts by V(server), the mail server that a mail is bound to, or by V(from_domain), the domain of its sender.
      - Most mails are bound to no server because Odoo chooses the server when it sends them. Only the 10000 most frequent sender addresses are counted.
    type: list
    elements: str
    choices: [server, from_domain]
    default: []
  max_outgoing:
    description:
      - Fails if more than this number of due mails wait.
    type: int
  max_age:
    description:
      - Fails if a due mail has been waiting for more than this number of minutes.
    type: int
  max_exceptions:
    description:
      - Fails if more than this number of mails have failed.
    type: int
  fail_on:
    description:
      - Fails if any mail has failed with one of these classes.
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
  metrics_file:
    description:
      - A file on the host that runs the task. The module writes the counts to it, in Prometheus' text format for the textfile collector of the node
        exporter.
      - The file is replaced atomically, even if a threshold is exceeded. In check mode it is not written.
      - A symbolic link stays a link. A device, a pipe or a folder is an error.
      - If the file cannot be written, the task fails with RV(metrics_error), and returns the queue as well.
      - The file does not count as a change, so C(changed) stays V(false).
    type: path
seealso:
  - module: postmaster.odoo.mail_queue

  - module: postmaster.odoo.cron_info
"""

EXAMPLES = r"""
---
- name: Read the state of the queue
  postmaster.odoo.mail_queue_info:
  register: queue

- name: Fail if mail is stuck
  postmaster.odoo.mail_queue_info:
    max_outgoing: 500
    max_age: 30
    max_exceptions: 20
    fail_on: [auth, certificate]

- name: Write metrics for Prometheus
  postmaster.odoo.mail_queue_info:
    by: [server, from_domain]
    metrics_file: /tmp/odoo_mail_queue.prom
"""

RETURN = r"""
---
queue:
  description:
    - The state of the queue.
  returned: always, unless the instance could not be queried
  type: dict
  contains:
    states:
      description: The number of mails in each state. Sent mails that Odoo deletes immediately are not included.
      returned: always
      type: dict
      sample: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
    due:
      description: The number of outgoing mails that can be sent now.
      returned: always
      type: int
      sample: 10
    scheduled:
      description: The number of outgoing mails that are scheduled for later.
      returned: always
      type: int
      sample: 2
    put_off:
      description:
        - The number of these mails that M(postmaster.odoo.mail_queue) has postponed while it sends them.
        - If no such task is running, an interrupted task has left them in this state. The next task with
          O(postmaster.odoo.mail_queue#module:action=process) restores them.
      returned: always
      type: int
      sample: 0
    sending:
      description:
        - The task of the collection that sends the queue, read from its lock. Null if no task sends.
        - RV(queue.sending.expired) is true if the task was killed. The next M(postmaster.odoo.mail_queue) with
          O(postmaster.odoo.mail_queue#module:action=process) removes its lock.
      returned: always
      type: dict
      contains:
        owner:
          description: The host and process of the task.
          returned: always
          type: str
          sample: runner pid 4711
        since:
          description: The start time of the task (UTC).
          returned: always
          type: str
          sample: "2026-11-24 05:12:00"
        expired:
          description: Whether the lock has expired. A lock expires if the task no longer renews it because the task no longer runs.
          returned: always
          type: bool
          sample: false
    oldest_due:
      description: The due mail that has been waiting longest. C(since) is its creation or its scheduled date (UTC). Null if no due mail waits.
      returned: always
      type: dict
      sample: {id: 17, since: "2026-11-24 05:12:00", age_seconds: 2880, age_minutes: 48}
    failures:
      description:
        - Failed mails by class of failure, the most frequent first. Each class has one mail as a sample. C(transient) says whether a retry may succeed.
        - C(reasons) contains up to five reasons of the class. They differ in more than addresses and numbers.
        - C(given_up) is the number of mails of the class that are not retried because they have reached C(max_attempts) of M(postmaster.odoo.mail_queue) or
          M(postmaster.odoo.queue_policy).
        - The classes are those of O(fail_on). V(throttled) is a temporary refusal (4xx, a rate limit, greylisting). V(interrupted) is the mail that Odoo
          was sending when it was interrupted. On 17.0 and 18.0 it also includes mails without recipients.
      returned: always
      type: list
      elements: dict
      sample:
        - class: recipient_rejected
          count: 3
          transient: false
          reason: "Mail Delivery Failed Mail delivery failed via SMTP server 'None'. SMTPRecipientsRefused: {'a@b.example': (550, b'5.1.1 No such user')}"
          reasons:
            - "Mail Delivery Failed Mail delivery failed via SMTP server 'None'. SMTPRecipientsRefused: {'a@b.example': (550, b'5.1.1 No such user')}"
          id: 16
          given_up: 0
    retried:
      description:
        - Mails that M(postmaster.odoo.queue_policy), M(postmaster.odoo.mail_queue) or the playbook C(heal) has put back into the queue and that are not yet
          sent.
        - C(waiting) mails wait for their next attempt. C(failed) mails have failed again. C(given_up) mails are no longer retried.
      returned: always
      type: dict
      sample: {waiting: 2, failed: 0, given_up: 1}
    unclassified:
      description: The number of failed mails that are not in RV(queue.failures). Only the 1000 most frequent reasons are classified.
      returned: always
      type: int
      sample: 0
    interrupted:
      description:
        - The number of outgoing mails that the last run of the queue's cron (C(last_run), UTC) did not reach. The run was interrupted because a server
          closed the connection or a worker was killed.
        - Only mails that are newer than the mail at the interruption are counted. Older mails may not have fit into a full batch.
        - V(0) if the cron's code sends mails in an order of its own, such as the lanes of M(postmaster.odoo.queue_policy).
      returned: always
      type: dict
      sample: {count: 4, last_run: "2026-11-24 06:00:00"}
    left_behind:
      description:
        - The number of mails that were due 15 minutes before the last run of the queue's cron (C(last_run), UTC), and unchanged since.
        - If all due mails fit into one batch, each run of Odoo stops at the same mail or mail server.
        - V(0) if the cron's code sends mails in an order of its own, such as the lanes of M(postmaster.odoo.queue_policy).
      returned: always
      type: dict
      sample: {count: 0, last_run: "2026-11-24 06:00:00"}
    by_server:
      description: Counts by state for each mail server that mails are bound to. Null for mails that are bound to no server.
      returned: when O(by) has V(server)
      type: list
      elements: dict
      sample:
        - server: Transactional
          id: 2
          states: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
    by_from_domain:
      description: Counts by state for each domain of senders. Null for senders without a domain.
      returned: when O(by) has V(from_domain)
      type: list
      elements: dict
      sample:
        - from_domain: acme.example
          states: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
exceeded:
  description:
    - One sentence for each exceeded threshold.
  returned: always, unless the instance could not be queried
  type: list
  elements: str
  sample: ["612 mails are waiting to be sent (max_outgoing 500)."]
metrics_error:
  description:
    - The error if O(metrics_file) cannot be written. The task fails, and all other return values are there.
  returned: if O(metrics_file) cannot be written
  type: str
  sample: "metrics_file /srv/metrics/acme.prom cannot be written: No such file or directory. Choose a path in a folder that this user can write to."
odoo_version:
  description:
    - The version of Odoo that the instance reports.
  returned: always, unless the instance could not be queried
  type: str
  sample: "19.0"
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack). V(threshold) if the queue exceeds a threshold.
  returned: failure
  type: str
  sample: threshold
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.inspect_queue import inspect_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES_ARGUMENT

SPECIFICATION = Specification(
    options={
        "by": {"type": "list", "elements": "str", "choices": ["server", "from_domain"], "default": []},
        "max_outgoing": {"type": "int"},
        "max_age": {"type": "int"},
        "max_exceptions": {"type": "int"},
        "fail_on": FAILURE_CLASSES_ARGUMENT,
        "metrics_file": {"type": "path"},
    },
)


def run(module: OdooModule) -> None:
    """Inspect the queue, and return the result."""
    module.exit_with(inspect_queue(module))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
