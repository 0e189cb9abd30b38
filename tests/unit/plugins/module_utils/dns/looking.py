# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A path of mail, and the lookup of the records that it depends on."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath, SendingServer
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import Relay
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.preflight import examine
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Report
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer

OWN = SendingServer(
    1, "Main", "mail.acme.example", relay=Relay("Main", addresses=("203.0.113.10",), dkim_selectors=("s1",))
)


PATH = MailPath(OWN, "acme.example", "acme.example", ("info@acme.example",))


def look(
    server: DnsServer, *paths: MailPath, receiving: tuple[str, ...] = ("acme.example",), timeout: float = 10
) -> Report:
    return examine(Lookup([server.nameserver], timeout), paths or (PATH,), receiving)


def through(provider: str, host: str, **relay: object) -> MailPath:
    server = SendingServer(2, "Provider", host, provider, "mg.acme.example", Relay("Provider", **relay))  # type: ignore[arg-type]  # any options
    return replace(PATH, server=server)
