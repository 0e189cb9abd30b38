# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name servers that do not answer, or no longer."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.looking import PATH, look
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
)


def domains(count: int) -> list[MailPath]:
    names = [f"d{number}.example" for number in range(count)]
    return [replace(PATH, from_domain=name, envelope_domain=name) for name in names]


def test_name_servers_that_stop_answering_are_left_alone(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time does not grow with the number of questions."""
    server.load(GOOD)
    answer = server.reply

    def answer_once(packet: bytes) -> bytes | None:
        server.is_silent = bool(server.questions)
        return answer(packet)

    monkeypatch.setattr(server, "reply", answer_once)
    report = look(server, *domains(20), timeout=0.2)
    assert len(report.unanswered) > 20
    assert len(set(server.questions)) == 1 + 3
    assert len([one for one in report.unanswered if "no answer in time" in one]) <= 3
    assert any("not queried, because 3 queries were not answered in time" in one for one in report.unanswered)


def test_names_that_nobody_answers_do_not_take_all_the_time(server: DnsServer) -> None:
    """Single names of dead zones, among others that are answered."""
    server.load(GOOD)
    paths = domains(20)
    server.silent_names |= {f"_dmarc.{path.from_domain}" for path in paths}
    began = time.monotonic()
    report = look(server, *paths, timeout=0.2)
    assert time.monotonic() - began < 15 * 0.2 + 3
    assert report.unanswered


QUESTIONS = {
    "acme.example": {"spf", "mx"},
    "_dmarc.acme.example": {"dmarc"},
    "s1._domainkey.acme.example": {"dkim"},
    "10.113.0.203.in-addr.arpa": {"ptr"},
    "mail.acme.example": {"ptr"},
    "mx.acme.example": {"mx"},
}


@pytest.mark.parametrize("how", ["silent_names", "failing_names"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_answer_is_unknown_and_not_missing(name: str, how: str, server: DnsServer) -> None:
    server.load(GOOD)
    getattr(server, how).add(name)
    report = look(server, timeout=0.3)
    assert report.problems == []
    assert report.unanswered
    assert {kind for kind, facts in report.facts.items() if facts[0]["state"] == "unknown"} == QUESTIONS[name]
