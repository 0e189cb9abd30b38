# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail through providers and relays, each with the records that it needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import Relay
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.looking import OWN, PATH, look, through
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
    KEY,
    zone_text,
)


def test_mail_through_google(server: DnsServer) -> None:
    server.load(GOOD.replace("ip4:203.0.113.10", "include:_spf.google.com"))
    server.load('_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    (problem,) = look(server, through("gmail", "smtp.gmail.com")).problems
    assert problem.finding == "dkim_missing"
    assert str(problem.records[0]).startswith("google._domainkey.acme.example. TXT")
    server.load(f'google._domainkey.acme.example. 60 IN TXT "v=DKIM1; p={KEY}"')
    assert look(server, through("gmail", "smtp.gmail.com")).problems == []


def test_an_spf_record_without_the_provider(server: DnsServer) -> None:
    server.load(GOOD)
    server.load('_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    path = through("gmail", "smtp.gmail.com", dkim_selectors=("s1",))
    (problem,) = look(server, path).problems
    assert problem.finding == "spf_missing"
    assert str(problem.records[0]) == 'acme.example. TXT "v=spf1 ip4:203.0.113.10 include:_spf.google.com -all"'


def test_the_addresses_of_a_provider_may_be_copied(server: DnsServer) -> None:
    server.load(GOOD.replace("ip4:203.0.113.10", "ip4:192.0.2.0/24"))
    server.load('_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    assert look(server, through("gmail", "smtp.gmail.com", dkim_selectors=("s1",))).problems == []


def test_microsoft_needs_one_key_of_two(server: DnsServer) -> None:
    server.load(GOOD.replace("ip4:203.0.113.10", "include:spf.protection.outlook.com"))
    server.load('spf.protection.outlook.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"')
    (problem,) = look(server, through("office365", "smtp.office365.com")).problems
    assert [record.type for record in problem.records] == ["CNAME", "CNAME"]
    server.load(
        "selector1._domainkey.acme.example. 60 IN CNAME selector1-acme-example._domainkey.acme.onmicrosoft.com.\n"
        f'selector1-acme-example._domainkey.acme.onmicrosoft.com. 60 IN TXT "v=DKIM1; k=rsa; p={KEY}"'
    )
    assert look(server, through("office365", "smtp.office365.com")).problems == []


def test_a_provider_with_its_own_envelope_sender(server: DnsServer) -> None:
    """The SPF record of the sender's domain does not matter, and DMARC rests on the signature."""
    server.load(GOOD.replace("ip4:203.0.113.10", ""))
    report = look(server, through("ses", "email-smtp.eu-west-1.amazonaws.com"))
    assert report.problems == []
    assert report.facts["spf"] == []
    assert ["dkim_selectors" in one for one in report.undeclared] == [True]
    path = through("ses", "email-smtp.eu-west-1.amazonaws.com", dkim_selectors=("s1",), dkim_domain="other.example")
    assert {problem.finding for problem in look(server, path).problems} == {"dkim_missing", "dmarc_unaligned"}


def test_mailgun_bounces_to_the_domain_of_the_login(server: DnsServer) -> None:
    server.load(GOOD)
    server.load('mailgun.org. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"')
    (problem,) = look(server, through("mailgun", "smtp.mailgun.org", dkim_selectors=("s1",))).problems
    assert str(problem.records[0]) == 'mg.acme.example. TXT "v=spf1 include:mailgun.org ~all"'


def test_the_address_of_a_relay_is_looked_up(server: DnsServer) -> None:
    server.load(
        GOOD.replace("203.0.113.10", "1.1.1.1")
        .replace("113.0.203.in-addr", "1.1.1.in-addr")
        .replace("10 60 IN PTR", "1 60 IN PTR")
    )
    path = replace(PATH, server=replace(OWN, relay=Relay("Main", dkim_selectors=("s1",))))
    report = look(server, path)
    assert report.problems == []
    assert [fact["address"] for fact in report.facts["ptr"]] == ["1.1.1.1"]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("mail.acme.example", "only the private addresses 203.0.113.10"),
        ("gone.acme.example", "without an address in the DNS"),
        ("smtp.other.example", "outside of the domains of this instance"),
        ("", "its host is not known"),
        ("10.0.0.5", "only the private addresses 10.0.0.5"),
    ],
)
def test_nothing_is_guessed_of_a_relay(server: DnsServer, host: str, words: str) -> None:
    server.load(GOOD)
    relay = Relay("Main", dkim_selectors=("s1",))
    report = look(server, replace(PATH, server=replace(OWN, host=host, relay=relay)))
    assert report.problems == []
    (undeclared,) = report.undeclared
    assert words in undeclared
    assert report.facts["ptr"] == []


def test_a_missing_record_is_missing_whatever_the_server(server: DnsServer) -> None:
    server.load(zone_text("no SPF record"))
    (problem,) = look(
        server,
        replace(PATH, server=replace(OWN, host="smtp.other.example", relay=Relay("Main", dkim_selectors=("s1",)))),
    ).problems
    assert problem.finding == "spf_missing"
    assert problem.records[0].value == "v=spf1 ip4:<the address that Main sends from> ~all"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("mail.acme.example", "mail.acme.example"),
        ("localhost", "<the name"),
        ("10.0.0.5", "<the name"),
        ("", "<the name"),
    ],
)
def test_the_name_of_an_address_is_that_of_its_host(server: DnsServer, host: str, name: str) -> None:
    server.load(zone_text("no name"))
    (problem,) = look(server, replace(PATH, server=replace(OWN, host=host))).problems
    assert str(problem.records[0]).startswith(f"10.113.0.203.in-addr.arpa. PTR {name}")


def test_two_servers_of_one_domain_are_one_finding(server: DnsServer) -> None:
    server.load(GOOD)
    server.load(
        '_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"\n'
        "11.113.0.203.in-addr.arpa. 60 IN PTR two.acme.example.\n"
        "two.acme.example. 60 IN A 203.0.113.11"
    )
    second = replace(PATH, server=replace(OWN, id=3, name="Two", relay=replace(OWN.relay, addresses=("203.0.113.11",))))
    google = through("gmail", "smtp.gmail.com", dkim_selectors=("s1",))
    (problem,) = look(server, PATH, second, google).problems
    assert str(problem.records[0]) == (
        'acme.example. TXT "v=spf1 ip4:203.0.113.10 ip4:203.0.113.11 include:_spf.google.com -all"'
    )


def test_servers_with_the_same_selectors_are_one_finding(server: DnsServer) -> None:
    server.load(GOOD.replace("ip4:203.0.113.10", "include:_spf.google.com ip4:203.0.113.10"))
    server.load('_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    path = through("gmail", "smtp.gmail.com")
    paths = [replace(path, server=replace(path.server, id=number, name=f"G{number}")) for number in (1, 2)]
    report = look(server, *paths, PATH)
    (problem,) = report.problems
    assert problem.finding == "dkim_missing"
    assert "'G1'" in problem.evidence
    assert "'G2'" in problem.evidence
    assert [(fact["servers"], fact["state"]) for fact in report.facts["dkim"]] == [
        (["G1", "G2"], "dkim_missing"),
        (["Main"], "ok"),
    ]
