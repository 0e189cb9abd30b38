#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_server
short_description: Enforce an outgoing mail server of Odoo
version_added: 1.0.0
description:
  - Creates, changes, archives or deletes one outgoing mail server (C(ir.mail_server)).
  - Only the options that are set are enforced. The module reads from the instance which fields and values it supports. So the same task works on every
    version and with every addon.
  - With O(verify=connection), new settings are tested before they replace the current ones. With O(oauth2), Odoo logs in to Gmail or Outlook with a token.
    If a person must consent first, the result contains the link.
  - Personal mail servers of users (Odoo 19.0) are never changed.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
  - postmaster.odoo.activate_neutralized
  - postmaster.odoo.verify
options:
  name:
    description:
      - The name of the mail server in Odoo. Without O(xml_id), it also identifies the record.
      - If two servers have the same name, the task fails and lists both IDs.
    type: str
  xml_id:
    description:
      - An external ID, such as V(postmaster.transactional), that identifies the record even after it was renamed.
      - It is created together with the record, or added to the record that has the name.
    type: str
  active:
    description:
      - Whether the server is in use. V(false) archives it. Odoo rejects that while mail templates or mailings use the server.
      - A declared mail server is active unless this is V(false).
      - On a neutralized copy of a database, nothing is activated unless O(activate_neutralized) allows it.
    type: bool
  sequence:
    description:
      - Odoo's priority among the servers that match a sender. The lowest number has the highest priority.
    type: int
  provider:
    description:
      - A well-known provider. It sets O(smtp_host), O(smtp_port) and O(smtp_encryption) if they are not given. Given values take precedence. The port and
        the encryption are adapted to each other.
      - These values count as declared. C(docs/providers.md) of the collection lists the values and their sources.
    type: str
    choices: [brevo, gandi, gmail, infomaniak, mailgun, mailjet, office365, outlook, ovh, postmark, sendgrid, ses]
  provider_region:
    description:
      - The region of the provider's server. V(ses) accepts a region of AWS (default V(us-east-1)). V(mailgun) accepts V(us) or V(eu) (default V(us)). Other
        providers have no regions.
    type: str
  smtp_host:
    description:
      - The host name or address of the SMTP server.
      - An active mail server must have a host, unless O(smtp_authentication=cli) uses the host of Odoo's configuration file.
    type: str
  smtp_port:
    description:
      - The port, usually V(587) for V(starttls), V(465) for V(ssl) and V(25) for V(none). Odoo does not adapt it to O(smtp_encryption), but O(provider)
        does.
    type: int
  smtp_encryption:
    description:
      - V(none), V(starttls) or V(ssl). From Odoo 19.0 on also V(starttls_strict) and V(ssl_strict), which verify the certificate of the server.
      - The supported values are read from the instance. Any other value is an error before anything is written.
    type: str
  smtp_authentication:
    description:
      - V(login) uses a user and a password. V(certificate) uses a client certificate. V(cli), from Odoo 17.0 on, uses the settings in Odoo's own
        configuration file. V(gmail) needs the addon C(google_gmail). V(outlook) needs the addon C(microsoft_outlook).
      - The requirements of a method are checked before anything is written, against the values that the server will have. V(gmail) and V(outlook) need
        exactly O(smtp_encryption=starttls), O(smtp_user), no O(smtp_pass), and a client (O(oauth2)). V(certificate) needs O(smtp_ssl_certificate),
        O(smtp_ssl_private_key), and any encryption except V(none).
      - If a method is declared, the same write clears the credentials of the other methods. V(gmail) and V(outlook) clear the password, the others clear
        the tokens.
    type: str
  smtp_user:
    description:
      - The user name for the login. An empty string clears it. Odoo then does not log in.
    type: str
  smtp_pass:
    description:
      - The password, for example an app password. It is compared with the value in Odoo, and never shown (O(update_secrets)).
      - An empty string clears it.
    type: str
  smtp_pass_rotate_by:
    description:
      - The day by which O(smtp_pass) must be replaced, such as V(2027-01-31). Odoo does not store it. M(postmaster.odoo.mail_doctor) reports it
        (O(postmaster.odoo.mail_doctor#module:declared_dates)).
    type: str
  smtp_ssl_certificate:
    description:
      - The client certificate for O(smtp_authentication=certificate). Either PEM text, or the absolute path of a PEM file on the host that runs the task.
        The path may begin with C(~). The certificate is compared and shown by its checksum.
    type: str
  smtp_ssl_private_key:
    description:
      - The private key of O(smtp_ssl_certificate), also as PEM text or as the path of a PEM file. It must have no passphrase. It is never shown.
    type: str
  oauth2:
    description:
      - The settings for a login with OAuth2. They need O(smtp_authentication=gmail) or O(smtp_authentication=outlook) in the same declaration.
    type: dict
    suboptions:
      client_id:
        description:
          - The ID of the client that is registered with Google or Microsoft. It is stored in the system parameter C(google_gmail_client_id) or
            C(microsoft_outlook_client_id). A database has only one of each. Servers with different values are an error.
          - Not needed if the system parameters are set in another way.
        type: str
      client_secret:
        description:
          - The secret of the client. It is stored in the system parameter C(google_gmail_client_secret) or C(microsoft_outlook_client_secret). It is never
            shown.
        type: str
      client_secret_expires:
        description:
          - The day on which O(oauth2.client_secret) expires, such as V(2027-01-31). Microsoft shows it on the page where you create the secret. Odoo does
            not store it. M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
        type: str
      refresh_token:
        description:
          - The refresh token from an earlier consent, if you have one. Without it, the result contains the link to open (RV(authorize_url)). The server is
            not connected until a person has opened the link. The token is never shown.
          - Writing it resets the access token, so that Odoo requests a new one.
        type: str
      update:
        description:
          - V(always), the default for V(gmail), compares O(oauth2.refresh_token) with the value in Odoo, and writes it if it differs.
          - V(if_missing), the default for V(outlook), writes it only if Odoo has none. Microsoft issues a new token at each use, and Odoo stores it.
        type: str
        choices: [always, if_missing]
      required:
        description:
          - Whether the task fails with RV(error_kind=not_connected) if the server is not connected at the end. All other changes are still made, because
            the link only exists if the record exists.
        type: bool
        default: false
  update_secrets:
    description:
      - The rule for writing O(smtp_pass), O(smtp_ssl_certificate) and O(smtp_ssl_private_key).
      - V(always) compares them with the values in Odoo, and writes those that differ. V(on_create) writes them only if Odoo has none. So a password that
        was changed in Odoo is kept and is not drift.
    type: str
    choices: [always, on_create]
    default: always
  from_filter:
    description:
      - The senders that the server is for, as addresses and domains, separated by commas. Order, spaces and case do not matter. Odoo 16.0 accepts only one
        entry.
      - An empty value matches no specific sender. If no server matches a sender, Odoo uses the server that matches the notifications address, or else the
        first server without a filter. Odoo then rewrites the C(From) to the notifications address.
    type: str
  smtp_debug:
    description:
      - Whether Odoo writes the SMTP dialogue to its log, at level debug.
    type: bool
  smtp_timeout:
    description:
      - The number of seconds that Odoo waits for the SMTP server. If it is below 30, a warning explains the risk.
      - No version of Odoo has this field (Odoo always waits 60 seconds). The role P(postmaster.odoo.smtp_timeout#role) installs the addon
        C(mail_smtp_timeout), which adds it. If the instance does not have the field, this option is an error.
    type: int
  max_email_size:
    description:
      - The size in megabytes above which Odoo sends attachments as links. Odoo 18.0 and 19.0.
      - Odoo 20.0 has one limit for all mail servers, the system parameter C(base.default_max_email_size).
    type: float

  state:
    description:
      - V(present) creates or changes the server. V(absent) deletes it. A warning names the mail templates and mailings that used it. To keep the record,
        archive it with O(active=false).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: postmaster.odoo.mail_stack
    description: Enforces everything about the mail of one instance in one task.

  - module: postmaster.odoo.mail_server_info
  - module: postmaster.odoo.mail_server_test
"""

EXAMPLES = r"""
---
- name: Declare a transactional mail server
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

- name: Use TLS with a verified certificate (Odoo 19.0), and test the settings before they go live
  postmaster.odoo.mail_server:
    name: Transactional
    smtp_host: smtp.provider.example
    smtp_port: 465
    smtp_encryption: ssl_strict
    smtp_authentication: login
    smtp_user: apikey
    smtp_pass: "{{ vault_smtp_pass }}"
    from_filter: acme.example
    verify: connection

- name: Use the host, port and encryption of a provider
  postmaster.odoo.mail_server:
    name: Transactional
    provider: ses
    provider_region: eu-west-1
    smtp_authentication: login
    smtp_user: "{{ vault_ses_smtp_user }}"
    smtp_pass: "{{ vault_ses_smtp_pass }}"
    from_filter: acme.example

- name: Set an app password of Google, but keep a password that was changed in Odoo
  postmaster.odoo.mail_server:
    name: Sales
    provider: gmail
    smtp_authentication: login
    smtp_user: sales@acme.example
    smtp_pass: "{{ vault_google_app_password }}"
    update_secrets: on_create
    from_filter: sales@acme.example

- name: Use Gmail with OAuth2 and a token from an earlier consent
  postmaster.odoo.mail_server:
    name: Sales
    provider: gmail
    smtp_authentication: gmail
    smtp_user: sales@acme.example
    oauth2:
      client_id: "{{ vault_google_client_id }}"
      client_secret: "{{ vault_google_client_secret }}"
      refresh_token: "{{ vault_google_refresh_token }}"
    from_filter: sales@acme.example
    verify: connection

- name: Use Outlook with OAuth2 before a person has given consent
  postmaster.odoo.mail_server:
    name: Support
    provider: office365
    smtp_authentication: outlook
    smtp_user: support@acme.example
    oauth2:
      client_id: "{{ vault_microsoft_client_id }}"
      client_secret: "{{ vault_microsoft_client_secret }}"
    from_filter: support@acme.example
  register: support # support.authorize_url is the link to open

- name: Use a client certificate from files on the host that runs the task
  postmaster.odoo.mail_server:
    name: Relay
    smtp_host: relay.acme.example
    smtp_port: 587
    smtp_encryption: starttls
    smtp_authentication: certificate
    smtp_ssl_certificate: /etc/ssl/odoo/client.pem
    smtp_ssl_private_key: /etc/ssl/odoo/client.key
    from_filter: acme.example

- name: Rename a server that is identified by its external ID
  postmaster.odoo.mail_server:
    xml_id: postmaster.transactional
    name: Transactional mail

- name: Archive a server
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
    - The differences that the run has corrected. In check mode, those that a run would correct. An empty list means no drift.
    - The client of O(oauth2) has steps of its own. They change the system parameters that contain it.
    - After an error, the steps that were completed before it.
  returned: always
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource, V(mail_server) or V(system_parameter).
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name, the key or the external ID of the resource.
      returned: always
      type: str
      sample: Transactional
    action:
      description: One of V(create), V(update), V(archive), V(unarchive), V(delete), V(install), V(upgrade), V(uninstall), V(reschedule).
      returned: always
      type: str
      sample: update
    changes:
      description: The fields that differ. A secret is shown as a mask of fixed length. Null means that there is no value.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: The name of the field in Odoo.
          returned: always
          type: str
          sample: smtp_port
        before:
          description: The value in Odoo before the run.
          returned: always
          type: raw
          sample: 25
        after:
          description: The declared value.
          returned: always
          type: raw
          sample: 587
        managed_elsewhere:
          description:
            - True if another addon reads the field of this record from a file and ignores writes to it. Only check mode reports such a change. A run fails
              before it writes.
          returned: when an addon manages the field
          type: bool
          sample: true
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
    - The record after the run. In check mode, the record as it is now. Secrets are masked. Null if there is no such record.
    - The other fields are those of the mail server in Odoo, and C(connected), C(authorize_url) and C(managed_elsewhere), as in
      RV(postmaster.odoo.mail_server_info#module:mail_servers).
  returned: success
  type: dict
  contains:
    resource:
      description: The kind of resource, such as V(mail_server).
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name, the key or the external ID of the resource, as in RV(plan).
      returned: always
      type: str
      sample: Transactional
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 2
    xml_id:
      description: The external ID of the record, or null.
      returned: always
      type: str
      sample: null
    held_back:
      description: True if the record is declared active but stays inactive. A warning contains the reason, such as a neutralized database.
      returned: when a declared record stays inactive
      type: bool
      sample: true
  sample:
    resource: mail_server
    key: Transactional
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
    active_mailing_ids: []
    mail_template_ids: []
    owner_user_id: null
    connected: null
    authorize_url: null
    managed_elsewhere: []
verification:
  description:
    - The result of the test of the new settings. Null if O(verify) is V(none), or if nothing had to be tested.
  returned: success, and failure after the instance was queried
  type: dict
  contains:
    key:
      description: The name of the mail server.
      returned: always
      type: str
      sample: Transactional
    outcome:
      description:
        - V(ok), V(not_tested) (in check mode, and for a server that is not connected yet), or the class of the failure, as in
          M(postmaster.odoo.mail_server_test).
      returned: always
      type: str
      sample: auth
    message:
      description: The message of Odoo, in English, or the reason why nothing was tested.
      returned: always
      type: str
      sample: "Server replied with following exception: (535, b'5.7.8 Authentication credentials invalid')"
    seconds:
      description: The duration of the test in seconds. Null if nothing was tested.
      returned: always
      type: float
      sample: 0.14
    canaries:
      description:
        - The result of each mail of O(verify=canary), as C(canary) of M(postmaster.odoo.mail_server_test). Empty without O(verify=canary).
      returned: always
      type: list
      elements: dict
      sample: []
  sample:
    key: Transactional
    outcome: ok
    message: Connection Test Successful!
    seconds: 0.19
    canaries: []
connected:
  description:
    - Whether Odoo has the token for the login of a server with O(smtp_authentication=gmail) or O(smtp_authentication=outlook). In check mode, whether it
      would have it after a run. Only a test can show whether the provider still accepts the token.
    - Null for every other server, and if an error came first.
  returned: success, and failure after the instance was queried
  type: bool
  sample: false
authorize_url:
  description:
    - The link for the missing consent. The person who opens it must be logged in to this Odoo as an administrator, in the same browser.
    - Null if the server is connected. Also null if Odoo has no link because it has no client.
  returned: success, and failure after the instance was queried
  type: str
  sample: "https://accounts.google.com/o/oauth2/v2/auth?client_id=acme&redirect_uri=https%3A%2F%2Fodoo.acme.example%2Fgoogle_gmail%2Fconfirm"
error_kind:
  description:
    - The kind of the error. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict), V(rejected), V(ambiguous),
      V(timeout), and with O(oauth2.required) also V(not_connected).
    - A failed test is V(rejected).
  returned: failure
  type: str
  sample: rejected
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import (
    ACTIVATE_NEUTRALIZED,
    VERIFY,
    resource_arguments,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(MAIL_SERVER, states=("present", "absent"))
SPECIFICATION = Specification(
    options={**_RESOURCE, **ACTIVATE_NEUTRALIZED, **VERIFY},
    rules=MAIL_SERVER.option_rules,
    scope=ResultScope(single=MAIL_SERVER.name),
)


def run(module: OdooModule) -> None:
    """Enforce one mail server."""
    declaration = MAIL_SERVER.declare({name: module.params[name] for name in _RESOURCE})
    with module.session() as session:
        module.exit_with(
            enforced_result(
                enforce(
                    session,
                    [declaration],
                    RunOptions(
                        activate_neutralized=module.params["activate_neutralized"],
                        verify=module.params["verify"],
                        canary_to=module.params["canary_to"],
                    ),
                ),
                module.scope,
                diff=module.shows_diff,
            )
        )


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
