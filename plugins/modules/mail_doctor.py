#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_doctor
short_description: Diagnose why an Odoo instance does not send mail
version_added: 1.0.0
description:
  - Examines the scheduled actions (crons), the outgoing mail servers, the routes of senders, the mail queue, and related settings. Each problem is a
    finding with its evidence and a remedy.
  - It needs only the connection to Odoo. It finds more if it can also read Odoo's configuration file (O(config_file)) or use SMTP (O(probe)).
  - It changes nothing in the instance. Only O(lock_probe) writes. Odoo's own connection test runs unless O(live_tests=false) is set or the task is in check
    mode. In this test, Odoo connects to each mail server and logs in, but sends no mail. Odoo may renew an OAuth2 token in it. A temporary server action
    tests a mail server with Outlook, so that Odoo keeps a replaced refresh token even if the test fails.
  - The number of calls does not grow with the size of the instance. In addition, each connection test takes one call (with Outlook five), and
    each server that waits for a consent takes one call.
  - U(https://postmaster-odoo.github.io/postmaster.odoo/findings.html) explains each finding by its ID.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
requirements:
  - dnspython >= 2.4, for the check V(dns)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.dns
  - postmaster.odoo.attributes.info
attributes:
  check_mode:
    support: full
    description: Changes nothing. Odoo tests no mail server, and no lock is probed. O(probe) still works.
options:
  checks:
    description:
      - The checks to run. V(cron) examines crons, V(server) examines outgoing mail servers, and V(routing) the mail server that each sender
        gets.
      - V(queue) examines mails that wait or have failed. V(setup) examines alias domains, the address in links, and batch sizes. V(expiry) examines API
        keys, certificates, tokens and passwords that expire soon.
      - V(dns) queries name servers for the records that mail depends on, as M(postmaster.odoo.mail_dns_info) does. It is off by default.
    type: list
    elements: str
    choices: [cron, server, routing, queue, setup, expiry, dns]
    default: [cron, server, routing, queue, setup, expiry]
  live_tests:
    description:
      - Whether Odoo runs its own connection test of every active mail server, except users' personal servers. A server that does not answer takes one
        minute.
    type: bool
    default: true
  probe:
    description:
      - Whether to test mail servers also over SMTP from the host that runs the task, as M(postmaster.odoo.smtp_probe) does. The probe covers each mail
        server that fails Odoo's connection test. If no mail server is active, it covers the server in O(config_file).
      - On the host of Odoo, the probe reports more than Odoo does, such as the port and encryption that would work. It does not log in.
      - If O(checks) contains V(expiry), the probe also reads the certificates of all mail servers that use TLS.
    type: bool
    default: false
  lock_probe:
    description:
      - Whether to check if a worker of Odoo has locked overdue crons. The check is a write that changes only their C(write_date).
      - Without this option, the doctor relies on the start and end times that Odoo stores for runs. Up to 17.0, Odoo stores only the end.
    type: bool
    default: false
  config_file:
    description:
      - The path of Odoo's configuration file (C(odoo.conf)) on the host that runs the task. Only the settings of mail and of cron workers are read, and no
        passwords.
    type: path
  max_outgoing:
    description:
      - The number of due mails that may wait.
    type: int
    default: 1000
  max_age:
    description:
      - The number of minutes that a due mail may wait. By default, Odoo processes its queue once an hour.
    type: int
    default: 120
  max_exceptions:
    description:
      - The number of failed mails that are allowed. Odoo keeps failed mails until a person deletes them.
    type: int
    default: 0
  max_overdue:
    description:
      - The number of minutes that a cron may be behind its schedule. Workers check once a minute.
    type: int
    default: 10
  max_running:
    description:
      - The number of minutes that a run may take. It applies to crons for which Odoo has stored a start but no end.
      - After this time, the run counts as killed. If workers still run other crons, it counts as hanging.
    type: int
    default: 60
  stale_days:
    description:
      - The number of days after which a waiting mail counts as stale. A stale mail is too old to be useful.
    type: int
    default: 7
  warn_days:
    description:
      - The number of days before an expiry at which it becomes a finding with the severity V(warning).
    type: int
    default: 30
  error_days:
    description:
      - The number of days before an expiry at which the finding gets the severity V(error). This applies if mail or this collection stops at the expiry.
    type: int
    default: 7
  from_inventory:
    description:
      - Whether O(declared_dates) comes from the inventory variables C(odoo_mail_servers) and C(odoo_mail_servers__*) of the host, if the task does not set
        it.
      - Only the names, the external IDs, the C(state) and the dates are read. If that is not possible for an entry, the entry is ignored with a warning.
    type: bool
    default: false
  declared_dates:
    description:
      - The dates that Odoo does not store. Each entry names a mail server and repeats the options of its declaration in M(postmaster.odoo.mail_server).
      - If the instance does not have the mail server, there is a warning, and its dates are V(unknown) in RV(expiry).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name of the mail server.
        type: str
      xml_id:
        description:
          - The external ID of the mail server.
        type: str
      client_secret_expires:
        description:
          - The day on which the client secret of OAuth2 expires.
        type: str
      smtp_pass_rotate_by:
        description:
          - The day by which the password must be replaced.
        type: str
  metrics_file:
    description:
      - A file on the host that runs the task. The module writes the findings and the expiry dates to it, in Prometheus' text format for the textfile
        collector of the node exporter.
      - The file is replaced atomically, even if the instance cannot be queried. In check mode it is not written.
      - A run with fewer of the default O(checks) than the file contains leaves the file as it is, and warns.
      - If the file cannot be written, the task fails with RV(metrics_error), and returns the findings as well.
      - The file does not count as a change, so C(changed) stays V(false).
    type: path
  fail_on:
    description:
      - The lowest severity that fails the task. V(error) means that mail is not sent. V(warning) means that mail is affected in part or will be affected.
        V(never) only reports.
    type: str
    choices: [error, warning, never]
    default: error
seealso:
  - module: postmaster.odoo.mail_server_test

  - module: postmaster.odoo.mail_queue_info

  - module: postmaster.odoo.mail_dns_info

  - module: postmaster.odoo.cron_info
"""

EXAMPLES = r"""
---
- name: Diagnose why mail is not sent
  postmaster.odoo.mail_doctor:

- name: Only check the crons and the queue, and never fail
  postmaster.odoo.mail_doctor:
    checks: [cron, queue]
    fail_on: never
  register: diagnosis

- name: Report everything that expires in the next two months
  postmaster.odoo.mail_doctor:
    checks: [expiry]
    probe: true
    warn_days: 60
    declared_dates:
      - name: Transactional
        client_secret_expires: "2027-01-31"

- name: Run a nightly gate that does not connect to mail servers
  postmaster.odoo.mail_doctor:
    live_tests: false
    max_age: 60
    max_exceptions: 20
    fail_on: warning

- name: Only check the DNS records of your own relay
  postmaster.odoo.mail_doctor:
    checks: [dns]
    relays:
      - server: Relay
        addresses: [203.0.113.10]
        dkim_selectors: [s1]
"""

RETURN = r"""
---
findings:
  description:
    - The problems, sorted by severity, the worst first. Within a severity, causes come before their consequences.
  returned: always, unless the instance could not be queried
  type: list
  elements: dict
  contains:
    id:
      description: The stable ID of the finding.
      returned: always
      type: str
      sample: cron_disabled
    check:
      description: The check in O(checks) that reports the finding.
      returned: always
      type: str
      sample: cron
    severity:
      description: V(error) means that mail is not sent. V(warning) means that mail is affected in part or will be affected. V(info) is useful information.
      returned: always
      type: str
      sample: error
    title:
      description: The finding in one phrase.
      returned: always
      type: str
      sample: A scheduled action (cron) that mail depends on is disabled
    evidence:
      description: One line with the facts that the finding is based on.
      returned: always
      type: str
      sample: "'Mail: Email Queue Manager' is inactive. It last ran at 2026-11-24 12:07:12 UTC."
    remedy:
      description: One line that says how to fix the problem.
      returned: always
      type: str
      sample: "Activate the cron: run postmaster.odoo.cron with xml_id mail.ir_cron_mail_scheduler_action and active true."
    fixable:
      description:
        - The kind of repair that needs no human decision. One of V(crons), V(transient), V(interrupted), V(stale) or V(addons). Null if a person must
          decide.
      returned: always
      type: str
      sample: crons
    resource:
      description:
        - The affected record, with its C(model), C(id), C(name) and, if the model can have one, C(xml_id). Null if there is no such record.
        - For the check V(dns) it is a domain or an address, with V(dns) as C(model).
      returned: always
      type: dict
      sample: {model: ir.cron, id: 3, name: "Mail: Email Queue Manager", xml_id: mail.ir_cron_mail_scheduler_action}
    documentation:
      description: The address of the explanation.
      returned: always
      type: str
      sample: https://postmaster-odoo.github.io/postmaster.odoo/findings/cron_disabled.html
checks:
  description:
    - The checks that ran, as in O(checks). Nothing is known about the findings of others.
  returned: always, unless the instance could not be queried
  type: list
  elements: str
  sample: [cron, server, routing, queue, setup, expiry]
counts:
  description:
    - The number of findings of each severity.
  returned: always, unless the instance could not be queried
  type: dict
  sample: {error: 2, warning: 1, info: 0}
healthy:
  description:
    - V(true) if no finding is an V(error). O(fail_on) has no effect on it.
  returned: always, unless the instance could not be queried
  type: bool
  sample: false
tests:
  description:
    - The result of Odoo's own connection test of each active mail server, as in M(postmaster.odoo.mail_server_test).
    - Empty without O(live_tests), or if O(checks) does not contain V(server).
  returned: always, unless the instance could not be queried
  type: list
  elements: dict
  sample:
    - name: Transactional
      id: 1
      outcome: auth
      message: "Server replied with following exception: (535, b'5.7.8 Authentication credentials invalid')"
      seconds: 0.04
queue:
  description:
    - The state of the mail queue, as in M(postmaster.odoo.mail_queue_info). Null if O(checks) does not contain V(queue).
  returned: always, unless the instance could not be queried
  type: dict
  sample:
    states: {outgoing: 0, sent: 0, received: 0, exception: 1, cancel: 0}
    due: 0
    scheduled: 0
    oldest_due: null
    failures:
      - class: no_recipient
        count: 1
        transient: false
        reason: At least one valid recipient address should be specified
        reasons: [At least one valid recipient address should be specified]
        id: 2
    unclassified: 0
    interrupted: {count: 0, last_run: "2026-11-24 12:05:47"}
expiry:
  description:
    - Everything that expires, sorted by date. Null if O(checks) does not contain V(expiry).
  returned: always, unless the instance could not be queried
  type: list
  elements: dict
  contains:
    kind:
      description: V(api_key), V(certificate), V(client_certificate), V(client_secret), V(refresh_token) or V(smtp_pass).
      returned: always
      type: str
      sample: api_key
    subject:
      description: The credential or certificate that expires, in words.
      returned: always
      type: str
      sample: The API key 'Ansible' (id 3) of this task's user
    status:
      description:
        - V(ended) after the expiry, V(soon) if there is a finding, V(ok), V(never) if there is no expiry, or V(unknown) if the expiry is not known.
      returned: always
      type: str
      sample: soon
    ends:
      description: The expiry in ISO 8601. Null if it does not expire or the expiry is not known.
      returned: always
      type: str
      sample: "2026-12-04T00:00:00+00:00"
    days_left:
      description: The number of whole days until the expiry. Negative after it.
      returned: always
      type: int
      sample: 5
    severity:
      description: The severity of the finding. Null without a finding.
      returned: always
      type: str
      sample: error
    source:
      description: One sentence about the source of the date, or the reason why the date is not known.
      returned: always
      type: str
      sample: Odoo stores this date.
    resource:
      description: The record, as in RV(findings[].resource).
      returned: always
      type: dict
      sample: {model: res.users.apikeys, id: 3, name: Ansible, xml_id: null}
dns:
  description:
    - The DNS records that mail depends on, with the values of M(postmaster.odoo.mail_dns_info). Null if O(checks) does not contain V(dns).
  returned: always, unless the instance could not be queried
  type: dict
  contains:
    paths:
      description: The paths of the instance's mail, as in RV(postmaster.odoo.mail_dns_info#module:paths).
      returned: always
      type: list
      elements: dict
      sample:
        - server: Main
          smtp_host: smtp.gmail.com
          provider: gmail
          from_domain: acme.example
          envelope_domain: acme.example
          senders: [info@acme.example]
          sender_count: 1
    spf:
      description: The SPF record of each envelope domain, as in RV(postmaster.odoo.mail_dns_info#module:spf).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, servers: [Main], record: "v=spf1 include:_spf.google.com ~all", lookups: 4, void_lookups: 0, state: ok}
    dkim:
      description: The DKIM selectors of each domain, as in RV(postmaster.odoo.mail_dns_info#module:dkim).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, servers: [Main], selectors: [google], state: dkim_missing}
    dmarc:
      description: The DMARC policy for each domain, as in RV(postmaster.odoo.mail_dns_info#module:dmarc).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, policy: reject, record_at: acme.example, organizational_domain: acme.example, state: ok}
    mx:
      description: The mail exchangers of each domain that receives bounces and replies, as in RV(postmaster.odoo.mail_dns_info#module:mx).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, exchanges: [mx.acme.example], state: ok}
    ptr:
      description: The names of each address of your own relays, as in RV(postmaster.odoo.mail_dns_info#module:ptr).
      returned: always
      type: list
      elements: dict
      sample: []
    records:
      description: Every record to publish, without duplicates.
      returned: always
      type: list
      elements: dict
      sample:
        - {name: google._domainkey.acme.example, type: TXT, value: "v=DKIM1; k=rsa; p=<the public key that the provider shows>"}
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
    - The kind of the error, as in M(postmaster.odoo.mail_stack). V(threshold) if a finding has at least the severity O(fail_on).
  returned: failure
  type: str
  sample: threshold
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.examine import examine
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.options import DOCTOR_OPTIONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import FIELDS, declared_dates_of

SPECIFICATION = Specification(
    options={
        **DOCTOR_OPTIONS,
        "from_inventory": {"type": "bool", "default": False},
        "metrics_file": {"type": "path"},
        "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
    },
    of_stack=lambda stack: {"declared_dates": declared_dates_of(stack.get("servers") or ())},
    stack_fields={"servers": FIELDS},
)


def run(module: OdooModule) -> None:
    """Examine the instance, and return the result."""
    module.exit_with(examine(module))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
