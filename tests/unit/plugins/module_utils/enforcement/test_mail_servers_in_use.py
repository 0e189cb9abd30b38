# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers that are not declared or are deleted, and the records that use them."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, refused_unwritten, run, server, servers
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_mail_servers import (
    declared,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_PERSONAL_SERVERS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

# Undeclared records


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("unmanaged", "listed", "archived"),
    [("ignore", [], []), ("report", ["Old"], []), ("archive", ["Old"], ["Old"])],
)
def test_unmanaged_servers(
    odoo: SimulatedOdoo, unmanaged: str, check: bool, listed: list[str], archived: list[str]
) -> None:
    odoo.add("ir.mail_server", name="Main")
    odoo.add("ir.mail_server", name="Old")
    odoo.add("ir.mail_server", name="Archived", active=False)
    outcome = run(odoo, declared(), check=check, unmanaged=unmanaged)
    assert actions(outcome.plan) == [("archive", name) for name in archived]
    inactive = [one["name"] for one in servers(odoo) if not one["active"]]
    assert inactive == ([] if check else archived) + ["Archived"]
    if check or not archived:
        assert [one["name"] for one in outcome.unmanaged] == listed
    else:
        assert run(odoo, declared(), unmanaged=unmanaged).plan == ()


def test_a_server_in_use_is_not_archived(odoo: SimulatedOdoo) -> None:
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    text = refused_unwritten(Rejected, odoo, declared(active=False))
    assert "You cannot archive this Outgoing Mail Server (Main)" in text
    assert "the mail templates 'Invoice'" in text
    assert server(odoo, "Main")["active"] is True


def test_an_undeclared_server_in_use_is_not_archived(odoo: SimulatedOdoo) -> None:
    odoo.add("mailing.mailing", subject="News", mail_server_id=odoo.add("ir.mail_server", name="Used"))
    odoo.add("ir.mail_server", name="Unused")
    for check in (True, False):
        outcome = run(odoo, declared(sequence=3), unmanaged="archive", check=check)
        assert ("archive", "Unused") in actions(outcome.plan)
        assert ("archive", "Used") not in actions(outcome.plan)
        assert any("'Used'" in warning and "'News'" in warning for warning in outcome.warnings)
    assert run(odoo, declared(sequence=3), unmanaged="archive").plan == ()


@pytest.mark.parametrize("series", HAVE_PERSONAL_SERVERS)
def test_personal_servers_belong_to_their_owners(odoo: SimulatedOdoo) -> None:
    personal = odoo.add("ir.mail_server", name="Main", smtp_host="personal.example", owner_user_id=2)
    outcome = run(odoo, declared(smtp_host="smtp.acme.example"), unmanaged="archive")
    assert actions(outcome.plan) == [("create", "Main")]
    assert outcome.unmanaged == []
    assert odoo.record("ir.mail_server", personal)["smtp_host"] == "personal.example"
    assert odoo.record("ir.mail_server", personal)["active"] is True
    assert actions(run(odoo, declared(state="absent")).plan) == [("delete", "Main")]
    assert [one["id"] for one in servers(odoo)] == [personal]


@pytest.mark.parametrize("unmanaged", [True, False])
def test_the_default_server_of_mailings_is_in_use(odoo: SimulatedOdoo, unmanaged: bool) -> None:
    used = odoo.add("ir.mail_server", name="Used")
    odoo.add("ir.config_parameter", key="mass_mailing.mail_server_id", value=str(used))
    if unmanaged:
        outcome = run(odoo, declared(sequence=3), unmanaged="archive")
        assert any("Email Marketing as its default server" in warning for warning in outcome.warnings)
    else:
        stack = {"servers": [{"name": "Used", "active": False}]}
        assert "Email Marketing as its default server" in refused_unwritten(Rejected, odoo, stack)
    assert server(odoo, "Used")["active"] is True


# Consequences of a deletion


@pytest.mark.parametrize("check", [True, False])
def test_deleting_a_server_lists_the_records_that_lose_it(odoo: SimulatedOdoo, check: bool) -> None:
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    odoo.add("mail.template", name="Offer", mail_server_id=used)
    odoo.add("mailing.mailing", subject="News", mail_server_id=used)
    outcome = run(odoo, declared(state="absent"), check=check)
    assert actions(outcome.plan) == [("delete", "Main")]
    (warning,) = outcome.warnings
    assert warning.startswith(
        "mail server 'Main': deleting it removes it from the mail templates 'Invoice', 'Offer' and the mailings 'News'. "
    )
    assert bool(servers(odoo)) is check


def test_deleting_an_unused_server_gives_no_warning(odoo: SimulatedOdoo) -> None:
    other = odoo.add("ir.mail_server", name="Other")
    odoo.add("mail.template", name="Invoice", mail_server_id=other)
    odoo.add("ir.mail_server", name="Main")
    assert run(odoo, declared(state="absent")).warnings == []
    assert run(odoo, declared(state="absent")).warnings == []


def test_deleting_without_mailings_installed(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"mass_mailing"})
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    assert len(run(odoo, declared(state="absent")).warnings) == 1
