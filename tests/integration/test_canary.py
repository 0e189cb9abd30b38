# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`verify: canary`: a real mail through the candidate detects refusals of SMTP servers after DATA, before anything is
written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server
from instance import LabInstance
from lab import Lab
from mail_servers import Options, password_server, run_task
from playbook import Result
from verification import CANDIDATE, Watch, everything, rows, with_live_server

pytestmark = pytest.mark.in_process

TO = "postmaster@else.example"
CANARY = {"verify": "canary", "canary_to": TO}
SALES, SHOP = "sales@lab.example", "shop@lab.example"


@pytest.fixture(scope="module")
def instance(fresh: Callable[[str], LabInstance]) -> LabInstance:
    return fresh("integration_canary")


@pytest.fixture
def live(instance: LabInstance, lab: Lab) -> LabInstance:
    return with_live_server(instance, lab, from_filter=SALES)


def left(instance: LabInstance) -> tuple[Any, ...]:
    """Return everything that a canary could leave behind: mails, their messages, and server actions."""
    tables = ("mail_mail", "mail_message", "ir_act_server")
    counts = [instance.sql(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]
    return (*everything(instance), *counts)


def refused(live: LabInstance, folder: Path, **replies: Any) -> Result:
    """Return the result of a change to a server that accepts everything up to the end of a message."""
    before = left(live)
    with smtp_server(features=(), replies=replies) as smtp:
        new: Options = {"name": "Live", "smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_encryption": "none"}
        new |= {"smtp_user": "", "smtp_pass": ""}
        tested = run_task(live, folder / "connection", "mail_server", {**new, "verify": "connection"}, check_mode=True)
        assert tested["failed"] is False
        result = run_task(live, folder / "canary", "mail_server", {**new, **CANARY})
    assert left(live) == before
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "rejected", False, [])
    return result


def test_a_refusal_after_data_changes_nothing(live: LabInstance, tmp_path: Path) -> None:
    result = refused(live, tmp_path, CONTENT="554 5.2.252 SendAsDenied; sales@lab.example not allowed to send as it")
    verification = result["verification"]
    assert verification["outcome"] == "sender_rejected"
    (canary,) = verification["canaries"]
    assert (canary["email_from"], canary["state"], canary["kept_id"]) == (SALES, "exception", None)
    for words in ("the canary of its new settings failed (sender_rejected)", SALES, TO, "SendAsDenied"):
        assert words in result["msg"]


def test_a_server_that_disconnects_after_data_changes_nothing(live: LabInstance, tmp_path: Path) -> None:
    assert refused(live, tmp_path, CONTENT=None)["verification"]["outcome"] == "disconnected"


def test_from_every_address_that_routes_declare(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    lab.smtp["starttls_any_sender"].configure(delay=0.1)  # so that its effects are visible
    stack = {
        "servers": [{"name": "Live", "from_filter": "lab.example"}],
        "routes": [{"from": SALES, "server": "Live"}, {"from": SHOP, "server": "Live"}],
    }
    before = left(live)[2:]
    watch = Watch(live)
    result = watch.during(lambda: run_task(live, tmp_path, "mail_stack", {**stack, **CANARY}))
    assert (result["failed"], result["changed"]) == (False, True), result
    (verification,) = result["verifications"]
    assert [(one["email_from"], one["outcome"]) for one in verification["canaries"]] == [(SALES, "ok"), (SHOP, "ok")]
    assert SHOP in verification["message"]
    accepted = lab.smtp["starttls_any_sender"].accepted()
    assert Counter((one["from"], one["to"]) for one in accepted) == {(SALES, TO): 1, (SHOP, TO): 1}
    # No other user ever saw the candidate in use.
    (after,) = rows(live)
    assert [row["from_filter"] for row in watch.seen.pop(after["id"])] == [SALES, "lab.example"]
    (candidate,) = list(watch.seen.values())
    assert {(row["name"], row["active"]) for row in candidate} == {("Live" + CANDIDATE, False)}
    assert left(live)[2:] == before


def test_one_address_of_two_is_refused(live: LabInstance, tmp_path: Path) -> None:
    live.needs_sender_lists()
    before = left(live)
    replies = {"MAIL": lambda line: "250 Ok" if SHOP in line else "553 5.7.1 Sender not owned by user"}
    info = "info@lab.example"
    with smtp_server(features=(), replies=replies) as smtp:
        server = {"name": "New", "smtp_host": "127.0.0.1", "smtp_port": smtp.port, "from_filter": f"{SHOP},{info}"}
        routes = [{"from": sender, "server": "New"} for sender in (SHOP, info)]
        result = run_task(live, tmp_path, "mail_stack", {"servers": [server], "routes": routes, **CANARY})
    assert left(live) == before
    assert (result["failed"], result["plan"]) == (True, [])
    (verification,) = result["verifications"]
    assert [(one["email_from"], one["outcome"]) for one in verification["canaries"]] == [
        (SHOP, "ok"),
        (info, "sender_rejected"),
    ]
    assert f"so they were not written: Mail from {info} to {TO}: " in result["msg"]


def test_a_new_server_goes_live_after_its_canary(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    new = password_server(lab, "ssl", name="New", from_filter=SHOP)
    result = run_task(live, tmp_path, "mail_server", {**new, **CANARY})
    assert (result["failed"], result["changed"], result["record"]["active"]) == (False, True, True), result
    assert [row["name"] for row in rows(live)] == ["Live", "New"]
    again = run_task(live, tmp_path / "again", "mail_server", {**new, **CANARY})
    assert (again["changed"], again["verification"]) == (False, None)
    assert len(lab.smtp["ssl"].accepted()) == 1


def test_a_check_sends_nothing(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    before = left(live)
    result = run_task(live, tmp_path, "mail_server", {"name": "Live", "from_filter": SHOP, **CANARY}, check_mode=True)
    assert (result["verification"]["outcome"], result["verification"]["canaries"]) == ("not_tested", [])
    assert left(live) == before
    assert lab.smtp["starttls_any_sender"].events() == []


@pytest.mark.parametrize("recipient", [None, "", "nobody", "a@b.example, c@d.example"])
def test_it_needs_an_address(recipient: str | None, live: LabInstance, tmp_path: Path) -> None:
    options = {"name": "Live", "smtp_port": 1, "verify": "canary"} | (
        {} if recipient is None else {"canary_to": recipient}
    )
    result = run_task(live, tmp_path, "mail_server", options)
    assert (result["failed"], result["error_kind"]) == (True, "invalid")
    assert "set it to an address of yours" in result["msg"]
