# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables, lists and samples of the guides agree with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE, FIXES
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import mail_file
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import RUN_OPTIONS, stack_arguments_of
from ansible_collections.postmaster.odoo.tests.unit.enforcing import oauth2_server, run
from ansible_collections.postmaster.odoo.tests.unit.rendering import rendered
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, shipped

DOCS = Path(__file__).resolve().parents[3] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_healing_lists_the_findings_that_it_repairs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page("healing.md"), re.MULTILINE))
    listed = {fix: set(re.findall(r"`(\w+)`", rows[fix])) & set(CATALOGUE) for fix in FIXES}
    fixable = {fix: {name for name, kind in CATALOGUE.items() if kind.fix == fix} for fix in FIXES}
    # The class of a failure, and not the kind of the finding, decides whether these mails are retried.
    fixable["transient"].add("failures_by_class")
    assert listed == fixable


def test_the_run_options_have_no_layers() -> None:
    (listed,) = re.findall(
        r"The options of a run \((.*?)\) have no layers", page("common-and-per-customer.md"), re.DOTALL
    )
    assert sorted(re.findall(r"`odoo_mail_(\w+)`", listed)) == sorted(RUN_OPTIONS)


def test_the_fleet_of_five_has_the_mail_servers_of_its_table() -> None:
    text = page("common-and-per-customer.md").partition("## A fleet of five")[2]
    (block,) = re.findall(r"```yaml\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)
    variables = yaml.safe_load(block)
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", text.partition("\n## ")[0], re.MULTILINE)
    named = {host: servers.split(", ") for hosts, servers in rows for host in re.findall(r"`(\w+)`", hosts)}
    assert len(named) == 5
    for host, servers in named.items():
        layers = {"", host, *(["shops"] if host in ("initech", "hooli") else [])}
        own = {name: value for name, value in variables.items() if name.partition("__")[2] in layers}
        declared = stack_arguments_of(own, lambda names, own=own: {name: own[name] for name in names}, lambda _name: "")
        assert sorted(server["name"] for server in declared["servers"]) == sorted(servers)


def test_the_adopted_mail_servers_are_those_of_an_export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odoo = SimulatedOdoo("19.0")
    sales = {"smtp_user": "sales@acme.example", "from_filter": "sales@acme.example", "refresh_token": "made-up-token"}
    plain = {
        "name": "Transactional",
        "smtp_host": "smtp.provider.example",
        "smtp_port": 587,
        "smtp_encryption": "none",
        "smtp_authentication": "login",
        "smtp_user": "apikey",
        "smtp_pass": "made-up-pass",
        "from_filter": "acme.example",
    }
    run(odoo, {"servers": [plain, oauth2_server("gmail", name="Sales Gmail", **sales)]})
    (gmail,) = (one for one in odoo.records.tables["ir.mail_server"].values() if one["name"] == "Sales Gmail")
    gmail["smtp_host"] = "smtp.gmial.com"
    connect_to(odoo, monkeypatch)
    written = mail_file(shipped("mail_stack_info", {}, capsys), "acme")
    (sample,) = re.findall(r"```yaml\n(odoo_mail_servers:\n.*?)```", page("adoption.md"), re.DOTALL)
    assert sample in written


def test_the_listed_records_of_the_collection_are_those_of_the_playbook(tmp_path: Path) -> None:
    (sample,) = re.findall(r'"msg": (\[.*?\])', page("removal.md"), re.DOTALL)
    lines: list[str] = json.loads(sample)
    records: list[dict[str, Any]] = [
        {"kind": kind, "name": name, "id": number}
        for kind, name, number in re.findall(r'"(\w+) (\S+) \(id (\d+)\)"', sample)
    ]
    assert len(records) == 3
    template = "playbooks/templates/own_records.j2"
    assert rendered(template, tmp_path, remove_found={"records": records}) == lines
    # A record of the collection can be an addon, a parameter or a cron, and is removed.
    assert rendered(template, tmp_path, remove_found={"records": []})[-1].startswith("Declared mail servers, crons, ")
