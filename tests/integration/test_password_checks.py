# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of checks of a password over JSON-RPC: one for each instance and run, which takes a third of a second.

Counted, not timed.
"""

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
    """Return a database in the declared state, with a second administrator who has the same password."""
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
    """Return an Ansible home without cached user ids."""
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    return tmp_path / "ansible"


def check(instance: LabInstance, folder: Path, *, tasks: int = 1) -> list[dict[str, Any]]:
    """Run a playbook that checks the stack in several tasks, over JSON-RPC with a password."""
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


def test_the_id_of_a_user_is_read_once(database: LabInstance, odoo: CountingOdoo, tmp_path: Path) -> None:
    """An unknown user logs in: this is one additional check, once."""
    check(of(database, odoo, username=OPERATOR), tmp_path, tasks=3)
    assert odoo.checks() == 2
    check(of(database, odoo, username=OPERATOR), tmp_path)
    assert odoo.checks() == 0


def test_a_known_user_costs_an_odoo_without_caches_one_check(
    lab: Lab, database: LabInstance, tmp_path: Path, ansible_home: Path
) -> None:
    with counting_odoo(lab, tmp_path) as odoo:
        of(database, odoo, username=OPERATOR).check(STACK, transport="jsonrpc")
        assert odoo.checks() == 2
    with counting_odoo(lab, tmp_path) as odoo:
        for expected in (1, 0):
            of(database, odoo, username=OPERATOR).check(STACK, transport="jsonrpc")
            assert odoo.checks() == expected


def test_an_api_key_costs_no_additional_calls(database: LabInstance, odoo: CountingOdoo) -> None:
    """Odoo first tries it as a password."""
    database.needs_api_key()
    of(database, odoo, password="").check(STACK, transport="jsonrpc")
    assert odoo.checks() == 1


def test_a_check_of_a_known_user_leaves_nothing_behind(
    database: LabInstance, odoo: CountingOdoo, ansible_home: Path
) -> None:
    """Not even a login is recorded."""
    logins = "SELECT count(*) FROM res_users_log"
    instance = of(database, odoo, username=OPERATOR)
    instance.check(STACK, transport="jsonrpc")
    before = database.fingerprint(), database.sql(logins)
    instance.check(STACK, transport="jsonrpc")
    assert (database.fingerprint(), database.sql(logins)) == before


def test_the_id_of_another_user_is_not_used_although_the_password_fits(
    database: LabInstance, odoo: CountingOdoo, ansible_home: Path
) -> None:
    """This happens after another database of the same name replaces a database."""
    instance = of(database, odoo, username=OPERATOR)
    ids = {user["login"]: user["id"] for user in database.read("res.users", fields=("login",))}
    for wrong in (ids["admin"], 987654):
        user_ids.remember(odoo.url, database.database, OPERATOR, wrong)
        with instance.session("jsonrpc") as session:
            assert session.call("res.users", "context_get")["uid"] == ids[OPERATOR]
        assert user_ids.recall(odoo.url, database.database, OPERATOR) == ids[OPERATOR]


def test_wrong_passwords_do_not_lock_the_user_out(
    database: LabInstance, odoo: CountingOdoo, ansible_home: Path
) -> None:
    """Odoo's web login would refuse every login from here for a minute after five failures."""
    wrong = of(database, odoo, password="wrong-made-up")
    for _attempt in range(6):
        with pytest.raises(AuthenticationFailed, match="rejected the login of 'admin'"):
            wrong.session("jsonrpc")
    of(database, odoo).session("jsonrpc").transport.close()
