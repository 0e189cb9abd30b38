#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_server_test
short_description: Test an outgoing mail server of Odoo, and prove it with a mail
version_added: 0.1.0
description:
  - Runs Odoo's own connection test of one or of all outgoing mail servers, and says what its outcome was, in one word and in the words of the
    SMTP dialogue. Odoo connects, logs in, and offers a sender and a recipient; nothing is sent.
  - With O(canary), also creates a mail, has Odoo send it through that very server, and follows it to its end state. For an archived server, which Odoo
    itself does not send through, a temporary server action does that.
  - Odoo's test offers C(noreply@odoo.com) as the recipient. If a server refuses only that one and accepts the canary, the outcome is V(ok).
  - In check mode nothing is tested and nothing is sent; the servers that would be are listed.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The server to test, archived or not. Without O(name) and O(xml_id), every active server that is not a user's own.
    type: str
  xml_id:
    description:
      - The external id of the server to test.
    type: str
  canary:
    description:
      - An address to send a real mail to.
    type: str
  canary_from:
    description:
      - The sender of the canary. Without it, an address that the server is for, from its C(from_filter), its login, or Odoo's notifications address.
    type: str
  keep_canary:
    description:
      - Whether the mail stays in Odoo afterwards. Otherwise it is deleted.
    type: bool
    default: false
  canary_wait:
    description:
      - Seconds to wait for the canary's end state.
    type: int
    default: 60
  fail_on_error:
    description:
      - Whether the task fails if a server does. V(false) only reports.
    type: bool
    default: true
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.

  - module: postmaster.odoo.mail_server
"""

EXAMPLES = r"""
---
- name: Every active server must take our mail
  postmaster.odoo.mail_server_test:

- name: A mail that really leaves
  postmaster.odoo.mail_server_test:
    name: Transactional
    canary: postmaster@acme.example

- name: Just tell me
  postmaster.odoo.mail_server_test:
    fail_on_error: false
  register: tests
"""

RETURN = r"""
---
tests:
  description:
    - What came of each server.
  returned: always, unless the instance could not be asked
  type: list
  elements: dict
  contains:
    name:
      description: The name of the server.
      returned: always
      type: str
      sample: Transactional
    id:
      description: Its database id.
      returned: always
      type: int
      sample: 2
    outcome:
      description:
        - V(ok), V(unreachable) (nothing listens, or no route), V(dns), V(timeout), V(tls), V(certificate), V(auth), V(auth_unsupported),
          V(starttls_unsupported), V(starttls_required), V(helo_rejected) (the host's own name), V(client_blocked) (the host's address),
          V(relay_denied), V(sender_rejected), V(recipient_rejected), V(recipient_invalid), V(mailbox_full), V(too_large),
          V(content_rejected) (spam, policy, DMARC), V(disconnected), V(throttled) (refused for now), V(not_smtp), V(unconfigured),
          V(no_recipient), V(interrupted) (cut off), V(unknown), and in check mode V(not_tested).
      returned: always
      type: str
      sample: auth
    message:
      description:
        - What Odoo said, in English. Odoo 16.0 ends some messages in C(None); then a sentence is added that says what is known.
        - For an option that is not supported, 16.0 does not say which one. If the server uses STARTTLS and a login, the outcome is V(unknown).
      returned: always
      type: str
      sample: "Connection Test Failed! Here is what we got instead: Server replied with following exception: (535, b'5.7.8 Authentication failed')"
    seconds:
      description: How long the test took.
      returned: when it was tested
      type: float
      sample: 0.03
    canary:
      description: What became of the mail.
      returned: when O(canary) is given, and the connection test was ok or failed at its recipient
      type: dict
      contains:
        outcome:
          description: As above.
          returned: always
          type: str
          sample: ok
        message:
          description: What Odoo said.
          returned: always
          type: str
          sample: Sent.
        state:
          description: The state of the mail in Odoo, V(sent) if it left.
          returned: always
          type: str
          sample: sent
        email_from:
          description: Its sender.
          returned: always
          type: str
          sample: odoo@acme.example
        email_to:
          description: Its recipient.
          returned: when a mail was made
          type: str
          sample: postmaster@acme.example
        message_id:
          description: Its Message-Id, to find it by at the other end.
          returned: when a mail was made
          type: str
          sample: <531.1790000000.1-openerp-message-private@odoo>
        kept_id:
          description: Its id in Odoo if it was kept.
          returned: always
          type: int
          sample: 17
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack).
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
    """Test, and report."""
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
