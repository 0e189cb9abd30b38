# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each example of docs/provider-examples.md in a separate database, with name servers that have exactly the records of
the page.

The page's records point to records of the providers: SPF records, keys and mail hosts. The name servers have
replacements for these.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.tests.unit.dns_server import dns_server
from instance import LabInstance
from inventory import recap, run_on
from lab import Lab
from mail_servers import password_server
from playbook import COLLECTIONS, Run, ansible, ansible_playbook, play
from single_module import run_module

pytestmark = pytest.mark.in_process

PAGE = (COLLECTIONS / "ansible_collections/postmaster/odoo/docs/provider-examples.md").read_text()
SHARED = PAGE.partition("## Common to all examples\n")[2].partition("\n## ")[0]
PROVIDERS = ("Amazon SES", "SendGrid", "Mailgun", "Microsoft 365", "Google Workspace", "Postmark")

_RSA_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAQ0ZXIuB0bDz4z1+G8j3T66bAHNKK/jVfKDLpeREaR2KId4Qck3VUTsdysNckNbaT2mVB"
    "f8CJBRZ9paW6ybiBa1x3h83uAe6gYI7NF8XWRZPA+NKryd8pLGL85H4av2UKYm7t5rQ77gDMVtTjeq+JzigRxZ6xwaqyVHay5r9cCwIDAQAB"
)
_KEY = f'60 IN TXT "v=DKIM1; k=rsa; p={_RSA_KEY}"'
_SPF = '60 IN TXT "v=spf1 ip4:192.0.2.0/24 ~all"'
# Records that the providers publish themselves.
STAND_INS = f"""
amazonses.com. {_SPF}
token1.dkim.amazonses.com. {_KEY}
token2.dkim.amazonses.com. {_KEY}
token3.dkim.amazonses.com. {_KEY}
feedback-smtp.eu-west-1.amazonses.com. 60 IN A 192.0.2.1
sendgrid.net. {_SPF}
u1234567.wl123.sendgrid.net. 60 IN TXT "v=spf1 include:sendgrid.net ~all"
s1.domainkey.u1234567.wl123.sendgrid.net. {_KEY}
s2.domainkey.u1234567.wl123.sendgrid.net. {_KEY}
mailgun.org. {_SPF}
mxa.eu.mailgun.org. 60 IN A 192.0.2.1
mxb.eu.mailgun.org. 60 IN A 192.0.2.2
spf.protection.outlook.com. {_SPF}
acme-example.mail.protection.outlook.com. 60 IN A 192.0.2.1
selector1-acme-example._domainkey.acme.n-v1.dkim.mail.microsoft. {_KEY}
selector2-acme-example._domainkey.acme.n-v1.dkim.mail.microsoft. {_KEY}
_spf.google.com. {_SPF}
smtp.google.com. 60 IN A 192.0.2.1
spf.mtasv.net. {_SPF}
pm.mtasv.net. 60 IN TXT "v=spf1 include:spf.mtasv.net ~all"
"""


@dataclass(frozen=True)
class Example:
    """The example of one provider on the page.

    :ivar named: the findings that its section announces.
    """

    provider: str
    variables: dict[str, Any]
    zone: str
    named: frozenset[str]

    @classmethod
    def of(cls, provider: str) -> Example:
        section = PAGE.partition(f"\n## {provider}\n")[2].partition("\n## ")[0]
        (variables,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
        (zone,) = re.findall(r"```dns\n(.*?)```", section, re.DOTALL)
        named = frozenset(re.findall(r"findings\.md#(\w+)", section))
        return cls(provider, yaml.safe_load(variables), zone, named)

    @property
    def secrets(self) -> dict[str, str]:
        """Return a value for each variable of the vault."""
        return {name: f"made-up-{name}" for name in re.findall(r"vault_\w+", json.dumps(self.variables))}

    def variables_for(self, instance: LabInstance) -> dict[str, Any]:
        """Return the variables without strict encryptions if the instance lacks them, as the page advises."""
        if instance.strict("starttls") != "starttls":
            return self.variables
        servers = [
            {name: value for name, value in server.items() if not str(value).endswith("_strict")}
            for server in self.variables["odoo_mail_servers"]
        ]
        return {**self.variables, "odoo_mail_servers": servers}

    @property
    def host(self) -> str:
        return self.provider.lower().replace(" ", "_")


@dataclass
class Results:
    """The results of each command of the page, for all examples at once."""

    instances: dict[str, LabInstance]
    enforced: Run
    checked: Run
    reports: dict[str, Any] = field(default_factory=dict)


EXAMPLES = {name: Example.of(name) for name in PROVIDERS}


def _instance(lab: Lab, example: Example) -> LabInstance:
    """Create a fresh database whose company and administrator have addresses of the page's domain, and whose crons have
    run.
    """
    instance = LabInstance.fresh(lab, f"example_{example.host}")
    instance.needs("mail.alias.domain")
    instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '30 minutes', "
        "lastcall = now() at time zone 'utc' - interval '1 minute'; "
        "UPDATE res_partner SET email = 'info@acme.example', email_normalized = 'info@acme.example' "
        "WHERE id IN (SELECT partner_id FROM res_company UNION SELECT partner_id FROM res_users WHERE login = 'admin'); "
        "UPDATE res_company SET email = 'info@acme.example'"
    )
    return instance


