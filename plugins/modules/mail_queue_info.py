#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_queue_info
short_description: Ask Odoo how its mail queue is
version_added: 0.1.0
description:
  - Counts the mails of an instance by state, and the failed ones by the class of their failure, in a fixed number of calls whatever the size of the
    queue. Never changes anything; only methods that read are called, which the client itself enforces.
  - With thresholds it is a gate, which fails where the queue is worse than allowed; everything that is exceeded is in one message, and the whole
    result is there all the same.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
options:
  by:
    description:
      - Also count by V(server), the mail server that a mail is bound to, or by V(from_domain), the domain of its sender.
      - Most mails are bound to no server; Odoo chooses one when it sends them. Of senders, the 10000 most frequent addresses are counted.
    type: list
    elements: str
    choices: [server, from_domain]
    default: []
  max_outgoing:
    description:
      - Fail if more mails than this wait to be sent now.
    type: int
  max_age:
    description:
      - Fail if a mail has been waiting to be sent for longer than so many minutes.
    type: int
  max_exceptions:
    description:
      - Fail if more mails than this have failed.
    type: int
  fail_on:
    description:
      - Fail if any mail has failed in one of these ways.
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
      - A file to write the counts to in Prometheus' text format, where the task runs, for the textfile collector of the node exporter.
        It is replaced in one step, also where a threshold is exceeded, and left alone in check mode.
      - A link stays one. A device, a pipe or a folder is an error.
      - It is no change of the instance, so C(changed) stays V(false).
    type: path
seealso:
  - module: postmaster.odoo.mail_queue

  - module: postmaster.odoo.cron_info
"""

EXAMPLES = r"""
---
- name: How is the queue?
  postmaster.odoo.mail_queue_info:
  register: queue

- name: Stop here if mail is stuck
  postmaster.odoo.mail_queue_info:
    max_outgoing: 500
    max_age: 30
    max_exceptions: 20
    fail_on: [auth, certificate]

- name: Metrics for Prometheus
  postmaster.odoo.mail_queue_info:
    by: [server, from_domain]
    metrics_file: /tmp/odoo_mail_queue.prom
