# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollbacks on a real Odoo: a bad change of every kind of resource, then its rollback. Every row is as before, byte for
byte.

A sample of the interruptions of a rollback is tested, or all of them with INTERRUPTIONS=all (`make interruptions`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret, is_encrypted

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import heartbeat, lock
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import DeclaredStack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles
from instance import LabInstance
from interruptions import Play
from inventory import run_directly, run_on, shown
from lab import FaultProxy, Lab

ALL = os.environ.get("INTERRUPTIONS") == "all"
SAMPLE = 6
QUEUE = "mail.ir_cron_mail_scheduler_action"
SECRETS = ("made-up-main-password", "made-up-old-password", "made-up-api-key", "made-up-consent")
BEFORE: dict[str, Any] = {
    "odoo_mail_servers": [
        {
            "name": "Main",
            "smtp_host": "smtp.acme.example",
            "smtp_port": 587,
            "smtp_encryption": "starttls",
            "smtp_user": "sales",
            "smtp_pass": SECRETS[0],
            "from_filter": "acme.example",
        },
        {
            "name": "Old",
            "xml_id": "postmaster.old",
            "smtp_host": "old.acme.example",
            "smtp_user": "old",
            "smtp_pass": SECRETS[1],
        },
        {"name": "Archived", "smtp_host": "archived.acme.example", "active": False},
        {
            "name": "Office",
            "smtp_host": "smtp.gmail.com",
            "smtp_port": 587,
            "smtp_encryption": "starttls",
            "smtp_authentication": "gmail",
            "smtp_user": "office@acme.example",
            "oauth2": {
                "client_id": "made-up-client",
                "client_secret": "made-up-client-secret",
                "refresh_token": SECRETS[3],
            },
        },
    ],
    "odoo_mail_crons": [
        {
            "name": "Sweep",
            "xml_id": "postmaster.sweep",
            "model": "mail.mail",
            "code": "model.search([('id', '>', 0)], limit=1)",
        },
        {"name": "Kept", "model": "res.partner", "code": "model.search([], limit=1)"},
    ],
    "odoo_mail_parameters": {
        "rollback.text": "kept",
        "rollback.api_key": SECRETS[2],
        "rollback.removed": "1",
    },
    "odoo_mail_alias_domains": [{"name": "acme.example", "companies": ["base.main_company"]}],
}
BAD: dict[str, Any] = {
    "odoo_mail_servers": [
        {
            "name": "Main",
            "xml_id": "postmaster.main",
            "smtp_host": "wrong.example",
            "smtp_user": "wrong",
            "smtp_pass": "made-up-wrong",
            "sequence": 1,
        },
        {"name": "Old", "xml_id": "postmaster.old", "state": "absent"},
        {"name": "Archived"},
        {"name": "New", "xml_id": "postmaster.new", "smtp_host": "new.example"},
        {
            "name": "Office",
            "smtp_authentication": "login",
            "smtp_user": "office",
            "smtp_pass": "made-up-wrong",
            "active": False,
        },
    ],
    "odoo_mail_crons": [
        {"name": "Sweep", "xml_id": "postmaster.sweep", "model": "mail.mail", "code": "pass", "state": "absent"},
        {"name": "Kept", "model": "res.partner", "code": "model.search([], limit=2)", "active": False},
        {"name": "Other", "xml_id": "postmaster.other", "model": "res.partner", "code": "model.search([], limit=3)"},
        {"xml_id": QUEUE, "interval_number": 7, "interval_type": "minutes"},
    ],
    "odoo_mail_parameters": {
        "rollback.text": "other",
        "rollback.api_key": "",
        "rollback.removed": "",
        "rollback.new": "1",
    },
    "odoo_mail_alias_domains": [{"name": "acme.example", "default_from": "wrong", "bounce_alias": "wrong"}],
    "odoo_queue_lanes": [{"name": "all", "batch": 5}],
    "odoo_queue_stale_after": 7,
}
# Every column of all rows, except the times and users of writes. Records that were created again have other ids.
_TIMES = "- 'write_date' - 'create_date' - 'write_uid' - 'create_uid' - 'nextcall' - 'lastcall'"
_ROWS = {
    "servers": f"SELECT (to_jsonb(s) {_TIMES} - 'id')::text AS row FROM ir_mail_server s ORDER BY 1",
    "crons": (
        f"SELECT (to_jsonb(c) {_TIMES} - 'id' - 'ir_actions_server_id')::text || a.code || a.model_id || a.state AS row "
        "FROM ir_cron c JOIN ir_act_server a ON a.id = c.ir_actions_server_id ORDER BY 1"
    ),
    "parameters": "SELECT key || '=' || value AS row FROM ir_config_parameter ORDER BY 1",
    "alias domains": f"SELECT (to_jsonb(d) {_TIMES})::text AS row FROM mail_alias_domain d ORDER BY 1",
    "companies": "SELECT id || ' ' || coalesce(alias_domain_id, 0) AS row FROM res_company ORDER BY 1",
    "external IDs": (
        "SELECT module || '.' || name || ' ' || model || ' ' || noupdate AS row FROM ir_model_data "
        "WHERE model IN ('ir.mail_server', 'ir.cron', 'ir.config_parameter', 'mail.alias.domain') ORDER BY 1"
    ),
    "server actions": "SELECT count(*)::text AS row FROM ir_act_server",
}
SHIPPED = {"postmaster_odoo_in_process": False, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
# The ids of records that are not created again are compared too.
_KEPT = "SELECT id || ' ' || name AS row FROM ir_mail_server WHERE name <> 'Old' ORDER BY 1"


def fitted(instance: LabInstance, variables: dict[str, Any]) -> dict[str, Any]:
    """Return variables without the resources that the instance does not have (16.0: alias domains)."""
    lacks = {f"odoo_mail_{kind}s" for kind in instance.lacks}
    return {name: value for name, value in variables.items() if name not in lacks}


def rows(instance: LabInstance) -> dict[str, list[str]]:
    """Return everything that a run of these stacks may change."""
    statements = {**_ROWS, "kept": _KEPT}
    if instance.lacks:
        del statements["alias domains"], statements["companies"]
    return {name: [one["row"] for one in instance.sql(statement)] for name, statement in statements.items()}


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """Return the rows that differ, with a sign for the table that contains them."""
    return [
        f"{name} {sign} {row}"
        for name in before
        for sign, one, other in (("-", before, after), ("+", after, before))
        for row in one[name]
        if row not in other[name]
    ]


def connection(instance: LabInstance) -> dict[str, Any]:
    return {f"odoo_{name}": value for name, value in instance.quick_options().items()}


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    return folder


@pytest.fixture
def vault(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "password").write_text("made-up-vault-password")
    return ("--vault-password-file", str(tmp_path / "password"))


def test_every_row_is_restored(
    fresh: Callable[[str], LabInstance], tmp_path: Path, snapshots: Path, vault: tuple[str, ...]
) -> None:
    instance = fresh("rollback")
    common = {**connection(instance), "odoo_mail_snapshot_folder": str(snapshots)}
    run = run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BEFORE)}}, *vault)
    assert run.exit_code == 0, run.output
    # Values that no declaration can have, or that Ansible would treat as templates.
    odd = {
        ("ir.mail_server", "name", "Main"): {"smtp_host": " smtp.acme.example ", "from_filter": "B.example ,a.example"},
        ("ir.cron", "cron_name", "Sweep"): {"code": "model.search([], limit=1)\n\n# {{ no template }} \n"},
        ("ir.config_parameter", "key", "rollback.text"): {"value": "{% raw %} 'as it is'"},
    }
    with instance.session() as session:
        for (model, field, name), values in odd.items():
            (record,) = session.search_read(model, [[field, "=", name]], ["id"])
            session.write(model, [record["id"]], values)
    (first,) = snapshots.iterdir()
    before = rows(instance)

    checked = run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BAD)}}, *vault, "--check")
    assert checked.exit_code == 0, checked.output
    assert list(snapshots.iterdir()) == [first]
    bad = run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BAD)}}, *vault)
    assert bad.exit_code == 0, bad.output
    (second,) = set(snapshots.iterdir()) - {first}
    assert bad.results["Enforce the mail of the instance"]["snapshot"] == str(second)
    assert second.stat().st_mode & 0o777 == 0o600
    text = second.read_text()
    assert is_encrypted(text)
    plain = VaultLib([("default", VaultSecret(b"made-up-vault-password"))]).decrypt(text).decode()
    assert all(secret in plain for secret in SECRETS)
    assert rows(instance) != before

    host = {"acme": {**common, **fitted(instance, BAD)}}
    predicted = run_on(tmp_path, "rollback", host, *vault, "--check", "--diff", rollback_snapshot="latest")
    assert predicted.exit_code == 0, predicted.output
    assert rows(instance) != before
    done = run_on(tmp_path, "rollback", host, *vault, "--diff", "-v", rollback_snapshot="latest")
    assert done.exit_code == 0, done.output
    task = "Restore the snapshot"
    assert done.results[task]["plan"] == predicted.results[task]["plan"]
    assert differences(before, rows(instance)) == []
    for output in (bad.output, predicted.output, done.output):
        assert not [secret for secret in SECRETS if secret in output]
    assert done.results[task]["snapshot"].endswith("_before_rollback.yml")
    again = run_on(tmp_path, "rollback", host, *vault, rollback_snapshot="latest")
    assert again.results[task]["changed"] is False
    assert again.results[task]["restored"] == str(second)

    # A rollback can be rolled back too.
    forward = run_on(tmp_path, "rollback", host, *vault, rollback_snapshot=done.results[task]["snapshot"])
    assert forward.exit_code == 0, forward.output
    restored = run_on(tmp_path, "rollback", host, *vault, rollback_snapshot=str(second))
    assert restored.exit_code == 0, restored.output
    assert differences(before, rows(instance)) == []


