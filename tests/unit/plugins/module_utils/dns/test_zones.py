# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each zone on a real DNS server yields exactly its finding."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc_repair import repaired_policy
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mail_paths import MailPath, SendingServer
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.mailboxes import mailbox_provider
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import Relay
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.preflight import examine
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Report
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf import read_spf
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf_repair import flattened
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer, dns_server
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
    KEY,
    ZONES,
    quoted,
    zone_text,
)

OWN = SendingServer(
    1, "Main", "mail.acme.example", relay=Relay("Main", addresses=("203.0.113.10",), dkim_selectors=("s1",))
)
PATH = MailPath(OWN, "acme.example", "acme.example", ("info@acme.example",))


@pytest.fixture(scope="module")
def shared_server() -> Iterator[DnsServer]:
    with dns_server() as server:
        yield server


@pytest.fixture
def server(shared_server: DnsServer) -> DnsServer:
    shared_server.clear()
    return shared_server


def look(
    server: DnsServer, *paths: MailPath, receiving: tuple[str, ...] = ("acme.example",), timeout: float = 10
) -> Report:
    return examine(Lookup([server.nameserver], timeout), paths or (PATH,), receiving)


def through(provider: str, host: str, **relay: object) -> MailPath:
    server = SendingServer(2, "Provider", host, provider, "mg.acme.example", Relay("Provider", **relay))  # type: ignore[arg-type]
    return replace(PATH, server=server)


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_yields_exactly_its_finding(name: str, server: DnsServer) -> None:
    server.load(zone_text(name))
    zone = ZONES[name]
    report = look(server)
    assert [problem.finding for problem in report.problems] == ([zone.finding] if zone.finding else []), report.problems
    assert report.unanswered == []
    assert report.undeclared == []
    for problem in report.problems:
        assert zone.words in problem.evidence
        assert problem.records
        assert zone.publish in " and ".join(map(str, problem.records))


def test_there_are_enough_zones() -> None:
    assert len([zone for zone in ZONES.values() if zone.finding]) >= 25


@pytest.mark.parametrize("name", [name for name, zone in ZONES.items() if zone.finding.startswith("spf")])
def test_the_record_to_publish_mends_the_zone(name: str, server: DnsServer) -> None:
    server.load(zone_text(name))
    (problem,) = look(server).problems
    (record,) = problem.records
    text = "\n".join(line for line in zone_text(name).split("\n") if not line.startswith('@ 60 IN TXT "v=spf1'))
    server.clear()
    server.load(text)
    server.load(f"{record.name}. 60 IN TXT {quoted(record.value)}")
    assert look(server).problems == []


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
        ("gone.acme.example", "no address in the DNS"),
        ("smtp.other.example", "not in a domain of this instance"),
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


def test_an_include_that_would_be_one_too_many(server: DnsServer) -> None:
    names = " ".join(f"a:h{number}.acme.example" for number in range(10))
    hosts = "\n".join(f"h{number} 60 IN A 198.51.100.{number}" for number in range(10))
    server.load(GOOD.replace("ip4:203.0.113.10", names).replace("mx 60", f"{hosts}\nmx 60", 1))
    server.load('_spf.google.com. 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"')
    (problem,) = look(server, through("gmail", "smtp.gmail.com", dkim_selectors=("s1",))).problems
    assert "needs 11 lookups" in problem.evidence
    assert "include:_spf.google.com" in problem.records[0].value
    assert "ip4:198.51.100.0 a:h1.acme.example" in problem.records[0].value


@pytest.mark.parametrize(
    ("record", "is_known"),
    [
        ("v=spf1 ip4:192.0.2.1 -all", True),
        ("v=spf1 all", False),
        ("v=spf1 +all", False),
        ("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", False),
        ("v=spf1 ?ip4:192.0.2.1 -all", False),
    ],
)
def test_addresses_replace_only_an_include_that_they_describe(server: DnsServer, record: str, is_known: bool) -> None:
    names = " ".join(f"exists:%{{i}}.h{number}.acme.example" for number in range(10))
    server.load(f"include.acme.example. 60 IN TXT {quoted(record)}")
    server.load(f"acme.example. 60 IN TXT {quoted(f'v=spf1 {names} include:include.acme.example -all')}")
    spf = read_spf(Lookup([server.nameserver], 10), "acme.example")
    assert spf.lookups == 11
    found = flattened(spf)
    assert (found is not None) is is_known
    assert found is None or found.value == f"v=spf1 {names} ip4:192.0.2.1 -all"


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
    assert "send from an address of a domain of your own" in unaligned.advice
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
    assert "Send from an address of a domain of your own." in problem.advice
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


