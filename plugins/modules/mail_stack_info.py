#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_stack_info
short_description: Read the mail settings of an Odoo instance as declarations
version_added: 1.0.0
description:
  - Reads everything about the mail of an instance. It returns the options of M(postmaster.odoo.mail_stack) and M(postmaster.odoo.queue_policy) that declare
    exactly the current state. Enforcing them on the same instance changes nothing.
  - It never changes anything. The client only calls methods that read.
  - The result contains no secrets. RV(secrets) lists the options that need one. Secrets are passwords, tokens, client certificates, keys, and every text
    that repeats or seems to contain one.
  - A value can contain the password or the API key of the task by chance. If the credential has fewer than six characters, the value is returned unmasked,
    because a mask would reveal the credential. If it is longer, the value is a secret too, or is left out with a remark. A mask
    never replaces a value that Odoo returns.
  - RV(remarks) lists suspicious settings, and settings in Odoo that cannot be declared. Users' personal mail servers are never declared.
  - The role P(postmaster.odoo.export#role) writes the result into an inventory.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes.info
options:
  more_addons:
    description:
      - The names of installed addons to list in addition to those that concern mail. C(*) matches any part.
    type: list
    elements: str
    default: []
  more_parameters:
    description:
      - The keys of system parameters to list in addition to those that concern mail. C(*) matches any part.
    type: list
    elements: str
    default: []
  more_crons:
    description:
      - The external IDs or names of scheduled actions (crons) to list in addition to those that concern mail. C(*) matches any part.
    type: list
    elements: str
    default: []
  digest_key:
    description:
      - A key of your choice, at least 16 characters long. If set, each entry of RV(secrets) has a digest of its value, made with this key (HMAC-SHA256).
        Equal secrets have equal digests, so that you can compare instances without showing a secret.
      - Use a random key for each comparison, and do not store it. A person with a digest and its key can try passwords.
    type: str
seealso:
  - module: postmaster.odoo.mail_stack
  - module: postmaster.odoo.queue_policy
  - module: postmaster.odoo.mail_doctor
    description: Diagnoses why mail is not sent.
"""

EXAMPLES = r"""
---
- name: Read the current settings
  postmaster.odoo.mail_stack_info:
  register: found

- name: Also read the address in links, and the crons of Marketing Automation
  postmaster.odoo.mail_stack_info:
    more_parameters: [web.base.url*]
    more_crons: [marketing_automation.*]
"""

RETURN = r"""
---
stack:
  description:
    - The options of M(postmaster.odoo.mail_stack) with the values of the instance, without the secrets.
  returned: success
  type: dict
  contains:
    addons:
      description: Installed addons that concern mail, or that provide something in this result.
      returned: always
      type: list
      elements: str
      sample: [google_gmail, mail, mass_mailing, microsoft_outlook]
    parameters:
      description: Existing system parameters that concern mail.
      returned: always
      type: dict
      sample: {"base.default_max_email_size": "10"}
    alias_domains:
      description: Alias domains, in Odoo's order.
      returned: if this Odoo has them (from 17.0 on)
      type: list
      elements: dict
      sample:
        - name: acme.example
          bounce_alias: bounce
          catchall_alias: catchall
          default_from: notifications
          sequence: 10
          companies: [base.main_company]
    servers:
      description: Outgoing mail servers in Odoo's order, including archived ones.
      returned: always
      type: list
      elements: dict
      sample:
        - name: Transactional
          active: true
          sequence: 10
          smtp_host: smtp.provider.example
          smtp_port: 587
          smtp_encryption: starttls
          smtp_authentication: login
          smtp_user: apikey
          from_filter: acme.example
          smtp_debug: false
          max_email_size: 0.0
    crons:
      description: Crons that concern mail. Those of addons have their external ID, and your own ones their code. The time of the next run is not declared.
      returned: always
      type: list
      elements: dict
      sample:
        - xml_id: mail.ir_cron_mail_scheduler_action
          active: true
          interval_number: 1
          interval_type: hours
          priority: 6
          user: __system__
queue_policy:
  description:
    - The options of M(postmaster.odoo.queue_policy). Null if no policy is installed.
  returned: success
  type: dict
  sample:
    stale_after: 7
    watchdog: {interval: 5, max_overdue: 30}
secrets:
  description:
    - The options in RV(stack) that need a secret.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: V(mail_server), V(system_parameter), V(cron) or V(alias_domain).
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name, the key or the external ID of the record.
      returned: always
      type: str
      sample: Transactional
    identity:
      description:
        - The value that identifies the record. It is the external ID, if the record has one. Otherwise, it is the name, and for a cron also the model.
      returned: always
      type: str
      sample: Transactional
    position:
      description: The index in the list of RV(stack), from 0. Null for system parameters.
      returned: always
      type: int
      sample: 0
    option:
      description: The missing option.
      returned: always
      type: str
      sample: smtp_pass
    digest:
      description: The digest of the value.
      returned: O(digest_key) is set
      type: str
      sample: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
remarks:
  description:
    - Settings that a person should check.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource. Null for the whole instance.
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name, the key or the external ID of the record.
      returned: always
      type: str
      sample: Relay
    position:
      description: The index in the list of RV(stack), from 0. Null if the setting is not in a list, or is left out.
      returned: always
      type: int
      sample: 1
    option:
      description: The affected option. Null for the whole record.
      returned: always
      type: str
      sample: smtp_encryption
    kind:
      description: V(suspicious), or V(left_out) for a setting that is in Odoo but not in RV(stack).
      returned: always
      type: str
      sample: suspicious
    absent:
      description: Whether RV(stack) lacks the subject of the remark. This is always so for V(left_out).
      returned: always
      type: bool
      sample: false
    message:
      description: The remark.
      returned: always
      type: str
      sample: port 587 usually needs starttls, but smtp_encryption is none
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
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import scope_of
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

# The minimum length of a key, so that it cannot be guessed.
_LEAST_KEY = 16
SPECIFICATION = Specification(
    options={
        **{
            f"more_{what}": {"type": "list", "elements": "str", "default": []}
            for what in ("addons", "parameters", "crons")
        },
        "digest_key": {"type": "str", "no_log": True},
    },
)


def run(module: OdooModule) -> None:
    """Read the instance and return it as declarations."""
    digest_key = module.params["digest_key"]
    if digest_key is not None and len(digest_key) < _LEAST_KEY:
        raise Invalid(f"digest_key must have at least {_LEAST_KEY} characters.")
    with module.session(read_only=True) as session:
        instance = read_instance(session, scope_of(module.params))
        description = Description(instance, credentials_of(module.params)).as_result(digest_key)
        module.exit_with(TaskResult({"odoo_version": session.version.text}, of_odoo=description))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
