# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The known failures of SPF and DKIM by server and domain. DMARC needs one of the two to pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import SendingServer
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import Problem


@dataclass
class Failures:
    """The problems of SPF and DKIM by server and domain. A state that is not known does not count as a failure.

    :ivar spf: problems by the domain of the envelope sender.
    :ivar dkim: problems by the domain of the signature.
    """

    spf: dict[tuple[SendingServer, str], Problem] = field(default_factory=dict)
    dkim: dict[tuple[SendingServer, str], Problem] = field(default_factory=dict)
