#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_dns_info
short_description: Check the DNS records that an Odoo instance's mail depends on
version_added: 0.1.0
description:
  - Reads the addresses that an instance sends from and the mail server that each of them gets. For the domain of each it checks SPF, DKIM and DMARC. For
    the domains that bounces and replies go to it checks MX. For addresses of relays of one's own it checks the name (PTR).
  - Each finding comes with the records to publish.
  - A name server that does not answer never counts as a missing record. What it was asked for is unknown.
  - It changes nothing, in Odoo or in the DNS.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
requirements:
  - dnspython >= 2.4
  - idna, for domains beyond ASCII
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.dns
  - postmaster.odoo.attributes.info
options:
  config_file:
    description:
      - The path of Odoo's configuration file (C(odoo.conf)) where the task runs. It names the mail server where no other is active.
    type: path
seealso:
  - module: postmaster.odoo.mail_doctor
    description: The same findings among all others, with V(dns) in O(postmaster.odoo.mail_doctor#module:checks).
  - module: postmaster.odoo.mail_server_info
  - name: Records in the DNS
    description: What is checked, by which rules, and what each provider wants.
    link: https://github.com/postmaster-odoo/postmaster.odoo/blob/main/docs/dns.md
"""

EXAMPLES = r"""
---
- name: Would receivers accept this mail?
  postmaster.odoo.mail_dns_info:
  register: result # result.records is to be published

- name: A relay of one's own behind a firewall, and an account of Amazon SES
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
    - What is wrong, as in M(postmaster.odoo.mail_doctor).
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
    - Every record to publish. Parts in angle brackets are known to the mail server or its provider only.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: acme.example, type: TXT, value: "v=spf1 include:_spf.google.com ~all"}
paths:
  description:
    - The ways that the instance's mail takes, by server, domain of the C(From) header and domain of the envelope sender.
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
    - The SPF record of each envelope domain, with its cost. In every list here C(state) is V(ok), V(unknown), or the id of a finding. If only some of the
      servers are not authorized, C(unauthorized) lists them.
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
    - The DMARC policy for each domain that mail is from, and the domain whose record it is.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, policy: reject, record_at: acme.example, organizational_domain: acme.example, state: ok}
mx:
  description:
    - The mail exchangers of each domain that bounces and replies go to.
  returned: success
  type: list
  elements: dict
  sample:
    - {domain: acme.example, exchanges: [mx.acme.example], state: ok}
ptr:
  description:
    - The names of each address that a relay of one's own sends from, and those of them that have the address.
  returned: success
  type: list
  elements: dict
  sample:
    - {address: 203.0.113.10, server: Relay, names: [mail.acme.example], confirmed: [mail.acme.example], state: ok}
odoo_version:
  description:
    - The version of Odoo, as it says itself.
  returned: success
  type: str
  sample: "19.0"
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack); V(timeout) if no name server answered anything.
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
    """Look, and report."""
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
