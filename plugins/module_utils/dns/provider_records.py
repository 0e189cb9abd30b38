# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that providers require in the DNS: SPF and DKIM. docs/dns.md contains the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord


@dataclass(frozen=True)
class ProviderRecords:
    """The records that a provider requires in the zone of a sender.

    :param spf_include: the domain to include in the SPF record; empty if the provider does not name one.
    :param envelope: the envelope sender (`MAIL FROM`) of mail from the provider. `kept`: that of Odoo. `own`: an address of the provider.
        `login`: an address in the domain of the login.
    :param selectors: the selectors of DKIM keys. One of them must have a key. Empty if each account has different ones.
    :param dkim_type: the type of the record with the key, `TXT` or `CNAME`.
    :param dkim_value: the value of the record, as far as it is known. `{selector}` and `{domain}` (with dashes for dots) are replaced.
    :param source: the provider's own documentation, read on the day `looked_up`.
    """

    spf_include: str
    envelope: str
    source: str
    selectors: tuple[str, ...] = ()
    dkim_type: str = "TXT"
    dkim_value: str = "v=DKIM1; k=rsa; p=<the public key that the provider shows>"
    looked_up: str = "2026-11-29"

    def key_records(self, domain: str) -> tuple[DnsRecord, ...]:
        """Return the records of the DKIM keys of a domain."""
        dashed = domain.replace(".", "-")
        return tuple(
            DnsRecord(
                f"{selector}._domainkey.{domain}",
                self.dkim_type,
                self.dkim_value.format(selector=selector, domain=dashed),
            )
            for selector in self.selectors
        )


# By the names of resources/mail_providers.py. Personal Outlook accounts send from Microsoft's own domains, so `outlook` is missing.
PROVIDER_RECORDS: Mapping[str, ProviderRecords] = {
    "gmail": ProviderRecords(
        spf_include="_spf.google.com",
        envelope="kept",
        selectors=("google",),
        source="https://support.google.com/a/answer/2716802, https://support.google.com/a/answer/11611356",
    ),
    "office365": ProviderRecords(
        spf_include="spf.protection.outlook.com",
        envelope="kept",
        selectors=("selector1", "selector2"),
        dkim_type="CNAME",
        dkim_value="<the target that Microsoft's Defender portal shows, as {selector}-{domain}._domainkey.TENANT.onmicrosoft.com>.",
        source="https://learn.microsoft.com/en-us/defender-office-365/email-authentication-dkim-configure",
    ),
    "ses": ProviderRecords(
        spf_include="amazonses.com",
        envelope="own",
        source="https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-spf.html",
    ),
    "sendgrid": ProviderRecords(
        spf_include="sendgrid.net",
        envelope="own",
        selectors=("s1", "s2"),
        dkim_type="CNAME",
        dkim_value="{selector}.domainkey.<uNUMBER.wlNUMBER, which SendGrid shows>.sendgrid.net.",
        source="https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication",
    ),
    "mailgun": ProviderRecords(
        spf_include="mailgun.org",
        envelope="login",
        source="https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify",
    ),
    "postmark": ProviderRecords(
        spf_include="spf.mtasv.net",
        envelope="own",
        source="https://postmarkapp.com/support/article/1092-how-do-i-set-up-spf-for-postmark",
    ),
    "mailjet": ProviderRecords(
        spf_include="spf.mailjet.com",
        envelope="own",
        selectors=("mailjet",),
        source="https://documentation.mailjet.com/hc/en-us/articles/360049641733",
    ),
    "brevo": ProviderRecords(
        spf_include="",
        envelope="own",
        source="https://help.brevo.com/hc/en-us/articles/17286219877778",
    ),
    "gandi": ProviderRecords(
        spf_include="_mailcust.gandi.net",
        envelope="kept",
        source="https://helpdesk.gandi.net/hc/en-us/articles/14001808469404-What-is-an-SPF-record",
    ),
    "ovh": ProviderRecords(
        spf_include="mx.ovh.com",
        envelope="kept",
        source="https://help.ovhcloud.com/csm/en-dns-zone-dkim?id=kb_article_view&sysparm_article=KB0058258",
    ),
    "infomaniak": ProviderRecords(
        spf_include="spf.infomaniak.ch",
        envelope="kept",
        source="https://www.infomaniak.com/en/support/faq/2199/manage-spf-records",
    ),
}
