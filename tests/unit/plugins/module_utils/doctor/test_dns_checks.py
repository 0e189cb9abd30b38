# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that the mail of a simulated instance depends on, from a real DNS server."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns import lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DnsOptions, dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer, dns_server
from ansible_collections.postmaster.odoo.tests.unit.enforcing import neutralize, written
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import GOOD, zone_text
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.test_observing import healthy
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.routing.test_replay import add_message
from ansible_collections.postmaster.odoo.tests.unit.returned import differences
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

DOMAIN = "yourcompany.example"
RELAYS = [{"server": "Main", "addresses": ["203.0.113.10"], "dkim_selectors": ["s1"]}]


@pytest.fixture(scope="module")
def shared_server() -> Iterator[DnsServer]:
    with dns_server() as server:
        yield server


@pytest.fixture
def server(shared_server: DnsServer) -> DnsServer:
    shared_server.clear()
    shared_server.load(GOOD.replace("acme.example", DOMAIN))
    return shared_server


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    return healthy(series)


def options(server: DnsServer, **more: Any) -> dict[str, Any]:
    return {"nameservers": [server.nameserver], "nameserver_timeout": 10, "relays": RELAYS, **more}


def findings(odoo: SimulatedOdoo, server: DnsServer, **more: Any) -> list[dict[str, Any]]:
    how = Examination(checks=["dns"], dns=dns_options(options(server, **more)))
    return list(diagnose(odoo.session(read_only=True), how)["findings"])


def test_correct_records(odoo: SimulatedOdoo, server: DnsServer) -> None:
    assert findings(odoo, server) == []
    assert f"{DOMAIN} MX" in server.questions
    assert f"{DOMAIN} TXT" in server.questions
    assert "mail.mail" in {model for model, *_rest in odoo.log}
    assert written(odoo) == []


def test_the_remedy_is_the_record(odoo: SimulatedOdoo, server: DnsServer) -> None:
    server.clear()
    server.load(zone_text("another server's address").replace("acme.example", DOMAIN))
    (finding,) = findings(odoo, server)
    assert (finding["id"], finding["check"], finding["severity"]) == ("spf_missing", "dns", "warning")
    assert finding["remedy"] == f'Publish: {DOMAIN}. TXT "v=spf1 ip4:192.0.2.1 ip4:203.0.113.10 -all".'
    assert finding["resource"] == {"model": "dns", "id": None, "name": DOMAIN}
    assert finding["documentation"].endswith("/findings/spf_missing.html")


def test_the_sender_is_checked_as_the_recipient_sees_it(odoo: SimulatedOdoo, server: DnsServer) -> None:
    """Odoo replaces a sender without a server, so the records of that domain do not matter."""
    odoo.add("res.users", login="else", name="E", email="e@else.example", active=True, share=False)
    if odoo.major >= 17:  # up to 16.0 it depends on the build
        assert findings(odoo, server) == []
        assert "_dmarc.else.example TXT" not in server.questions
    odoo.add("ir.mail_server", name="Else", smtp_host="smtp.gmail.com", smtp_port=587, from_filter="else.example")
    found = findings(odoo, server)
    assert {finding["resource"]["name"] for finding in found} == {"else.example"}
    assert {finding["id"] for finding in found} >= {"dkim_missing", "dmarc_missing"}


def test_a_template_that_names_its_server_keeps_its_sender(odoo: SimulatedOdoo, server: DnsServer) -> None:
    main = odoo.add(
        "ir.mail_server", name="Bulk", smtp_host="smtp.gmail.com", smtp_port=587, from_filter="bulk.example"
    )
    for sender, server_id in (("news@else.example", main), ("{{ user.email }}", main), ("info@third.example", False)):
        odoo.add("mail.template", name="News", email_from=sender, mail_server_id=server_id)
    named = {finding["resource"]["name"] for finding in findings(odoo, server)}
    assert "else.example" in named
    if odoo.major >= 17:
        assert "third.example" not in named


def test_the_domain_of_replies_is_that_of_the_instance(odoo: SimulatedOdoo, server: DnsServer) -> None:
    server.clear()
    server.load(zone_text("no MX").replace("acme.example", DOMAIN))
    assert [finding["id"] for finding in findings(odoo, server)] == ["mx_missing"]


