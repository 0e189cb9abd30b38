# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading: every record, with masked secrets, without a write, and with a fixed number of calls."""

from __future__ import annotations

import builtins
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import (
    apply_query,
    overdue_minutes,
    read_info,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, written
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_PERSONAL_SERVERS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_mail_servers(odoo: SimulatedOdoo, series: str) -> None:
    server = odoo.add("ir.mail_server", name="Main", smtp_pass="correct-horse", active=False)
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=server)
    owner = {"owner_user_id": 2} if series in HAVE_PERSONAL_SERVERS else {}
    odoo.add("ir.mail_server", name="Other", **owner)
    main, other = read_info(odoo.session(read_only=True), MAIL_SERVER)
    assert (main["id"], main["xml_id"], main["active"], main["smtp_pass"]) == (
        server,
        "postmaster.main",
        False,
        "********",
    )
    assert other["smtp_pass"] is None
    assert main["smtp_user"] is None
    assert other.get("owner_user_id") == ("admin" if owner else None)
    assert not {"smtp_ssl_private_key", "smtp_ssl_certificate"} & set(main)
    assert "correct-horse" not in repr(main)
    assert written(odoo) == []


@pytest.mark.parametrize(
    ("names", "found"),
    [({"name": "Main"}, ["Main"]), ({"xml_id": "postmaster.main"}, ["Main"]), ({"name": "Nobody"}, [])],
)
def test_some_mail_servers(odoo: SimulatedOdoo, names: dict[str, str], found: list[str]) -> None:
    server = odoo.add("ir.mail_server", name="Main")
    odoo.add("ir.mail_server", name="Other")
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=server)
    assert [one["name"] for one in read_info(odoo.session(), MAIL_SERVER, **names)] == found


def test_an_external_id_that_no_record_has(odoo: SimulatedOdoo) -> None:
    with pytest.raises(Unsupported, match=r"No mail server has the external ID base.user_admin in database simulated"):
        read_info(odoo.session(), MAIL_SERVER, xml_id="base.user_admin")


def test_crons(odoo: SimulatedOdoo) -> None:
    (queue,) = read_info(odoo.session(read_only=True), CRON, xml_id=QUEUE)
    assert (queue["model_name"], queue["user_id"], queue["interval_type"]) == ("mail.mail", "__system__", "hours")
    assert len(read_info(odoo.session(), CRON)) == len(odoo.records.tables["ir.cron"])


def test_reading_costs_the_same_for_any_size(odoo: SimulatedOdoo) -> None:
    prices = []
    for count in (1, 99):
        for number in range(count):
            odoo.add("ir.mail_server", name=f"{count}-{number}")
        session = odoo.session(read_only=True)
        read_info(session, MAIL_SERVER)
        prices.append(len(session.calls))
    assert prices[0] == prices[1] <= 4


def test_a_clerk_may_not(odoo: SimulatedOdoo) -> None:
    odoo.user = "clerk"
    with pytest.raises(AccessRefused):
        read_info(odoo.session(), MAIL_SERVER)


@pytest.mark.parametrize(
    ("active", "ago", "minutes"),
    [
        (True, timedelta(minutes=90, seconds=59), 90),
        (True, timedelta(seconds=59), 0),
        (True, timedelta(hours=-1), 0),
        (False, timedelta(days=1), 0),
    ],
)
def test_overdue_minutes(odoo: SimulatedOdoo, active: bool, ago: timedelta, minutes: int) -> None:
    odoo.record("ir.cron", odoo.ref(QUEUE)).update(
        active=active, nextcall=(odoo.now - ago).strftime("%Y-%m-%d %H:%M:%S")
    )
    (queue,) = read_info(odoo.session(), CRON, xml_id=QUEUE)
    assert overdue_minutes(queue, odoo.now) == minutes


def test_a_cron_that_never_runs_is_not_overdue(odoo: SimulatedOdoo) -> None:
    assert overdue_minutes({"active": True, "nextcall": None}, odoo.now) == 0


def test_queries() -> None:
    records = [{"name": "a", "active": True}, {"name": "b", "active": False}]
    assert apply_query("[?active].name", records) == ["a"]
    with pytest.raises(Invalid, match=r"query '\[\?active' is not a valid JMESPath expression"):
        apply_query("[?active", records)


def test_queries_need_jmespath(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *how: Any) -> Any:
        if name == "jmespath":
            raise ImportError(name)
        return real(name, *how)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Invalid, match="pip install jmespath"):
        apply_query("[]", [])
