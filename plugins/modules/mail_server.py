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
  - With O(verify=connection), new settings are tested before they replace the ones in use. With O(oauth2), Odoo logs in to Gmail or Outlook with a
    token; where a human has to consent first, the result holds the link.
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
      - A declared record is active unless this is V(false).
      - Whether the server is in use. V(false) archives it, which Odoo refuses while mail templates or mailings use it.
      - On a neutralized copy of a database nothing is activated unless O(activate_neutralized) says so.
    type: bool
  sequence:
    description:
      - Odoo's priority among the servers that fit a sender; the lowest number wins.
    type: int
  provider:
    description:
      - A well-known provider. Fills in O(smtp_host), O(smtp_port) and O(smtp_encryption) where they are not given; what is given wins, and the
        port and the encryption follow one another.
      - What is filled in counts as declared. The values and where each comes from stand in C(docs/providers.md) of the collection.
    type: str
    choices: [brevo, gandi, gmail, infomaniak, mailgun, mailjet, office365, outlook, ovh, postmark, sendgrid, ses]
  provider_region:
    description:
      - Which server, where the provider has several. V(ses) takes a region of AWS (V(us-east-1) if not given), V(mailgun) V(us) or V(eu) (V(us)
        if not given). Other providers have no regions.
    type: str
  smtp_host:
    description:
      - Host name or address of the SMTP server.
      - A mail server in use must have it, unless O(smtp_authentication=cli) takes the host of Odoo's command line.
    type: str
  smtp_port:
    description:
      - Its port, usually V(587) for V(starttls), V(465) for V(ssl) and V(25) for V(none). Odoo does not adapt it to O(smtp_encryption);
        O(provider) does.
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
      - What a method needs is checked before anything is written, on the values that the server will have. V(gmail) and V(outlook) need
        O(smtp_encryption=starttls) exactly, O(smtp_user), no O(smtp_pass), and a client (O(oauth2)). V(certificate) needs
        O(smtp_ssl_certificate), O(smtp_ssl_private_key), and any encryption but V(none).
      - Declaring a method clears what another one has left in Odoo, in the same write (V(gmail) and V(outlook) the password, the others the
        tokens).
    type: str
  smtp_user:
    description:
      - The user to log in as. An empty string clears it, and Odoo then does not log in.
    type: str
  smtp_pass:
    description:
      - The password, an app password for instance. It is compared with what Odoo holds, and never shown. See O(update_secrets).
      - An empty string clears it.
    type: str
  smtp_pass_rotate_by:
    description:
      - The day by which O(smtp_pass) is to be replaced, such as V(2027-01-31). Odoo does not store it.
        M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
    type: str
  smtp_ssl_certificate:
    description:
      - The client certificate for O(smtp_authentication=certificate), as PEM or as the absolute path of a PEM file where the task runs, which
        may begin with C(~). Compared and shown by checksum.
    type: str
  smtp_ssl_private_key:
    description:
      - The private key of O(smtp_ssl_certificate), likewise as PEM or as the path of a PEM file. It must have no passphrase. Never shown.
    type: str
  oauth2:
    description:
      - How to log in with OAuth2. Goes with O(smtp_authentication=gmail) or O(smtp_authentication=outlook), declared beside it.
    type: dict
    suboptions:
      client_id:
        description:
          - The client that was registered with Google or Microsoft. Becomes the system parameter C(google_gmail_client_id) or
            C(microsoft_outlook_client_id), of which a database has one; servers that give it different values are an error.
          - Not needed where the system parameters are set in another way.
        type: str
      client_secret:
        description:
          - Its secret. Becomes the system parameter C(google_gmail_client_secret) or C(microsoft_outlook_client_secret). Never shown.
        type: str
      client_secret_expires:
        description:
          - The day on which O(oauth2.client_secret) ends, such as V(2027-01-31). Microsoft shows it where the secret is created. Odoo does not store it.
            M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
        type: str
      refresh_token:
        description:
          - What a human's consent brought, where you have it already. Without one the result holds the link to open (RV(authorize_url)), and the
            server is not connected until somebody has opened it. Never shown.
          - Writing it resets the access token, so that Odoo fetches a new one.
        type: str
      update:
        description:
          - V(always) compares O(oauth2.refresh_token) with what Odoo holds, and writes it where it differs, the default of V(gmail).
            V(if_missing) writes it only where Odoo holds none, the default of V(outlook), for Microsoft gives a new one at each use, which Odoo
            keeps.
        type: str
        choices: [always, if_missing]
      required:
        description:
          - Whether the task fails with RV(error_kind=not_connected) where the server is not connected at its end. Whatever else can be done is
            done before, for without the record there would be no link.
        type: bool
        default: false
  update_secrets:
    description:
      - When O(smtp_pass), O(smtp_ssl_certificate) and O(smtp_ssl_private_key) are written.
      - V(always) compares them with what Odoo holds, and writes what differs. V(on_create) writes them only where Odoo holds none, so that a
        password that was changed in Odoo stays, and is no drift.
    type: str
    choices: [always, on_create]
    default: always
  from_filter:
    description:
      - The senders that the server is for, as addresses and domains between commas. Order, spaces and case make no difference. Odoo 16.0 takes
        one entry only.
      - Empty is for no sender in particular. Mail of a sender that no server names leaves through the one that names the
        notifications address, or else the first without filter, its C(From) rewritten to that address.
    type: str
  smtp_debug:
    description:
      - Write the SMTP dialogue to Odoo's log, at level debug.
    type: bool
  smtp_timeout:
    description:
      - Seconds that Odoo waits for the SMTP server. Below 30 a warning says why that is little.
      - No version of Odoo has this field of its own (it always waits 60 seconds). The addon C(mail_smtp_timeout) brings it, which the role
        P(postmaster.odoo.smtp_timeout#role) installs. Where the instance lacks it, asking for it is an error.
    type: int
  max_email_size:
    description:
      - The size in megabytes from which on Odoo sends attachments as links. Odoo 18.0 and 19.0.
      - Odoo 20.0 has one limit for all mail servers, the system parameter C(base.default_max_email_size).
    type: float

  state:
    description:
      - V(absent) deletes the server; a warning names the mail templates and mailings that lose it. To keep the record, archive it with
        O(active=false).
    type: str
    choices: [present, absent]
    default: present

  activate_neutralized:
    description:
      - Whether mail servers and crons may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Without it they are left inactive, and a warning says so. A copy holds the real passwords, and would send real mail.
    type: bool
    default: false
  verify:
    description:
      - Whether new settings of mail servers are tested before they go live.
      - V(connection) makes an archived copy of the server with the new settings, the candidate, lets Odoo test its connection, and removes it.
        Only then is the server itself written. A new server is created archived, tested, and activated. If a test fails, nothing is written and
        the task fails, with the class of the failure and the SMTP server's own words.
      - Not tested are servers that stay archived, and changes of nothing but O(name), O(sequence), O(smtp_debug) and O(max_email_size). In check
        mode nothing is tested.
      - A server that needs OAuth2 and is not connected yet cannot be tested. A new one stays archived, one in use that logs in otherwise stays
        as it is, and warnings say so.
      - V(canary) does the same, and then has Odoo send a real mail to O(canary_to) through the candidate. Only a real mail shows what SMTP servers refuse
        after they have received it, such as a sender that is not verified, DMARC, or the content. It is followed to its final state, and deleted.
    type: str
    choices: [none, connection, canary]
    default: none
  canary_to:
    description:
      - The email address that O(verify=canary) sends to.
      - The sender is the first address of O(from_filter), or else the login, an address of the domain of O(from_filter), or Odoo's notifications address.
    type: str
    default: ''
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

- name: The same, tested before it goes live, over TLS from the start, its certificate verified (Odoo 19.0)
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

- name: A provider's host, port and encryption
  postmaster.odoo.mail_server:
    name: Transactional
    provider: ses
    provider_region: eu-west-1
    smtp_authentication: login
    smtp_user: "{{ vault_ses_smtp_user }}"
    smtp_pass: "{{ vault_ses_smtp_pass }}"
    from_filter: acme.example

- name: An app password of Google; one that was changed in Odoo stays
  postmaster.odoo.mail_server:
    name: Sales
    provider: gmail
    smtp_authentication: login
    smtp_user: sales@acme.example
    smtp_pass: "{{ vault_google_app_password }}"
    update_secrets: on_create
    from_filter: sales@acme.example

- name: Gmail by OAuth2, with a token from an earlier consent
  postmaster.odoo.mail_server:
    name: Sales
    active: true
    provider: gmail
    smtp_authentication: gmail
    smtp_user: sales@acme.example
    oauth2:
      client_id: "{{ vault_google_client_id }}"
      client_secret: "{{ vault_google_client_secret }}"
      refresh_token: "{{ vault_google_refresh_token }}"
    from_filter: sales@acme.example
    verify: connection

- name: Outlook by OAuth2, for which somebody still has to consent
  postmaster.odoo.mail_server:
    name: Support
    active: true
    provider: office365
    smtp_authentication: outlook
    smtp_user: support@acme.example
    oauth2:
      client_id: "{{ vault_microsoft_client_id }}"
      client_secret: "{{ vault_microsoft_client_secret }}"
    from_filter: support@acme.example
  register: support # support.authorize_url is the link to open

- name: A client certificate, from files where the task runs
  postmaster.odoo.mail_server:
    name: Relay
    smtp_host: relay.acme.example
    smtp_port: 587
    smtp_encryption: starttls
    smtp_authentication: certificate
    smtp_ssl_certificate: /etc/ssl/odoo/client.pem
    smtp_ssl_private_key: /etc/ssl/odoo/client.key
    from_filter: acme.example

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
    - The client of O(oauth2) shows as steps of its own, of the system parameters that hold it.
    - After an error, the steps that were done before it.
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
        managed_elsewhere:
          description:
            - That another addon takes the field of this record from a file and ignores what is written to it. Only check mode reports such a
              change; a run fails before it writes.
          returned: when it is so
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
    - The record as found after the run (in check mode, before it), secrets masked, its C(key) as in RV(plan). Null where there is none.
    - Beside the fields, C(connected) and C(authorize_url) as below, of the record as found, and C(managed_elsewhere), the fields that another
      addon takes from a file on this record.
  returned: success
  type: dict
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
    - What came of the test of the new settings. Null where O(verify) is V(none), or nothing was to be tested.
  returned: success, and failure once the instance was asked
  type: dict
  contains:
    key:
      description: What the server is called.
      returned: always
      type: str
      sample: Transactional
    outcome:
      description:
        - V(ok), V(not_tested) (in check mode, and for a server that is not connected yet), or what was wrong, in one of the words of
          M(postmaster.odoo.mail_server_test).
      returned: always
      type: str
      sample: auth
    message:
      description: What Odoo said, in English, or why nothing was tested.
      returned: always
      type: str
      sample: "Server replied with following exception: (535, b'5.7.8 Authentication credentials invalid')"
    seconds:
      description: How long the test took. Null where there was none.
      returned: always
      type: float
      sample: 0.14
    canaries:
      description:
        - What became of each mail of O(verify=canary), as the C(canary) of M(postmaster.odoo.mail_server_test). Empty without it.
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
    - Whether Odoo holds the token that a server with O(smtp_authentication=gmail) or O(smtp_authentication=outlook) logs in with; in check mode,
      whether it would. Whether the provider still takes it only a test can tell.
    - Null for every other server, and where an error came first.
  returned: success, and failure once the instance was asked
  type: bool
  sample: false
authorize_url:
  description:
    - The link by which the missing consent is given. Whoever opens it must be logged in to that Odoo, in the same browser, as an administrator.
    - Null where the server is connected, and where Odoo has no link since it knows no client.
  returned: success, and failure once the instance was asked
  type: str
  sample: "https://accounts.google.com/o/oauth2/v2/auth?client_id=acme&redirect_uri=https%3A%2F%2Fodoo.acme.example%2Fgoogle_gmail%2Fconfirm"
error_kind:
  description:
    - What kind of error it is. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict),
      V(rejected), V(ambiguous), V(timeout), and with O(oauth2.required) V(not_connected).
    - A test that fails is V(rejected).
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import VERIFY, resource_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope

_RESOURCE = resource_arguments(MAIL_SERVER, states=("present", "absent"))
SPECIFICATION = Specification(
    options={**_RESOURCE, "activate_neutralized": {"type": "bool", "default": False}, **VERIFY},
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