def test_a_neutralized_copy_sends_nothing(odoo: SimulatedOdoo, server: DnsServer) -> None:
    neutralize(odoo)
    (finding,) = findings(odoo, server)
    assert (finding["id"], finding["severity"]) == ("dns_undeclared", "info")
    assert "neutralized copy" in finding["evidence"]


def test_mail_without_a_path_is_a_finding(
    odoo: SimulatedOdoo, server: DnsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in odoo.records.tables["ir.mail_server"].values():
        row["active"] = False
    connect_to(odoo, monkeypatch)
    result = shipped("mail_dns_info", options(server), capsys)
    assert differences("mail_dns_info", result) == []
    assert result["paths"] == []
    (finding,) = result["findings"]
    assert finding["id"] == "dns_undeclared"
    assert "Odoo's configuration file" in finding["evidence"]
    assert "set config_file" in finding["evidence"]


@pytest.mark.parametrize("host", ["SMTP.YourCompany.Example", "smtp.yourcompany.example."])
def test_a_relay_is_found_by_its_host_in_any_case(odoo: SimulatedOdoo, server: DnsServer, host: str) -> None:
    assert findings(odoo, server, relays=[{**RELAYS[0], "server": host}]) == []


def test_a_relay_that_is_not_a_mail_server_is_refused(
    odoo: SimulatedOdoo, server: DnsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    failed = shipped("mail_dns_info", options(server, relays=[*RELAYS, {"server": "Mian"}]), capsys)
    assert failed["failed"]
    assert "'Mian' is neither the name nor the host of a mail server" in failed["msg"]
    assert "'Main' (smtp.yourcompany.example)" in failed["msg"]
    assert server.questions == []
    with pytest.raises(Invalid, match="Mian"):
        findings(odoo, server, relays=[{"server": "Mian"}])


def test_the_senders_of_messages_count(odoo: SimulatedOdoo, server: DnsServer) -> None:
    """Odoo deletes the mail of a message after it has left."""
    odoo.add("ir.mail_server", name="Third", smtp_host="smtp.gmail.com", smtp_port=587, from_filter="third.example")
    before = {finding["resource"]["name"] for finding in findings(odoo, server)}
    add_message(odoo, "Sales <sales@third.example>")
    after = {finding["resource"]["name"] for finding in findings(odoo, server)}
    assert after - before == {"third.example"}


def test_the_senders_of_old_messages_do_not_count(odoo: SimulatedOdoo, server: DnsServer) -> None:
    add_message(odoo, "sales@third.example", days=31)
    (main,) = odoo.records.tables["ir.mail_server"].values()
    main["from_filter"] = False
    assert "third.example" not in {finding["resource"]["name"] for finding in findings(odoo, server)}


def test_the_server_of_the_configuration_file(odoo: SimulatedOdoo, server: DnsServer) -> None:
    for row in odoo.records.tables["ir.mail_server"].values():
        row["active"] = False
    relays = [{**RELAYS[0], "server": "mail.yourcompany.example", "addresses": ["203.0.113.11"]}]
    how = Examination(
        checks=["dns"],
        configuration={"smtp_server": "mail.yourcompany.example"},
        dns=dns_options(options(server, relays=relays)),
    )
    found = diagnose(odoo.session(read_only=True), how)["findings"]
    assert {finding["id"] for finding in found} == {"spf_missing", "ptr_missing"}


def test_without_the_option_no_name_server_is_queried(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: Any) -> None:
        raise AssertionError("a name server was asked")

    monkeypatch.setattr(lookup.Lookup, "__init__", refused)
    assert diagnose(odoo.session(), Examination())["findings"] == []
    with pytest.raises(AssertionError, match="was asked"):
        diagnose(odoo.session(), Examination(checks=["dns"]))


def test_the_module_lists_its_records(
    odoo: SimulatedOdoo, server: DnsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect_to(odoo, monkeypatch)
    result = shipped("mail_dns_info", options(server), capsys)
    assert differences("mail_dns_info", result) == []
    assert not result["changed"]
    assert result["findings"] == result["records"] == []
    (path,) = result["paths"]
    assert (path["server"], path["from_domain"], path["envelope_domain"]) == ("Main", DOMAIN, DOMAIN)
    assert path["sender_count"] == len(path["senders"]) >= 2
    for kind in ("spf", "dkim", "dmarc", "mx", "ptr"):
        assert [fact["state"] for fact in result[kind]] == ["ok"], kind
    assert result["spf"][0]["lookups"] == 0
    assert result["ptr"][0]["confirmed"] == [f"mail.{DOMAIN}"]
    server.clear()
    broken = shipped("mail_dns_info", options(server), capsys)
    assert {record["type"] for record in broken["records"]} == {"TXT", "MX", "PTR", "A"}
    assert {finding["id"] for finding in broken["findings"]} == {
        "spf_missing",
        "dkim_missing",
        "dmarc_missing",
        "mx_missing",
        "ptr_missing",
    }


def test_the_doctor_returns_its_records(odoo: SimulatedOdoo, server: DnsServer) -> None:
    how = Examination(checks=["dns"], dns=dns_options(options(server)))
    found = diagnose(odoo.session(read_only=True), how)["dns"]
    assert set(found) == {"paths", "spf", "dkim", "dmarc", "mx", "ptr", "records"}
    assert [(fact["domain"], fact["state"]) for fact in found["spf"]] == [(DOMAIN, "ok")]
    assert [path["server"] for path in found["paths"]] == ["Main"]
    assert found["records"] == []
    server.clear()
    found = diagnose(odoo.session(read_only=True), how)["dns"]
    assert [fact["state"] for fact in found["dmarc"]] == ["dmarc_missing"]
    names = [(record["name"], record["type"]) for record in found["records"]]
    assert len(names) == len(set(names)) == 6
    assert diagnose(odoo.session(read_only=True), Examination(checks=["cron"]))["dns"] is None


def test_a_name_server_that_never_answers(
    odoo: SimulatedOdoo, server: DnsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one clear error, soon, for any number of queries.

    The doctor returns the finding that nothing is known.
    """
    connect_to(odoo, monkeypatch)
    server.is_silent = True
    began = time.monotonic()
    failed = shipped("mail_dns_info", options(server, nameserver_timeout=0.3), capsys)
    assert time.monotonic() - began < 5
    assert (failed["failed"], failed["error_kind"]) == (True, "timeout")
    assert failed["msg"].count("No name server answered") == 1
    assert "so no record could be checked" in failed["msg"]
    assert len(set(server.questions)) == 2
    found = findings(odoo, server, nameserver_timeout=0.3)
    assert [finding["id"] for finding in found] == ["dns_unanswered"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"nameservers": ["ns.acme.example"]}, "is not the address of a name server"),
        ({"nameservers": ["192.0.2.53:99999"]}, "is not the address of a name server"),
        ({"nameserver_timeout": 0}, "nameserver_timeout must be more than 0"),
        ({"nameserver_timeout": "inf"}, "nameserver_timeout"),
        ({"relays": [{"server": "Main", "addresses": ["mail.acme.example"]}]}, "is not an IP address"),
        ({"relays": [*RELAYS, *RELAYS]}, "declared more than once"),
        ({"relays": [{"server": "Main", "spf_include": "include:x y"}]}, "not valid for spf_include"),
        ({"relays": [{"server": "Main", "dkim_selectors": [""]}]}, "not valid for dkim_selectors"),
    ],
)
@pytest.mark.parametrize("module", ["mail_dns_info", "mail_doctor"])
def test_invalid_options(
    module: str,
    wrong: dict[str, Any],
    words: str,
    server: DnsServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connect_to(healthy("19.0"), monkeypatch)
    more = {"checks": ["dns"]} if module == "mail_doctor" else {}
    failed = shipped(module, {**options(server), **more, **wrong}, capsys)
    assert failed["failed"]
    assert words in failed["msg"]
    assert server.questions == []


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dns", "dns.exception", "dns.message", "dns.nameserver", "dns.resolver"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Invalid, match=r"dnspython \(2\.4 or newer\) is missing on the machine that runs this task"):
        DnsOptions().lookup()
