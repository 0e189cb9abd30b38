# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that a real instance's mail depends on, from a real DNS server, with the module in a process and without
one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.names import domain_of
from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer, dns_server
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.dns.zones import GOOD, ZONES, zone_text
from broken_instance import MAIN, BrokenInstance
from dns_faults import DOMAIN, of_lab
from inventory import run_on, shown
from lab import Lab
from mail_servers import run_task, run_tasks
from playbook import Result, ansible_playbook, play

pytestmark = pytest.mark.second_lab

RELAYS = [{"server": MAIN, "addresses": ["203.0.113.10"], "dkim_selectors": ["s1"]}]


@pytest.fixture(scope="module")
def broken(lab: Lab) -> Iterator[BrokenInstance]:
    broken = BrokenInstance.healthy(lab, "integration_dns")
    yield broken
    broken.drop()


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with dns_server() as server:
        yield server


@pytest.fixture(scope="module")
def results(broken: BrokenInstance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Return the module's results for each zone, from one run."""
    with ExitStack() as servers:
        tasks = {
            name: {
                "postmaster.odoo.mail_dns_info": _options(servers.enter_context(dns_server(of_lab(zone_text(name)))))
            }
            for name in ZONES
        }
        return run_tasks(broken.instance, tmp_path_factory.mktemp("zones"), tasks)


def _options(server: DnsServer, **more: Any) -> dict[str, Any]:
    return {"nameservers": [server.nameserver], "nameserver_timeout": 10, "relays": RELAYS, **more}


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_yields_exactly_its_finding(name: str, results: dict[str, Result]) -> None:
    zone, result = ZONES[name], results[name]
    assert [finding["id"] for finding in result["findings"]] == ([zone.finding] if zone.finding else [])
    assert not result["changed"]
    assert bool(result["records"]) is bool(zone.finding)
    for finding in result["findings"]:
        assert of_lab(zone.words) in finding["evidence"]
        assert of_lab(zone.publish) in finding["remedy"]


def test_the_paths_are_those_of_real_mail(broken: BrokenInstance, lab: Lab, server: DnsServer, tmp_path: Path) -> None:
    """The examined domains are those of the envelope sender and the From that the SMTP server received."""
    server.load(of_lab(GOOD))
    senders = ["info@lab.example", "somebody@else.example", "notifications@lab.example"]
    for sender in senders:
        broken.mail(email_from=sender)
    (main,) = broken.ids("ir.mail_server", ["name", "=", MAIN])
    broken.mail(email_from="named@else.example", mail_server_id=main)
    paths = run_task(broken.instance, tmp_path, "mail_dns_info", _options(server))["paths"]
    broken.run_queue()
    accepted = lab.smtp[MAIN].wait_accepted(len(senders) + 1)
    seen = {(domain_of(record["mail_from"]), domain_of(parseaddr(record["from"])[1])) for record in accepted}
    assert seen == {(path["envelope_domain"], path["from_domain"]) for path in paths}
    assert seen == {(DOMAIN, DOMAIN), (DOMAIN, "else.example")}
    own, named = sorted(paths, key=lambda path: path["sender_count"], reverse=True)
    assert {*senders, "admin@lab.example"} <= set(own["senders"])
    assert named["senders"] == ["named@else.example"]
    assert {(path["server"], path["smtp_host"]) for path in paths} == {(MAIN, lab.smtp[MAIN].host)}


def test_the_sender_of_a_message_counts(broken: BrokenInstance, lab: Lab, server: DnsServer, tmp_path: Path) -> None:
    """Odoo deletes the mail of a message as soon as it has left."""
    server.load(of_lab(GOOD))
    instance = broken.instance
    with instance.session() as session:
        (main,) = broken.ids("ir.mail_server", ["name", "=", MAIN])
        (former,) = session.search_read("ir.mail_server", [["id", "=", main]], ["from_filter"])
        session.write("ir.mail_server", [main], {"from_filter": "lab.example,third.example"})
        (partner,) = session.create("res.partner", [{"name": "Customer", "email": "customer@customer.example"}])
        told = {"partner_ids": [partner], "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        session.call("res.partner", "message_post", [partner], body="Hello", email_from="sales@third.example", **told)
        accepted = lab.smtp[MAIN].wait_accepted(1)
        assert {domain_of(parseaddr(record["from"])[1]) for record in accepted} == {"third.example"}
        assert session.search_read("mail.mail", [["email_from", "like", "third.example"]], ["id"]) == []
        paths = run_task(instance, tmp_path, "mail_dns_info", _options(server))["paths"]
        session.write("ir.mail_server", [main], {"from_filter": former["from_filter"]})
    assert ["sales@third.example"] in [path["senders"] for path in paths if path["from_domain"] == "third.example"]


def test_a_name_server_that_never_answers(broken: BrokenInstance, server: DnsServer, tmp_path: Path) -> None:
    server.is_silent = True
    before = broken.instance.fingerprint()
    result = run_task(broken.instance, tmp_path, "mail_dns_info", _options(server, nameserver_timeout=1))
    assert (result["failed"], result["error_kind"]) == (True, "timeout")
    assert "No name server answered" in result["msg"]
    assert len(set(server.questions)) == 2
    assert broken.instance.fingerprint() == before


def test_both_front_ends_return_the_same(broken: BrokenInstance, server: DnsServer, tmp_path: Path) -> None:
    server.load(of_lab(zone_text("two SPF records")))
    told = []
    for in_process in (True, False):
        run = ansible_playbook(
            tmp_path / str(in_process),
            [
                play(
                    {"name": "Look", "postmaster.odoo.mail_dns_info": _options(server)},
                    module_defaults={"group/postmaster.odoo.odoo": broken.instance.options()},
                    in_process=in_process,
                )
            ],
            *("--inventory", "localhost,"),
        )
        assert run.exit_code == 0, run.output
        told.append({key: run.results["Look"][key] for key in ("findings", "records", "paths", "spf", "dmarc")})
    assert told[0] == told[1]


def test_the_playbook_shows_the_record(broken: BrokenInstance, server: DnsServer, tmp_path: Path) -> None:
    """It is in the terminal and in both reports."""
    broken.instance.sql("DELETE FROM mail_mail")  # whose senders count
    server.load(of_lab(zone_text("no SPF record")))
    host = {f"odoo_{name}": value for name, value in broken.instance.options().items()}
    how = {"doctor_checks": ["dns"], "doctor_relays": RELAYS, "doctor_nameservers": [server.nameserver]}
    run = run_on(tmp_path, "doctor", {"acme": host}, doctor_report_folder=str(tmp_path / "report"), **how)
    assert run.exit_code == 0, run.output
    lines = shown(run, "Show the findings")["acme"]
    assert lines[0].startswith("acme: 1 warning (")
    assert 'lab.example. TXT "v=spf1 ip4:203.0.113.10 ~all"' in " ".join(line.strip() for line in lines)
    (instance,) = json.loads((tmp_path / "report/doctor.json").read_text())["instances"]
    assert instance["findings"][0]["remedy"] == 'Publish: lab.example. TXT "v=spf1 ip4:203.0.113.10 ~all".'
    assert lines[lines.index("DNS RECORDS") + 1 :][:2] == [
        "* SPF of lab.example: spf_missing",
        "* DKIM of lab.example: ok (s1)",
    ]
    assert [(fact["domain"], fact["state"]) for fact in instance["dns"]["spf"]] == [("lab.example", "spf_missing")]
    assert instance["dns"]["records"] == [
        {"name": "lab.example", "type": "TXT", "value": "v=spf1 ip4:203.0.113.10 ~all"}
    ]
    report = (tmp_path / "report/doctor.md").read_text()
    assert "findings/spf_missing.html" in report
    assert "| <code>acme</code> | SPF | <code>lab.example</code> |  | spf_missing |" in report
    assert "| <code>acme</code> | DMARC | <code>lab.example</code> | <code>p=reject</code> | ok |" in report
