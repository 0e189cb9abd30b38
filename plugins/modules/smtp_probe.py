#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: smtp_probe
short_description: Speak SMTP to a mail server, from where the task runs
version_added: 0.1.0
description:
  - Speaks to an SMTP server as Odoo would, from the machine that the task runs on, stage by stage. It looks up the name, connects, introduces itself,
    begins TLS, logs in, and offers a sender and a recipient, as far as it is told to. It ends before C(DATA), so nothing is sent.
  - Says what each stage took and what the server replied, what the server offers, and what its certificate is worth whether that is enforced or not. Where
    the asked encryption does not work, it tries the others and says which does.
  - Needs no Odoo. Run on the machine that Odoo runs on, it meets the same name servers, firewalls and authorities.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
requirements:
  - python >= 3.10
  - cryptography, where certificates are to be told by more than their fingerprint
attributes:
  check_mode:
    support: full
    description: This module never changes anything, and does the same in check mode.
  diff_mode:
    support: N/A
    description: This module never changes anything.
  idempotent:
    support: full
    description: This module never changes anything.
options:
  host:
    description:
      - The name or address of the server.
    type: str
    required: true
    aliases: [smtp_host]
  port:
    description:
      - Its port.
    type: int
    default: 25
    aliases: [smtp_port]
  encryption:
    description:
      - How TLS begins, in Odoo's words. V(starttls) and V(starttls_strict) on command, V(ssl) and V(ssl_strict) with the first byte, V(none) not at all.
      - The strict ones, which Odoo has from 19.0 on, end where the certificate does not verify. The others say so and go on, as Odoo does.
    type: str
    choices: [none, starttls, starttls_strict, ssl, ssl_strict]
    default: none
    aliases: [smtp_encryption]
  user:
    description:
      - Who to log in as, with O(password) or O(access_token). Without a user there is no login.
    type: str
    aliases: [smtp_user]
  password:
    description:
      - The password, tried with the mechanisms that Odoo knows, C(CRAM-MD5), C(PLAIN) and C(LOGIN). With O(encryption=none) it can be read on the way.
    type: str
    aliases: [smtp_pass]
  access_token:
    description:
      - An OAuth2 access token to log in with instead (C(XOAUTH2)), as Odoo does at Google and Microsoft.
    type: str
  client_certificate:
    description:
      - A client's certificate in PEM, or the path of such a file where the task runs.
    type: str
    aliases: [smtp_ssl_certificate]
  client_private_key:
    description:
      - Its private key in PEM, or the path of such a file where the task runs.
    type: str
    aliases: [smtp_ssl_private_key]
  sender:
    description:
      - A sender to offer (C(MAIL FROM)).
    type: str
  recipient:
    description:
      - A recipient to offer (C(RCPT TO)).
    type: str
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's own.
    type: path
  validate_certs:
    description:
      - Whether a certificate that does not verify ends the probe. Without it, O(encryption) decides. What the check says is in RV(tls) either way.
    type: bool
  connect_timeout:
    description:
      - Seconds to wait for the name servers, and for each address of the server.
    type: float
    default: 10
  timeout:
    description:
      - Seconds to wait for each reply as a whole, and for the TLS handshake. Odoo waits 60.
    type: float
    default: 30
  helo:
    description:
      - The name to introduce oneself with. Without it, this machine's own as Odoo would tell it.
    type: str
  explore:
    description:
      - Whether to also try ports 587, 465 and 25 of the same host where this port does not do.
    type: bool
    default: false
  fail_on_error:
    description:
      - Whether the task fails if the probe does. V(false) only reports.
    type: bool
    default: true
notes:
  - The certificate is always checked. Where it does not verify, a second connection reads it, without logging in unless the check is not enforced.
  - Other ways to connect are tried without logging in, so that a password goes nowhere it was not sent to on purpose.
  - It has no options of how to reach Odoo, and so is not in the action group C(postmaster.odoo.odoo).
seealso:
  - module: postmaster.odoo.mail_server_test
    description: Odoo's own connection test, which Odoo itself runs.
  - module: postmaster.odoo.mail_server
"""

EXAMPLES = r"""
---
- name: Would this relay take our mail, seen from the Odoo host?
  postmaster.odoo.smtp_probe:
    host: smtp.provider.example
    port: 587
    encryption: starttls_strict
    user: apikey
    password: "{{ vault_smtp_pass }}"
    sender: sales@acme.example
    recipient: postmaster@acme.example
  delegate_to: odoo.acme.example

- name: How does one hand in mail here?
  postmaster.odoo.smtp_probe:
    host: smtp.provider.example
    explore: true
    fail_on_error: false
  register: probe

- name: The certificate must hold for another two weeks
  postmaster.odoo.smtp_probe:
    host: smtp.provider.example
    port: 465
    encryption: ssl_strict
  register: probe
  failed_when: probe.failed or probe.tls.chain[0].days_left < 14
"""

RETURN = r"""
---
outcome:
  description:
    - How it ended, in the words of M(postmaster.odoo.mail_server_test).
  returned: always, unless the options do not fit together
  type: str
  sample: auth
stage:
  description:
    - The stage that failed; null where none did.
  returned: as RV(outcome)
  type: str
  sample: auth
message:
  description:
    - The same in words, the server's own where it spoke.
  returned: as RV(outcome)
  type: str
  sample: "localhost:2525, auth: 535 5.7.8 Authentication credentials invalid."
suggestion:
  description:
    - What would work, or what to look at, in the words of Odoo's fields; null where there is nothing to say.
  returned: as RV(outcome)
  type: str
  sample: "Use smtp_encryption: starttls, smtp_port: 587."
