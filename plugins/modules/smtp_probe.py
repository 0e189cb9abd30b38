#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: smtp_probe
short_description: Test an SMTP server from the host that runs the task
version_added: 1.0.0
description:
  - Connects to an SMTP server in the same way as Odoo, from the host that runs the task, in stages. It resolves the name, connects, sends its own name, and
    starts TLS. If the options are set, it then logs in, and offers a sender and a recipient. It ends before C(DATA), so no mail is sent.
  - It reports the duration and the reply of each stage, and the features of the server. It also reports whether the certificate is valid, even if the
    encryption does not require that. If the chosen encryption does not work, it tries the others and reports the one that works.
  - It does not need Odoo. If it runs on the host of Odoo, it uses the same name servers, firewalls and certificate authorities as Odoo.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
requirements:
  - python >= 3.10
  - cryptography, to report more of a certificate than its fingerprint
attributes:
  check_mode:
    support: full
    description: This module never changes anything. It does the same in check mode.
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
      - The port of the server.
    type: int
    default: 25
    aliases: [smtp_port]
  encryption:
    description:
      - The encryption, with Odoo's values. V(starttls) and V(starttls_strict) start TLS with a command. V(ssl) and V(ssl_strict) start it immediately.
        V(none) does not use TLS.
      - The strict values, which Odoo has from 19.0 on, end the probe if the certificate is not valid. The other values report it and continue, as Odoo
        does.
    type: str
    choices: [none, starttls, starttls_strict, ssl, ssl_strict]
    default: none
    aliases: [smtp_encryption]
  user:
    description:
      - The user name for the login with O(password) or O(access_token). Without it, there is no login.
    type: str
    aliases: [smtp_user]
  password:
    description:
      - The password. The probe tries it with the mechanisms that Odoo supports, C(CRAM-MD5), C(PLAIN) and C(LOGIN). With O(encryption=none), it is sent
        without encryption.
    type: str
    aliases: [smtp_pass]
  access_token:
    description:
      - An OAuth2 access token for the login instead of a password (C(XOAUTH2)), as Odoo uses it with Google and Microsoft.
    type: str
  client_certificate:
    description:
      - A client certificate in PEM format, or the path of such a file on the host that runs the task.
    type: str
    aliases: [smtp_ssl_certificate]
  client_private_key:
    description:
      - The private key of O(client_certificate) in PEM format, or the path of such a file on the host that runs the task.
    type: str
    aliases: [smtp_ssl_private_key]
  sender:
    description:
      - The sender to offer (C(MAIL FROM)).
    type: str
  recipient:
    description:
      - The recipient to offer (C(RCPT TO)).
    type: str
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's own.
    type: path
  validate_certs:
    description:
      - Whether an invalid certificate ends the probe. If not set, O(encryption) decides. RV(tls) always contains the result of the check.
    type: bool
  connect_timeout:
    description:
      - The number of seconds to wait for the name servers, and for each address of the server.
    type: float
    default: 10
  timeout:
    description:
      - The number of seconds to wait for each complete reply, and for the TLS handshake. Odoo waits 60 seconds.
    type: float
    default: 30
  helo:
    description:
      - The name that the probe sends as its own. If not set, it is the name that Odoo would use on this host.
    type: str
  explore:
    description:
      - Whether ports 587, 465 and 25 of the same host are also tried if this port does not work.
    type: bool
    default: false
  fail_on_error:
    description:
      - Whether the task fails if the probe fails. V(false) only reports.
    type: bool
    default: true
notes:
  - The certificate is always checked. If it is not valid, a second connection reads it. This connection logs in only if the check is not enforced.
  - Other ways to connect are tried without a login, so the password is only sent to the port and encryption that you chose.
  - The module has no options for the connection to Odoo, so it is not in the action group C(postmaster.odoo.odoo).
seealso:
  - module: postmaster.odoo.mail_server_test
    description: Runs Odoo's own connection test on the host of Odoo.
  - module: postmaster.odoo.mail_server
"""

EXAMPLES = r"""
---
- name: Test a relay from the Odoo host
  postmaster.odoo.smtp_probe:
    host: smtp.provider.example
    port: 587
    encryption: starttls_strict
    user: apikey
    password: "{{ vault_smtp_pass }}"
    sender: sales@acme.example
    recipient: postmaster@acme.example
  delegate_to: odoo.acme.example

