# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system parameters that the collection itself reads or writes."""

from __future__ import annotations

from collections.abc import Mapping

IS_NEUTRALIZED = "database.is_neutralized"
# Exists while a run changes the database (enforcement/lock.py).
LOCK_KEY = "postmaster_odoo.running"
# Exists while a run sends mails of the queue (queue/sending.py).
SENDING_KEY = "postmaster_odoo.sending"
# The server action of a cron that is being deleted (resources/cron_deletion.py).
DELETION_KEY = "postmaster_odoo.deletion"
# The mails that a run has taken out of Odoo's queue while it sends them (queue/put_off.py).
PUT_OFF_KEY = "postmaster_odoo.put_off"
BASE_URL = "web.base.url"
# Its value while a run logs in to the web client (api_keys/web_client.py).
BASE_URL_KEY = "postmaster_odoo.web_base_url"
# From 17.0 on, alias domains have these settings, and Odoo no longer reads the parameters
# (docs/development/odoo-behaviour.md, System parameters and alias domains).
OF_ALIAS_DOMAINS = frozenset({"mail.bounce.alias", "mail.catchall.alias", "mail.catchall.domain", "mail.default.from"})
# Many web pages recommend it, but no version of Odoo reads it (docs/development/odoo-behaviour.md, System parameters and alias domains).
READ_BY_NOBODY = frozenset({"mail.force.smtp.from"})
# The id of the mail server that Email Marketing uses by default (mass_mailing).
MAILING_SERVER_KEY = "mass_mailing.mail_server_id"
# The size in megabytes above which Odoo sends attachments as links. Odoo creates it with the database (from 18.0 on).
MAX_EMAIL_SIZE_KEY = "base.default_max_email_size"


def ignored_parameters(*, has_alias_domains: bool) -> frozenset[str]:
    """Return the keys of system parameters that users set although the instance ignores them."""
    return READ_BY_NOBODY | OF_ALIAS_DOMAINS if has_alias_domains else READ_BY_NOBODY


def is_neutralized(parameters: Mapping[str, str]) -> bool:
    """Return whether the parameters are those of a neutralized copy, which must not send mail."""
    return parameters.get(IS_NEUTRALIZED, "").strip().lower() in ("true", "1")
