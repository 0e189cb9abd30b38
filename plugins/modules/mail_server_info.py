#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_server_info
short_description: List the outgoing mail servers of an Odoo instance
version_added: 1.0.0
description:
  - Reads the outgoing mail servers of an instance. It never changes anything. The client only calls methods that read.
  - Archived servers and personal servers (C(owner_user_id), Odoo 19.0) are also listed.
  - For Gmail and Outlook servers, the result says whether they are connected. For each server that is not connected, one more call reads the link for the
    consent.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
  - postmaster.odoo.query
options:
  name:
    description:
      - Only servers with this name.
    type: str
  xml_id:
    description:
      - Only the server with this external ID.
    type: str
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.

  - module: postmaster.odoo.mail_server
"""

EXAMPLES = r"""
---
- name: List all mail servers
  postmaster.odoo.mail_server_info:
  register: result

- name: List only the hosts of active mail servers
  postmaster.odoo.mail_server_info:
    query: "[?active].smtp_host"
  register: servers

- name: List the mail servers that wait for a consent, with the links to open
  postmaster.odoo.mail_server_info:
    query: "[?connected == `false`].{name: name, open: authorize_url}"
  register: waiting

- name: List the fields that another addon reads from a file on the Odoo server
  postmaster.odoo.mail_server_info:
    query: "[?managed_elsewhere].{name: name, fields: managed_elsewhere}"
  register: elsewhere
"""

RETURN = r"""
---
mail_servers:
  description:
    - The outgoing mail servers, with every field that the instance has and that this collection manages. Secrets are masked. Certificates and tokens are
      not listed.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 2
    xml_id:
      description: The external ID of the record. Null if it has none.
      returned: always
      type: str
      sample: postmaster.transactional
    name:
      description: The name.
      returned: always
      type: str
      sample: Transactional
    active:
      description: Whether the server is in use.
      returned: always
      type: bool
      sample: true
    sequence:
      description: Odoo's priority among the servers that match a sender. The lowest number has the highest priority.
      returned: always
      type: int
      sample: 10
    smtp_host:
      description: The host name of the SMTP server.
      returned: always
      type: str
      sample: smtp.provider.example
    smtp_port:
      description: The port of the SMTP server.
      returned: always
      type: int
      sample: 587
    smtp_encryption:
      description: One of Odoo's values, such as V(none), V(starttls), V(starttls_strict), V(ssl) or V(ssl_strict).
      returned: always
      type: str
      sample: starttls
    smtp_authentication:
      description: The login method, such as V(login), V(certificate), V(cli), V(gmail) or V(outlook).
      returned: always
      type: str
      sample: login
    smtp_user:
      description: The user name for the login.
      returned: always
      type: str
      sample: apikey
    smtp_pass:
      description: The password as a mask. Null if it is not set.
      returned: always
      type: str
      sample: "********"
    from_filter:
      description: The addresses and domains that the server is for. Null means all.
      returned: always
      type: str
      sample: acme.example
    smtp_debug:
      description: Whether Odoo logs the SMTP dialogue.
      returned: always
      type: bool
      sample: false
    max_email_size:
      description: The maximum size of a mail in megabytes. V(0.0) means Odoo's default. Newer versions only.
      returned: if the instance has the field
      type: float
      sample: 0.0
    smtp_timeout:
      description: The timeout in seconds. It only exists if an addon adds the field.
      returned: if the instance has the field
      type: int
      sample: 60
    active_mailing_ids:
      description: The mailings that use the server, if Email Marketing is installed.
      returned: if the instance has the field
      type: list
      elements: str
      sample: []
    mail_template_ids:
      description: The mail templates that use the server. Newer versions only.
      returned: if the instance has the field
      type: list
      elements: str
      sample: []
    owner_user_id:
      description: The owner of a personal server. Null for a shared server. Odoo 19.0.
      returned: if the instance has the field
      type: str
      sample: null
    connected:
      description:
        - Whether Odoo has the token for the login of a server with C(smtp_authentication) V(gmail) or V(outlook). Null for every other server.
        - Only a test can show whether the provider still accepts the token (M(postmaster.odoo.mail_server_test)).
      returned: always
      type: bool
      sample: false
    authorize_url:
      description:
        - The link for the missing consent. The person who opens it must be logged in to this Odoo as an administrator, in the same browser.
        - Null if no consent is missing. Also null if Odoo has no link because it has no client.
      returned: always
      type: str
      sample: "https://accounts.google.com/o/oauth2/v2/auth?client_id=acme&redirect_uri=https%3A%2F%2Fodoo.acme.example%2Fgoogle_gmail%2Fconfirm"
    managed_elsewhere:
      description:
        - The fields of this record that another addon reads from a file. Writes to them have no effect.
      returned: always
      type: list
      elements: str
      sample: [smtp_host, smtp_pass]
  sample:
    - id: 2
      xml_id: null
      name: Transactional
      active: true
      sequence: 10
      smtp_host: smtp.provider.example
      smtp_port: 587
      smtp_encryption: starttls
      smtp_authentication: login
      smtp_user: apikey
      smtp_pass: "********"
      from_filter: acme.example
      smtp_debug: false
      max_email_size: 0.0
      active_mailing_ids: []
      mail_template_ids: []
      owner_user_id: null
      connected: null
      authorize_url: null
      managed_elsewhere: []
    - id: 3
      xml_id: null
      name: Sales
      active: false
      sequence: 10
      smtp_host: smtp.gmail.com
      smtp_port: 587
      smtp_encryption: starttls
      smtp_authentication: gmail
      smtp_user: sales@acme.example
      smtp_pass: null
      from_filter: sales@acme.example
      smtp_debug: false
      max_email_size: 0.0
      active_mailing_ids: []
      mail_template_ids: []
      owner_user_id: null
      connected: false
      authorize_url: "https://accounts.google.com/o/oauth2/v2/auth?client_id=acme&redirect_uri=https%3A%2F%2Fodoo.acme.example%2Fgoogle_gmail%2Fconfirm"
      managed_elsewhere: []
query_result:
  description:
    - The result of O(query), applied to RV(mail_servers).
  returned: when O(query) is given
  type: raw
  sample: [smtp.provider.example]
odoo_version:
  description:
    - The version of Odoo that the instance reports.
  returned: success
  type: str
  sample: "19.0"
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: unreachable
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import credentials_of
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import (
    INFO_ARGUMENTS,
    info_result,
    read_mail_server_info,
)

SPECIFICATION = Specification(options=INFO_ARGUMENTS)


def run(module: OdooModule) -> None:
    """Read the mail servers and report them."""
    with module.session(read_only=True) as session:
        records = read_mail_server_info(session, name=module.params["name"], xml_id=module.params["xml_id"])
        result = info_result("mail_servers", records, session, module.params["query"], credentials_of(module.params))
    module.exit_with(result)


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
