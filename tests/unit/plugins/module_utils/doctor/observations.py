# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observations for the tests of the doctor's checks, and the findings of the checks by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import (
    Limits,
    Observation,
    ObservedSender,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_checks import check_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import check_setup
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)

Check = Callable[[Observation, Limits], Iterator[Finding]]


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def results(check: Check, **seen: Any) -> dict[str, dict[str, Any]]:
    """Return the findings by their ids; no id may occur twice."""
    findings = [finding.as_result() for finding in check(Observation(NOW, **seen), Limits())]
    by_id = {finding["id"]: finding for finding in findings}
    assert len(by_id) == len(findings)
    return by_id


def cron(
    number: int = 3, xml_id: str | None = QUEUE, *, last: float | None = 30, due: float = -30, **values: Any
) -> dict[str, Any]:
    """Return an action that ended `last` minutes ago and was due `due` minutes ago; it is on schedule by default."""
    own = {
        "id": number,
        "xml_id": xml_id,
        "name": f"Action {number}",
        "active": True,
        "interval_number": 1,
        "interval_type": "hours",
        "lastcall": None if last is None else ago(last),
        "nextcall": ago(due),
        "write_date": ago(5000),
    }
    return {**own, **values}


def server(number: int = 1, **values: Any) -> dict[str, Any]:
    own = {
        "id": number,
        "xml_id": None,
        "name": f"Server {number}",
        "active": True,
        "sequence": 10,
        "smtp_host": f"smtp{number}.example",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_authentication": "login",
        "smtp_user": "robot",
        "smtp_pass": "********",
        "from_filter": f"d{number}.example",
        "connected": None,
        "authorize_url": None,
        "problems": [],
        "remarks": [],
        "leads_nowhere": False,
    }
    return {**own, **values}


def servers(*listed: dict[str, Any], **seen: Any) -> dict[str, dict[str, Any]]:
    return results(check_servers, servers=listed, **seen)


def routing(*listed: dict[str, Any], senders: tuple[str, ...], notifications: str = "") -> dict[str, dict[str, Any]]:
    people = [ObservedSender(address, f"user {number}") for number, address in enumerate(senders)]
    return results(check_routing, servers=listed, senders=people, rules=[Rules(notifications=notifications)])


def setup(parameters: Mapping[str, str], **seen: Any) -> dict[str, dict[str, Any]]:
    domains = [{"id": 1, "name": "acme.example", "default_from": "notifications"}]
    companies = [{"id": 1, "name": "Acme", "alias_domain_id": [1, "acme.example"]}]
    url = {"web.base.url": "https://odoo.acme.example"}
    own = {"alias_domains": domains, "companies": companies, "parameters": {**url, **parameters}}
    return results(check_setup, **{**own, **seen})
