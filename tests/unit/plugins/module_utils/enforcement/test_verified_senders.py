# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sender of a connection test: a substitute if there is none, and false alarms. All secrets are made up."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.tests.unit.enforcing import changes, run, server, servers
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import stack
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.verified_stacks import (
    AUTH_FAILED,
    MAIN,
    SENDER_REFUSED,
    failing,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.fixture
def nobody(odoo: SimulatedOdoo) -> SimulatedOdoo:
    """Return a database whose administrator has no address, as in a fresh 19.0."""
    odoo.record("res.users", odoo.uid)["email"] = False
    return odoo


UNFILTERED = {**MAIN, "from_filter": None}


def test_a_substitute_sender(nobody: SimulatedOdoo) -> None:
    outcome = run(nobody, stack(UNFILTERED), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender was sales@acme.example" in verification["message"]
    assert server(nobody, "Main").get("from_filter", False) is False
    assert run(nobody, stack(UNFILTERED), verify="connection").plan == ()


def test_a_refused_substitute_sender_is_not_an_alarm(nobody: SimulatedOdoo) -> None:
    nobody.smtp = lambda _tested: SENDER_REFUSED
    options = {**UNFILTERED, "smtp_user": "apikey"}
    outcome = run(nobody, stack(options), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender could not be tested" in verification["message"]
    assert "5.7.1 not yours" in verification["message"]
    assert [one for one in outcome.warnings if "mail server 'Main'" in one and "could not be tested" in one]
    main = server(nobody, "Main")
    assert (main["active"], main.get("from_filter", False)) == (True, False)


def test_a_sender_of_the_servers_own_that_is_refused_is_an_alarm(nobody: SimulatedOdoo) -> None:
    """The login is an address: the server refuses its own sender, not the substitute."""
    nobody.smtp = lambda _tested: SENDER_REFUSED
    assert "(sender_rejected)" in failing(nobody, stack(UNFILTERED)).message


def test_other_failures_are_alarms_without_a_sender_too(nobody: SimulatedOdoo) -> None:
    nobody.smtp = lambda _tested: AUTH_FAILED
    assert "(auth)" in failing(nobody, stack({**UNFILTERED, "smtp_user": "apikey"})).message


def test_a_live_server_without_a_sender(nobody: SimulatedOdoo) -> None:
    run(nobody, stack(UNFILTERED))
    outcome = run(nobody, stack({**UNFILTERED, "smtp_port": 2525}), verify="connection")
    assert changes(outcome.plan) == {"smtp_port": (587, 2525)}
    assert [(one["name"], one.get("from_filter", False)) for one in servers(nobody)] == [("Main", False)]


@pytest.mark.parametrize("existing", [True, False])
def test_a_generated_sender_of_a_domain_is_not_a_false_alarm(odoo: SimulatedOdoo, existing: bool) -> None:
    """Many accounts may only send as themselves, even if they own the domain."""
    if existing:
        odoo.add("ir.mail_server", **{**MAIN, "smtp_port": 25})
    odoo.smtp = lambda server: None if server["from_filter"] == MAIN["smtp_user"] else SENDER_REFUSED
    outcome = run(odoo, stack(MAIN), verify="connection")
    (verification,) = outcome.verifications
    assert verification["outcome"] == "ok"
    assert "The sender was the login, sales@acme.example" in verification["message"]
    assert server(odoo, "Main")["from_filter"] == "acme.example"
    assert run(odoo, stack(MAIN), verify="connection").plan == ()


@pytest.mark.parametrize("senders", ["elsewhere.example", "info@acme.example"])
def test_a_sender_that_the_account_does_not_own_is_refused(odoo: SimulatedOdoo, senders: str) -> None:
    odoo.smtp = lambda server: None if server["from_filter"] == MAIN["smtp_user"] else SENDER_REFUSED
    with pytest.raises(Rejected, match=r"failed \(sender_rejected\)"):
        run(odoo, stack({**MAIN, "from_filter": senders}), verify="connection")
    assert servers(odoo) == []