@pytest.mark.parametrize("term", ["exists:%{i}._spf.acme.example", "include:%{l1r-}.acme.example"])
def test_a_record_that_depends_on_the_mail(server: DnsServer, term: str) -> None:
    """It is not known whether it authorizes the server, and that is no failure."""
    server.load(zone_text("no key").replace("v=spf1 ip4:203.0.113.10 -all", f"v=spf1 {term} -all"))
    report = look(server)
    assert [problem.finding for problem in report.problems] == ["spf_unknown", "dkim_missing"]
    assert term in report.problems[0].evidence
    assert report.problems[0].records == ()
    assert [fact["state"] for fact in report.facts["spf"]] == ["unknown"]
    assert [fact["state"] for fact in report.facts["dmarc"]] == ["ok"]


@pytest.mark.parametrize(
    "record", ["v=spf1 ip4:203.0.113.10 foo=%{i} -all", "v=spf1 ip4:203.0.113.10 exp=%{l}.acme.example -all"]
)
def test_modifiers_that_are_allowed(server: DnsServer, record: str) -> None:
    server.load(zone_text("good").replace("v=spf1 ip4:203.0.113.10 -all", record))
    assert look(server).problems == []


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
    """Odoo takes any text as a domain. There is nothing to look up, and no record to publish."""
    server.load(GOOD)
    domain = domain_of(f"info@{name}")
    report = look(
        server,
        replace(PATH, from_domain=domain, envelope_domain=domain, senders=(f"info@{name}",)),
        receiving=(domain,),
    )
    (problem,) = report.problems
    assert (problem.finding, problem.subject, problem.records) == ("domain_invalid", domain, ())
    assert f"info@{name}" in problem.evidence
    assert not [question for question in server.questions if domain in question]
    assert report.unanswered == []
    assert [fact["state"] for fact in report.facts["dmarc"]] == ["domain_invalid"]


@pytest.mark.parametrize(
    "name", ["a_b.example", "xn--4ca.example", "1.example", "a-b.example", "ä.example", "a.b.c.example"]
)
def test_a_domain_that_nobody_has_is_missing(server: DnsServer, name: str) -> None:
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


def test_without_idna_some_domains_are_not_known(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
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


SPF_WORDS = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "mx",
                "ptr",
                "exists:%{i}.x.acme.example",
                "include:acme.example",
                "include:%{d}",
                "all",
                "redirect=acme.example",
            ),
            *(
                "ip4:1.2.3.4/33",
                "ip6:::1",
                "ip6:x",
                "a:/24",
                "a//64",
                "-",
                "include:",
                "exp=x",
                "A:MX.acme.example",
                "?all",
                "a:mail.acme.example/0",
            ),
        ]
    )
    | st.text(max_size=20),
    max_size=15,
).map(" ".join)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SPF_WORDS, st.text(max_size=60), st.text(max_size=60))
def test_records_of_any_content(shared_server: DnsServer, spf: str, dkim: str, dmarc: str) -> None:
    """Whatever is published: a verdict, and records that may be published."""
    shared_server.clear()
    shared_server.load("\n".join(line for line in GOOD.split("\n") if "TXT" not in line))
    shared_server.add_text("acme.example", f"v=spf1 {spf}".encode("utf-8", "replace"))
    shared_server.add_text("s1._domainkey.acme.example", f"v=DKIM1; {dkim}".encode("utf-8", "replace"))
    shared_server.add_text("_dmarc.acme.example", f"v=DMARC1; {dmarc}".encode("utf-8", "replace"))
    report = look(shared_server)
    assert report.unanswered == []
    for problem in report.problems:
        for record in problem.records:
            if record.name == "acme.example" and record.type == "TXT":
                assert record.value.startswith("v=spf1 ")
                assert record.value.split(" ")[-1].startswith(("-all", "~all", "?all", "+all", "all", "redirect="))


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
    assert any("not asked, because 3 questions were not answered in time" in one for one in report.unanswered)


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
