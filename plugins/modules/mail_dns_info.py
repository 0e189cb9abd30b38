#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_dns_info
short_description: Check the DNS records that an Odoo instance's mail depends on
version_added: 1.0.0
description:
  - Reads the addresses that an instance sends from, and the mail server for each of them. For the domain of each address it checks SPF, DKIM and DMARC. For
    the domains that bounces and replies are sent to, it checks MX. For the addresses of your own relays it checks the name (PTR).
  - Each finding contains the records to publish.
  - If a name server does not answer, the record counts as unknown and never as missing.
  - It changes nothing in Odoo or in the DNS.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
requirements:
  - dnspython >= 2.4
  - idna, for domains with non-ASCII characters
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.dns
  - postmaster.odoo.attributes.info
options:
  config_file:
    description:
      - The path of Odoo's configuration file (C(odoo.conf)) on the host that runs the task. The file names the mail server that Odoo uses if no other is
        active.
    type: path
seealso:
  - module: postmaster.odoo.mail_doctor
    description: Reports the same findings together with all others if O(postmaster.odoo.mail_doctor#module:checks) contains V(dns).
  - module: postmaster.odoo.mail_server_info
  - name: DNS records
    description: Describes the checks, their rules, and the requirements of each provider.
    link: https://github.com/postmaster-odoo/postmaster.odoo/blob/main/docs/dns.md
"""

EXAMPLES = r"""
---
- name: Check the DNS records of all domains that the instance sends from
  postmaster.odoo.mail_dns_info:
  register: result # publish the records in result.records

- name: Check a relay of your own behind a firewall, and an account of Amazon SES
  postmaster.odoo.mail_dns_info:
    nameservers: [192.0.2.53]
    relays:
      - server: Relay
        addresses: [203.0.113.10]
        dkim_selectors: [s1]
      - server: Transactional
        envelope_domain: bounces.acme.example
        dkim_selectors: [abcdefghijklmnopqrstuvwxyz123456]
"""

RETURN = r"""
---
findings:
  description:
    - The problems, as in M(postmaster.odoo.mail_doctor).
  returned: success
  type: list
  elements: dict
  sample:
    - id: spf_missing
      check: dns
      severity: warning
      title: A domain has no SPF record that authorizes the mail server
      evidence: "acme.example has no SPF record. 'Main' sends mail with envelope senders of this domain."
      remedy: 'Publish: acme.example. TXT "v=spf1 include:_spf.google.com ~all".'
      fixable: null
      resource: {model: dns, id: null, name: acme.example}
      documentation: https://postmaster-odoo.github.io/postmaster.odoo/findings/spf_missing.html
records:
  description:
    - Every record to publish. Only the mail server or its provider can supply the parts in angle brackets.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: acme.example, type: TXT, value: "v=spf1 include:_spf.google.com ~all"}
paths:
  description:
    - The paths of the instance's mail. Each is a combination of a server, the domain of the C(From) header, and the domain of the envelope sender.
  returned: success
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
  description:
    - The SPF record of each envelope domain, with the number of its lookups. In every list here, C(state) is V(ok), V(unknown), or the ID of a finding.
    - If only some of the servers are not authorized, C(unauthorized) lists them.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, servers: [Main], record: "v=spf1 include:_spf.google.com ~all", lookups: 4, void_lookups: 0, state: ok}
dkim:
  description:
    - The DKIM selectors of each domain, with the servers that use them.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, servers: [Main], selectors: [google], state: dkim_missing}
dmarc:
  description:
    - The DMARC policy for each domain of a C(From) header, and the domain that publishes the policy.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, policy: reject, record_at: acme.example, organizational_domain: acme.example, state: ok}
mx:
  description:
    - The mail exchangers of each domain that bounces and replies are sent to.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, exchanges: [mx.acme.example], state: ok}
ptr:
  description:
    - The names of each address that your own relay sends from. C(confirmed) lists the names that resolve to the address.
  returned: success
  type: list
  elements: dict
  sample:
    - {address: 203.0.113.10, server: Relay, names: [mail.acme.example], confirmed: [mail.acme.example], state: ok}
odoo_version:
  description:
    - The version of Odoo that the instance reports.
  returned: success
  type: str
  sample: "19.0"
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack). V(timeout) if no name server answered any query.
  returned: failure
  type: str
  sample: timeout
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DNS_OPTIONS, dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.dns_checks import dns_info
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import read_configuration
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

SPECIFICATION = Specification(options={**DNS_OPTIONS, "config_file": {"type": "path"}})


def run(module: OdooModule) -> None:
    """Check the DNS records and report the findings."""
    options = dns_options(module.params)
    file = module.params["config_file"]
    configuration = read_configuration(file) if file else None
    with module.session(read_only=True) as session:
        found = dns_info(session, options, configuration)
    module.exit_with(TaskResult(found))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
