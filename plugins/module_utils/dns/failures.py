# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How mail is known to fail: SPF and DKIM of a server and a domain, with what is wrong. DMARC needs one of the two."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import SendingServer
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import Problem


@dataclass
class Failures:
    """The problems of SPF and DKIM by server and domain. A state that is not known is no failure.

    :ivar spf: by the domain of the envelope sender. :ivar dkim: by the domain of the signature.
    """

    spf: dict[tuple[SendingServer, str], Problem] = field(default_factory=dict)
    dkim: dict[tuple[SendingServer, str], Problem] = field(default_factory=dict)