- name: Find a port and an encryption that work
  postmaster.odoo.smtp_probe:
    host: smtp.provider.example
    explore: true
    fail_on_error: false
  register: probe

- name: Check that the certificate is valid for another two weeks
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
    - The result, with the values of M(postmaster.odoo.mail_server_test).
  returned: always, unless the options do not fit together
  type: str
  sample: auth
stage:
  description:
    - The stage that failed. Null if none failed.
  returned: as RV(outcome)
  type: str
  sample: auth
message:
  description:
    - The result in words. If the server replied, its own words.
  returned: as RV(outcome)
  type: str
  sample: "localhost:2525, auth: 535 5.7.8 Authentication credentials invalid."
suggestion:
  description:
    - A setting that would work, or the next thing to check, with the names of Odoo's fields. Null if there is no suggestion.
  returned: as RV(outcome)
  type: str
  sample: "Use smtp_encryption: starttls, smtp_port: 587."
alternatives:
  description:
    - Other settings that were tried, each without a login.
  returned: as RV(outcome)
  type: list
  elements: dict
  sample:
    - {smtp_port: 587, smtp_encryption: none, outcome: ok, message: ""}
    - {smtp_port: 587, smtp_encryption: starttls, outcome: ok, message: ""}
stages:
  description:
    - The stages in their order, up to the one that failed. C(ehlo) is repeated after C(tls) because the server may then offer other features.
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
      description: Whether the stage succeeded. A failure of V(quit) has no effect on RV(outcome).
      returned: always
      type: bool
      sample: true
    seconds:
      description: The duration in seconds.
      returned: always
      type: float
      sample: 0.012
    detail:
      description: Details, such as the addresses, the login mechanism, or the error.
      returned: always
      type: str
      sample: PLAIN
    code:
      description: The code of the server's reply.
      returned: when the server replied
      type: int
      sample: 235
    reply:
      description: The text of the server's reply.
      returned: when the server replied
      type: str
      sample: 2.7.0 Authentication successful
addresses:
  description:
    - The addresses of the host name.
  returned: as RV(outcome)
  type: list
  elements: str
  sample: [127.0.0.1]
address:
  description:
    - The address that answered. Null if none did.
  returned: as RV(outcome)
  type: str
  sample: 127.0.0.1
banner:
  description:
    - The greeting of the server.
  returned: as RV(outcome)
  type: str
  sample: smtp.provider.example ESMTP
helo:
  description:
    - The name that the probe sent as its own.
  returned: as RV(outcome)
  type: str
  sample: odoo.acme.example
features:
  description:
    - The features of the server. If TLS is used, the features after it has started.
  returned: as RV(outcome)
  type: list
  elements: str
  sample: [SIZE 33554432, 8BITMIME, SMTPUTF8, AUTH LOGIN PLAIN, HELP]
size:
  description:
    - The maximum size of a mail in bytes. Null if the server does not report it.
  returned: as RV(outcome)
  type: int
  sample: 33554432
starttls:
  description:
    - Whether the server offers STARTTLS. Null if TLS was already in use, or if the probe ended before this stage.
  returned: as RV(outcome)
  type: bool
  sample: true
auth_mechanisms:
  description:
    - The login mechanisms of the server, before and after TLS starts. Null if the probe ended before this stage.
  returned: as RV(outcome)
  type: dict
  sample: {before_tls: [], after_tls: [LOGIN, PLAIN]}
tls:
  description:
    - The TLS connection. Null without TLS.
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
      description: Whether the certificate is trusted and is for O(host), as Odoo's strict encryptions require.
      returned: always
      type: bool
      sample: false
    verify_error:
      description: The reason why the certificate is not valid. Null if it is valid.
      returned: always
      type: str
      sample: certificate has expired
    chain:
      description: The certificates of the server, its own first. Without the Python package cryptography, each has only its fingerprint.
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
      description: Whether these are all certificates that the server sends. Before Python 3.13, only the server's own certificate is visible.
      returned: always
      type: bool
      sample: true
    note:
      description: The reason why some information about the certificates is missing. Null if nothing is missing.
      returned: always
      type: str
      sample: null
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
    """Probe the SMTP server and report the result."""
    module.exit_with(probe_result(probe(settings_of(module.params)), fail_on_error=module.params["fail_on_error"]))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
