#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_stack
short_description: Enforce everything about the mail of an Odoo instance
version_added: 0.1.0
description:
  - Enforces addons, system parameters, alias domains, outgoing mail servers, scheduled actions (crons) and the queue policy of one instance as
    one plan.
  - Everything is read in a number of calls that does not grow with what is declared, compared, and only then written, in the order of the
    options. Whatever is wrong in the declaration is reported before anything is written.
  - Up to 100 records of one type are created in one call. Records that get the same change share a call, too, but for crons, which Odoo refuses to change
    while they run. Mail servers that are tested first (O(verify)) take calls of their own.
  - If Odoo refuses a call for many records, the records are divided until the one at fault is found. The error names it, and RV(plan) contains those that
    were done before it.
  - With O(verify=connection), new settings of mail servers are tested before anything but addons is written.
  - After writing, everything is read back; a value that did not stick is an error.
  - In check mode it reports drift and calls only methods that read. Everything that can be compared is compared, whatever else fails.
  - A declared mail server or cron is active unless its declaration says C(active=false).
  - If nothing is declared, the task fails with RV(error_kind=nothing_declared).
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  addons:
    description:
      - Technical names of the addons that must be installed. They come first, for they bring fields and values that the rest may need.
    type: list
    elements: str
  parameters:
    description:
      - System parameters by key. An empty string removes a parameter; null leaves it alone. V(false) removes it up to Odoo 19.0, and is stored from
        20.0 on.
      - A value that is a secret although its key does not say so is declared as a dictionary with C(value), and C(secret) as V(true).
      - The values of parameters whose key names a secret are masked everywhere.
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
          - An external id such as V(postmaster.acme), that pins the record. It is created with the record and survives
            renaming.
        type: str
      bounce_alias:
        description:
          - The part before the @ of the address that bounces return to.
        type: str
      catchall_alias:
        description:
          - The part before the @ of the address that replies without an alias of their own go to.
        type: str
      default_from:
        description:
          - The part before the @ of the address that Odoo sends from where it must not use the sender's own, or a whole
            address.
        type: str
      sequence:
        description:
          - Its place among the alias domains; the lowest number wins.
        type: int
      companies:
        description:
          - The companies that use the domain, by name or external id; all of them. Companies that are not listed lose
            it.
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
          - The name of the mail server in Odoo. Without O(servers[].xml_id) it also is what the record is found by.
          - Two servers of one name are an error that lists both ids; nothing is guessed.
        type: str
      xml_id:
        description:
          - An external id such as V(postmaster.transactional), that pins the record. It is created with the record,
            or added to the one that has the name, and survives renaming.
        type: str
      active:
        description:
          - A declared record is active unless this is V(false).
          - Whether the server is in use. V(false) archives it, which Odoo refuses while mail templates or mailings
            use it.
          - On a neutralized copy of a database nothing is activated unless O(activate_neutralized) says so.
        type: bool
      sequence:
        description:
          - Odoo's priority among the servers that fit a sender; the lowest number wins.
        type: int
      provider:
        description:
          - A well-known provider. Fills in O(servers[].smtp_host), O(servers[].smtp_port) and O(servers[].smtp_encryption)
            where they are not given; what is given wins, and the port and the encryption follow one another.
          - What is filled in counts as declared. The values and where each comes from stand in C(docs/providers.md)
            of the collection.
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
          - Which server, where the provider has several. V(ses) takes a region of AWS (V(us-east-1) if not given),
            V(mailgun) V(us) or V(eu) (V(us) if not given). Other providers have no regions.
        type: str
      smtp_host:
        description:
          - Host name or address of the SMTP server.
          - A mail server in use must have it, unless O(servers[].smtp_authentication=cli) takes the host of Odoo's
            command line.
        type: str
      smtp_port:
        description:
          - Its port, usually V(587) for V(starttls), V(465) for V(ssl) and V(25) for V(none). Odoo does not adapt it
            to O(servers[].smtp_encryption); O(servers[].provider) does.
        type: int
      smtp_encryption:
        description:
          - V(none), V(starttls) or V(ssl). From Odoo 19.0 on also V(starttls_strict) and V(ssl_strict), which verify
            the server's certificate.
          - What the instance offers is asked of the instance; anything else is an error before anything is written.
        type: str
      smtp_authentication:
        description:
          - V(login) (user and password), V(certificate), from Odoo 17.0 on V(cli) (Odoo's own configuration file),
            V(gmail) with the addon C(google_gmail), V(outlook) with the addon C(microsoft_outlook).
          - What a method needs is checked before anything is written, on the values that the server will have. V(gmail)
            and V(outlook) need O(servers[].smtp_encryption=starttls) exactly, O(servers[].smtp_user), no O(servers[].smtp_pass),
            and a client (O(servers[].oauth2)). V(certificate) needs O(servers[].smtp_ssl_certificate), O(servers[].smtp_ssl_private_key),
            and any encryption but V(none).
          - Declaring a method clears what another one has left in Odoo, in the same write (V(gmail) and V(outlook)
            the password, the others the tokens).
        type: str
      smtp_user:
        description:
          - The user to log in as. An empty string clears it, and Odoo then does not log in.
        type: str
      smtp_pass:
        description:
          - The password, an app password for instance. It is compared with what Odoo holds, and never shown. See O(servers[].update_secrets).
          - An empty string clears it.
        type: str
      smtp_pass_rotate_by:
        description:
          - The day by which O(servers[].smtp_pass) is to be replaced, such as V(2027-01-31). Odoo does not store it.
            M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
        type: str
      smtp_ssl_certificate:
        description:
          - The client certificate for O(servers[].smtp_authentication=certificate), as PEM or as the absolute path
            of a PEM file where the task runs, which may begin with C(~). Compared and shown by checksum.
        type: str
      smtp_ssl_private_key:
        description:
          - The private key of O(servers[].smtp_ssl_certificate), likewise as PEM or as the path of a PEM file. It must
            have no passphrase. Never shown.
        type: str
      oauth2:
        description:
          - How to log in with OAuth2. Goes with O(servers[].smtp_authentication=gmail) or O(servers[].smtp_authentication=outlook),
            declared beside it.
        type: dict
        suboptions:
          client_id:
            description:
              - The client that was registered with Google or Microsoft. Becomes the system parameter C(google_gmail_client_id)
                or C(microsoft_outlook_client_id), of which a database has one; servers that give it different values
                are an error.
              - Not needed where the system parameters are set in another way.
            type: str
          client_secret:
            description:
              - Its secret. Becomes the system parameter C(google_gmail_client_secret) or C(microsoft_outlook_client_secret).
                Never shown.
            type: str
          client_secret_expires:
            description:
              - The day on which O(servers[].oauth2.client_secret) ends, such as V(2027-01-31). Microsoft shows it where
                the secret is created. Odoo does not store it. M(postmaster.odoo.mail_doctor) reports it (O(postmaster.odoo.mail_doctor#module:declared_dates)).
            type: str
          refresh_token:
            description:
              - What a human's consent brought, where you have it already. Without one the result holds the link to
                open (RV(connections[].authorize_url)), and the server is not connected until somebody has opened it. Never shown.
              - Writing it resets the access token, so that Odoo fetches a new one.
            type: str
          update:
            description:
              - V(always) compares O(servers[].oauth2.refresh_token) with what Odoo holds, and writes it where it differs,
                the default of V(gmail). V(if_missing) writes it only where Odoo holds none, the default of V(outlook),
                for Microsoft gives a new one at each use, which Odoo keeps.
            type: str
            choices: [always, if_missing]
          required:
            description:
              - Whether the task fails with RV(error_kind=not_connected) where the server is not connected at its end.
                Whatever else can be done is done before, for without the record there would be no link.
            type: bool
            default: false
      update_secrets:
        description:
          - When O(servers[].smtp_pass), O(servers[].smtp_ssl_certificate) and O(servers[].smtp_ssl_private_key) are
            written.
          - V(always) compares them with what Odoo holds, and writes what differs. V(on_create) writes them only where
            Odoo holds none, so that a password that was changed in Odoo stays, and is no drift.
        type: str
        choices: [always, on_create]
        default: always
      from_filter:
        description:
          - The senders that the server is for, as addresses and domains between commas. Order, spaces and case make
            no difference. Odoo 16.0 takes one entry only.
          - Empty is for no sender in particular. Mail of a sender that no server names leaves through the one that
            names the notifications address, or else the first without filter, its C(From) rewritten to that address.
        type: str
      smtp_debug:
        description:
          - Write the SMTP dialogue to Odoo's log, at level debug.
        type: bool
      smtp_timeout:
        description:
          - Seconds that Odoo waits for the SMTP server. Below 30 a warning says why that is little.
          - No version of Odoo has this field of its own (it always waits 60 seconds). The addon C(mail_smtp_timeout)
            brings it, which the role P(postmaster.odoo.smtp_timeout#role) installs. Where the instance lacks it, asking
            for it is an error.
        type: int
      max_email_size:
        description:
          - The size in megabytes from which on Odoo sends attachments as links. Odoo 18.0 and 19.0.
          - Odoo 20.0 has one limit for all mail servers, the system parameter C(base.default_max_email_size).
        type: float
      state:
        description:
          - V(absent) deletes the server; a warning names the mail templates and mailings that lose it. To keep the
            record, archive it with O(servers[].active=false).
        type: str
        choices: [present, absent]
        default: present
  crons:
    description:
      - Scheduled actions, as in M(postmaster.odoo.cron).
    type: list
    elements: dict
    suboptions:
      xml_id:
        description:
          - The external id of the scheduled action, such as V(mail.ir_cron_mail_scheduler_action), Odoo's mail queue.
          - With O(crons[].code), an external id of your own, that the action is created with and that survives renaming.
        type: str
      name:
        description:
          - The name of the scheduled action, in English, where it has no external id worth naming.
        type: str
      model:
        description:
          - The technical name of the model that it works on, such as V(mail.mail), to tell actions of one O(crons[].name)
            apart.
        type: str
      code:
        description:
          - The Python code of a scheduled action of your own, as Odoo runs it in server actions (C(model), C(env),
            C(log), ...). With it, and O(crons[].name) and O(crons[].model), the action is created where there is none.
          - The code is compared as it stands, to the last blank.
        type: str
      state:
        description:
          - V(absent) deletes a scheduled action of your own. What an addon has brought is not deleted, for the addon
            relies on it; that is an error before anything is written. Use O(crons[].active=false) for it.
        type: str
        choices: [present, absent]
        default: present
      active:
        description:
          - A declared record is active unless this is V(false).
          - Whether it runs at all.
          - On a neutralized copy of a database nothing is activated unless O(activate_neutralized) says so.
        type: bool
      interval_number:
        description:
          - How many O(crons[].interval_type) lie between two runs.
        type: int
      interval_type:
        description:
          - V(minutes), V(hours), V(days), V(weeks) or V(months).
        type: str
      priority:
        description:
          - V(0) runs first, V(10) last.
        type: int
      user:
        description:
          - The login, or the external id, of the user that it runs as.
        type: str
      nextcall:
        description:
          - When it runs next, in UTC, such as V(2026-01-31 06:00:00). Odoo moves it on with each run, so declare it
            only to move it once.
        type: str
      max_overdue:
        description:
          - Minutes. An active action whose C(nextcall) lies further back than that, or further ahead than one interval,
            is drift, and is rescheduled to now.
        type: int
      numbercall:
        description:
          - How many more times it runs, V(-1) for ever. Gone in Odoo 18.0.
        type: int
      doall:
        description:
          - Whether missed runs are made up for. Gone in Odoo 18.0.
        type: bool
  queue_policy:
    description:
      - Pace Odoo's mail queue, try failed mails again, clean up, and keep it running, as in M(postmaster.odoo.queue_policy).
    type: dict
    suboptions:
      lanes:
        description:
          - The queue by importance. Every run sends each lane's oldest mails, lane after lane. A mail goes with the
            first lane that it fits.
          - What fits none goes with a last lane of 100 mails a run, unless the last lane here has no O(queue_policy.lanes[].domain).
          - An empty list takes the lanes away.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - What the lane is called in Odoo's log.
            type: str
            required: true
          domain:
            description:
              - Which mails it takes, as an Odoo domain on C(mail.mail) with plain values, as text or as a list of lists.
              - Without one, or with an empty one, it takes everything that is left, and must be the last.
            type: raw
          batch:
            description:
              - How many mails a run sends at most.
            type: int
            default: 100
      interval:
        description:
          - Minutes between two runs of the lanes. Odoo's own queue runs once an hour. If not set, its schedule is left
            as it is.
          - Odoo itself sometimes runs its queue in between.
        type: int
      settle:
        description:
          - Seconds that the lanes leave a new mail alone. Odoo sends most mails right after it has created them. One
            that the queue takes up meanwhile is sent twice.
        type: int
        default: 60
      backoff:
        description:
          - Returns mails to the queue that failed for a reason that passes. These are temporary refusals (421, 450,
            451, 452), timeouts, broken connections, and servers that were down or not found. A mail that failed for
            good stays as it is.
        type: dict
        suboptions:
          enabled:
            description:
              - V(false) takes this part away.
            type: bool
            default: true
          first_delay:
            description:
              - Minutes before the first new attempt. Each further delay is as long as the mail was old when it failed,
                so that it about doubles.
            type: int
            default: 5
          max_delay:
            description:
              - Minutes that a delay never exceeds.
            type: int
            default: 60
          give_up_after:
            description:
              - Minutes after which a mail that still fails is left as it is, counted from its creation or from its
                scheduled date.
            type: int
            default: 4320
          max_attempts:
            description:
              - How often a mail is tried, the first attempt included. A mail that has failed as often, or is older
                than O(queue_policy.backoff.give_up_after), is given up. Odoo's log says so, and so do M(postmaster.odoo.mail_queue_info)
                and M(postmaster.odoo.mail_doctor).
              - The attempts that M(postmaster.odoo.mail_queue) makes count as well.
            type: int
            default: 100
      stale_after:
        description:
          - Days after which a mail that is due and still waits is cancelled, not deleted. V(0) takes this part away.
        type: int
      purge_after:
        description:
          - Days after which a failed or cancelled mail that nobody has touched since is deleted. V(0) takes this part
            away.
          - Odoo refuses to let even administrators delete some mails over RPC. The scheduled action does it as Odoo
            itself.
        type: int
      watchdog:
        description:
          - Keeps the queue and the other parts running. An action that is inactive or overdue, or whose next run lies
            further ahead than its interval, is activated and rescheduled to now. Odoo's log says so, and whoever is
            named here is told.
        type: dict
        suboptions:
          enabled:
            description:
              - V(false) takes this part away.
            type: bool
            default: true
          interval:
            description:
              - Minutes between two looks.
            type: int
            default: 5
          max_overdue:
            description:
              - Minutes that an action may be inactive, overdue, or too far ahead.
            type: int
            default: 30
          max_outgoing:
            description:
              - How many due mails may wait before it tells.
            type: int
          channel:
            description:
              - The channel to tell, by its name or its external id, such as V(mail.channel_admin), which Odoo has from
                18.0 on. The same is told at most once an hour.
            type: str
          user:
            description:
              - The login of the user to tell, in Odoo or by mail, as the user's preferences say.
            type: str
      state:
        description:
          - V(absent) takes every part away, and puts Odoo's own queue back as it was.
        type: str
        choices: [present, absent]
        default: present
  routes:
    description:
      - Which mail server takes the mail of which sender. Nothing is written for it; each is held against the servers, alias domains and system
        parameters as they will be, by the rules that this version of Odoo routes by.
      - If a route does not apply after the run, the task fails with RV(error_kind=conflict) before anything is written, and names the cause and the
        remedy. In check mode it is a difference of a resource C(route) in RV(plan).
      - It must hold for mail of every company. Users' own servers (19.0) are left out of account, for they only take what their owner writes.
      - A server that waits for a human's consent, and one that stays archived since the database is a neutralized copy, counts as if it were in
        use; a warning then says so.
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
          - The mail server, by its name, or by its external id where O(servers[].xml_id) declares it.
        type: str
        required: true
  from_inventory:
    description:
      - Whether options that the task does not give come from the inventory variables C(odoo_mail_*) and C(odoo_queue_*) of the host, merged
        from their layers. The role P(postmaster.odoo.provision#role) describes the variables.
      - A variable that begins so and that is not known is an error, which suggests the nearest name.
    type: bool
    default: false
  parts:
    description:
      - Which parts of the declaration are compared and enforced. The others count as not declared. If not set, all are.
    type: list
    elements: str
    choices: [addons, parameters, alias_domains, servers, crons, queue_policy, routes]
  unmanaged:
    description:
      - What to do with active mail servers that O(servers) does not name, and with installed rules that O(queue_policy) does not name.
        V(report) lists them, V(archive) also archives the mail servers, V(ignore) does not look.
      - Only looked at if the option is given. An empty list declares that there are none. V(archive) needs at least one declared mail server.
    type: str
    choices: [report, archive, ignore]
    default: report
  update_list:
    description:
      - Let Odoo look at its addons path again if it does not know one of O(addons). Not done in check mode.
    type: bool
    default: false

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
      - Not tested are servers that stay archived, and changes of nothing but O(servers[].name), O(servers[].sequence), O(servers[].smtp_debug)
        and O(servers[].max_email_size). In check mode nothing is tested.
      - A server that needs OAuth2 and is not connected yet cannot be tested. A new one stays archived, one in use that logs in otherwise stays
        as it is, and warnings say so.
      - V(canary) does the same, and then has Odoo send real mails to O(canary_to) through the candidate, one from each address that O(routes) declare
        for the server. Only a real mail shows what SMTP servers refuse after they have received it, such as a sender that is not verified, DMARC,
        or the content.
        Each is followed to its final state, and deleted.
    type: str
    choices: [none, connection, canary]
    default: none
  canary_to:
    description:
      - The email address that O(verify=canary) sends to.
      - Without O(routes) for a server, the sender is the first address of its C(from_filter), or else the login, an address of the domain of
        C(from_filter), or Odoo's notifications address.
    type: str
    default: ''
  replay:
    description:
      - Compare the routes of the senders of the last days, before and after the plan. RV(replay) lists which mail would leave through another
        server, would get another C(From), or would have no server.
      - It changes nothing, neither the plan nor what counts as drift. In check mode it shows what the plan would change, in a run what the run has
        changed.
      - The senders are read in a fixed number of calls. Only what the user of the connection may read is counted; C(docs/routing.md) of the
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
      - A folder on the controller that gets a snapshot file before anything is written. The file contains the former state of exactly the records and
        fields that the run is about to change. M(postmaster.odoo.mail_rollback) and the playbook C(postmaster.odoo.rollback) restore it.
      - The folder must exist. The task needs the connection C(local), without C(become) and C(async). If the file cannot be written, nothing is changed.
      - The name of the file is made of the host and port of the URL, of the database, and of the time in UTC. No file of another run is overwritten, and none
        is deleted. If a run changes nothing, it removes its own file.
      - If the file contains secrets and Ansible has a vault secret, the whole file is encrypted. Without a vault secret it contains no secrets, and a
        warning names those that are missing.
      - In check mode, and if nothing is to be changed, no file is written. If not set, none is written at all.
    type: path
seealso:
  - module: postmaster.odoo.mail_server
  - module: postmaster.odoo.cron
  - module: postmaster.odoo.system_parameter
  - module: postmaster.odoo.alias_domain
  - module: postmaster.odoo.addon
  - module: postmaster.odoo.mail_server_test
  - module: postmaster.odoo.mail_rollback
    description: Restores what a run has changed.
"""

EXAMPLES = r"""
---
- name: The mail of one instance
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
        active: true
        interval_number: 5
        interval_type: minutes
        max_overdue: 15
    routes:
      - {from: shop@acme.example, server: Transactional}
    unmanaged: report

- name: Three ways to log in, each tested before it goes live
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
        active: true
        provider: gmail
        smtp_authentication: gmail
        smtp_user: sales@acme.example
        oauth2:
          client_id: "{{ vault_google_client_id }}"
          client_secret: "{{ vault_google_client_secret }}"
          refresh_token: "{{ vault_google_refresh_token }}"
        from_filter: sales@acme.example
      - name: Support
        active: true
        provider: office365
        smtp_authentication: outlook
        smtp_user: support@acme.example
        oauth2:
          client_id: "{{ vault_microsoft_client_id }}"
          client_secret: "{{ vault_microsoft_client_secret }}"
        from_filter: support@acme.example
    verify: connection
  register: stack # stack.connections holds the links that are still to be opened

- name: What would change, and nothing else
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
        managed_elsewhere:
          description:
            - That another addon takes the field of this record from a file and ignores what is written to it. Only check mode reports such a
              change; a run fails before it writes.
          returned: when it is so
          type: bool
          sample: true
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
    - The declared records as found after the run (in check mode, before it), secrets masked, each with its C(resource) and C(key) as in
      RV(plan). The system parameters of an OAuth2 client count as declared.
    - Mail servers are as in RV(postmaster.odoo.mail_server#module:record).
  returned: success
  type: list
  elements: dict
  sample:
    - resource: system_parameter
      key: mail.session.batch.size
      id: 21
      xml_id: null
      value: "500"
unmanaged:
  description:
    - Active mail servers that nobody declared, if O(servers) is given, and installed rules of the queue policy, if O(queue_policy) is given.
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
      description: The id of the record in Odoo.
      returned: always
      type: int
      sample: 4
    name:
      description: The name of the record in Odoo.
      returned: always
      type: str
      sample: Old relay
    xml_id:
      description: The external ID by which it was declared before, null if there is none.
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
    - How mail of the senders in O(routes) leaves; in check mode, how it would. Where companies differ in it, mail of the main company.
  returned: success
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
        - Null if no server is for the sender, and the build of Odoo is not known. Builds of 16.0 and 17.0 from before 2024 keep the sender then, later ones
          replace it by the notifications address. Only packages and container images have the date of the build in their version.
      returned: always
      type: str
      sample: shop@acme.example
    rewritten:
      description: Whether that is another address than the sender's. Null if the build of Odoo decides, and is not known.
      returned: always
      type: bool
      sample: false
    rule:
      description:
        - Why Odoo takes this server, one of V(address), V(domain), V(notifications_address), V(notifications_domain), V(unfiltered), V(first) and
          V(configuration). What each means stands in C(docs/routing.md) of the collection.
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
    - What the plan changes for the mail of the senders of the last days. Null without O(replay).
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
        - The time since which all messages are counted. It is later than RV(replay.since) if there are more than 100,000 mails. Older mails then only
          show which other senders there are.
      returned: always
      type: str
      sample: "2026-10-30 20:00:00"
    complete:
      description:
        - Whether all senders of the days are compared that the user may read. It is false if there are many thousand senders, and if the user may not read
          mass mailings.
      returned: always
      type: bool
      sample: true
    mails:
      description: The number of messages that were counted. One message can leave as several mails.
      returned: always
      type: int
      sample: 5312
    changed:
      description: How many senders and messages are affected, and how many messages by each effect.
      returned: always
      type: dict
      sample: {senders: 1, mails: 214, effects: {other_server: 214}}
    left_out:
      description: The number of senders that are compared and not listed. At most 1000 are listed.
      returned: always
      type: int
      sample: 0
    senders:
      description: The senders, those whose mail changes first, then those of the most messages.
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
          description: The number of its messages. V(0) if it only is configured.
          returned: always
          type: int
          sample: 214
        sources:
          description:
            - Where the sender is from. V(mail) is mail that was sent, V(mailing) a mass mailing, V(template) a mail template with a fixed sender,
              V(company) the address of a company, V(alias) the address of a team or a project.
          returned: always
          type: list
          elements: str
          sample: [mail]
        companies:
          description: The companies whose mail it is, if it is known. Empty up to 16.0.
          returned: always
          type: list
          elements: str
          sample: [ACME]
        server_before:
          description:
            - The name of the mail server now. Null for the server of Odoo's configuration file, and if Odoo cannot send the mail.
            - Also null if it depends on the company or on the build of Odoo; RV(replay.senders[].email_from_before) is null then, too.
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
            - The C(From) that the recipient sees now. Empty if Odoo cannot send the mail, null if it depends on the company or on the build of Odoo.
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
            - What changes. Empty if nothing does.
            - V(other_server), V(other_host) (another host, port or login of the same server), V(no_server), V(fails) (Odoo cannot send it), V(rewritten) (the
              recipient sees another address than the sender's), V(restored) (and no longer does), V(other_from) (another C(From) in another way),
              V(unknown) (it depends on the company that sends the mail, or on the build of Odoo, or the sender is not a valid address).
          returned: always
          type: list
          elements: str
          sample: [other_server]
        change:
          description: The same in words.
          returned: always
          type: str
          sample: server Old relay -> Transactional
  sample: null
snapshot:
  description:
    - The path of the snapshot file. Null without O(snapshot_folder), and if nothing was changed.
  returned: success, and failure once the instance was asked
  type: str
  sample: /etc/ansible/snapshots/odoo.acme.example_acme_20261130T020000Z.yml
verifications:
  description:
    - What came of the tests of new settings. Empty where O(verify) is V(none), and where nothing was to be tested.
  returned: success, and failure once the instance was asked
  type: list
  elements: dict
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
  returned: success, and failure once the instance was asked
  type: list
  elements: dict
  contains:
    key:
      description: What the server is called.
      returned: always
      type: str
      sample: Sales
    connected:
      description:
        - Whether Odoo holds the token that it logs in with; in check mode, whether it would. Whether the provider still takes it only a test can
          tell.
      returned: always
      type: bool
      sample: false
    authorize_url:
      description:
        - The link by which the missing consent is given. Whoever opens it must be logged in to that Odoo, in the same browser, as an administrator.
        - Null where the server is connected, and where Odoo has no link since it knows no client.
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
    - What kind of error it is. One of V(invalid), V(unreachable), V(authentication), V(access), V(unsupported), V(conflict),
      V(rejected), V(ambiguous), V(timeout), V(nothing_declared) if nothing can be compared, and with O(servers[].oauth2.required)
      V(not_connected).
    - A test that fails is V(rejected), a route that would not hold V(conflict).
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
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import VERIFY, stack_arguments
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
        "update_list": {"type": "bool", "default": False},
        "activate_neutralized": {"type": "bool", "default": False},
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
            # Loaded only if it is needed, see enforcement/run_options.py.
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
