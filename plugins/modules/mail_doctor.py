#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_doctor
short_description: Find out why an Odoo instance's mail does not leave
version_added: 0.1.0
description:
  - Looks at scheduled actions, outgoing mail servers, the routes that senders take, the mail queue and what lies around them, and names what is
    wrong, each finding with the numbers and words that it rests on, and with a remedy.
  - Needs nothing but the connection to Odoo. It sees more where it may also read Odoo's configuration file (O(config_file)) or speak SMTP (O(probe)).
  - Changes nothing. Odoo's own connection test, in which Odoo connects to each mail server and sends nothing, is run unless O(live_tests=false) or
    in check mode; O(lock_probe) is the only option that writes.
  - The number of calls does not grow with the size of the instance, but for one connection test for each active mail server, and one call for each
    that waits for a consent.
  - Every id of a finding is explained in U(https://postmaster-odoo.github.io/postmaster.odoo/findings.html).
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
    description: Only looks. No mail server is tested by Odoo, and no lock is probed; O(probe) works all the same.
options:
  checks:
    description:
      - What to look at. V(cron) is about scheduled actions, V(server) about outgoing mail servers, V(routing) about which server the instance's senders
        get, V(queue) about the mails that wait or have failed, V(setup) about alias domains, the address of links, and batch sizes, V(expiry) about API
        keys, certificates, tokens and passwords that end soon.
      - V(dns), which is off unless named, asks name servers for the records that mail depends on, as M(postmaster.odoo.mail_dns_info) does.
    type: list
    elements: str
    choices: [cron, server, routing, queue, setup, expiry, dns]
    default: [cron, server, routing, queue, setup, expiry]
  live_tests:
    description:
      - Whether Odoo runs its own connection test of every active mail server that is not a user's own. A server that never answers takes a minute.
    type: bool
    default: true
  probe:
    description:
      - Whether to speak SMTP, as M(postmaster.odoo.smtp_probe) does, to each mail server that fails its test, from where the task runs, and to the server
        that O(config_file) names where no other is active.
        Where that is the machine that Odoo runs on, it says more than Odoo does, such as which port and encryption would work. It does not log in.
      - With V(expiry) among O(checks), it also reads the certificates of all mail servers that use TLS.
    type: bool
    default: false
  lock_probe:
    description:
      - Whether to find out of overdue scheduled actions if a worker holds them, by a write that changes nothing but their C(write_date).
        Without it the doctor goes by what Odoo notes of the beginning and end of runs, of which it notes only the end up to 17.0.
    type: bool
    default: false
  config_file:
    description:
      - The path of Odoo's configuration file (C(odoo.conf)) where the task runs. Only settings of mail and of cron workers are read, and no passwords.
    type: path
  max_outgoing:
    description:
      - How many mails may wait to be sent now.
    type: int
    default: 1000
  max_age:
    description:
      - For how many minutes a mail may wait to be sent. Odoo looks into its queue once an hour unless told otherwise.
    type: int
    default: 120
  max_exceptions:
    description:
      - How many failed mails there may be. Odoo keeps them until somebody deletes them.
    type: int
    default: 0
  max_overdue:
    description:
      - How many minutes a scheduled action may lie behind its schedule. Workers look once a minute.
    type: int
    default: 10
  max_running:
    description:
      - For how many minutes a scheduled action is believed to be running of which Odoo has noted a beginning and no end. After that it counts as killed,
        or where workers still run other actions as one that hangs.
    type: int
    default: 60
  stale_days:
    description:
      - After how many days a mail that waits counts as one that nobody wants any more.
    type: int
    default: 7
  warn_days:
    description:
      - Days before an end from which on it is a finding with the severity V(warning).
    type: int
    default: 30
  error_days:
    description:
      - Days before an end from which on the severity of the finding is V(error), if mail or this collection stops at the end.
    type: int
    default: 7
  from_inventory:
    description:
      - Whether O(declared_dates) comes from the inventory variables C(odoo_mail_servers) and C(odoo_mail_servers__*) of the host, if the task
        does not give it. Only the names, the external IDs, the C(state) and the dates are read; an entry for which that is not possible is left out with a
        warning.
    type: bool
    default: false
  declared_dates:
    description:
      - The dates that only you know. Each entry names a mail server and repeats the options of its declaration in M(postmaster.odoo.mail_server).
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
          - The day on which the client secret of OAuth2 ends.
        type: str
      smtp_pass_rotate_by:
        description:
          - The day by which the password is to be replaced.
        type: str
  metrics_file:
    description:
      - A file to write the findings and the ends to in Prometheus' text format, where the task runs, for the textfile collector of the node exporter.
        It is replaced in one step, also if the instance cannot be asked, and left alone in check mode.
      - It is no change of the instance, so C(changed) stays V(false).
    type: path
  fail_on:
    description:
      - The least severity that fails the task. V(error) is mail that does not leave, V(warning) what will go wrong or does in part. V(never) only reports.
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
- name: Why does mail not leave?
  postmaster.odoo.mail_doctor:

- name: Only look at actions and queue, and only report
  postmaster.odoo.mail_doctor:
    checks: [cron, queue]
    fail_on: never
  register: diagnosis

- name: What ends in the next two months?
  postmaster.odoo.mail_doctor:
    checks: [expiry]
    probe: true
    warn_days: 60
    declared_dates:
      - name: Transactional
        client_secret_expires: "2027-01-31"

- name: A gate for the night, which speaks to no mail server
  postmaster.odoo.mail_doctor:
    live_tests: false
    max_age: 60
    max_exceptions: 20
    fail_on: warning

- name: Only the records in the DNS, for a relay of one's own
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
    - What is wrong, the worst first, and within a severity causes before what comes of them.
  returned: always, unless the instance could not be asked
  type: list
  elements: dict
  contains:
    id:
      description: What it is. The ids stay.
      returned: always
      type: str
      sample: cron_disabled
    check:
      description: Which of O(checks) found it.
      returned: always
      type: str
      sample: cron
    severity:
      description: V(error) is mail that does not leave, V(warning) what will go wrong or does in part, V(info) what is worth knowing.
      returned: always
      type: str
      sample: error
    title:
      description: What it is, in words.
      returned: always
      type: str
      sample: A scheduled action (cron) that mail depends on is disabled
    evidence:
      description: One line with the numbers and words that it rests on.
      returned: always
      type: str
      sample: "'Mail: Email Queue Manager' is inactive. It last ran at 2026-11-24 12:07:12 UTC."
    remedy:
      description: One line of what to do.
      returned: always
      type: str
      sample: "Activate the cron: run postmaster.odoo.cron with xml_id mail.ir_cron_mail_scheduler_action and active true."
    fixable:
      description:
        - What kind of mending would end it that needs no human's judgement, V(crons), V(transient), V(interrupted), V(stale) or V(addons); null where a
          human must.
      returned: always
      type: str
      sample: crons
    resource:
      description:
        - The record that it is about, its C(model), C(id), C(name) and where it may have one C(xml_id); null where there is none.
        - For the check V(dns) it is a domain or an address, with V(dns) as C(model).
      returned: always
      type: dict
      sample: {model: ir.cron, id: 3, name: "Mail: Email Queue Manager", xml_id: mail.ir_cron_mail_scheduler_action}
    documentation:
      description: Where it is explained.
      returned: always
      type: str
      sample: https://postmaster-odoo.github.io/postmaster.odoo/findings/cron_disabled.html
counts:
  description:
    - How many findings there are of each severity.
  returned: always, unless the instance could not be asked
  type: dict
  sample: {error: 2, warning: 1, info: 0}
healthy:
  description:
    - Whether no finding is an V(error), whatever O(fail_on) is.
  returned: always, unless the instance could not be asked
  type: bool
  sample: false
tests:
  description:
    - What came of Odoo's own connection test of each active mail server, as M(postmaster.odoo.mail_server_test) returns it; empty without
      O(live_tests), or where V(server) is not among O(checks).
  returned: always, unless the instance could not be asked
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
    - The state of the mail queue, as M(postmaster.odoo.mail_queue_info) returns it; null where V(queue) is not among O(checks).
  returned: always, unless the instance could not be asked
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
    - Everything that ends, the first end first; null if V(expiry) is not among O(checks).
  returned: always, unless the instance could not be asked
  type: list
  elements: dict
  contains:
    kind:
      description: V(api_key), V(certificate), V(client_certificate), V(client_secret), V(refresh_token) or V(smtp_pass).
      returned: always
      type: str
      sample: api_key
    subject:
      description: The thing in words.
      returned: always
      type: str
      sample: The API key 'Ansible' (id 3) of this task's user
    status:
      description: V(ended), V(soon) if there is a finding, V(ok), V(never) if it has no end, or V(unknown) if nothing tells the end.
      returned: always
      type: str
      sample: soon
    ends:
      description: The end in ISO 8601; null if there is none or it is not known.
      returned: always
      type: str
      sample: "2026-12-04T00:00:00+00:00"
    days_left:
      description: Whole days until the end, negative after it.
      returned: always
      type: int
      sample: 5
    severity:
      description: The severity of the finding; null if there is none.
      returned: always
      type: str
      sample: error
    source:
      description: One sentence about the source of the date, or why there is none.
      returned: always
      type: str
      sample: Odoo stores this date.
    resource:
      description: The record, as in RV(findings[].resource).
      returned: always
      type: dict
      sample: {model: res.users.apikeys, id: 3, name: Ansible}
dns:
  description:
    - The records in the DNS that mail depends on, with the values of M(postmaster.odoo.mail_dns_info); null if V(dns) is not among O(checks).
  returned: always, unless the instance could not be asked
  type: dict
  contains:
    paths:
      description: The ways that the instance's mail takes, as RV(postmaster.odoo.mail_dns_info#module:paths).
      returned: always
      type: list
      elements: dict
      sample: []
    spf:
      description: The SPF record of each envelope domain, as RV(postmaster.odoo.mail_dns_info#module:spf).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, servers: [Main], record: "v=spf1 include:_spf.google.com ~all", lookups: 4, void_lookups: 0, state: ok}
    dkim:
      description: The DKIM selectors of each domain, as RV(postmaster.odoo.mail_dns_info#module:dkim).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, servers: [Main], selectors: [google], state: dkim_missing}
    dmarc:
      description: The DMARC policy for each domain, as RV(postmaster.odoo.mail_dns_info#module:dmarc).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, policy: reject, record_at: acme.example, organizational_domain: acme.example, state: ok}
    mx:
      description: The mail exchangers of each domain that receives bounces and replies, as RV(postmaster.odoo.mail_dns_info#module:mx).
      returned: always
      type: list
      elements: dict
      sample:
        - {domain: acme.example, exchanges: [mx.acme.example], state: ok}
    ptr:
      description: The names of each address of a relay of one's own, as RV(postmaster.odoo.mail_dns_info#module:ptr).
      returned: always
      type: list
      elements: dict
      sample: []
    records:
      description: Every record to publish, each once.
      returned: always
      type: list
      elements: dict
      sample:
        - {name: google._domainkey.acme.example, type: TXT, value: "v=DKIM1; k=rsa; p=<the public key that the provider shows>"}
odoo_version:
  description:
    - The version of Odoo, as it says itself.
  returned: always, unless the instance could not be asked
  type: str
  sample: "19.0"
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack); V(threshold) where a finding is as bad as O(fail_on).
  returned: failure
  type: str
  sample: threshold
"""

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import diagnose, unmatched_dates, worst
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.metrics import doctor_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.options import DOCTOR_OPTIONS, examination
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import prometheus_text, write_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import FIELDS, declared_dates_of
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import threshold_result

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
    """Look, and report."""
    params = module.params
    how = examination(params)
    try:
        with module.session(read_only=not (how.live_tests or how.lock_probe)) as session:
            diagnosis = diagnose(session, how)
    except Invalid:
        raise
    except OdooError:
        _write_metrics(module, None)
        raise
    _write_metrics(module, diagnosis)
    warnings = unmatched_dates(diagnosis)
    module.exit_with(threshold_result(diagnosis, worst(diagnosis, params["fail_on"]), warnings))


def _write_metrics(module: OdooModule, diagnosis: Mapping[str, Any] | None) -> None:
    """Write the metrics of a diagnosis, or of an instance that could not be asked."""
    path = module.params["metrics_file"]
    if path and not module.check_mode:
        if diagnosis and diagnosis["expiry"]:
            # A name in Odoo may contain a secret, and Ansible only masks results.
            secrets = frozenset(map(str, module.no_log_values))
            ends = [{**one, "subject": without_secrets(one["subject"], secrets)} for one in diagnosis["expiry"]]
            diagnosis = {**diagnosis, "expiry": ends}
        labels = {"url": module.params["url"].rstrip("/"), "database": module.params["database"] or ""}
        write_metrics(path, prometheus_text(doctor_metrics(diagnosis, moment=time.time()), labels))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
