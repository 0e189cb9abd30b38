# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies for the domain of a sender, and mail that cannot pass them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc_repair import repaired_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mailboxes import mailbox_provider
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.looking import OWN, PATH, look, through
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
    KEY,
    zone_text,
)

STRICT = GOOD.replace("p=reject;", "p=reject; aspf=s; adkim=s;")


@pytest.mark.parametrize(
    ("zone", "path", "words"),
    [
        (STRICT, replace(PATH, envelope_domain="mail.acme.example"), "adkim=s"),
        (GOOD, PATH, ""),
    ],
)
def test_alignment_is_strict_if_the_record_says_so(server: DnsServer, zone: str, path: MailPath, words: str) -> None:
    signed = replace(OWN, relay=replace(OWN.relay, dkim_domain="mail.acme.example"))
    server.load(zone)
    server.load(f's1._domainkey.mail.acme.example. 60 IN TXT "p={KEY}"\nmail.acme.example. 60 IN TXT "v=spf1 a -all"')
    problems = look(server, replace(path, server=signed)).problems
    assert [problem.finding for problem in problems] == (["dmarc_unaligned"] if words else [])
    for problem in problems:
        assert problem.severity == "error"
        assert words in problem.evidence
        assert str(problem.records[0]) == (
            '_dmarc.acme.example. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@acme.example"'
        )


def test_domains_of_others_are_not_aligned(server: DnsServer) -> None:
    server.load(GOOD.replace("p=reject", "p=none"))
    server.load(
        '$ORIGIN other.example.\n@ 60 IN TXT "v=spf1 ip4:203.0.113.10 -all"\n'
        f'_dmarc 60 IN TXT "v=DMARC1; p=none"\ns1._domainkey 60 IN TXT "p={KEY}"'
    )
    signed = replace(OWN, relay=replace(OWN.relay, dkim_domain="other.example"))
    (problem,) = look(server, replace(PATH, server=signed, envelope_domain="other.example")).problems
    assert (problem.finding, problem.severity) == ("dmarc_unaligned", "")
    assert "SELECTOR._domainkey.acme.example. TXT" in str(problem.records[0])


@pytest.mark.parametrize(
    ("psd", "organizational"),
    [("", "acme.example"), ("psd=y;", "shop.acme.example"), ("psd=n;", "acme.example")],
)
def test_the_organizational_domain_is_found_by_walking_up(server: DnsServer, psd: str, organizational: str) -> None:
    server.load(f'_dmarc.acme.example. 60 IN TXT "v=DMARC1; {psd} p=none; sp=reject"')
    report = look(server, replace(PATH, from_domain="mail.shop.acme.example"))
    (fact,) = report.facts["dmarc"]
    assert fact["organizational_domain"] == organizational
    assert fact["policy"] == "reject"


def test_a_walk_asks_at_most_eight_questions(server: DnsServer) -> None:
    server.load(GOOD)
    domain = ".".join("abcdefghijkl") + ".acme.example"
    look(server, replace(PATH, from_domain=domain, envelope_domain="acme.example"), receiving=())
    assert len([one for one in server.questions if one.startswith("_dmarc.") and "l.acme" in one]) <= 8
    assert f"_dmarc.{domain} TXT" in server.questions


@pytest.mark.parametrize("how", ["silent_names", "failing_names"])
def test_a_policy_needs_no_answer_about_the_domains_above(server: DnsServer, how: str) -> None:
    server.load(GOOD)
    getattr(server, how).add("_dmarc.example")
    report = look(server, timeout=0.3)
    assert report.problems == []
    assert report.unanswered == []
    assert [fact["policy"] for fact in report.facts["dmarc"]] == ["reject"]
    server.load(GOOD.replace("acme.example", "shop.example").replace("_dmarc 60", "_gone 60"))
    shop = replace(PATH, from_domain="shop.example", envelope_domain="shop.example")
    assert [fact["state"] for fact in look(server, shop, timeout=0.3).facts["dmarc"]] == ["unknown"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], "v=DMARC1; p=none; rua=mailto:postmaster@acme.example"),
        (
            ["v=DMARC1; p=none", "v=DMARC1; p=quarantine; pct=50"],
            "v=DMARC1; p=quarantine; pct=50; rua=mailto:postmaster@acme.example",
        ),
        (
            [
                "v=DMARC1; p=reject; rua=mailto:a@b.example",
                "v=DMARC1; p=none; rua=mailto:c@d.example, mailto:a@b.example",
            ],
            "v=DMARC1; p=reject; rua=mailto:a@b.example,mailto:c@d.example",
        ),
        (
            ["v=DMARC1; p=none; aspf=s; sp=none", "v=DMARC1; p=none; aspf=r; sp=reject; rua=mailto:a@b.example"],
            "v=DMARC1; p=none; aspf=s; sp=reject; rua=mailto:a@b.example",
        ),
        (["v=DMARC1 p=reject, rua=mailto:a@b.example"], "v=DMARC1; p=reject; rua=mailto:a@b.example"),
    ],
)
def test_the_policy_to_publish_is_the_strictest(texts: list[str], expected: str) -> None:
    assert repaired_policy("acme.example", texts).value == expected


