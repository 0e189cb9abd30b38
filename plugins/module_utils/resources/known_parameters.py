# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system parameters that the collection reads or writes for itself."""

from __future__ import annotations

from collections.abc import Mapping

IS_NEUTRALIZED = "database.is_neutralized"
# Held while a run changes the database (enforcement/lock.py).
LOCK_KEY = "postmaster_odoo.running"
# Held while a run sends mails of the queue (queue/sending.py).
SENDING_KEY = "postmaster_odoo.sending"
# The server action of a cron that is being deleted (resources/cron_deletion.py).
DELETION_KEY = "postmaster_odoo.deletion"
# The mails that a run has put off while it sends them (queue/put_off.py).
PUT_OFF_KEY = "postmaster_odoo.put_off"
BASE_URL = "web.base.url"
# Its value while a run logs in to the web client (api_keys/web_client.py).
BASE_URL_KEY = "postmaster_odoo.web_base_url"
# From 17.0 on alias domains have these settings, and Odoo no longer reads the parameters
# (docs/development/odoo-behaviour.md, System parameters and alias domains).
OF_ALIAS_DOMAINS = frozenset({"mail.bounce.alias", "mail.catchall.alias", "mail.catchall.domain", "mail.default.from"})
# Advised on many pages, and read by no version of Odoo (docs/development/odoo-behaviour.md, System parameters and alias domains).
READ_BY_NOBODY = frozenset({"mail.force.smtp.from"})
# The id of the mail server that Email Marketing takes by default (mass_mailing).
MAILING_SERVER_KEY = "mass_mailing.mail_server_id"
# The size in megabytes from which on Odoo sends attachments as links; Odoo creates it with the database (18.0 on).
MAX_EMAIL_SIZE_KEY = "base.default_max_email_size"


def ignored_parameters(*, has_alias_domains: bool) -> frozenset[str]:
    """Return the keys of system parameters that an instance ignores, although people set them."""
    return READ_BY_NOBODY | OF_ALIAS_DOMAINS if has_alias_domains else READ_BY_NOBODY


def is_neutralized(parameters: Mapping[str, str]) -> bool:
    """Whether these are of a neutralized copy, in which nothing is to reach anybody."""
    return parameters.get(IS_NEUTRALIZED, "").strip().lower() in ("true", "1")
