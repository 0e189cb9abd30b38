# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes of SMTP servers on this machine, with a made-up login."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import SmtpServer

HOST = "127.0.0.1"
USER = "sales@acme.example"
SECRET = "correct-horse-made-up"
LOGIN = {"user": USER, "password": SECRET}
AUTH = {"features": ("AUTH PLAIN LOGIN",)}
Result = dict[str, Any]


def probed(server: SmtpServer | int, **how: Any) -> Result:
    """Return the result of a probe with a short timeout."""
    port = server if isinstance(server, int) else server.port
    patience = {"connect_timeout": 5, "timeout": 5, "name": "odoo.acme.example"}
    return probe(Settings(HOST, port, **{**patience, **how}))


def stages(result: Result) -> list[str]:
    return [stage["stage"] for stage in result["stages"]]


def echo(line: str) -> str:
    return f"535 5.7.8 I will not take {line} nor {SECRET!r}"
