# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains that cannot exist, and domains beyond ASCII."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.looking import PATH, look
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
)

IMPOSSIBLE = [
    *("localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "192.0.2.1", "a..b", "foo bar.example", "a" * 64 + ".example"),
    *(
        "x" * 300,
        ".".join("a" * 140),
        "a\\b.example",
        '"',
        "%{i}",
        "_",
        "-.example",
        "xn--",
        "\x00.example",
        "☃.example",
    ),
]


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_domain_that_cannot_exist_is_one_finding(server: DnsServer, name: str) -> None:
    """Odoo accepts any text as a domain. There is nothing to look up, and no record to publish."""
    server.load(GOOD)
    domain = domain_of(f"info@{name}")
    report = look(
        server,
        replace(PATH, from_domain=domain, envelope_domain=domain, senders=(f"info@{name}",)),
        receiving=(domain,),
    )
    (problem,) = report.problems
    assert (problem.finding, problem.subject, problem.records) == ("domain_invalid", domain, ())
    assert printable(f"info@{name}") in problem.evidence
    assert not [question for question in server.questions if domain in question]
    assert report.unanswered == []
    assert [fact["state"] for fact in report.facts["dmarc"]] == ["domain_invalid"]


@pytest.mark.parametrize(
    "name", ["a_b.example", "xn--4ca.example", "1.example", "a-b.example", "ä.example", "a.b.c.example"]
)
def test_an_unregistered_domain_is_missing(server: DnsServer, name: str) -> None:
    server.load(GOOD)
    domain = domain_of(f"info@{name}")
    report = look(server, replace(PATH, from_domain=domain, envelope_domain=domain), receiving=(domain,))
    assert {problem.finding for problem in report.problems} == {
        *("spf_missing", "dkim_missing", "dmarc_missing", "mx_missing")
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("STRASSE.example", "strasse.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("σας.example", "xn--mxa8ab.example"),
    ],
)
def test_domains_beyond_ascii_are_looked_up_as_odoo_sends_them(name: str, expected: str) -> None:
    assert domain_of(f"info@{name}") == expected


def test_without_idna_some_domains_are_unknown(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("dns.name")  # imports idna itself if it is installed
    monkeypatch.setitem(sys.modules, "idna", None)
    server.load(GOOD)
    assert domain_of("info@bücher.example") == "xn--bcher-kva.example"
    assert domain_of("info@☃..example") == "☃..example"
    for name in ("straße.example", "σας.example", "x\u200dy.example"):
        domain = domain_of(f"info@{name}")
        report = look(server, PATH, replace(PATH, from_domain=domain, envelope_domain=domain))
        assert report.problems == []
        assert [fact["state"] for fact in report.facts["dmarc"]] == ["unknown", "ok"]
        (undeclared,) = report.undeclared
        assert "install the Python package idna" in undeclared
