# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of settings that a user made: hosts, filters, parameters and addresses."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import ObservedSender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import (
    results,
    routing,
    server,
    servers,
    setup,
)


@pytest.mark.parametrize(
    ("host", "port", "catches"),
    [
        ("mailhog", 25, True),
        ("acme_mailpit_1", 1025, True),
        ("sandbox.smtp.mailtrap.io", 2525, True),
        ("live.smtp.mailtrap.io", 587, False),
        ("bulk.smtp.mailtrap.io", 587, False),
        ("localhost", 1025, False),  # the bridge of Proton Mail, which delivers
        ("mail.maildeveloper.example", 587, False),
        ("mailhog2", 1025, True),
        ("mailpit.acme.internal", 1025, True),
        ("smtp.acme.example", 587, False),
    ],
)
def test_a_test_catcher(host: str, port: int, catches: bool) -> None:
    about = {"smtp_host": host, "smtp_port": port}
    assert ("test_catcher" in servers(server(**about))) is catches
    # In a copy this is intended.
    assert "test_catcher" not in servers(server(**about), parameters={"database.is_neutralized": "true"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("7", "which does not exist"),
        ("2", "'Server 2', which is archived"),
        ("3", "'Server 3', which belongs to a user"),
        ("1", ""),
        ("False", ""),
        ("", ""),
    ],
)
def test_the_server_of_mailings(value: str, words: str) -> None:
    listed = (server(), server(2, active=False), server(3, owner_user_id=5))
    found = servers(*listed, parameters={"mass_mailing.mail_server_id": value})
    assert ("mailing_server_unusable" in found) is bool(words)
    assert words in found.get("mailing_server_unusable", {"evidence": ""})["evidence"]


@pytest.mark.parametrize(
    ("from_filter", "lost"),
    [
        ("@acme.example", ["'@acme.example'"]),
        ("a.example;b.example", ["'a.example;b.example'"]),
        ("d1.example, two words", ["'two words'"]),
        (" , ", ["' , '"]),
        ("d1.example, a@acme.example", []),
        (None, []),
    ],
)
def test_a_filter_that_matches_no_sender(from_filter: str | None, lost: list[str]) -> None:
    found = routing(server(from_filter=from_filter), senders=())
    assert ("from_filter_unmatched" in found) is bool(lost)
    for words in lost:
        assert words in found["from_filter_unmatched"]["evidence"]


def test_a_list_is_not_a_filter_in_former_versions() -> None:
    found = results(check_routing, servers=[server(from_filter="a.example,b.example")], rules=[Rules(several=False)])
    assert "These entries match no sender: 'a.example,b.example'." in found["from_filter_unmatched"]["evidence"]


def test_parameters_without_effect() -> None:
    parameters = {"mail.catchall.domain": "acme.example", "mail.default.from": ""}
    assert "mail.catchall.domain is 'acme.example'" in setup(parameters)["parameter_ignored"]["evidence"]
    # Up to 16.0 these parameters are the settings themselves.
    assert "parameter_ignored" not in setup(parameters, alias_domains=None)
    assert "parameter_ignored" in setup({"mail.force.smtp.from": "a@acme.example"}, alias_domains=None)


def test_sample_addresses() -> None:
    def of(address: str, source: str) -> bool:
        return "sample_address" in setup({}, senders=[ObservedSender(address, source)])

    assert of("info@yourcompany.com", "company YourCompany")
    assert of("admin@example.com", "user admin")
    assert not of("admin@example.com", "user joel")
    assert not of("info@acme.example", "company Acme")