FOREIGN = """
$ORIGIN partner.example.
@ 60 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc 60 IN TXT "v=DMARC1; p=POLICY"
"""


@pytest.mark.parametrize(("policy", "severity"), [("none", ""), ("quarantine", "error"), ("reject", "error")])
def test_mail_that_neither_spf_nor_dkim_authenticates(server: DnsServer, policy: str, severity: str) -> None:
    """Domains that are aligned do not help if the key is missing and the record does not authorize the server."""
    server.load(GOOD + FOREIGN.replace("POLICY", policy))
    report = look(server, replace(PATH, from_domain="partner.example", envelope_domain="partner.example"))
    assert [problem.finding for problem in report.problems] == ["spf_missing", "dkim_missing", "dmarc_unaligned"]
    unaligned = report.problems[-1]
    assert (unaligned.subject, unaligned.severity) == ("partner.example", severity)
    assert "whose SPF record does not authorize the server" in unaligned.evidence
    assert "whose key is missing" in unaligned.evidence
    assert str(unaligned.records[0]).startswith("s1._domainkey.partner.example. TXT")
    assert "send from an address in your own domain" in unaligned.advice
    assert [fact["state"] for fact in report.facts["dmarc"]] == ["dmarc_unaligned"]


def test_one_of_spf_and_dkim_is_enough(server: DnsServer) -> None:
    server.load(GOOD + FOREIGN.replace("POLICY", "reject"))
    server.load(f's1._domainkey.partner.example. 60 IN TXT "v=DKIM1; p={KEY}"')
    path = replace(PATH, from_domain="partner.example", envelope_domain="partner.example")
    assert [problem.finding for problem in look(server, path).problems] == ["spf_missing"]
    server.silent_names.add("s1._domainkey.partner.example")
    assert [problem.finding for problem in look(server, path, timeout=0.3).problems] == ["spf_missing"]


def test_only_the_server_that_is_not_authorized_fails(server: DnsServer) -> None:
    server.load(zone_text("no key"))
    other = replace(OWN, id=3, name="Two", relay=replace(OWN.relay, addresses=("203.0.113.20",)))
    server.load("20.113.0.203.in-addr.arpa. 60 IN PTR mx.acme.example.")
    found = {problem.finding: problem for problem in look(server, PATH, replace(PATH, server=other)).problems}
    assert set(found) == {"spf_missing", "dkim_missing", "dmarc_unaligned"}
    assert "'Two'" in found["dmarc_unaligned"].evidence
    assert "'Main'" not in found["dmarc_unaligned"].evidence


@pytest.mark.parametrize("envelope", ["acme.example", ""])
@pytest.mark.parametrize(
    ("domain", "policy", "severity"),
    [("yahoo.com", "reject", "error"), ("gmail.com", "none", ""), ("gmx.net", "", ""), ("hotmail.co.uk", "", "")],
)
def test_a_domain_of_a_mailbox_provider(
    server: DnsServer, domain: str, policy: str, severity: str, envelope: str
) -> None:
    """Nobody but the provider can publish records for it."""
    server.load(GOOD)
    server.load(f'{domain}. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    if policy:
        server.load(f'_dmarc.{domain}. 60 IN TXT "v=DMARC1; p={policy}"')
    path = replace(PATH, from_domain=domain, envelope_domain=envelope or domain)
    (problem,) = look(server, PATH, path).problems
    assert (problem.finding, problem.subject, problem.severity) == ("dmarc_unaligned", domain, severity)
    assert problem.records == ()
    assert "Send from an address in your own domain." in problem.advice
    assert "only servers of" in problem.evidence


def test_the_server_of_a_mailbox_provider_may_send_for_its_domain(server: DnsServer) -> None:
    server.load(GOOD)
    server.load('_dmarc.gmail.com. 60 IN TXT "v=DMARC1; p=none; sp=quarantine"')
    google = replace(through("gmail", "smtp.gmail.com"), from_domain="gmail.com", envelope_domain="gmail.com")
    yahoo = replace(through("", "smtp.mail.yahoo.com"), from_domain="yahoo.com", envelope_domain="yahoo.com")
    report = look(server, google, yahoo)
    assert report.problems == []
    assert report.undeclared == []
    assert {fact["state"] for fact in report.facts["dmarc"]} == {"ok"}


def test_bounces_to_a_mailbox_provider(server: DnsServer) -> None:
    server.load(GOOD)
    (problem,) = look(server, replace(PATH, envelope_domain="gmail.com")).problems
    assert (problem.finding, problem.subject, problem.records) == ("spf_missing", "gmail.com", ())


@pytest.mark.parametrize("domain", ["acme.example", "mygmail.com", "gmail.com.example", "gmail.example", "yahoo"])
def test_other_domains_are_not_a_mailbox_provider_s(domain: str) -> None:
    assert mailbox_provider(domain) == ""
