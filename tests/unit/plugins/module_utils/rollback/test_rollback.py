# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback restores the changes of a run byte for byte, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    actions,
    changes,
    oauth2_server,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.interruptions import every_cut
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, roll_back, run_with_snapshot

SECRET = "made-up-password-of-before"
CODE = "password = 'made-up-in-code'\nmodel.search([('id', '>', 0)], limit=1)\n"
# Everything that the bad change below changes, and values that every declaration rejects.
BEFORE: Mapping[str, Any] = {
    "servers": [
        {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_user": "sales", "smtp_pass": SECRET, "sequence": 5},
        {
            "name": "Old",
            "xml_id": "postmaster.old",
            "smtp_host": "old.acme.example",
            "smtp_pass": "made-up-old-password",
        },
        {"name": "Archived", "smtp_host": "archived.example", "active": False},
    ],
    "crons": [
        {"name": "Sweep", "model": "mail.mail", "code": CODE, "xml_id": "postmaster.sweep", "priority": 7},
        {"name": "Kept", "model": "res.partner", "code": "model.search([], limit=1)"},
    ],
    "parameters": {"mail.session.batch.size": "500", "mail.made_up.api_key": "made-up-key", "mail.made_up.text": "x"},
}
BAD: Mapping[str, Any] = {
    "servers": [
        {
            "name": "Main",
            "xml_id": "postmaster.main",
            "smtp_host": "wrong.example",
            "smtp_user": "wrong",
            "smtp_pass": "made-up-wrong",
            "from_filter": "wrong.example",
        },
        {"name": "Old", "xml_id": "postmaster.old", "state": "absent"},
        {"name": "Archived"},
        {"name": "New", "smtp_host": "new.example"},
    ],
    "crons": [
        {"name": "Sweep", "model": "mail.mail", "code": CODE, "xml_id": "postmaster.sweep", "state": "absent"},
        {"name": "Kept", "model": "res.partner", "code": "model.search([], limit=2)", "active": False},
        {"name": "Other", "model": "res.partner", "code": "model.search([], limit=3)", "xml_id": "postmaster.other"},
        {"xml_id": QUEUE, "interval_number": 7, "interval_type": "minutes"},
    ],
    "parameters": {
        "mail.session.batch.size": "1",
        "mail.made_up.api_key": "",
        "mail.made_up.text": "y",
        "mail.made_up.new": "1",
    },
    "queue_policy": {
        "stale_after": 7,
        "settle": 60,
        "lanes": [{"name": "all", "domain": "[('id', '>', 0)]", "batch": 10}],
    },
}
# A change of each kind.
FEW: Mapping[str, Any] = {
    "servers": BAD["servers"][:2],
    "crons": [BAD["crons"][0]],
    "parameters": {"mail.made_up.text": "y", "mail.made_up.new": "1"},
}
# These differ in a record that was created again.
_IDS = ("id", "create_date", "write_date", "ir_actions_server_id", "nextcall", "lastcall")
_MODELS = ("ir.mail_server", "ir.cron", "ir.config_parameter")


def state(odoo: SimulatedOdoo) -> dict[str, Any]:
    """Return everything that a run may change, without ids."""
    rows = {
        model: sorted(
            repr(
                sorted((name, value) for name, value in one.items() if name not in _IDS and value not in (False, "", 0))
            )
            for one in odoo.records.tables[model].values()
        )
        for model in _MODELS
    }
    pins = sorted(
        (one["module"], one["name"], one["model"])
        for one in odoo.records.tables["ir.model.data"].values()
        if one["model"] in _MODELS
    )
    return {**rows, "pins": pins}


def spoiled(odoo: SimulatedOdoo, file: FileInMemory, stack: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Enforce the bad change, and return the state before it."""
    run(odoo, BEFORE)
    # Every declaration rejects such texts, because blanks at their ends are mistakes.
    server(odoo, "Main").update(
        smtp_host=" smtp.acme.example ", from_filter="B.example , a.example", smtp_pass=f"{SECRET}\n"
    )
    before = state(odoo)
    run_with_snapshot(odoo, stack or BAD, file)
    assert state(odoo) != before
    return before


def test_everything_is_restored(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    before = spoiled(odoo, file)
    ids = {one["name"]: one["id"] for one in servers(odoo)}
    predicted = roll_back(odoo.session(read_only=True), file.document)
    done = roll_back(odoo.session(), file.document)
    assert actions(predicted.plan) == actions(done.plan)
    assert state(odoo) == before
    assert server(odoo, "Main")["id"] == ids["Main"]
    odoo.log.clear()
    assert roll_back(odoo.session(), file.document).plan == ()
    assert written(odoo) == []
    # The former declaration is in force again.
    assert run(odoo, {**BEFORE, "servers": BEFORE["servers"][1:]}, check=True).plan == ()


def test_a_rollback_that_is_interrupted_converges() -> None:
    odoo, file = SimulatedOdoo("19.0"), FileInMemory()
    before = spoiled(odoo, file, FEW)
    cuts = 0
    document = file.document
    for where, succeeded in every_cut(odoo, lambda session: roll_back(session, document)):
        cuts += 1
        if succeeded:
            assert state(odoo) == before, where
        odoo.now += timedelta(minutes=2)
        roll_back(odoo.session(), file.document)
        assert state(odoo) == before, where
        assert roll_back(odoo.session(read_only=True), file.document).plan == (), where
    assert cuts > 50


def test_an_interrupted_run_is_rolled_back() -> None:
    """Its snapshot was written before its first step, so it contains everything that it has done."""
    odoo = SimulatedOdoo("19.0")
    run(odoo, BEFORE)
    before = state(odoo)
    files: list[FileInMemory] = []

    def bad(session: Session) -> None:
        files.append(FileInMemory())
        run_with_snapshot(odoo, FEW, files[-1], session=session)

    for where, _succeeded in every_cut(odoo, bad):
        odoo.now += timedelta(minutes=2)
        if files[-1].text:
            roll_back(odoo.session(), files[-1].document)
        # A killed run leaves notes, which the next run removes.
        run(odoo, {"parameters": {"mail.made_up.text": "x"}, "servers": []})
        assert state(odoo) == before, where


def test_it_is_written_before_the_first_change(odoo: SimulatedOdoo) -> None:
    """If it cannot be written, nothing is changed. Not even the lock is taken."""

    class FullDisk(FileInMemory):
        def write(self, document: SnapshotDocument) -> str:
            raise Invalid("No space left on device")

    run(odoo, BEFORE)
    odoo.log.clear()
    with pytest.raises(Invalid, match="No space left"):
        run_with_snapshot(odoo, BAD, FullDisk())
    assert written(odoo) == []


def test_without_a_change_there_is_no_file(odoo: SimulatedOdoo) -> None:
    run(odoo, BEFORE)
    file = FileInMemory()
    assert run_with_snapshot(odoo, BEFORE, file).snapshot is None
    assert file.writes == 0


def test_check_mode_writes_no_file(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run(odoo, BEFORE)
    outcome = run_with_snapshot(odoo, BAD, file, session=odoo.session(read_only=True))
    assert outcome.plan
    assert (outcome.snapshot, file.writes) == (None, 0)


def test_secrets_are_left_out_if_they_cannot_be_encrypted(odoo: SimulatedOdoo) -> None:
    file = FileInMemory(can_encrypt=False)
    run(odoo, BEFORE)
    outcome = run_with_snapshot(odoo, BAD, file)
    for secret in (SECRET, "made-up-old-password", "made-up-key", "made-up-in-code", "made-up-wrong"):
        assert secret not in file.text
    left_out = {(one["key"], one["field"]) for one in file.document.secrets_left_out()}
    assert left_out == {
        ("Main", "smtp_pass"),
        ("Old", "smtp_pass"),
        ("Sweep", "code"),
        ("mail.made_up.api_key", "value"),
    }
    (warning,) = [one for one in outcome.warnings if "contains no secrets" in one]
    assert "Main" in warning
    assert [one.key for one in file.document.losses if "not activated" in one.reason] == ["Old"]
    assert {(one.key, one.resource) for one in file.document.losses if "cannot be created again" in one.reason} == {
        ("Sweep", "cron"),
        ("mail.made_up.api_key", "system_parameter"),
    }
    roll_back(odoo.session(), file.document)
    # The password of the new provider must not go to the former one.
    (kept,) = [one for one in file.document.losses if one.key == "Main"]
    assert "stay as they are: smtp_host, smtp_user." in kept.reason
    assert server(odoo, "Main")["smtp_host"] == "wrong.example"
    assert server(odoo, "Main")["smtp_pass"] == "made-up-wrong"
    assert not server(odoo, "Main")["from_filter"]
    # Without its password it would fail to send any mail.
    assert server(odoo, "Old")["active"] is False
    assert roll_back(odoo.session(read_only=True), file.document).plan == ()


def test_no_plan_shows_a_secret(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    spoiled(odoo, file)
    shown = repr([step.as_result() for step in roll_back(odoo.session(read_only=True), file.document).plan])
    for secret in (SECRET, "made-up-old-password", "made-up-key", "made-up-in-code", "made-up-wrong"):
        assert secret not in shown
    assert "wrong.example" in shown


def test_later_changes_of_others_are_kept(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run(odoo, BEFORE)
    run_with_snapshot(odoo, {"servers": [{"name": "Main", "smtp_host": "wrong.example"}]}, file)
    server(odoo, "Main").update(smtp_port=2525)
    plan = roll_back(odoo.session(), file.document).plan
    assert changes(plan) == {"smtp_host": ("wrong.example", "smtp.acme.example")}
    assert server(odoo, "Main")["smtp_port"] == 2525


def test_a_record_that_was_deleted_since_is_named(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run(odoo, BEFORE)
    run_with_snapshot(odoo, {"servers": [{"name": "Main", "smtp_host": "wrong.example"}]}, file)
    del odoo.records.tables["ir.mail_server"][server(odoo, "Main")["id"]]
    outcome = roll_back(odoo.session(), file.document)
    assert outcome.plan == ()
    assert [(one.key, one.reason.partition(",")[0]) for one in outcome.losses] == [("Main", "It no longer exists")]


def test_a_record_of_the_same_name_is_not_mistaken_for_the_created_one() -> None:
    """The ids distinguish two records of one name, and show which of them existed before."""
    odoo, file = SimulatedOdoo("19.0"), FileInMemory()
    run(odoo, {"servers": [{"name": "Twin", "xml_id": "postmaster.first", "smtp_host": "first.example"}]})
    odoo.add("ir.mail_server", name="Twin", smtp_host="second.example")
    before = state(odoo)
    stack = {"servers": [{"xml_id": "postmaster.first", "state": "absent"}]}
    run_with_snapshot(odoo, stack, file)
    for where, _succeeded in every_cut(odoo, lambda session: roll_back(session, file.document)):
        odoo.now += timedelta(minutes=2)
        roll_back(odoo.session(), file.document)
        assert state(odoo) == before, where


def test_it_is_tested_before_it_is_used(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    spoiled(odoo, file)
    odoo.smtp = lambda _server: "[Errno 111] Connection refused"
    before = state(odoo)
    with pytest.raises(Rejected, match="unreachable"):
        roll_back(odoo.session(), file.document, verify="connection")
    assert state(odoo) == before


@pytest.mark.parametrize("authentication", ["gmail", "outlook"])
def test_tokens_are_restored(authentication: str) -> None:
    odoo, file = SimulatedOdoo("19.0"), FileInMemory()
    run(odoo, {"servers": [oauth2_server(authentication, refresh_token="made-up-consent")]})
    addon = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}[authentication]
    names = [f"{addon}_{name}" for name in ("refresh_token", "access_token", "access_token_expiration")]
    server(odoo, "Main").update({names[1]: "made-up-access", names[2]: 1_700_000_000})
    before = [server(odoo, "Main")[name] for name in names]
    login = {"name": "Main", "smtp_authentication": "login", "smtp_user": "sales", "smtp_pass": "made-up"}
    run_with_snapshot(odoo, {"servers": [login]}, file)
    assert not server(odoo, "Main")[names[0]]
    roll_back(odoo.session(), file.document)
    assert [server(odoo, "Main")[name] for name in names] == before
    # A value that Odoo itself replaces is not a difference.
    server(odoo, "Main").update({names[1]: "made-up-next-access", names[2]: 1_800_000_000})
    if authentication == "outlook":
        server(odoo, "Main")[names[0]] = "made-up-rotated"
    again = roll_back(odoo.session(), file.document)
    assert again.plan == ()
    assert any("keeps its current Outlook token" in text for text in again.warnings) == (authentication == "outlook")


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
def test_the_alias_domains_of_companies_are_restored(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run(odoo, {"alias_domains": [{"name": "acme.example", "companies": ["YourCompany"], "default_from": "info"}]})

    def domains() -> dict[str, Any]:
        table = odoo.records.tables["mail.alias.domain"]
        session = odoo.session()
        rows = session.search_read("mail.alias.domain", [], ["name", "company_ids", "default_from"])
        assert len(rows) == len(table)
        return {row["name"]: (row["company_ids"], row["default_from"]) for row in rows}

    before = domains()
    stack = {"alias_domains": [{"name": "wrong.example", "companies": ["YourCompany"]}]}
    run_with_snapshot(odoo, stack, file)
    assert domains() != before
    roll_back(odoo.session(), file.document)
    left = domains()
    assert left.pop("wrong.example")[0] == []
    assert left == before
    (loss,) = file.document.losses
    assert (loss.resource, loss.key) == ("alias_domain", "wrong.example")
    assert roll_back(odoo.session(read_only=True), file.document).plan == ()


def test_an_addon_stays_and_is_named(odoo: SimulatedOdoo) -> None:
    file = FileInMemory()
    run_with_snapshot(odoo, {"addons": ["crm"], "parameters": {"mail.made_up.text": "x"}}, file)
    assert [(one.resource, one.key) for one in file.document.losses] == [("addon", "crm")]
    assert [one.key for one in file.document.records] == ["mail.made_up.text"]
    assert actions(roll_back(odoo.session(), file.document).plan) == [("delete", "mail.made_up.text")]


def test_another_instance_has_other_ids(odoo: SimulatedOdoo) -> None:
    """At another address, records are found only by external ID and name."""
    file = FileInMemory()
    run(odoo, BEFORE)
    run_with_snapshot(odoo, {"servers": [{"name": "Main", "smtp_host": "wrong.example"}]}, file)
    moved = SimulatedOdoo(odoo.series)
    moved.add("ir.mail_server", name="Foreign", smtp_host="foreign.example")
    moved.add("ir.mail_server", name="Main", smtp_host="wrong.example")
    assert server(odoo, "Main")["id"] == server(moved, "Foreign")["id"]
    roll_back(moved.session(), file.document, elsewhere=True)
    assert server(moved, "Main")["smtp_host"] == "smtp.acme.example"
    assert server(moved, "Foreign")["smtp_host"] == "foreign.example"
