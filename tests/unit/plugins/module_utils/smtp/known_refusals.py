# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All known refusals of SMTP servers.

To add one: add it to the table of its source, `seen_refusals.py`, `mail_server_refusals.py`, `provider_refusals.py` or
`reported_refusals.py`, and, if its test fails, an entry in `smtp/knowledge.py`.
"""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.mail_server_refusals import (
    OF_MAIL_SERVERS,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.provider_refusals import OF_PROVIDERS
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.reported_refusals import REPORTED
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.seen_refusals import SEEN

REFUSALS = (*SEEN, *OF_MAIL_SERVERS, *OF_PROVIDERS, *REPORTED)
