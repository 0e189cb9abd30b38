#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_server_test
short_description: Test an outgoing mail server of Odoo, optionally with a real mail
version_added: 1.0.0
description:
  - Runs Odoo's own connection test of one or all outgoing mail servers. It reports the class of the result and the text of the SMTP dialogue. Odoo
    connects, logs in, and offers a sender and a recipient. No mail is sent.
  - With O(canary), it also creates a mail, makes Odoo send it through this server, and waits for its final state. Odoo itself does not send through an
    archived server, so a temporary server action does that.
  - Odoo's test offers C(noreply@odoo.com) as the recipient. If a server rejects only this recipient and accepts the canary, the result is V(ok).
  - In check mode nothing is tested and no mail is sent. The result lists the servers that a run would test.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The server to test, active or archived. Without O(name) and O(xml_id), every active server is tested, except users' personal servers.
    type: str
  xml_id:
    description:
      - The external ID of the server to test.
    type: str
  canary:
    description:
      - The address that a real mail is sent to.
    type: str
  canary_from:
    description:
      - The sender of the canary. If not set, it is an address of the server's C(from_filter), its login, or Odoo's notifications address.
    type: str
  keep_canary:
    description:
      - Whether the mail is kept in Odoo afterwards. By default, it is deleted.
    type: bool
    default: false
  canary_wait:
    description:
      - The number of seconds to wait for the final state of the canary.
    type: int
    default: 60
  fail_on_error:
    description:
      - Whether the task fails if a test fails. V(false) only reports.
    type: bool
    default: true
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.

  - module: postmaster.odoo.mail_server
"""

EXAMPLES = r"""
---
- name: Test every active mail server
  postmaster.odoo.mail_server_test:

- name: Test a mail server with a real mail
  postmaster.odoo.mail_server_test:
    name: Transactional
    canary: postmaster@acme.example

- name: Test all mail servers, and never fail
  postmaster.odoo.mail_server_test:
    fail_on_error: false
  register: tests
"""

RETURN = r"""
---
tests:
  description:
    - The result of each server.
  returned: always, unless the instance could not be queried
  type: list
  elements: dict
  contains:
    name:
      description: The name of the server.
      returned: always
      type: str
      sample: Transactional
    id:
      description: The database ID of the server.
      returned: always
      type: int
      sample: 2
    outcome:
      description:
        - V(ok), or V(not_tested) in check mode. Every other value is the class of a failure.
        - 'Connection: V(unreachable) (no listener or route), V(dns), V(timeout), V(disconnected), V(not_smtp), V(throttled) (rejected for now),
          V(helo_rejected) (name of the host), V(client_blocked) (address of the host).'
        - 'TLS and login: V(tls), V(certificate), V(starttls_unsupported), V(starttls_required), V(auth), V(auth_unsupported).'
        - 'Sender and recipient: V(relay_denied), V(sender_rejected), V(recipient_rejected), V(recipient_invalid), V(no_recipient), V(mailbox_full).'
        - 'Content: V(too_large), V(content_rejected) (spam, policy, DMARC).'
        - 'Other: V(unconfigured), V(interrupted), V(unknown).'
      returned: always
      type: str
      sample: auth
    message:
      description:
        - The message of Odoo, in English. Odoo 16.0 ends some messages with C(None). In this case, a sentence with the known facts is appended.
        - If an option is not supported, 16.0 does not say which one. If the server uses STARTTLS and a login, the outcome is V(unknown).
      returned: always
      type: str
      sample: "Connection Test Failed! Here is what we got instead: Server replied with following exception: (535, b'5.7.8 Authentication failed')"
    seconds:
      description: The duration of the test in seconds.
      returned: when it was tested
      type: float
      sample: 0.03
    canary:
      description: The result of the mail.
      returned: when O(canary) is given, and the connection test was ok or failed at its recipient
      type: dict
      contains:
        outcome:
          description: The class of the result, as in RV(tests[].outcome).
          returned: always
          type: str
          sample: ok
        message:
          description: The message of Odoo.
          returned: always
          type: str
          sample: Sent.
        state:
          description: The state of the mail in Odoo. V(sent) if it was sent.
          returned: always
          type: str
          sample: sent
        email_from:
          description: The sender of the mail.
          returned: always
          type: str
          sample: odoo@acme.example
        email_to:
          description: The recipient of the mail.
          returned: when a mail was made
          type: str
          sample: postmaster@acme.example
        message_id:
          description: The Message-ID, to find the mail at the recipient.
          returned: when a mail was made
          type: str
          sample: <531.1790000000.1-openerp-message-private@odoo>
        kept_id:
          description: The ID of the mail in Odoo, if it was kept.
          returned: always
          type: int
          sample: 17
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: rejected
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests, tests_result
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import Canary

SPECIFICATION = Specification(
    options={
        "name": {"type": "str"},
        "xml_id": {"type": "str"},
        "canary": {"type": "str"},
        "canary_from": {"type": "str"},
        "keep_canary": {"type": "bool", "default": False},
        "canary_wait": {"type": "int", "default": 60},
        "fail_on_error": {"type": "bool", "default": True},
    },
    rules={"mutually_exclusive": [["name", "xml_id"]]},
)


def run(module: OdooModule) -> None:
    """Test the mail servers and report the results."""
    params = module.params
    canary = None
    if params["canary"]:
        canary = Canary(params["canary"], params["canary_from"], params["keep_canary"], params["canary_wait"])
    with module.session() as session:
        tests = run_tests(session, name=params["name"], xml_id=params["xml_id"], canary=canary)
    module.exit_with(tests_result(tests, fail_on_error=params["fail_on_error"]))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
