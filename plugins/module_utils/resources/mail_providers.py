# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SMTP servers of well-known providers: the values for the option `provider` of a mail server. For users: docs/providers.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STRICT = (
    "_strict"  # the ending of Odoo 19.0's encryptions that verify the certificate; the ports are the same as without it
)


@dataclass(frozen=True)
class Provider:
    """The SMTP service of a provider.

    :param host: its server, in its default region if it has regions.
    :param ports: the port of each of Odoo's encryptions that it offers, the safe ones first; `none` if its documentation offers a port
      without encryption.
    :param encryption: the default encryption: the provider's recommendation, or `starttls` if Odoo's OAuth2 requires it.
    :param source: the provider's documentation, as of the day `looked_up`.
    :param regional_host: its servers in other regions.
    :param region_pattern: the pattern of the names of its regions; `region_words` describes it for people.
    """

    host: str
    ports: Mapping[str, int]
    encryption: str
    source: str
    looked_up: str
    default_region: str | None = None
    regional_host: str = ""
    region_pattern: str = ""
    region_words: str = ""

    def host_in(self, region: str | None) -> str:
        """Return the server of a region; without a region, the server of the default region."""
        return self.host if region in (None, self.default_region) else self.regional_host.format(region=region)


PROVIDERS: Mapping[str, Provider] = {
    "gmail": Provider(
        host="smtp.gmail.com",
        ports={"starttls": 587, "ssl": 465},
        encryption="starttls",
        source="https://developers.google.com/workspace/gmail/imap/imap-smtp",
        looked_up="2026-11-24",
    ),
    # The form of Odoo 19.0 fills in smtp.outlook.com, a name that Microsoft's page does not contain.
    "outlook": Provider(
        host="smtp-mail.outlook.com",
        ports={"starttls": 587},
        encryption="starttls",
        source="https://support.microsoft.com/en-us/office/pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353",
        looked_up="2026-11-24",
    ),
    "office365": Provider(
        host="smtp.office365.com",
        ports={"starttls": 587},
        encryption="starttls",
        source="https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/"
        "how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365",
        looked_up="2026-11-24",
    ),
    # The page requires TLS and recommends neither STARTTLS nor SSL.
    "ses": Provider(
        host="email-smtp.us-east-1.amazonaws.com",
        ports={"starttls": 587, "ssl": 465},
        encryption="starttls",
        source="https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html",
        looked_up="2026-11-24",
        default_region="us-east-1",
        regional_host="email-smtp.{region}.amazonaws.com",
        region_pattern=r"[a-z]{2,}(-[a-z]+)+-[0-9]+",
        region_words="a region of AWS, such as eu-west-1",
    ),
    "sendgrid": Provider(
        host="smtp.sendgrid.net",
        ports={"starttls": 587, "ssl": 465, "none": 587},
        encryption="starttls",
        source="https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api",
        looked_up="2026-11-24",
    ),
    # Mailgun's documentation mentions the European region. The name of its host comes from documentation of others.
    "mailgun": Provider(
        host="smtp.mailgun.org",
        ports={"starttls": 587, "ssl": 465, "none": 587},
        encryption="starttls",
        source="https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp",
        looked_up="2026-11-24",
        default_region="us",
        regional_host="smtp.{region}.mailgun.org",
        region_pattern="us|eu",
        region_words="us or eu",
    ),
    "postmark": Provider(
        host="smtp.postmarkapp.com",
        ports={"starttls": 587, "none": 587},
        encryption="starttls",
        source="https://postmarkapp.com/support/article/811-what-are-the-smtp-details-api-tokens-i-should-be-using",
        looked_up="2026-11-24",
    ),
    # The page lists the ports. The host, and that 587 supports STARTTLS, come from Mailjet's own Ruby library.
    "mailjet": Provider(
        host="in-v3.mailjet.com",
        ports={"starttls": 587, "ssl": 465},
        encryption="starttls",
        source="https://www.mailjet.com/guides/wordpress-user-guide/plugin-settings/",
        looked_up="2026-11-24",
    ),
    # Brevo lists 587 as its port without encryption. The host, and that 587 supports STARTTLS, come from other sources.
    "brevo": Provider(
        host="smtp-relay.brevo.com",
        ports={"starttls": 587, "ssl": 465, "none": 587},
        encryption="ssl",
        source="https://developers.brevo.com/docs/smtp-integration",
        looked_up="2026-11-24",
    ),
    # Gandi recommends SSL. Its page has no port numbers; these come from other sources.
    "gandi": Provider(
        host="mail.gandi.net",
        ports={"starttls": 587, "ssl": 465},
        encryption="ssl",
        source="https://docs.gandi.net/en/gandimail/standard_email_settings/index.html",
        looked_up="2026-11-24",
    ),
    # The mailboxes of MX Plan. OVH lists 587 as its port without SSL. That 587 supports STARTTLS comes from other sources.
    "ovh": Provider(
        host="ssl0.ovh.net",
        ports={"starttls": 587, "ssl": 465, "none": 587},
        encryption="ssl",
        source="https://github.com/ovh/docs/blob/develop/pages/web_cloud/email_and_collaborative_solutions/mx_plan/"
        "email_generalities/guide.en-gb.md",
        looked_up="2026-11-24",
    ),
    "infomaniak": Provider(
        host="mail.infomaniak.com",
        ports={"starttls": 587, "ssl": 465},
        encryption="ssl",
        source="https://www.infomaniak.com/en/support/faq/admin2/email-service",
        looked_up="2026-11-24",
    ),
}


