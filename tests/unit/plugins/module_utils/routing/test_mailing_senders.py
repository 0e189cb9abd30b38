# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The senders of mass mailings, whose mails Odoo deletes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import read_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing
from ansible_collections.postmaster.odoo.tests.unit.enforcing import run
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT

STACK = {"servers": [{"name": "New", "smtp_host": "smtp.acme.example"}]}


def add_mailing(odoo: SimulatedOdoo, sender: str, *statuses: str, days: int = 1, **values: Any) -> int:
    """Add a mailing with a trace of each status. Odoo has deleted its mails."""
    mailing = odoo.add("mailing.mailing", subject="News", email_from=sender, **values)
    for status in statuses:
        trace = odoo.add("mailing.trace", mass_mailing_id=mailing, trace_type="mail", trace_status=status)
        created = (odoo.now - timedelta(days=days)).strftime(DATETIME_FORMAT)
        odoo.record("mailing.trace", trace)["create_date"] = created
    return mailing


@pytest.mark.parametrize("series", SERIES)
def test_senders_of_mass_mailings(series: str) -> None:
    odoo = SimulatedOdoo(series)
    server = odoo.add("ir.mail_server", name="Bulk")
    kept = add_mailing(odoo, "news@news.example", "sent", "sent", "outgoing", "cancel")
    add_mailing(odoo, "bulk@news.example", "sent", mail_server_id=server, active=False)
    add_mailing(odoo, "old@news.example", "sent", days=31)
    add_mailing(odoo, "draft@news.example")
    # One of its mails still exists, and counts once.
    odoo.add("mail.mail", email_from="news@news.example", state="outgoing", mailing_id=kept)
    session = odoo.session(read_only=True)
    found = read_senders(session, read_routing(session), 30)
    assert {(one.source, one.email_from, one.mails, one.server) for one in found.senders if one.mails} == {
        ("mailing", "news@news.example", 3, None),
        ("mailing", "bulk@news.example", 1, server),
    }
    assert found.is_complete


def test_without_the_addon_there_are_no_mailings() -> None:
    odoo = SimulatedOdoo("19.0", without_addons=["mass_mailing"])
    session = odoo.session(read_only=True)
    assert read_senders(session, read_routing(session), 30).is_complete


def test_unreadable_mailings_are_reported() -> None:
    """The result contains a remark that it is incomplete."""
    odoo = SimulatedOdoo("19.0")

    def refuse(model: str, _method: str, _ids: Any, _arguments: Any) -> None:
        if model == "mailing.trace":
            raise AccessRefused("mailing.trace is not for this user")

    odoo.before.append(refuse)
    replay = run(odoo, STACK, check=True, replay_days=30).replay
    assert replay is not None
    assert replay["complete"] is False
