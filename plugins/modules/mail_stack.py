#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_stack
short_description: Enforce everything about the mail of an Odoo instance
version_added: 1.0.0
description:
  - Enforces addons, system parameters, alias domains, outgoing mail servers, scheduled actions (crons) and the queue policy of one instance as one plan.
  - Reading takes a constant number of calls. Everything is compared first, and only then written, in the order of the options. All errors in the
    declaration are reported before anything is written.
  - Up to 100 records of one type are created in one call. Records that get the same change also share a call. Crons do not, because Odoo rejects changes to
    a cron while it runs. Tested mail servers (O(verify)) take calls of their own.
  - If Odoo rejects a call for many records, the module divides the records until it finds the invalid one. The error names it, and RV(plan) contains the
    records that were written before it.
  - With O(verify=connection), new settings of mail servers are tested before anything except addons is written.
  - After writing, everything is read back. If Odoo has not kept a value, the task fails.
  - In check mode, the module reports drift and only calls methods that read. It compares everything that can be compared, even if something else fails.
  - A declared mail server or cron is active unless its declaration contains C(active=false).
  - If nothing is declared, the task fails with RV(error_kind=nothing_declared).
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
  - postmaster.odoo.activate_neutralized
  - postmaster.odoo.verify
options:
  addons:
    description:
      - The technical names of the addons that must be installed. They are installed first because other options may need their fields and values.
    type: list
    elements: str
  parameters:
    description:
      - System parameters by key. An empty string removes a parameter. Null does not change it. V(false) removes it up to Odoo 19.0, and is stored from 20.0 on.
      - If a value is a secret although its key does not name one, declare it as a dictionary with C(value) and C(secret=true).
      - If a key names a secret, its value is masked everywhere.
    type: dict
  alias_domains:
    description:
      - Alias domains, as in M(postmaster.odoo.alias_domain).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The domain, in lower case, such as V(acme.example).
        type: str
      xml_id:
        description:
          - An external ID, such as V(postmaster.acme), that identifies the record even after it was renamed. It is
            created together with the record.
        type: str
      bounce_alias:
        description:
          - The part before the @ of the address that bounces are sent to.
        type: str
      catchall_alias:
        description:
          - The part before the @ of the address for replies that have no alias of their own.
        type: str
      default_from:
        description:
          - The part before the @, or a whole address. Odoo sends from this address if it must not use the address of
            the sender.
        type: str
      sequence:
        description:
          - The position among the alias domains. The lowest number has the highest priority.
        type: int
      companies:
        description:
          - All companies that use the domain, by name or external ID. Companies that are not listed no longer use it.
        type: list
        elements: str
  servers:
    description:
      - Outgoing mail servers, as in M(postmaster.odoo.mail_server).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the mail server in Odoo. Without O(servers[].xml_id), it also identifies the record.
          - If two servers have the same name, the task fails and lists both IDs.
        type: str
      xml_id:
        description:
          - An external ID, such as V(postmaster.transactional), that identifies the record even after it was renamed.
          - It is created together with the record, or added to the record that has the name.
        type: str
      active:
        description:
          - Whether the server is in use. V(false) archives it. Odoo rejects that while mail templates or mailings use
            the server.
          - A declared mail server is active unless this is V(false).
          - On a neutralized copy of a database, nothing is activated unless O(activate_neutralized) allows it.
        type: bool
      sequence:
        description:
          - Odoo's priority among the servers that match a sender. The lowest number has the highest priority.
        type: int
      provider:
        description:
          - A well-known provider. It sets O(servers[].smtp_host), O(servers[].smtp_port) and O(servers[].smtp_encryption)
            if they are not given. Given values take precedence. The port and the encryption are adapted to each other.
          - These values count as declared. C(docs/providers.md) of the collection lists the values and their sources.
        type: str
        choices:
          - brevo
          - gandi
          - gmail
          - infomaniak
          - mailgun
          - mailjet
          - office365
          - outlook
          - ovh
          - postmark
          - sendgrid
          - ses
      provider_region:
        description:
          - The region of the provider's server. V(ses) accepts a region of AWS (default V(us-east-1)). V(mailgun) accepts
            V(us) or V(eu) (default V(us)). Other providers have no regions.
        type: str
      smtp_host:
        description:
          - The host name or address of the SMTP server.
          - An active mail server must have a host, unless O(servers[].smtp_authentication=cli) uses the host of Odoo's
            configuration file.
        type: str
      smtp_port:
        description:
          - The port, usually V(587) for V(starttls), V(465) for V(ssl) and V(25) for V(none). Odoo does not adapt it
            to O(servers[].smtp_encryption), but O(servers[].provider) does.
        type: int
      smtp_encryption:
        description:
          - V(none), V(starttls) or V(ssl). From Odoo 19.0 on also V(starttls_strict) and V(ssl_strict), which verify
            the certificate of the server.
          - The supported values are read from the instance. Any other value is an error before anything is written.
        type: str
      smtp_authentication:
        description:
          - V(login) uses a user and a password. V(certificate) uses a client certificate. V(cli), from Odoo 17.0 on,
            uses the settings in Odoo's own configuration file. V(gmail) needs the addon C(google_gmail). V(outlook)
            needs the addon C(microsoft_outlook).
          - The requirements of a method are checked before anything is written, against the values that the server
            will have. V(gmail) and V(outlook) need exactly O(servers[].smtp_encryption=starttls), O(servers[].smtp_user),
            no O(servers[].smtp_pass), and a client (O(servers[].oauth2)). V(certificate) needs O(servers[].smtp_ssl_certificate),
            O(servers[].smtp_ssl_private_key), and any encryption except V(none).
          - If a method is declared, the same write clears the credentials of the other methods. V(gmail) and V(outlook)
            clear the password, the others clear the tokens.
        type: str
      smtp_user:
        description:
          - The user name for the login. An empty string clears it. Odoo then does not log in.
        type: str
      smtp_pass:
        description:
          - The password, for example an app password. It is compared with the value in Odoo, and never shown (O(servers[].update_secrets)).
          - An empty string clears it.
        type: str
      smtp_pass_rotate_by:
        description:
          - The day by which O(servers[].smtp_pass) must be replaced, such as V(2027-01-31). Odoo does not store it.
            M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
        type: str
      smtp_ssl_certificate:
        description:
          - The client certificate for O(servers[].smtp_authentication=certificate). Either PEM text, or the absolute
            path of a PEM file on the host that runs the task. The path may begin with C(~). The certificate is compared
            and shown by its checksum.
        type: str
      smtp_ssl_private_key:
        description:
          - The private key of O(servers[].smtp_ssl_certificate), also as PEM text or as the path of a PEM file. It
            must have no passphrase. It is never shown.
        type: str
      oauth2:
        description:
          - The settings for a login with OAuth2. They need O(servers[].smtp_authentication=gmail) or O(servers[].smtp_authentication=outlook)
            in the same declaration.
        type: dict
        suboptions:
          client_id:
            description:
              - The ID of the client that is registered with Google or Microsoft. It is stored in the system parameter
                C(google_gmail_client_id) or C(microsoft_outlook_client_id). A database has only one of each. Servers
                with different values are an error.
              - Not needed if the system parameters are set in another way.
            type: str
          client_secret:
            description:
              - The secret of the client. It is stored in the system parameter C(google_gmail_client_secret) or C(microsoft_outlook_client_secret).
                It is never shown.
            type: str
          client_secret_expires:
            description:
              - The day on which O(servers[].oauth2.client_secret) expires, such as V(2027-01-31). Microsoft shows it
                on the page where you create the secret. Odoo does not store it. M(postmaster.odoo.mail_doctor) reports
                it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
            type: str
          refresh_token:
            description:
              - The refresh token from an earlier consent, if you have one. Without it, the result contains the link
                to open (RV(connections[].authorize_url)). The server is not connected until a person has opened the link. The token
                is never shown.
              - Writing it resets the access token, so that Odoo requests a new one.
            type: str
          update:
            description:
              - V(always), the default for V(gmail), compares O(servers[].oauth2.refresh_token) with the value in Odoo,
                and writes it if it differs.
              - V(if_missing), the default for V(outlook), writes it only if Odoo has none. Microsoft issues a new token
                at each use, and Odoo stores it.
            type: str
            choices: [always, if_missing]
          required:
            description:
              - Whether the task fails with RV(error_kind=not_connected) if the server is not connected at the end.
                All other changes are still made, because the link only exists if the record exists.
            type: bool
            default: false
      update_secrets:
        description:
          - The rule for writing O(servers[].smtp_pass), O(servers[].smtp_ssl_certificate) and O(servers[].smtp_ssl_private_key).
          - V(always) compares them with the values in Odoo, and writes those that differ. V(on_create) writes them
            only if Odoo has none. So a password that was changed in Odoo is kept and is not drift.
        type: str
        choices: [always, on_create]
        default: always
      from_filter:
        description:
          - The senders that the server is for, as addresses and domains, separated by commas. Order, spaces and case
            do not matter. Odoo 16.0 accepts only one entry.
          - An empty value matches no specific sender. If no server matches a sender, Odoo uses the server that matches
            the notifications address, or else the first server without a filter. Odoo then rewrites the C(From) to
            the notifications address.
        type: str
      smtp_debug:
        description:
          - Whether Odoo writes the SMTP dialogue to its log, at level debug.
        type: bool
      smtp_timeout:
        description:
          - The number of seconds that Odoo waits for the SMTP server. If it is below 30, a warning explains the risk.
          - No version of Odoo has this field (Odoo always waits 60 seconds). The role P(postmaster.odoo.smtp_timeout#role)
            installs the addon C(mail_smtp_timeout), which adds it. If the instance does not have the field, this option
            is an error.
        type: int
      max_email_size:
        description:
          - The size in megabytes above which Odoo sends attachments as links. Odoo 18.0 and 19.0.
          - Odoo 20.0 has one limit for all mail servers, the system parameter C(base.default_max_email_size).
        type: float
      state:
        description:
          - V(present) creates or changes the server. V(absent) deletes it. A warning names the mail templates and mailings
            that used it. To keep the record, archive it with O(servers[].active=false).
        type: str
        choices: [present, absent]
        default: present
  crons:
    description:
      - Scheduled actions (crons), as in M(postmaster.odoo.cron).
    type: list
    elements: dict
    suboptions:
      xml_id:
        description:
          - The external ID of the cron, such as V(mail.ir_cron_mail_scheduler_action) for Odoo's mail queue.
          - With O(crons[].code), an external ID of your own that identifies the cron even after it was renamed. It
            is created together with the cron.
        type: str
      name:
        description:
          - The name of the cron, in English. Use it if the cron has no external ID that you can declare.
        type: str
      model:
        description:
          - The technical name of the model that the cron works on, such as V(mail.mail). It distinguishes crons that
            have the same O(crons[].name).
        type: str
      code:
        description:
          - The Python code of a cron of your own, as Odoo runs it in server actions (C(model), C(env), C(log), ...).
            If O(crons[].name) and O(crons[].model) are also given and the cron does not exist, it is created.
          - The code is compared character by character, including blanks.
        type: str
      state:
        description:
          - V(present) enforces the cron. V(absent) deletes a cron of your own.
          - A cron of an addon is never deleted because the addon relies on it. The task then fails before anything
            is written. Use O(crons[].active=false) instead.
        type: str
        choices: [present, absent]
        default: present
      active:
        description:
          - Whether the cron runs.
          - A declared cron is active unless this is V(false).
          - On a neutralized copy of a database, nothing is activated unless O(activate_neutralized) allows it.
        type: bool
      interval_number:
        description:
          - The number of O(crons[].interval_type) units between two runs.
        type: int
      interval_type:
        description:
          - The unit of the interval. V(minutes), V(hours), V(days), V(weeks) or V(months).
        type: str
      priority:
        description:
          - The priority of the cron. V(0) runs first, V(10) last.
        type: int
      user:
        description:
          - The user that the cron runs as, by login or external ID.
        type: str
      nextcall:
        description:
          - The time of the next run, in UTC, such as V(2026-01-31 06:00:00). Each run sets a new time. Declare it only
            to reschedule the cron once.
        type: str
      max_overdue:
        description:
          - The number of minutes that an active cron may be behind its schedule. It is drift if C(nextcall) is further
            in the past, or further ahead than one interval. The module then reschedules it to now.
        type: int
      numbercall:
        description:
          - The number of remaining runs. V(-1) is unlimited. Odoo 18.0 has removed this field.
        type: int
      doall:
        description:
          - Whether Odoo executes missed runs later. Odoo 18.0 has removed this field.
        type: bool
  queue_policy:
    description:
      - The rules that pace, retry, clean up and monitor Odoo's mail queue, as in M(postmaster.odoo.queue_policy).
    type: dict
    suboptions:
      lanes:
        description:
          - The queue by priority. Every run sends the oldest mails of each lane, one lane after the other. A mail belongs
            to the first lane that it matches.
          - Mails that match no lane belong to an additional last lane with 100 mails per run, unless the last lane
            here has no O(queue_policy.lanes[].domain).
          - An empty list removes the lanes.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name of the lane in Odoo's log.
            type: str
            required: true
          domain:
            description:
              - The filter for the mails of the lane. It is an Odoo domain on C(mail.mail) with plain values, as text
                or as a list of lists.
              - Without a domain, or with an empty one, the lane takes all remaining mails and must be the last one.
            type: raw
          batch:
            description:
              - The maximum number of mails per run.
            type: int
            default: 100
      interval:
        description:
          - The number of minutes between two runs of the lanes. Odoo's own queue runs once an hour. If not set, the
            schedule is not changed. Without O(queue_policy.lanes) it is an error.
          - Odoo itself sometimes runs its queue between these runs.
        type: int
      settle:
        description:
          - The number of seconds during which the lanes do not touch a new mail. Odoo sends most mails right after
            it has created them. If the queue takes such a mail during this time, it is sent twice.
          - 60 if not set. Without O(queue_policy.lanes) it is an error.
        type: int
      backoff:
        description:
          - Retries mails with a transient failure. These are temporary refusals (421, 450, 451, 452), timeouts, broken
            connections, and servers that were down or not found. Mails with a permanent failure are not changed.
        type: dict
        suboptions:
          enabled:
            description:
              - V(false) removes this rule.
            type: bool
            default: true
          first_delay:
            description:
              - The number of minutes before the first retry. Each further delay is as long as the age of the mail when
                it failed. So the delay about doubles each time.
            type: int
            default: 5
          max_delay:
            description:
              - The maximum number of minutes of a delay.
            type: int
            default: 60
          give_up_after:
            description:
              - The number of minutes after which a mail that still fails is given up, counted from its creation or
                its scheduled date.
            type: int
            default: 4320
          max_attempts:
            description:
              - The maximum number of attempts for a mail, including the first. A mail that has failed that often, or
                is older than O(queue_policy.backoff.give_up_after), is given up. Odoo's log, M(postmaster.odoo.mail_queue_info)
                and M(postmaster.odoo.mail_doctor) report it.
              - The attempts of M(postmaster.odoo.mail_queue) count as well.
            type: int
            default: 100
      stale_after:
        description:
          - The number of days after which a due mail that still waits is cancelled. It is not deleted. V(0) removes
            this rule.
        type: int
      purge_after:
        description:
          - The number of days after which a failed or cancelled mail is deleted, counted from its last change. V(0)
            removes this rule.
          - Over RPC, Odoo does not allow even administrators to delete some mails. The cron deletes them inside Odoo.
        type: int
      watchdog:
        description:
          - Keeps the queue and the other rules running. A cron that is inactive, overdue, or scheduled further ahead
            than its interval is activated and rescheduled to now. Odoo's log reports it, and the channel or user below
            gets a message.
        type: dict
        suboptions:
          enabled:
            description:
              - V(false) removes this rule.
            type: bool
            default: true
          interval:
            description:
              - The number of minutes between two checks.
            type: int
            default: 5
          max_overdue:
            description:
              - The number of minutes that a cron may be inactive, overdue, or too far ahead.
            type: int
            default: 30
          max_outgoing:
            description:
              - The number of due mails that may wait before the watchdog sends a message.
            type: int
          channel:
            description:
              - The channel that gets the messages, by its name or its external ID, such as V(mail.channel_admin), which
                exists from Odoo 18.0 on. The same message is sent at most once an hour.
            type: str
          user:
            description:
              - The login of the user who gets the messages, in Odoo or by mail, depending on the preferences of the
                user.
            type: str
      state:
        description:
          - V(present) enforces the declared rules. V(absent) removes all rules, and restores Odoo's own queue.
        type: str
        choices: [present, absent]
        default: present
  routes:
    description:
      - The mail server for the mail of each sender. Nothing is written for a route. The module checks it against the servers, alias domains and system
        parameters after the run, with the routing rules of this version of Odoo.
      - If a route would not apply after the run, the task fails with RV(error_kind=conflict) before anything is written. The error names the cause and the
        remedy. In check mode, such a route is a difference of a resource C(route) in RV(plan).
      - The route must apply to mail of every company. Users' personal servers (19.0) are ignored because they only send mail of their owner.
      - A server that waits for a consent counts as active, and so does one that stays archived because the database is a neutralized copy. A warning
        reports both cases.
    type: list
    elements: dict
    suboptions:
      from:
        description:
          - The address of the sender.
        type: str
        required: true
      server:
        description:
          - The mail server, by its name, or by its external ID if O(servers[].xml_id) declares it.
        type: str
        required: true
  from_inventory:
    description:
      - Whether options that the task does not set come from the inventory variables C(odoo_mail_*) and C(odoo_queue_*) of the host, merged from their
        layers. The role P(postmaster.odoo.provision#role) describes the variables.
      - An unknown variable with one of these prefixes is an error. The error suggests the most similar name.
    type: bool
    default: false
  parts:
    description:
      - The parts of the declaration that are compared and enforced. Other parts count as not declared. If not set, all parts are used.
    type: list
    elements: str
    choices: [addons, parameters, alias_domains, servers, crons, queue_policy, routes]
  unmanaged:
    description:
      - The treatment of active mail servers that O(servers) does not name, and of installed rules that O(queue_policy) does not name. V(report) lists them.
        V(archive) also archives the mail servers. V(ignore) does not check for them.
      - Mail servers are only checked if O(servers) is set, and rules only if a queue policy is declared. An empty list counts as set, and declares that
        there must be no mail server. V(archive) needs at least one declared mail server.
    type: str
    choices: [report, archive, ignore]
    default: report
  update_list:
    description:
      - Whether Odoo reads its addons path again if one of O(addons) is not in its list. This is not done in check mode.
    type: bool
    default: false
  replay:
    description:
      - Compares the routes of the senders of the last days, before and after the plan. RV(replay) lists mail that would use another server, would get
        another C(From), or would have no server.
      - It changes nothing, and it has no effect on the plan or on drift. In check mode, it shows the effect of the plan. In a run, it shows the effect of
        the run.
      - Reading the senders takes a fixed number of calls. Only mail that the user of the connection may read is counted. C(docs/routing.md) of the
        collection says which mail that is.
    type: dict
    suboptions:
      days:
        description:
          - The number of days.
        type: int
        default: 30
  snapshot_folder:
    description:
      - A folder on the controller for a snapshot file, which is written before anything in the instance. The file contains the former state of exactly the
        records and fields that the run will change. M(postmaster.odoo.mail_rollback) and the playbook C(postmaster.odoo.rollback) restore it.
      - The folder must exist. The task needs the connection C(local), without C(become) and C(async). If the file cannot be written, nothing is changed.
      - The name of the file consists of the host and port of the URL, the database, and the time in UTC. No file of another run is
        overwritten or deleted. If a run changes nothing, it removes its own file.
      - If the file contains secrets and Ansible has a vault secret, the whole file is encrypted. Without a vault secret, it contains no secrets, and a
        warning names the missing ones.
      - In check mode, and if nothing has to be changed, no file is written. If not set, no file is written at all.
    type: path
seealso:
  - module: postmaster.odoo.mail_server
  - module: postmaster.odoo.cron
  - module: postmaster.odoo.system_parameter
  - module: postmaster.odoo.alias_domain
  - module: postmaster.odoo.addon
  - module: postmaster.odoo.mail_server_test
  - module: postmaster.odoo.mail_rollback
    description: Restores the former state of a snapshot.
"""

EXAMPLES = r"""
---
- name: Enforce the mail settings of one instance
  postmaster.odoo.mail_stack:
    url: https://odoo.acme.example
    database: acme
    api_key: "{{ vault_odoo_api_key }}"
    addons: [google_gmail]
    parameters:
      mail.session.batch.size: "500"
    alias_domains:
      - name: acme.example
        default_from: notifications
    servers:
      - name: Transactional
        smtp_host: smtp.provider.example
        smtp_port: 587
        smtp_encryption: starttls
        smtp_authentication: login
        smtp_user: apikey
        smtp_pass: "{{ vault_smtp_pass }}"
        from_filter: acme.example
        sequence: 10
    crons:
      - xml_id: mail.ir_cron_mail_scheduler_action
        interval_number: 5
        interval_type: minutes
        max_overdue: 15
    routes:
      - {from: shop@acme.example, server: Transactional}
    unmanaged: report

- name: Use three login methods, and test each server before it goes live
  postmaster.odoo.mail_stack:
    addons: [google_gmail, microsoft_outlook]
    servers:
      - name: Transactional
        provider: postmark
        smtp_authentication: login
        smtp_user: "{{ vault_postmark_token }}"
        smtp_pass: "{{ vault_postmark_token }}"
        from_filter: acme.example
      - name: Sales
        provider: gmail
        smtp_authentication: gmail
        smtp_user: sales@acme.example
        oauth2:
          client_id: "{{ vault_google_client_id }}"
          client_secret: "{{ vault_google_client_secret }}"
          refresh_token: "{{ vault_google_refresh_token }}"
        from_filter: sales@acme.example
      - name: Support
        provider: office365
        smtp_authentication: outlook
        smtp_user: support@acme.example
        oauth2:
          client_id: "{{ vault_microsoft_client_id }}"
          client_secret: "{{ vault_microsoft_client_secret }}"
        from_filter: support@acme.example
    verify: connection
  register: stack # stack.connections contains the links that must still be opened

- name: Only show the changes that a run would make
  postmaster.odoo.mail_stack:
    servers:
      - name: Relay
        smtp_host: relay.acme.example
        smtp_port: 587
        smtp_encryption: starttls
        smtp_authentication: certificate
        smtp_ssl_certificate: /etc/ssl/odoo/client.pem
        smtp_ssl_private_key: /etc/ssl/odoo/client.key
        from_filter: acme.example
    unmanaged: ignore
    verify: connection
  check_mode: true
"""

RETURN = r"""
---
plan:
  description:
    - The differences that the run has corrected. In check mode, those that a run would correct. An empty list means no drift.
    - After an error, the steps that were completed before it.
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
        remark:
          description: The cause of the difference and its remedy.
          returned: when they are known, such as for a route that does not apply
          type: str
          sample: the mail server Billing is archived. Set active to true for it
  sample:
    - resource: system_parameter
      key: mail.session.batch.size
      action: create
      changes:
        - field: key
          before: null
          after: mail.session.batch.size
        - field: value
          before: null
          after: "500"
    - resource: cron
      key: mail.ir_cron_mail_scheduler_action
      action: update
      changes:
        - field: interval_number
          before: 1
          after: 5
        - field: interval_type
          before: hours
          after: minutes
records:
  description:
    - The declared records after the run. In check mode, the records as they are now. Secrets are masked. C(resource) and C(key) are the same as in
      RV(plan). The system parameters of an OAuth2 client count as declared.
    - The other fields are those of the record in Odoo, as in RV(postmaster.odoo.mail_server_info#module:mail_servers) and
      RV(postmaster.odoo.cron_info#module:crons).
  returned: success, and failure in check mode
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource, such as V(system_parameter).
      returned: always
      type: str
      sample: system_parameter
    key:
      description: The name, the key or the external ID of the resource, as in RV(plan).
      returned: always
      type: str
      sample: mail.session.batch.size
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 21
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
    - resource: system_parameter
      key: mail.session.batch.size
      id: 21
      xml_id: null
      value: "500"
unmanaged:
  description:
    - If O(servers) is set, active mail servers that it does not declare. If O(queue_policy) is set, installed rules that it does not declare.
  returned: success, and failure in check mode
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource, V(mail_server) or V(queue_policy).
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name of the server, or the rule.
      returned: always
      type: str
      sample: Old relay
    id:
      description: The ID of the record in Odoo.
      returned: always
      type: int
      sample: 4
    name:
      description: The name of the record in Odoo.
      returned: always
      type: str
      sample: Old relay
    xml_id:
      description: The external ID of a former declaration, or null.
      returned: always
      type: str
      sample: null
  sample:
    - resource: mail_server
      key: Old relay
      id: 4
      name: Old relay
      xml_id: null
routes:
  description:
    - The routes of the senders in O(routes). In check mode, the routes after a run. If companies differ, the route of the main company.
  returned: success, and failure in check mode
  type: list
  elements: dict
  contains:
    from:
      description: The sender.
      returned: always
      type: str
      sample: shop@acme.example
    server:
      description: The name of the mail server. Null for the server of Odoo's configuration file.
      returned: always
      type: str
      sample: Transactional
    email_from:
      description:
        - The C(From) that the recipient sees.
        - Null if no server matches the sender and the build of Odoo is not known. Builds of 16.0 and 17.0 from before 2024 then keep the sender. Later
          builds replace it with the notifications address. Only the versions of packages and container images contain the date of the build.
      returned: always
      type: str
      sample: shop@acme.example
    rewritten:
      description: Whether C(email_from) is not the address of the sender. Null if it depends on the build of Odoo, which is not known.
      returned: always
      type: bool
      sample: false
    rule:
      description:
        - The rule by which Odoo chooses this server. One of V(address), V(domain), V(notifications_address), V(notifications_domain), V(unfiltered),
          V(first) and V(configuration). C(docs/routing.md) of the collection explains them.
      returned: always
      type: str
      sample: domain
  sample:
    - from: shop@acme.example
      server: Transactional
      email_from: shop@acme.example
      rewritten: false
      rule: domain
replay:
  description:
    - The effect of the plan on the mail of the senders of the last days. Null without O(replay).
  returned: success, and failure in check mode
  type: dict
  contains:
    days:
      description: The number of days.
      returned: always
      type: int
      sample: 30
    since:
      description: The start of the days, UTC.
      returned: always
      type: str
      sample: "2026-10-30 20:00:00"
    counted_since:
      description:
        - The time from which on all messages are counted. It is later than RV(replay.since) if there are more than 100,000 mails. Older mails then only
          show additional senders.
      returned: always
      type: str
      sample: "2026-10-30 20:00:00"
    complete:
      description:
        - Whether all senders that the user may read are compared. It is false if there are many thousand senders, and if the user may not read mass
          mailings.
      returned: always
      type: bool
      sample: true
    mails:
      description: The number of messages that were counted. One message can result in several mails.
      returned: always
      type: int
      sample: 5312
    changed:
      description: The number of affected senders and messages, and the number of messages by effect.
      returned: always
      type: dict
      sample: {senders: 1, mails: 214, effects: {other_server: 214}}
    left_out:
      description: The number of senders that are compared but not listed. At most 1000 senders are listed.
      returned: always
      type: int
      sample: 0
    senders:
      description: The senders. Senders whose mail changes come first, then those with the most messages.
      returned: always
      type: list
      elements: dict
      contains:
        from:
          description: The sender, as Odoo stores it. Empty for mail without a sender.
          returned: always
          type: str
          sample: shop@acme.example
        mails:
          description: The number of messages of the sender. V(0) if the sender is only configured and has sent no mail.
          returned: always
          type: int
          sample: 214
        sources:
          description:
            - The sources of the sender. V(mail) is mail that was sent. V(mailing) is a mass mailing. V(template) is a mail template with a fixed sender.
              V(company) is the address of a company. V(alias) is the address of a team or a project.
          returned: always
          type: list
          elements: str
          sample: [mail]
        companies:
          description: The companies of the mail, if they are known. Empty up to 16.0.
          returned: always
          type: list
          elements: str
          sample: [ACME]
        server_before:
          description:
            - The name of the current mail server. Null for the server of Odoo's configuration file, and if Odoo cannot send the mail.
            - Also null if it depends on the company or on the build of Odoo. RV(replay.senders[].email_from_before) is then also null.
          returned: always
          type: str
          sample: Old relay
        server_after:
          description: The name of the mail server after the plan.
          returned: always
          type: str
          sample: Transactional
        email_from_before:
          description:
            - The C(From) that the recipient sees now. Empty if Odoo cannot send the mail. Null if it depends on the company or on the build of Odoo.
          returned: always
          type: str
          sample: shop@acme.example
        email_from_after:
          description: The C(From) that the recipient sees after the plan.
          returned: always
          type: str
          sample: shop@acme.example
        effects:
          description:
            - The effects of the plan. Empty if nothing changes.
            - V(other_server) is another mail server. V(other_host) is another host, port or login of the same server. V(no_server) means that there is no
              server. V(fails) means that Odoo cannot send the mail.
            - V(rewritten) means that the recipient sees another address than the sender's. V(restored) means that the recipient sees the sender's address
              again. V(other_from) is any other change of the C(From).
            - V(unknown) means that it depends on the sending company or the build of Odoo, or that the sender is not a valid address.
          returned: always
          type: list
          elements: str
          sample: [other_server]
        change:
          description: The effects in words.
          returned: always
          type: str
          sample: server Old relay -> Transactional
  sample: null
snapshot:
  description:
    - The path of the snapshot file. Null without O(snapshot_folder), and if nothing was changed.
  returned: success, and failure after the instance was queried
  type: str
  sample: /etc/ansible/snapshots/odoo.acme.example_acme_20261130T020000Z.yml
verifications:
  description:
    - The results of the tests of new settings. Empty if O(verify) is V(none), or if nothing had to be tested.
  returned: success, and failure after the instance was queried
  type: list
  elements: dict
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
    - key: Transactional
      outcome: unreachable
      message: "Connection Test Failed! Here is what we got instead: [Errno 111] Connection refused"
      seconds: 0.1
      canaries: []
    - key: Newsletter
      outcome: ok
      message: Connection Test Successful!
      seconds: 0.13
      canaries: []
connections:
  description:
    - The declared servers that log in with OAuth2, connected or not.
  returned: success, and failure after the instance was queried
  type: list
  elements: dict
  contains:
    key:
      description: The name of the mail server.
      returned: always
      type: str
      sample: Sales
    connected:
      description:
        - Whether Odoo has the token for the login. In check mode, whether it would have it after a run. Only a test can show whether the provider still
          accepts the token.
      returned: always
      type: bool
      sample: false
    authorize_url:
      description:
        - The link for the missing consent. The person who opens it must be logged in to this Odoo as an administrator, in the same browser.
        - Null if the server is connected. Also null if Odoo has no link because it has no client.
      returned: always
      type: str
      sample: "https://accounts.google.com/o/oauth2/v2/auth?client_id=acme&redirect_uri=https%3A%2F%2Fodoo.acme.example%2Fgoogle_gmail%2Fconfirm"
  sample:
    - key: Sales
      connected: true
      authorize_url: null
    - key: Support
      connected: false
      authorize_url: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=acme&response_type=code"
error_kind:
  description:
    - The kind of the error. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict), V(rejected), V(ambiguous),
      V(timeout), V(nothing_declared) if nothing can be compared, and with O(servers[].oauth2.required) also V(not_connected).
    - A failed test is V(rejected). A route that would not apply is V(conflict).
  returned: failure
  type: str
  sample: rejected
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import credentials_of
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import enforced_result
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import (
    ACTIVATE_NEUTRALIZED,
    UPDATE_LIST,
    VERIFY,
    stack_arguments,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES

SPECIFICATION = Specification(
    options={
        **stack_arguments(RESOURCE_TYPES),
        "routes": {
            "type": "list",
            "elements": "dict",
            "options": {"from": {"type": "str", "required": True}, "server": {"type": "str", "required": True}},
        },
        "from_inventory": {"type": "bool", "default": False},
        "parts": {"type": "list", "elements": "str", "choices": [*stack_arguments(RESOURCE_TYPES), "routes"]},
        "unmanaged": {"type": "str", "choices": ["report", "archive", "ignore"], "default": "report"},
        **UPDATE_LIST,
        **ACTIVATE_NEUTRALIZED,
        **VERIFY,
        "replay": {"type": "dict", "options": {"days": {"type": "int", "default": 30}}},
        "snapshot_folder": {"type": "path"},
    },
)


def run(module: OdooModule) -> None:
    """Enforce a whole stack."""
    options = RunOptions(
        unmanaged=module.params["unmanaged"],
        activate_neutralized=module.params["activate_neutralized"],
        update_list=module.params["update_list"],
        verify=module.params["verify"],
        canary_to=module.params["canary_to"],
        replay_days=module.params["replay"]["days"] if module.params["replay"] else None,
    )
    declared = read_declared_stack(module.params, options, module.params["parts"], with_problems=module.check_mode)
    folder = module.params["snapshot_folder"]
    snapshots = module.snapshots(folder) if folder else None
    with module.session() as session:
        former_state = None
        if snapshots:
            # Takes 3 ms, and only a snapshot needs it.
            from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.former_state import FormerState

            file = snapshots.file(session.url, session.database)
            former_state = FormerState(session, file, credentials_of(module.params))
        outcome = enforce_stack(session, declared, options, former_state)
        module.exit_with(enforced_result(outcome, module.scope, diff=module.shows_diff))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
