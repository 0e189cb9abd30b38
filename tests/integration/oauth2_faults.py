# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of mail servers with OAuth2, each with its expected finding."""

from __future__ import annotations

import time

from broken_instance import BrokenInstance, Fault
from mail_servers import oauth2_server, token_fields


def gmail(broken: BrokenInstance, **oauth2: str) -> None:
    broken.server(active=False)
    broken.instance.enforce({"servers": [oauth2_server(broken.lab, "gmail", oauth2=oauth2, from_filter="lab.example")]})


def _gmail_without_a_secret(broken: BrokenInstance) -> None:
    gmail(broken, refresh_token="made-up-refresh-token")
    _refresh_token, access_token, expiration = token_fields("gmail")
    known = {access_token: broken.lab.smtp["xoauth2"].token, expiration: int(time.time()) + 3600}
    broken.write("ir.mail_server", known, ["name", "=", "gmail"])
    broken.instance.enforce({"parameters": {"google_gmail_client_secret": ""}})


def _gmail_without_https(broken: BrokenInstance) -> None:
    gmail(broken)
    broken.parameter("web.base.url", "http://odoo.lab.example")


OAUTH2_FAULTS: dict[str, Fault] = {
    "no consent": ("oauth_not_connected", gmail),
    "a withdrawn consent": ("oauth_refresh_failed", lambda it: gmail(it, refresh_token="made-up-refresh-token")),
    "no client secret": ("oauth_misconfigured", _gmail_without_a_secret),
    "a consent that cannot come back": ("oauth_misconfigured", _gmail_without_https),
}
