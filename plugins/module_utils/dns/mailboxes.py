# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains of mailbox providers. Nobody else can publish records for them, and only the provider's own servers can send for them.

Sources: support.apple.com/en-us/118230, postmaster.gmx.net, www.spamresource.com/2021/09/reference-magy-microsoft-aol-gmail.html. The list has the
common domains only. Other domains are checked by their records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MailboxProvider:
    """A provider of mailboxes.

    :param domains: a pattern for the domains of its addresses.
    :param hosts: the domains of its mail servers.
    """

    domains: str
    hosts: tuple[str, ...]

    def runs(self, host: str) -> bool:
        """Return whether a mail server belongs to the provider."""
        return any(host == one or host.endswith(f".{one}") for one in self.hosts)


MAILBOX_PROVIDERS: Mapping[str, MailboxProvider] = {
    "Google": MailboxProvider(r"(gmail|googlemail)\.com", ("gmail.com", "googlemail.com", "google.com")),
    "Microsoft": MailboxProvider(
        r"(outlook|hotmail|live|msn)\.com|(outlook|hotmail|live)\.(co\.uk|de|fr|it|es|nl|be|at|ch|se|dk|no)",
        ("outlook.com", "office365.com", "hotmail.com", "live.com"),
    ),
    "Yahoo": MailboxProvider(
        r"(yahoo|ymail|rocketmail|aol)\.com|yahoo\.(co\.uk|de|fr|it|es|ca|co\.in|com\.br|com\.au)|aol\.(de|fr|co\.uk)",
        ("yahoo.com", "aol.com", "yahoodns.net"),
    ),
    "Apple": MailboxProvider(r"(icloud|me|mac)\.com", ("mail.me.com", "icloud.com")),
    "GMX": MailboxProvider(r"gmx\.(net|de|at|ch|com|eu|org|info|biz|fr|us)|web\.de", ("gmx.net", "gmx.com", "web.de")),
}


def mailbox_provider(domain: str) -> str:
    """Return the name of the mailbox provider that a domain belongs to, or an empty text."""
    return next((name for name, one in MAILBOX_PROVIDERS.items() if re.fullmatch(one.domains, domain)), "")


def can_send_for(host: str, domain: str) -> bool:
    """Return whether a mail server can send for a domain. If the domain belongs to a mailbox provider, only its own servers can."""
    provider = mailbox_provider(domain)
    return not provider or MAILBOX_PROVIDERS[provider].runs(host)
