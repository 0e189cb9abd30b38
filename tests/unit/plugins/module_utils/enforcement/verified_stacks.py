# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stacks of mail servers with `verify: connection`, and the results of the tests. All secrets are made up."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.tests.unit.enforcing import run
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

AUTH_FAILED = "Server replied with following exception:\n (535, b'5.7.8 Authentication failed')"
REFUSED = "Connection Test Failed! Here is what we got instead:\n [Errno 111] Connection refused"
SENDER_REFUSED = "The server refused the sender address (x) with error b'5.7.1 not yours'"

MAIN: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
    "smtp_pass": "made-up-password",
    "from_filter": "acme.example",
}


def ids_tested(odoo: SimulatedOdoo) -> list[int]:
    """Return the ids of the servers that were tested so far."""
    return [ids[0] for _model, method, ids, _arguments in odoo.log if method == "test_smtp_connection" and ids]


def watched(odoo: SimulatedOdoo) -> list[dict[str, Any]]:
    """Record the servers in their state during the test; all tests pass."""
    seen: list[dict[str, Any]] = []

    def smtp(server: Mapping[str, Any]) -> None:
        seen.append(dict(server))

    odoo.smtp = smtp
    return seen


def tables(odoo: SimulatedOdoo) -> Any:
    """Return all tables of the database."""
    return copy.deepcopy({model: table for model, table in odoo.records.tables.items() if table})


def failing(odoo: SimulatedOdoo, options: Mapping[str, Any], **policy: Any) -> Rejected:
    """Run a stack that a test must stop, and check that the database is unchanged."""
    before = tables(odoo)
    with pytest.raises(Rejected) as caught:
        run(odoo, options, verify="connection", **policy)
    assert tables(odoo) == before
    assert caught.value.details["applied"] == ()
    return caught.value


def outcomes(verifications: list[dict[str, Any]]) -> dict[str, str]:
    return {one["key"]: one["outcome"] for one in verifications}