def test_without_a_vault_secret(fresh: Callable[[str], LabInstance], tmp_path: Path, snapshots: Path) -> None:
    """No secret is saved, and the run reports this."""
    instance = fresh("rollback_plain")
    common = {**connection(instance), "odoo_mail_snapshot_folder": str(snapshots)}
    assert run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BEFORE)}}).exit_code == 0
    before = rows(instance)
    first = set(snapshots.iterdir())
    bad = run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BAD)}})
    assert bad.exit_code == 0, bad.output
    (second,) = set(snapshots.iterdir()) - first
    assert not [secret for secret in SECRETS if secret in second.read_text()]
    assert "contains no secrets" in bad.output
    done = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest")
    assert done.exit_code == 2, done.output
    assert "To accept this, set rollback_incomplete to true" in done.results["Everything is restored"]["msg"]
    lines = shown(done, "Show the results")["acme"]
    assert any("Main: smtp_pass is not in the snapshot" in line for line in lines)
    # Odoo must not send the password that stays to the former provider.
    changed = [line for line in shown(done, "Show the plan")["acme"] if line.startswith("mail_server Main: update ")]
    assert changed
    assert not [line for line in changed if "smtp_host" in line]
    after = rows(instance)
    assert {name for name in before if after[name] != before[name]} == {"servers", "parameters"}
    assert len(after["servers"]) == len(before["servers"])
    again = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot="latest", rollback_incomplete=True)
    assert again.results["Restore the snapshot"]["changed"] is False
    assert again.exit_code == 0, again.output


