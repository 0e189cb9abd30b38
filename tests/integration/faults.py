# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All faults that tests inject into a healthy instance, each with its expected finding.

To add one, add it to the file of its subject: `cron_faults.py`, `server_faults.py`, `oauth2_faults.py`, `queue_faults.py`,
`expiry_faults.py`, `setup_faults.py` or `dns_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS
from ansible_collections.postmaster.odoo.tests.unit.dns_server import dns_server
from broken_instance import MAIN, BrokenInstance, Fault
from cron_faults import CRON_FAULTS
from dns_faults import DNS_FAULTS
from expiry_faults import EXPIRY_FAULTS
from oauth2_faults import OAUTH2_FAULTS
from queue_faults import QUEUE_FAULTS
from server_faults import SERVER_FAULTS
from setup_faults import SETUP_FAULTS


def zone_fault(zone: str, *, silent: Sequence[str] = (), **declared: Any) -> Callable[[BrokenInstance], None]:
    """Return a fault in the DNS: records of the instance's domain, and names without an answer."""

    def bring(broken: BrokenInstance) -> None:
        server = broken.cleanup.enter_context(dns_server(zone))
        server.silent_names.update(silent)
        relay = {"server": MAIN, "addresses": ["203.0.113.10"], "dkim_selectors": ["s1"], **declared}
        seconds = 1 if silent else 10
        options = {"nameservers": [server.nameserver], "nameserver_timeout": seconds, "relays": [relay]}
        broken.how.update(checks=CHECKS, dns=dns_options(options))

    return bring


FAULTS: dict[str, Fault] = {
    **CRON_FAULTS,
    **SERVER_FAULTS,
    **OAUTH2_FAULTS,
    **QUEUE_FAULTS,
    **EXPIRY_FAULTS,
    **SETUP_FAULTS,
    **{words: (finding, zone_fault(text, **how)) for words, (finding, text, how) in DNS_FAULTS.items()},
}

# Errors that a fault causes in addition to its own.
CONSEQUENCES = {
    "a test catcher": {"server_dns"},
    "a changed code that is disabled": {"cron_disabled"},
    "a consent that cannot come back": {"oauth_not_connected"},
}
