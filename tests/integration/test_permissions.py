# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights and calls in docs/permissions.md, compared with those that a real Odoo requires and receives."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import pytest
from ansible.parsing.vault import VaultSecret, VaultSecretsContext

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS
from instance import LabInstance, offers_json2
from lab import FaultProxy, Lab
from module_calls import tasks
from playbook import COLLECTIONS
from single_module import run_module

pytestmark = pytest.mark.second_lab

COLLECTION = COLLECTIONS / "ansible_collections/postmaster/odoo"
PAGE = (COLLECTION / "docs/permissions.md").read_text()
READ_ONLY = PAGE.partition("## A user that only reads\n")[2].partition("\n## ")[0]
PASSWORD = "made-up-password"
# The lock of a run: created, renewed every 15 seconds, and removed.
LOCK = {f"ir.config_parameter.{method}" for method in ("create", "write", "unlink")}
# They neither read nor write records.
LOGIN = {"common.login", "common.version"}
# Up to 18.0 the password is passed to Odoo's dialog in this way. The page mentions it below the table.
DIALOG = {"res.users.identitycheck.write"}
READING = ("cron_info", "mail_server_info", "mail_queue_info", "mail_stack_info", "mail_doctor")


@dataclass(frozen=True)
class Row:
    """The row of a table of the page for one module.

    :ivar own: writing calls, or models that it reads. :ivar modules: other modules whose rows also apply to this one.
    """

    own: frozenset[str]
    modules: frozenset[str]

    def problems(self, module: str, seen: set[str], rows: Mapping[str, Row], ignored: Set[str]) -> list[str]:
        """Return the differences between the row and the calls or models that Odoo has received.

        :param seen: the calls or models. :param ignored: those that the page describes in other words.
        """
        allowed = self.own.union(*(rows[other].own for other in self.modules))
        return [
            *(f"{module}: {name} is not in the table" for name in sorted(seen - allowed - ignored)),
            *(f"{module}: {name} was not seen" for name in sorted(self.own - seen - ignored)),
        ]