def test_refused_rollbacks(
    fresh: Callable[[str], LabInstance], tmp_path: Path, snapshots: Path, vault: tuple[str, ...]
) -> None:
    instance, other = fresh("rollback_refused"), fresh("rollback_other")
    common = {**connection(instance), "odoo_mail_snapshot_folder": str(snapshots)}
    before = instance.fingerprint()
    task = "Enforce the mail of the instance"
    shipped = run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BEFORE), **SHIPPED}})
    assert "can only be read and written on the controller" in shipped.results[task]["msg"]
    missing = run_on(
        tmp_path, "provision", {"acme": {**common, **fitted(instance, BEFORE), "odoo_mail_snapshot_folder": "nowhere"}}
    )
    assert "does not exist, so no snapshot can be written" in missing.results[task]["msg"]
    assert instance.fingerprint() == before
    assert run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BEFORE)}}, *vault).exit_code == 0
    assert run_on(tmp_path, "provision", {"acme": {**common, **fitted(instance, BAD)}}, *vault).exit_code == 0
    (file,) = (one for one in snapshots.iterdir() if is_encrypted(one.read_text()))
    foreign = {"acme": {**common, **connection(other)}}
    before = other.fingerprint()
    refused = run_on(tmp_path, "rollback", foreign, *vault, rollback_snapshot=str(file))
    assert "is of the database rollback_refused" in refused.results["Restore the snapshot"]["msg"]
    none = run_on(tmp_path, "rollback", foreign, *vault, rollback_snapshot="latest")
    assert "contains no snapshot of this instance" in none.results["Restore the snapshot"]["msg"]
    assert none.output.count("[ERROR]") == 1, none.output
    locked = run_on(tmp_path, "rollback", {"acme": common}, rollback_snapshot=str(file))
    assert "is encrypted" in locked.results["Restore the snapshot"]["msg"]
    assert other.fingerprint() == before


