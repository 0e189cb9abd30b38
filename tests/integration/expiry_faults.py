# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials that expire or are overdue, each with its expected finding."""

from __future__ import annotations

import base64
import time
from datetime import date, timedelta

from ansible_collections.postmaster.odoo.tests.unit.certificates import issue
from broken_instance import MAIN, BrokenInstance, Fault
from mail_servers import token_fields
from oauth2_faults import gmail


def _key_ends(broken: BrokenInstance) -> None:
    broken.instance.needs("res.users.apikeys", "expiration_date")
    broken.instance.sql(
        "INSERT INTO res_users_apikeys (name, user_id, index, key, expiration_date) "
        "VALUES ('Nightly', 2, '00000000', 'made-up', now() at time zone 'utc' + interval '5 days 1 hour')"
    )


def _certificate_ended(broken: BrokenInstance) -> None:
    """Use an expired certificate. The mail server does not verify it, so mail is still sent."""
    broken.how["probe"] = True
    broken.through("expired", smtp_encryption="starttls")


def _client_certificate_ends(broken: BrokenInstance) -> None:
    broken.how["live_tests"] = False
    mine = issue("client.lab.example", days=3)
    stored = {"smtp_ssl_certificate": mine.certificate_pem, "smtp_ssl_private_key": mine.key_pem}
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in stored.items()}
    broken.server(smtp_authentication="certificate", smtp_user=False, smtp_pass=False, **encoded)


def _refresh_token_unused(broken: BrokenInstance) -> None:
    """Use it for 175 of Google's 180 days."""
    broken.how["live_tests"] = False
    gmail(broken, refresh_token="made-up-refresh-token")
    _refresh_token, access_token, expiration = token_fields("gmail")
    used = {access_token: "made-up-access-token", expiration: int(time.time()) - 175 * 86400}
    broken.write("ir.mail_server", used, ["name", "=", "gmail"])


def _declare(broken: BrokenInstance, option: str, days: int) -> None:
    day = date.today() + timedelta(days=days)
    broken.how["declared_dates"] = [{"name": MAIN, option: day.isoformat()}]


EXPIRY_FAULTS: dict[str, Fault] = {
    "a key that ends in five days": ("api_key_expires", _key_ends),
    "a certificate that has ended": ("certificate_expires", _certificate_ended),
    "a client certificate of three days": ("client_certificate_expires", _client_certificate_ends),
    "a client secret that ended yesterday": (
        "client_secret_expires",
        lambda it: _declare(it, "client_secret_expires", -1),
    ),
    "a refresh token that nobody uses": ("refresh_token_expires", _refresh_token_unused),
    "a password that is overdue": ("password_rotation_due", lambda it: _declare(it, "smtp_pass_rotate_by", -9)),
}