def documented(heading: str) -> dict[str, Row]:
    """Return the rows of the table below a heading by modules."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    texts = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    rows = {}
    for module, text in texts.items():
        names = re.findall(r"`([\w.]+)`", text)
        own = frozenset(name for name in names if "." in name)
        rows[module] = Row(own, frozenset(name for name in names if name in texts))
    return rows


# The modules that the page names before the table.
LOCKING = set(re.findall(r"`(\w+)`", PAGE.partition("Every other call only reads.")[2].partition("| module")[0]))
WRITES, READS = documented("Writing calls of each module"), documented("Models that each module reads")


@pytest.fixture(scope="module")
def instance(lab: Lab) -> Iterator[LabInstance]:
    instance = LabInstance.fresh(lab, "permissions")
    instance.needs("mail.alias.domain")
    yield instance
    lab.drop("permissions")


def _user(instance: LabInstance, *groups: str, more: Sequence[int] = ()) -> dict[str, str]:
    """Create a user with only these groups, and return the options for its login.

    :param groups: the names of groups of the addon base. :param more: the ids of other groups.
    """
    login = "_".join([*groups, *map(str, more)])
    with instance.session() as session:
        domain = [["module", "=", "base"], ["name", "in", list(groups)]]
        ids = [*more, *(row["res_id"] for row in session.search_read("ir.model.data", domain, ["res_id"]))]
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
    """Run every module as a user whose only group is that of administrators; return the calls that Odoo received, by
    modules.
    """
    received: dict[str, set[str]] = defaultdict(set)
    account = _user(instance, "group_system")
    secrets = VaultSecretsContext([("default", VaultSecret(b"made-up-vault-password"))])
    with FaultProxy(instance.url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(VaultSecretsContext, "_current", secrets)
        for task in tasks(instance, tmp_path_factory.mktemp("vault")):
            task.before(instance)
            proxy.heal()
            with task.around(instance):
                result = run_module(task.module, {**account, "url": proxy.url, **task.options})
            assert result.get("error_kind") == task.expects, (task, result)
            assert bool(result.get("failed")) is bool(task.expects), (task, result)
            received[task.module].update(proxy.calls)
    return received


def test_every_module_is_in_the_tables() -> None:
    """A module that connects to no Odoo has no row."""
    modules = {path.stem for path in (COLLECTION / "plugins/modules").glob("*.py")} - {"smtp_probe"}
    assert WRITES.keys() == READS.keys() == modules


def test_every_module_has_run(calls: dict[str, set[str]]) -> None:
    """A row that names other modules contains no calls of its own, so a module that never ran would pass."""
    assert calls.keys() == READS.keys()
    assert all(calls.values())


def test_the_table_lists_all_writing_calls_and_no_others(instance: LabInstance, calls: dict[str, set[str]]) -> None:
    problems = []
    ignored = LOGIN if offers_json2(instance.url) else LOGIN | DIALOG
    for module, row in WRITES.items():
        written = {call for call in calls[module] if _method(call) not in READ_METHODS} - ignored
        problems += row.problems(module, written, WRITES, LOCK if module in LOCKING else set())
    assert problems == []


def test_the_table_lists_all_models_that_are_read_and_no_others(calls: dict[str, set[str]]) -> None:
    problems = []
    for module, row in READS.items():
        read = {call.rpartition(".")[0] for call in calls[module] if _method(call) in READ_METHODS}
        own_user_and_lock = {"res.users"} | ({"ir.config_parameter"} if module in LOCKING else set())
        problems += row.problems(module, read, READS, own_user_and_lock)
    assert problems == []


def _method(call: str) -> str:
    return call.rpartition(".")[2]


@pytest.mark.parametrize("group", ["group_user", "group_erp_manager"])
def test_other_users_are_refused(group: str, instance: LabInstance) -> None:
    account = _user(instance, "group_user", group)
    kinds = {module: run_module(module, account).get("error_kind") for module in READING}
    assert kinds == dict.fromkeys(READING, "access")


def _read_only_group(instance: LabInstance) -> int:
    """Create a group that may only read the models that the page names for it."""
    models = re.findall(r"`([a-z_.]+)`", READ_ONLY.partition("\n|")[0])
    models.remove("base.group_user")
    with instance.session() as session:
        (group,) = session.create("res.groups", [{"name": "Mail monitoring"}])
        found = session.search_read("ir.model", [["model", "in", models]], ["model"])
        assert {row["model"] for row in found} == set(models)
        session.create(
            "ir.model.access",
            [{"name": row["model"], "model_id": row["id"], "group_id": group, "perm_read": True} for row in found],
        )
    return group


def test_a_user_that_may_only_read(instance: LabInstance) -> None:
    account = _user(instance, "group_user", more=[_read_only_group(instance)])
    with instance.session() as session:
        session.create("ir.mail_server", [{"name": "Read", "smtp_host": "smtp.invalid", "smtp_user": "ann"}])
    options = {
        "mail_dns_info": {"nameservers": ["127.0.0.1:9"], "nameserver_timeout": 1},
        "mail_doctor": {"fail_on": "never", "live_tests": False},
        "system_parameter": {"key": "permissions.refused", "value": "1"},
    }
    modules = (*READING, "mail_dns_info", "own_records", "system_parameter")
    results = {module: run_module(module, {**account, **options.get(module, {})}) for module in modules}
    works = {module for module, result in results.items() if result.get("error_kind") != "access"}
    rows = re.findall(r"^\| `(\w+)` \| works", READ_ONLY, re.MULTILINE)
    assert works == set(rows), results
    (server,) = [one for one in results["mail_server_info"]["mail_servers"] if one["name"] == "Read"]
    assert server["smtp_host"] == "smtp.invalid"
    assert "smtp_user" not in server