class Rollback(Play):
    """A bad change, and its interrupted rollback."""

    document: SnapshotDocument

    def prepare(self) -> None:
        self.former = rows(self.instance)

    def run(self, session: Session) -> None:
        enforce_stack(session, DeclaredStack(tuple(self.document.declarations())), RunOptions())

    def differences(self) -> list[str]:
        return differences(self.expected, rows(self.instance))

    expected: dict[str, list[str]]


@pytest.fixture
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every wait, for instance before a lock is read again; no run renews its lock."""
    quick = SimpleNamespace(monotonic=lambda: 100 * time.monotonic(), sleep=lambda seconds: time.sleep(seconds / 100))
    for module in (lock, rpc_session):
        monkeypatch.setattr(module, "time", quick)
    for constant in ("INTERVAL_SECONDS", "_CERTAIN_SECONDS"):
        monkeypatch.setattr(heartbeat, constant, 3600.0)


@pytest.fixture
def proxy(lab: Lab) -> Iterator[FaultProxy]:
    with FaultProxy(lab.environment("any")["ODOO_URL"]) as proxy:
        yield proxy


@pytest.mark.usefixtures("_in_no_time")
def test_every_interruption_converges(
    fresh: Callable[[str], LabInstance], tmp_path: Path, snapshots: Path, vault: tuple[str, ...], proxy: FaultProxy
) -> None:
    instance = fresh("rollback_cut")
    common = {**connection(instance), "odoo_mail_snapshot_folder": str(snapshots)}
    before = {name: value for name, value in BEFORE.items() if name != "odoo_mail_alias_domains"}
    bad = {name: value for name, value in BAD.items() if name != "odoo_mail_alias_domains"}
    assert run_on(tmp_path, "provision", {"acme": {**common, **before}}).exit_code == 0
    for file in snapshots.iterdir():
        file.unlink()
    play = Rollback(instance)
    play.expected = rows(instance)
    assert run_on(tmp_path, "provision", {"acme": {**common, **bad}}, *vault).exit_code == 0
    (file,) = snapshots.iterdir()
    text = VaultLib([("default", VaultSecret(b"made-up-vault-password"))]).decrypt(file.read_text()).decode()
    (tmp_path / "plain.yml").write_text(text)
    _path, play.document = SnapshotFiles(str(tmp_path)).read("plain.yml", instance.url, instance.database)
    tally = play.cut(proxy, sample=None if ALL else SAMPLE)
    print("\n".join(tally.problems))
    assert tally.tried > 0
    assert tally.problems == []


def test_two_instances_side_by_side(fresh: Callable[[str], LabInstance], tmp_path: Path) -> None:
    """All differences are shown without secrets."""
    here, there = fresh("compare_here"), fresh("compare_there")
    before = {"acme": connection(here), "staging": connection(there)}
    same = run_on(tmp_path, "compare", before, compare_with="staging")
    assert same.exit_code == 0, same.output
    assert shown(same, "Show the differences")["acme"] == ["No differences from staging."]
    servers = BEFORE["odoo_mail_servers"]
    other = [
        {**servers[0], "smtp_pass": "made-up-staging-password", "smtp_host": "smtp.staging.example"},
        *servers[1:3],
    ]
    hosts = {
        "acme": {**connection(here), **fitted(here, BEFORE)},
        "staging": {**connection(there), **fitted(there, BEFORE), "odoo_mail_servers": other},
    }
    assert run_on(tmp_path, "provision", hosts).exit_code == 0
    here.sql("UPDATE ir_cron SET nextcall = now() + interval '1 day'")  # Odoo's workers run no cron meanwhile
    fingerprint = here.fingerprint()
    run = run_on(
        tmp_path,
        "compare",
        hosts,
        *("--diff", "-vvv"),
        compare_with="staging",
        compare_report_folder=str(tmp_path / "reports"),
    )
    assert run.exit_code == 0, run.output
    assert shown(run, "Show the differences")["acme"] == [
        "system_parameter google_gmail_client_id: value made-up-client | (none)",
        "system_parameter google_gmail_client_secret: value differs (secret)",
        "mail_server Main: smtp_host smtp.acme.example | smtp.staging.example",
        "mail_server Main: smtp_pass differs (secret)",
        "mail_server Office: present | (none)",
    ]
    reports = {path.name: path.read_text() for path in (tmp_path / "reports").iterdir()}
    assert sorted(reports) == ["acme.json", "acme.md"]
    assert "<code>mail_server Main</code> | <code>smtp_pass</code> | differs | differs |" in reports["acme.md"], (
        reports["acme.md"]
    )
    assert [one["field"] for one in json.loads(reports["acme.json"])["differences"]].count("smtp_pass") == 1
    for secret in (*SECRETS, "made-up-staging-password", "made-up-client-secret"):
        assert secret not in run.output + "".join(reports.values())
    assert here.fingerprint() == fingerprint


def test_records_of_the_same_name_are_not_compared(fresh: Callable[[str], LabInstance], tmp_path: Path) -> None:
    """Two mail servers of one name cannot be distinguished.

    A comparison does not report that they are equal, or that they are missing.
    """
    here, there = fresh("compare_here"), fresh("compare_there")
    for instance, smtp_hosts in ((here, ("a.example", "b.example")), (there, ("a.example",))):
        with instance.session() as session:
            session.create("ir.mail_server", [{"name": "Main", "smtp_host": one} for one in smtp_hosts])
    hosts = {"acme": connection(here), "staging": connection(there)}
    folder = tmp_path / "reports"
    run = run_directly(tmp_path, "compare", hosts, compare_with="staging", compare_report_folder="reports")
    assert run.exit_code == 0, run.output
    nothing, lost = shown(run, "Show the differences")["acme"]
    assert nothing == "No differences from staging in the compared parts."
    assert lost.startswith("Not compared (acme): mail_server Main: 2 mail servers have this name")
    report = json.loads((folder / "acme.json").read_text())
    assert report["differences"] == []
    assert [(one["side"], one["key"]) for one in report["not_compared"]] == [("here", "Main")]
    assert "No differences.\n" not in (folder / "acme.md").read_text()