alternatives:
  description:
    - What else was tried, each without logging in.
  returned: as RV(outcome)
  type: list
  elements: dict
  sample:
    - {smtp_port: 587, smtp_encryption: none, outcome: ok, message: ""}
    - {smtp_port: 587, smtp_encryption: starttls, outcome: ok, message: ""}
stages:
  description:
    - The stages in their order, up to the one that failed. C(ehlo) comes again after C(tls), as the server then may offer other things.
  returned: as RV(outcome)
  type: list
  elements: dict
  contains:
    stage:
      description: V(resolve), V(connect), V(banner), V(ehlo), V(starttls), V(tls), V(auth), V(sender), V(recipient) or V(quit).
      returned: always
      type: str
      sample: auth
    ok:
      description: Whether it went well. How V(quit) goes does not matter to RV(outcome).
      returned: always
      type: bool
      sample: true
    seconds:
      description: How long it took.
      returned: always
      type: float
      sample: 0.012
    detail:
      description: What is to be known of it, such as the addresses, the login's mechanism, or what went wrong.
      returned: always
      type: str
      sample: PLAIN
    code:
      description: The code of the server's reply.
      returned: where the server replied
      type: int
      sample: 235
    reply:
      description: Its words.
      returned: where the server replied
      type: str
      sample: 2.7.0 Authentication successful
addresses:
  description:
    - The addresses that the name has.
  returned: as RV(outcome)
  type: list
  elements: str
  sample: [127.0.0.1]
address:
  description:
    - The one that answered; null where none did.
  returned: as RV(outcome)
  type: str
  sample: 127.0.0.1
banner:
  description:
    - How the server introduced itself.
  returned: as RV(outcome)
  type: str
  sample: smtp.provider.example ESMTP
helo:
  description:
    - How the probe introduced itself.
  returned: as RV(outcome)
  type: str
  sample: odoo.acme.example
features:
  description:
    - What the server offers, after TLS where there is TLS.
  returned: as RV(outcome)
  type: list
  elements: str
  sample: [SIZE 33554432, 8BITMIME, SMTPUTF8, AUTH LOGIN PLAIN, HELP]
size:
  description:
    - The largest mail that it takes, in bytes; null where it does not say.
  returned: as RV(outcome)
  type: int
  sample: 33554432
starttls:
  description:
    - Whether it offers STARTTLS; null where TLS had begun already, or it did not come to that.
  returned: as RV(outcome)
  type: bool
  sample: true
auth_mechanisms:
  description:
    - How it lets one log in, before and after TLS began; null where it did not come to that.
  returned: as RV(outcome)
  type: dict
  sample: {before_tls: [], after_tls: [LOGIN, PLAIN]}
tls:
  description:
    - The TLS connection; null where there is none.
  returned: as RV(outcome)
  type: dict
  contains:
    version:
      description: The version of the protocol.
      returned: always
      type: str
      sample: TLSv1.3
    cipher:
      description: The cipher.
      returned: always
      type: str
      sample: TLS_AES_256_GCM_SHA384
    verified:
      description: Whether the certificate is for O(host) and is trusted, as Odoo's strict encryptions demand.
      returned: always
      type: bool
      sample: false
    verify_error:
      description: Why it is not; null where it is.
      returned: always
      type: str
      sample: certificate has expired
    chain:
      description: The certificates that the server shows, its own first; without the Python package cryptography each with its fingerprint alone.
      returned: always
      type: list
      elements: dict
      sample:
        - subject: CN=smtp.provider.example
          names: [smtp.provider.example]
          issuer: CN=Some Authority,O=Some
          not_before: "2026-09-01T00:00:00+00:00"
          not_after: "2026-11-30T00:00:00+00:00"
          days_left: 6
          fingerprint: d9488dc04f917bb6e4f9943520fbdc8588cd3aa0d7a7e41be5b982527c5c0f06
    chain_complete:
      description: Whether these are all that the server shows. Before Python 3.13 only its own can be seen.
      returned: always
      type: bool
      sample: true
    note:
      description: Why something is missing of the certificates; null where nothing is.
      returned: always
      type: str
      sample: null
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
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe, probe_result
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import settings_of

SPECIFICATION = Specification(
    options={
        "host": {"type": "str", "required": True, "aliases": ["smtp_host"]},
        "port": {"type": "int", "default": 25, "aliases": ["smtp_port"]},
        "encryption": {
            "type": "str",
            "choices": ["none", "starttls", "starttls_strict", "ssl", "ssl_strict"],
            "default": "none",
            "aliases": ["smtp_encryption"],
        },
        "user": {"type": "str", "aliases": ["smtp_user"]},
        "password": {"type": "str", "no_log": True, "aliases": ["smtp_pass"]},
        "access_token": {"type": "str", "no_log": True},
        "client_certificate": {"type": "str", "aliases": ["smtp_ssl_certificate"]},
        "client_private_key": {"type": "str", "no_log": True, "aliases": ["smtp_ssl_private_key"]},
        "sender": {"type": "str"},
        "recipient": {"type": "str"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool"},
        "connect_timeout": {"type": "float", "default": 10},
        "timeout": {"type": "float", "default": 30},
        "helo": {"type": "str"},
        "explore": {"type": "bool", "default": False},
        "fail_on_error": {"type": "bool", "default": True},
    },
    rules={
        "mutually_exclusive": [["password", "access_token"]],
        "required_by": {"password": ["user"], "access_token": ["user"], "recipient": ["sender"]},
        "required_together": [["client_certificate", "client_private_key"]],
    },
    connection=False,
)


def run(module: OdooModule) -> None:
    """Speak SMTP, and report."""
    module.exit_with(probe_result(probe(settings_of(module.params)), fail_on_error=module.params["fail_on_error"]))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
