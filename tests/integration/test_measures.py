# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of calls of operations. Counted, not timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from instance import TRANSPORTS, LabInstance

MAIL_CRONS = (
    "mail.ir_cron_mail_scheduler_action",
    "mail.ir_cron_mail_gateway_action",
    "mail.ir_cron_send_scheduled_message",
    "mass_mailing.ir_cron_mass_mailing_queue",
)


def stack(servers: int, crons: int, parameters: int, **server: Any) -> dict[str, Any]:
    """Return a stack of some size.

    Some records are found by external ID and some by name, each with a reference to a user.
    """
    made = crons - len(MAIL_CRONS)
    return {
        "parameters": {f"postmaster.test.{number}": str(number) for number in range(parameters)},
        "servers": [
            {"name": f"Server {number}", "smtp_host": "mail.invalid", "from_filter": f"{number}.invalid", **server}
            for number in range(servers)
        ],
        "crons": [
            *({"xml_id": xml_id, "active": True, "user": "__system__"} for xml_id in MAIL_CRONS),
            *({"name": f"Cron {number}", "model": "res.partner", "priority": 7} for number in range(made)),
        ],
    }


SMALL = stack(3, 4, 5)
LARGE = stack(100, 40, 50)


@pytest.fixture(scope="module")
def populated(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return a database that matches both stacks."""
    database = fresh("integration_measures")
    with database.session() as session:
        model = session.search_read("ir.model", [["model", "=", "res.partner"]], ["name"])[0]["id"]
        cron = {"model_id": model, "state": "code", "code": "pass", "interval_type": "days", "active": False}
        session.create("ir.cron", [{**cron, "name": f"Cron {number}"} for number in range(36)])
    database.enforce(LARGE)
    return database


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the path of every HTTP request, including those for the version and the login."""
    sent: list[str] = []
    send = HttpConnection.request

    def count(self: HttpConnection, method: str, path: str, *rest: Any) -> Any:
        sent.append(path)
        return send(self, method, path, *rest)

    monkeypatch.setattr(HttpConnection, "request", count)
    return sent


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_check_costs_ten_calls_for_any_number_of_declarations(
    transport: str, populated: LabInstance, requests: list[str]
) -> None:
    assert populated.check(SMALL, transport=transport).plan == ()
    small = len(requests)
    assert populated.check(LARGE, transport=transport).plan == ()
    large = len(requests) - small
    assert 0 < small <= 10
    assert large == small


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_check_with_drift_costs_no_additional_calls(
    transport: str, populated: LabInstance, requests: list[str]
) -> None:
    assert populated.check(SMALL, transport=transport).plan == ()
    without = len(requests)
    drifted = stack(100, 40, 50, smtp_port=2525)
    assert len(populated.check(drifted, transport=transport).plan) == 100
    assert len(requests) == 2 * without


def calls_of(database: LabInstance, wanted: dict[str, Any], requests: list[str]) -> int:
    before = len(requests)
    assert len(database.enforce(wanted).plan) == len(wanted["servers"])
    return len(requests) - before


@pytest.mark.parametrize("what", ["update", "create", "create and pin", "delete"])
def test_applying_costs_at_most_one_call_for_each_record(what: str, database: LabInstance, requests: list[str]) -> None:
    def servers(prefix: str, count: int, **options: Any) -> dict[str, Any]:
        return {
            "servers": [
                {"name": f"{prefix} {number}", "smtp_host": "smtp.invalid", **options} for number in range(count)
            ]
        }

    def wanted(prefix: str, count: int) -> dict[str, Any]:
        if what == "create and pin":
            pins = [f"postmaster.{prefix}_{number}" for number in range(count)]
            return {"servers": [{"name": pin, "xml_id": pin, "smtp_host": "smtp.invalid"} for pin in pins]}
        changed: dict[str, Any] = {"update": {"smtp_port": 2525}, "delete": {"state": "absent"}}.get(what, {})
        return servers(prefix, count, **changed)

    if what in ("update", "delete"):
        database.enforce({"servers": [*servers("few", 3)["servers"], *servers("many", 30)["servers"]]})
    few = calls_of(database, wanted("few", 3), requests)
    many = calls_of(database, wanted("many", 30), requests)
    assert many - few <= 27, Counter(requests)
