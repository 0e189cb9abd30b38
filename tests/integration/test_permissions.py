# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/permissions.md says of rights and of calls, compared with what a real Odoo allows and receives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from ansible.parsing.vault import VaultSecret, VaultSecretsContext

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS
from instance import LabInstance
from lab import FaultProxy, Lab
from module_calls import tasks
from playbook import COLLECTIONS
from single_module import run_module

COLLECTION = COLLECTIONS / "ansible_collections/postmaster/odoo"
PAGE = (COLLECTION / "docs/permissions.md").read_text()
PASSWORD = "made-up-password"
# The lock of a run: made, renewed every 15 seconds, and removed.
LOCK = {f"ir.config_parameter.{method}" for method in ("create", "write", "unlink")}
# Neither reads nor writes records.
LOGIN = {"common.login", "common.version"}
READING = ("cron_info", "mail_server_info", "mail_queue_info", "mail_stack_info", "mail_doctor")


@dataclass(frozen=True)
class Row:
    """What the page lists for one module.

    :ivar calls: the writing calls of its own. :ivar modules: other modules whose calls it may make as well.
    """

    calls: frozenset[str]
    modules: frozenset[str]


def documented() -> dict[str, Row]:
    """Return the rows of the page's table by modules."""
    section = PAGE.partition("## What each module writes\n")[2].partition("\n## ")[0]
    rows = {}
    for module, text in re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE):
        names = re.findall(r"`([\w.]+)`", text)
        rows[module] = Row(
            frozenset(name for name in names if "." in name), frozenset(name for name in names if "." not in name)
        )
    return rows


@pytest.fixture(scope="module")
def instance(lab: Lab) -> Iterator[LabInstance]:
    instance = LabInstance.fresh(lab, "permissions")
    instance.needs("mail.alias.domain")
    instance.needs("ir.cron.progress")
    yield instance
    lab.drop("permissions")


def _user(instance: LabInstance, *groups: str) -> dict[str, str]:
    """Create a user with nothing but these groups, and return the options by which it logs in."""
    login = "_".join(groups)
    with instance.session() as session:
        domain = [["module", "=", "base"], ["name", "in", list(groups)]]
        ids = [row["res_id"] for row in session.search_read("ir.model.data", domain, ["res_id"])]
        name = next(one for one in ("group_ids", "groups_id") if one in session.fields("res.users"))
        session.create(
            "res.users",
            [
                {
                    "name": login,
                    "login": login,
                    "password": PASSWORD,
                    "email": "ansible@lab.example",
                    name: [[6, 0, ids]],
                }
            ],
        )
    return {
        "url": instance.url,
        "database": instance.database,
        "username": login,
        "password": PASSWORD,
        "transport": "jsonrpc",
    }


@pytest.fixture(scope="module")
def calls(instance: LabInstance, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Run every module as a user whose only group is that of administrators; the calls that Odoo received, by modules."""
    received: dict[str, set[str]] = defaultdict(set)
    account = _user(instance, "group_system")
    secrets = VaultSecretsContext([("default", VaultSecret(b"made-up-vault-password"))])
    with FaultProxy(instance.url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(VaultSecretsContext, "_current", secrets)
        for task in tasks(instance, tmp_path_factory.mktemp("vault")):
            task.before(instance)
            proxy.heal()
            result = run_module(task.module, {**account, "url": proxy.url, **task.options})
            assert result.get("error_kind") == task.expects, (task, result)
            assert bool(result.get("failed")) is bool(task.expects), (task, result)
            received[task.module].update(proxy.calls)
    return received


def test_every_module_is_in_the_table() -> None:
    """A module that connects to no Odoo has no row."""
    modules = {path.stem for path in (COLLECTION / "plugins/modules").glob("*.py")}
    assert documented().keys() == modules - {"smtp_probe"}


def test_the_table_lists_all_writing_calls_and_no_others(calls: dict[str, set[str]]) -> None:
    rows = documented()
    problems = []
    for module, row in rows.items():
        written = {call for call in calls[module] if call.rpartition(".")[2] not in READ_METHODS} - LOGIN
        allowed = row.calls.union(*(rows[other].calls for other in row.modules))
        problems += [f"{module} calls {call}, which is not in the table" for call in written - allowed - LOCK]
        problems += [f"{module} does not call {call}" for call in row.calls - written - LOCK]
        # A module that changes nothing takes no lock either.
        problems += [f"{module} writes" for _call in written if not allowed]
    assert problems == []


@pytest.mark.parametrize("group", ["group_user", "group_erp_manager"])
def test_other_users_are_refused(group: str, instance: LabInstance) -> None:
    account = _user(instance, "group_user", group)
    kinds = {module: run_module(module, account).get("error_kind") for module in READING}
    assert kinds == dict.fromkeys(READING, "access")