"""

RETURN = r"""
---
queue:
  description:
    - How the queue is.
  returned: always, unless the instance could not be asked
  type: dict
  contains:
    states:
      description: How many mails there are in each state. Sent ones that Odoo deletes right away are not among them.
      returned: always
      type: dict
      sample: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
    due:
      description: How many outgoing mails could leave now.
      returned: always
      type: int
      sample: 10
    scheduled:
      description: How many outgoing mails are to leave later.
      returned: always
      type: int
      sample: 2
    put_off:
      description:
        - How many of these M(postmaster.odoo.mail_queue) has put off while it sends them. If no such task runs, an interrupted one has left them so, and
          the next one with O(postmaster.odoo.mail_queue#module:action=process) puts them back.
      returned: always
      type: int
      sample: 0
    sending:
      description:
        - The task of the collection that sends the queue, from its lock; null if there is none.
        - RV(queue.sending.expired) says that the task was killed. The next M(postmaster.odoo.mail_queue) with
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
          description: When it began (UTC).
          returned: always
          type: str
          sample: "2026-11-24 05:12:00"
        expired:
          description: Whether it has not renewed its lock for so long that it no longer runs.
          returned: always
          type: bool
          sample: false
    oldest_due:
      description: The mail that has been waiting for longest, since it was made or since it was to leave (UTC); null where none waits.
      returned: always
      type: dict
      sample: {id: 17, since: "2026-11-24 05:12:00", age_seconds: 2880, age_minutes: 48}
    failures:
      description:
        - Failed mails by the class of their failure, the most frequent first, each with one mail as a sample and whether another attempt may
          succeed (C(transient)).
        - C(reasons) are up to five reasons of the class that differ in more than addresses and numbers.
        - C(given_up) is how many mails of the class are not tried again, because they have failed as often as they may be tried (C(max_attempts) of
          M(postmaster.odoo.mail_queue) and M(postmaster.odoo.queue_policy)).
        - The classes are those of O(fail_on). V(throttled) is a refusal for now (4xx, a rate limit, greylisting); V(interrupted) is the mail that Odoo was
          at when it was cut off, on 17.0 and 18.0 also one without recipients.
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
        - Mails that M(postmaster.odoo.queue_policy), M(postmaster.odoo.mail_queue) or the playbook C(heal) have queued again and that have not left.
          They wait for their next attempt (C(waiting)), have failed again (C(failed)), or are not tried any more (C(given_up)).
      returned: always
      type: dict
      sample: {waiting: 2, failed: 0, given_up: 1}
    unclassified:
      description: How many failed mails are not in RV(queue.failures), because only the 1000 most frequent reasons are looked at.
      returned: always
      type: int
      sample: 0
    interrupted:
      description:
        - How many mails were to follow the one that the last run of the queue's scheduled action (C(last_run), UTC) was cut off at, by a server that
          hung up or a worker that was killed, and are still outgoing. They are newer than that one. What is older may be what a full batch had no
          room for, and is not counted.
        - V(0) where the action's code has an order of its own, such as the lanes of M(postmaster.odoo.queue_policy).
      returned: always
      type: dict
      sample: {count: 4, last_run: "2026-11-24 06:00:00"}
    left_behind:
      description:
        - How many mails were due a quarter of an hour before the last run of the queue's scheduled action (C(last_run), UTC), and are untouched since.
          If all due mails fit into one batch, Odoo breaks off in each run at one mail or mail server.
        - V(0) where the action's code has an order of its own, such as the lanes of M(postmaster.odoo.queue_policy).
      returned: always
      type: dict
      sample: {count: 0, last_run: "2026-11-24 06:00:00"}
    by_server:
      description: Counts by state for each mail server that mails are bound to; null for those that are bound to none.
      returned: when O(by) has V(server)
      type: list
      elements: dict
      sample:
        - server: Transactional
          id: 2
          states: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
    by_from_domain:
      description: Counts by state for each domain of senders; null for senders without one.
      returned: when O(by) has V(from_domain)
      type: list
      elements: dict
      sample:
        - from_domain: acme.example
          states: {outgoing: 12, sent: 340, received: 0, exception: 3, cancel: 1}
exceeded:
  description:
    - One sentence for each threshold that is exceeded.
  returned: always, unless the instance could not be asked
  type: list
  elements: str
  sample: ["612 mails are waiting to be sent (max_outgoing 500)."]
odoo_version:
  description:
    - The version of Odoo, as it says itself.
  returned: always, unless the instance could not be asked
  type: str
  sample: "19.0"
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack); V(threshold) where the queue is worse than allowed.
  returned: failure
  type: str
  sample: threshold
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import prometheus_text, write_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.metrics import queue_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import (
    Thresholds,
    ask_queue,
    exceeded,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import threshold_result

SPECIFICATION = Specification(
    options={
        "by": {"type": "list", "elements": "str", "choices": ["server", "from_domain"], "default": []},
        "max_outgoing": {"type": "int"},
        "max_age": {"type": "int"},
        "max_exceptions": {"type": "int"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(FAILURE_CLASSES), "default": []},
        "metrics_file": {"type": "path"},
    },
)


def run(module: OdooModule) -> None:
    """Ask, and report."""
    params = module.params
    thresholds = Thresholds(params["max_outgoing"], params["max_age"], params["max_exceptions"], params["fail_on"])
    with module.session(read_only=True) as session:
        queue = ask_queue(session, params["by"])
        moment, version = session.now, session.version.text
        labels = {"url": session.url, "database": session.database}
    if params["metrics_file"] and not module.check_mode:
        metrics = queue_metrics(queue, moment=moment.timestamp())
        write_metrics(params["metrics_file"], prometheus_text(metrics, labels))
    sentences = exceeded(queue, thresholds)
    module.exit_with(threshold_result({"queue": queue, "exceeded": sentences, "odoo_version": version}, sentences))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
