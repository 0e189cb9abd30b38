#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_server
short_description: Enforce an outgoing mail server of Odoo
version_added: 0.1.0
description:
  - Creates, changes, archives or deletes one outgoing mail server (C(ir.mail_server)).
  - Only the options that are given are enforced. What the instance offers (fields, values) is asked of the instance, so the same task
    works on every version and with every addon.
  - Personal mail servers of users (Odoo 19.0) are never touched.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  name:
    description:
      - The name of the mail server in Odoo. Without O(xml_id) it also is what the record is found by.
      - Two servers of one name are an error that lists both ids; nothing is guessed.
    type: str
  xml_id:
    description:
      - An external id such as V(postmaster.transactional), that pins the record. It is created with the record, or added to the one that has
        the name, and survives renaming.
    type: str
  active:
    description:
      - Whether the server is in use. V(false) archives it, which Odoo refuses while mail templates or mailings use it.
      - On a neutralized copy of a database nothing is activated unless O(activate_neutralized) says so.
    type: bool
  sequence:
    description:
      - Odoo's priority among the servers that fit a sender; the lowest number wins.
    type: int
  smtp_host:
    description:
      - Host name or address of the SMTP server.
    type: str
  smtp_port:
    description:
      - Its port, usually V(587) for V(starttls), V(465) for V(ssl) and V(25) for V(none). Odoo does not adapt it to O(smtp_encryption).
    type: int
  smtp_encryption:
    description:
      - V(none), V(starttls) or V(ssl). From Odoo 19.0 on also V(starttls_strict) and V(ssl_strict), which verify the server's certificate.
      - What the instance offers is asked of the instance; anything else is an error before anything is written.
    type: str
  smtp_authentication:
    description:
      - V(login) (user and password), V(certificate), from Odoo 17.0 on V(cli) (Odoo's own configuration file), V(gmail) with the addon
        C(google_gmail), V(outlook) with the addon C(microsoft_outlook).
    type: str
  smtp_user:
    description:
      - The user to log in as. An empty string clears it, and Odoo then does not log in.
    type: str
  smtp_pass:
    description:
      - The password, an app password for instance. It is compared with what Odoo holds, and never shown.
      - An empty string clears it.
    type: str
  smtp_ssl_certificate:
    description:
      - The client certificate for O(smtp_authentication=certificate), in PEM. Compared and shown by checksum.
    type: str
  smtp_ssl_private_key:
    description:
      - The private key of O(smtp_ssl_certificate), in PEM. Never shown.
    type: str
  from_filter:
    description:
      - The senders that the server is for, as addresses and domains between commas. Order, spaces and case make no difference.
      - Empty takes every sender. Mail of a sender that no server is for leaves through one without filter, its C(From) rewritten to the
        notifications address.
    type: str
  smtp_debug:
    description:
      - Write the SMTP dialogue to Odoo's log, at level debug.
    type: bool
  smtp_timeout:
    description:
      - Seconds that Odoo waits for the SMTP server.
      - No version of Odoo has this field of its own (it always waits 60 seconds). Where the instance lacks it, asking for it is an error.
    type: int
  max_email_size:
    description:
      - The size in megabytes from which on Odoo sends attachments as links. Odoo 18.0 and 19.0.
    type: float

  state:
    description:
      - V(absent) deletes the server. To keep the record, archive it with O(active=false).
    type: str
    choices: [present, absent]
    default: present

  activate_neutralized:
    description:
      - Whether mail servers and crons may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Without it they are left inactive, and a warning says so. A copy holds the real passwords, and would send real mail.
    type: bool
    default: false
seealso:
  - module: postmaster.odoo.mail_stack
    description: Everything about the mail of one instance in one task.

  - module: postmaster.odoo.mail_server_info
  - module: postmaster.odoo.mail_server_test
"""

EXAMPLES = r"""
---
- name: A transactional mail server
  postmaster.odoo.mail_server:
    url: https://odoo.acme.example
    database: acme
    api_key: "{{ vault_odoo_api_key }}"
    name: Transactional
    smtp_host: smtp.provider.example
    smtp_port: 587
    smtp_encryption: starttls
    smtp_authentication: login
    smtp_user: apikey
    smtp_pass: "{{ vault_smtp_pass }}"
    from_filter: acme.example
    sequence: 10

- name: Rename a server that is pinned by its external id
  postmaster.odoo.mail_server:
    xml_id: postmaster.transactional
    name: Transactional mail

- name: Take a server out of use
  postmaster.odoo.mail_server:
    name: Old relay
    active: false

- name: Delete a server
  postmaster.odoo.mail_server:
    name: Old relay
    state: absent
"""

RETURN = r"""
---
plan:
  description:
    - What differed, and was done; in check mode, what would be. Empty means no drift.
    - After an error, the steps that were done before it.
  returned: always
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource, such as V(mail_server).
      returned: always
      type: str
      sample: mail_server
    key:
      description: What the resource is called.
      returned: always
      type: str
      sample: Transactional
    action:
      description: One of V(create), V(update), V(archive), V(unarchive), V(delete), V(install), V(upgrade), V(uninstall), V(reschedule).
      returned: always
      type: str
      sample: update
    changes:
      description: The fields that differ. A secret shows as a mask of one length, and null where there is none.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: Odoo's name of the field.
          returned: always
          type: str
          sample: smtp_port
        before:
          description: What Odoo held.
          returned: always
          type: raw
          sample: 25
        after:
          description: What was declared.
          returned: always
          type: raw
          sample: 587
  sample:
    - resource: mail_server
      key: Transactional
      action: update
      changes:
        - field: smtp_port
          before: 25
          after: 587
        - field: smtp_pass
          before: "********"
          after: "********"
record:
  description:
    - The record as found after the run (in check mode, before it), secrets masked. Null where there is none.
  returned: success
  type: dict
  sample:
    resource: mail_server
    id: 2
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
    owner_user_id: null
error_kind:
  description:
    - What kind of error it is. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict),
      V(rejected), V(ambiguous), V(timeout).
  returned: failure
  type: str
  sample: unreachable
"""

from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.arguments import resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.front_end import Specification, run_module
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.front_end import OdooModule

_RESOURCE = resource_arguments(MAIL_SERVER, states=("present", "absent"))
SPECIFICATION = Specification(
    options={**_RESOURCE, "activate_neutralized": {"type": "bool", "default": False}},
    rules=MAIL_SERVER.option_rules,
)


def run(module: OdooModule) -> None:
    """Enforce one mail server."""
    from ansible_collections.postmaster.odoo.plugins.module_utils.operations.enforce import Policy, enforce

    declaration = MAIL_SERVER.declare({name: module.params[name] for name in _RESOURCE})
    with module.session() as session:
        module.exit_enforced(
            enforce(session, [declaration], Policy(activate_neutralized=module.params["activate_neutralized"])),
            single=True,
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
