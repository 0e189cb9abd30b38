# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers as options of a stack."""

from __future__ import annotations

from typing import Any

MAIN: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_authentication": "login",
    "smtp_user": "apikey",
    "smtp_pass": "correct-horse",
    "from_filter": "acme.example",
    "sequence": 5,
    "smtp_debug": True,
}
GMAIL = {
    "name": "Gmail",
    "smtp_host": "smtp.gmail.com",
    "smtp_authentication": "gmail",
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
}


def declared(**options: Any) -> dict[str, Any]:
    return {"servers": [{"name": "Main", "smtp_host": "smtp.acme.example", **options}]}