def fill(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the provider's host, port and encryption in place of missing ones.

    A given encryption determines the port, and a given port the encryption. Odoo has no field for the provider, so it is removed.
    Only call it if `problems` yields nothing.
    """
    filled = {name: value for name, value in options.items() if name not in ("provider", "provider_region")}
    if options.get("provider") is None:
        return filled
    provider = PROVIDERS[options["provider"]]

    def default(name: str, value: Any) -> None:
        if filled.get(name) is None and value is not None:
            filled[name] = value

    default("smtp_host", provider.host_in(options.get("provider_region")))
    default("smtp_encryption", _encryption_of(provider, filled.get("smtp_port")))
    default("smtp_port", provider.ports.get(filled["smtp_encryption"].removesuffix(_STRICT)))
    return filled


def provider_of(host: str) -> str | None:
    """Return the name of the provider whose server this is, in any region."""
    host = host.strip().lower()
    for name, provider in PROVIDERS.items():
        before, _region, after = provider.regional_host.partition("{region}")
        regional = rf"{re.escape(before)}({provider.region_pattern}){re.escape(after)}" if before else "(?!)"
        if host == provider.host or re.fullmatch(regional, host):
            return name
    return None


def problems(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reasons why `fill` cannot determine the values."""
    name, region = options.get("provider"), options.get("provider_region")
    port, encryption = options.get("smtp_port"), options.get("smtp_encryption")
    if name is None:
        if region is not None:
            yield f"provider_region {region!r} needs provider: set provider, or remove provider_region"
        return
    if name not in PROVIDERS:
        yield f"provider {name!r} is not known (expected one of {', '.join(PROVIDERS)})"
        return
    provider = PROVIDERS[name]
    if region is not None and not provider.region_pattern:
        yield f"provider_region {region!r} cannot be used with the provider {name}, which has no regions: remove it"
    elif region is not None and not re.fullmatch(provider.region_pattern, region):
        yield f"provider_region {region!r} is not a region of the provider {name} (expected {provider.region_words})"
    if encryption is None and port is not None and _encryption_of(provider, port) is None:
        yield f"smtp_port {port} is not a known port of the provider {name}: set smtp_encryption too"
    if port is None and encryption is not None and encryption.removesuffix(_STRICT) not in {*provider.ports, "none"}:
        yield f"smtp_encryption {encryption} is not a known encryption of the provider {name}: set smtp_port too"


def _encryption_of(provider: Provider, port: int | None) -> str | None:
    """Return the encryption of a port; the first one if the port has several."""
    if port is None:
        return provider.encryption
    return next((encryption for encryption, known in provider.ports.items() if known == port), None)