@pytest.fixture(scope="module")
def results(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    folder = tmp_path_factory.mktemp("examples")
    with ExitStack() as stack:
        hosts, instances = {}, {}
        for example in EXAMPLES.values():
            instance = _instance(lab, example)
            stack.callback(lab.drop, instance.database)
            connection = {f"odoo_{name}": value for name, value in instance.quick_options().items()}
            hosts[example.host] = {**connection, **example.variables_for(instance), **example.secrets}
            instances[example.host] = instance
        results = Results(
            instances,
            run_on(folder / "enforce", "provision", hosts),
            run_on(folder / "check", "provision", hosts, "--check"),
        )
        examined = run_on(
            folder / "doctor",
            "doctor",
            hosts,
            doctor_live_tests=False,
            doctor_fail_on="never",
            doctor_report_folder=str(folder / "report"),
        )
        assert examined.exit_code == 0, examined.output
        document = json.loads((folder / "report/doctor.json").read_text())
        results.reports = {report["instance"]: report for report in document["instances"]}
        yield results


def test_every_provider_of_the_list_has_an_example() -> None:
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert set(PROVIDERS) == set(sections) - {"Common to all examples", "Sources"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_example_is_enforced_and_nothing_is_left_to_change(provider: str, results: Results) -> None:
    host = EXAMPLES[provider].host
    enforced, checked = recap(results.enforced)[host], recap(results.checked)[host]
    assert (enforced["failed"], enforced["unreachable"], bool(enforced["changed"])) == (0, 0, True), (
        results.enforced.output
    )
    assert (checked["failed"], checked["unreachable"], checked["changed"]) == (0, 0, 0), results.checked.output


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_doctor_reports_only_findings_of_the_page(provider: str, results: Results) -> None:
    example = EXAMPLES[provider]
    findings = results.reports[example.host]["findings"]
    assert {one["id"] for one in findings if one["severity"] != "info"} == example.named, findings


@pytest.mark.parametrize("provider", PROVIDERS)
def test_receivers_accept_the_records_of_the_page(provider: str, results: Results) -> None:
    """With them there is no finding, and without them the check reports their absence."""
    example, instance = EXAMPLES[provider], results.instances[EXAMPLES[provider].host]
    found = []
    for zone in (example.zone, ""):
        with dns_server(zone + STAND_INS) as server:
            how = {"nameservers": [server.nameserver], "nameserver_timeout": 10}
            relays = example.variables.get("doctor_relays", [])
            result = run_module("mail_dns_info", {**instance.quick_options(), **how, "relays": relays})
        assert not result.get("failed"), result
        found.append({one["id"] for one in result["findings"]})
    assert found[0] == set()
    assert {"dkim_missing", "dmarc_missing", "mx_missing"} <= found[1]


def test_the_commands_of_the_page(lab: Lab, results: Results, tmp_path: Path) -> None:
    """The mail server of one example is replaced by one of the lab, because no test can reach a provider."""
    example = EXAMPLES["Amazon SES"]
    instance = results.instances[example.host]
    smtp = password_server(lab, "starttls_any_sender", smtp_encryption=instance.strict("starttls"))
    login = {name: smtp[f"smtp_{name}"] for name in ("host", "port", "encryption", "user", "pass")}
    relay = {"name": example.provider, **{f"smtp_{name}": value for name, value in login.items()}}
    connection = {f"odoo_{name}": value for name, value in instance.quick_options().items()}
    (tmp_path / "inventory").mkdir()
    (task,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", SHARED, re.DOTALL)[0])
    commands = re.findall(r"^\$ ansible-playbook (.*)$", SHARED, re.MULTILINE)
    assert len(commands) == 4
    with dns_server(example.zone + STAND_INS) as server:
        more = {"odoo_mail_servers__lab": [relay], "doctor_nameservers": [server.nameserver]}
        host = {**connection, **example.variables_for(instance), **example.secrets, **more}
        (tmp_path / "inventory/hosts.json").write_text(json.dumps({"all": {"hosts": {"acme": host}}}))
        for command in commands:
            run = ansible(tmp_path, "playbook", *shlex.split(command))
            assert run.exit_code == 0, (command, run.output)
    sent = ansible_playbook(tmp_path / "canary", [play(task)], "--inventory", str(tmp_path / "inventory"))
    assert sent.exit_code == 0, sent.output
    assert sent.results[task["name"]]["tests"][0]["canary"]["outcome"] == "ok"
