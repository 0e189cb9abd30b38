# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often Odoo checks a password over JSON-RPC: once for each instance and run, a third of a second of its time. Counted, not timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AuthenticationFailed
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import user_ids
from instance import LabInstance
from lab import Lab
from password_checks import CountingOdoo, counting_odoo
from playbook import ansible_playbook, play

STACK = {
    "parameters": {"postmaster.test": "1"},
    "servers": [{"name": "Transactional", "smtp_host": "mail.invalid", "from_filter": "acme.invalid"}],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "active": True, "user": "__system__"}],
}
OPERATOR = "operator"


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Where the stack is as declared, with another user who may do all and has the administrator's password."""
    database = fresh("integration_password_checks")
    database.add_user(OPERATOR, password=database.password or "", system=True)
    database.enforce(STACK)
    return database


@pytest.fixture
def odoo(lab: Lab, database: LabInstance, tmp_path: Path) -> Iterator[CountingOdoo]:
    with counting_odoo(lab, tmp_path) as odoo:
        yield odoo


@pytest.fixture
def ansible_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nobody is remembered yet."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    return tmp_path / "ansible"


def check(instance: LabInstance, folder: Path, *, tasks: int = 1) -> list[dict[str, Any]]:
    """A playbook that checks the stack in so many tasks, over JSON-RPC with a password."""
    each = [
        {"name": f"check {number}", "postmaster.odoo.mail_stack": {**instance.options("jsonrpc"), **STACK}}
        for number in range(tasks)
    ]
    run = ansible_playbook(folder, [play(*each)], "--inventory", "localhost,", "--check")
    assert run.exit_code == 0, run.output
    return list(run.results.values())


def of(database: LabInstance, odoo: CountingOdoo, **credentials: str) -> LabInstance:
    return replace(database, url=odoo.url, **credentials)


def test_a_whole_stack_costs_one_check_of_the_password(
    database: LabInstance, odoo: CountingOdoo, tmp_path: Path
) -> None:
    instance = of(database, odoo)
    (result,) = check(instance, tmp_path)
    assert (result["changed"], result["plan"]) == (False, [])
    assert odoo.checks() == 1
    check(instance, tmp_path, tasks=3)
    assert odoo.checks() == 0


def test_a_user_is_asked_for_once(database: LabInstance, odoo: CountingOdoo, tmp_path: Path) -> None:
    """A user who is not known yet logs in: that is a check more, once."""
    check(of(database, odoo, username=OPERATOR), tmp_path, tasks=3)
    assert odoo.checks() == 2
    check(of(database, odoo, username=OPERATOR), tmp_path)
    assert odoo.checks() == 0


def test_a_known_user_costs_an_odoo_that_knows_nothing_one_check(
    lab: Lab, database: LabInstance, tmp_path: Path, ansible_home: Path
) -> None:
    with counting_odoo(lab, tmp_path) as odoo:
        of(database, odoo, username=OPERATOR).check(STACK, transport="jsonrpc")
        assert odoo.checks() == 2
    with counting_odoo(lab, tmp_path) as odoo:
        for expected in (1, 0):
            of(database, odoo, username=OPERATOR).check(STACK, transport="jsonrpc")
            assert odoo.checks() == expected


def test_an_api_key_is_no_dearer(database: LabInstance, odoo: CountingOdoo) -> None:
    """Odoo first takes it for a password."""
    database.needs_api_key()
    of(database, odoo, password="").check(STACK, transport="jsonrpc")
    assert odoo.checks() == 1


def test_a_check_of_a_known_user_leaves_nothing_behind(
    database: LabInstance, odoo: CountingOdoo, ansible_home: Path
) -> None:
    """Not even that somebody has logged in."""
    logins = "SELECT count(*) FROM res_users_log"
    instance = of(database, odoo, username=OPERATOR)
    instance.check(STACK, transport="jsonrpc")
    before = database.fingerprint(), database.sql(logins)
    instance.check(STACK, transport="jsonrpc")
    assert (database.fingerprint(), database.sql(logins)) == before


def test_somebody_elses_id_is_not_taken_though_the_password_fits(
    database: LabInstance, odoo: CountingOdoo, ansible_home: Path
) -> None:
    """As after a database was replaced by another of the same name."""
    instance = of(database, odoo, username=OPERATOR)
    ids = {user["login"]: user["id"] for user in database.read("res.users", fields=("login",))}
    for wrong in (ids["admin"], 987654):
        user_ids.remember(odoo.url, database.database, OPERATOR, wrong)
        with instance.session("jsonrpc") as session:
            assert session.call("res.users", "context_get")["uid"] == ids[OPERATOR]
        assert user_ids.recall(odoo.url, database.database, OPERATOR) == ids[OPERATOR]


def test_wrong_passwords_lock_nobody_out(database: LabInstance, odoo: CountingOdoo, ansible_home: Path) -> None:
    """Odoo's web login would let nobody in from here for a minute after five."""
    wrong = of(database, odoo, password="wrong-made-up")
    for _attempt in range(6):
        with pytest.raises(AuthenticationFailed, match="rejected the login of 'admin'"):
            wrong.session("jsonrpc")
    of(database, odoo).session("jsonrpc").transport.close()
