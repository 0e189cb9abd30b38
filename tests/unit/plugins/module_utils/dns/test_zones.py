# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each zone on a real DNS server yields exactly its finding."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf import read_spf
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.spf_repair import flattened
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.looking import look, through
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import (
    GOOD,
    ZONES,
    quoted,
    zone_text,
)


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
def test_the_record_to_publish_repairs_the_zone(name: str, server: DnsServer) -> None:
    server.load(zone_text(name))
    (problem,) = look(server).problems
    (record,) = problem.records
    text = "\n".join(line for line in zone_text(name).split("\n") if not line.startswith('@ 60 IN TXT "v=spf1'))
    server.clear()
    server.load(text)
    server.load(f"{record.name}. 60 IN TXT {quoted(record.value)}")
    assert look(server).problems == []


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


@pytest.mark.parametrize("term", ["exists:%{i}._spf.acme.example", "include:%{l1r-}.acme.example"])
def test_a_record_that_depends_on_the_mail(server: DnsServer, term: str) -> None:
    """It is unknown whether it authorizes the server, which is not a failure."""
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
    """For any published content there is a verdict, and the proposed records can be published."""
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
