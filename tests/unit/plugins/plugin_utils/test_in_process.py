# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fast path: the same result as a shipped module's, only where that is what the task means, and nothing left behind."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.postmaster.odoo.plugins.action.mail_stack import ActionModule
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.plugin_utils.connection_variables import with_connection_variables
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, neutralize, servers
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import CONNECTION, connect_to, shipped

SECRET = "correct-horse"
MAIN = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_pass": SECRET}
SHIPPED = {"shipped": True}


def action(name: str, options: dict[str, Any], **task: Any) -> ActionModule:
    """The action of a task of this collection, as an executor makes it."""
    connection = mock.Mock(
        transport=task.pop("transport", "local"),
        become=task.pop("become", None),
        has_native_async=False,
        socket_path=None,
        _shell=mock.Mock(tmpdir="/tmp", get_option=mock.Mock(return_value="~/.ansible/tmp")),
    )
    described = {
        "action": f"postmaster.odoo.{name}",
        "args": {**CONNECTION, **options},
        "async_val": 0,
        "delegate_to": None,
        "get_variable_manager": lambda: None,
        "check_mode": False,
        "diff": False,
        "environment": None,
        "no_log": False,
        **task,
    }
    made = ActionModule(
        task=SimpleNamespace(**described),
        connection=connection,
        play_context=mock.Mock(executable="/bin/sh"),
        loader=DataLoader(),
        templar=Templar(loader=DataLoader()),
        shared_loader_obj=None,
    )
    made._execute_module = mock.Mock(return_value=dict(SHIPPED))  # type: ignore[method-assign]  # a stand-in
    return made


@pytest.fixture
def series() -> str:
    """One is enough: versions differ below the front end."""
    return "19.0"


@pytest.fixture(autouse=True)
def asked(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    return connect_to(odoo, monkeypatch)


CASES: list[tuple[str, dict[str, Any]]] = [
    ("mail_server", MAIN),
    ("mail_server", {**MAIN, "smtp_port": None, "active": None}),
    ("mail_server", {**MAIN, "smtp_port": "587", "smtp_debug": "yes"}),
    ("mail_server", {"name": "Büro", "from_filter": "a.example,\nb.example"}),
    ("mail_server", {"name": "Main", "smtp_encryption": "tls"}),
    ("mail_server", {"name": "Main", "smtp_prot": 25, "smtp_pass": SECRET}),
    ("mail_server", {"name": "Main", "smtp_port": "many", "smtp_pass": SECRET}),
    ("mail_server", {}),
    ("mail_server_info", {"query": "[].name"}),
    ("mail_server_info", {"query": "[?"}),
    ("mail_server_test", {"fail_on_error": False}),
    ("mail_server_test", {"name": "Nobody"}),
    ("cron", {"xml_id": QUEUE, "interval_number": 5, "interval_type": "minutes"}),
    ("cron", {"xml_id": QUEUE, "nextcall": "2026-02-01T06:00:00+01:00"}),
    ("cron", {"name": "No such cron"}),
    ("cron", {"active": True}),
    ("cron_info", {"xml_id": QUEUE}),
    ("system_parameter", {"key": "a.client_secret", "value": SECRET}),
    ("system_parameter", {"key": "a.b", "value": 5}),
    ("system_parameter", {"key": "a.licence", "value": SECRET, "secret": "yes"}),
    ("mail_stack", {"parameters": {"a.licence": {"value": SECRET, "secret": True}}}),
    ("mail_stack", {"parameters": {"a.licence": {"value": SECRET, "secret": "maybe"}}}),
    ("alias_domain", {"name": "acme.example", "companies": ["YourCompany"]}),
    ("alias_domain", {"name": "Acme.example"}),
    ("addon", {"name": "crm"}),
    ("addon", {"name": "no_such_addon"}),
    (
        "mail_stack",
        {"servers": [MAIN, None], "parameters": {"a.token": 12345678, "b": None}, "crons": [{"xml_id": QUEUE}]},
    ),
    ("mail_stack", {"parameters": {"a.secret": SECRET}, "unmanaged": SECRET}),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_result_is_that_of_a_shipped_module(
    series: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    options: dict[str, Any],
    check: bool,
) -> None:
    results = []
    for _front_end in range(2):
        odoo = SimulatedOdoo(series)
        neutralize(odoo)
        connect_to(odoo, monkeypatch)
        if results:
            results.append(action(name, options, check_mode=check, diff=True).run(task_vars={}))
        else:
            results.append(shipped(name, options, capsys, check=check, diff=True))
    assert results[1] == results[0]
    assert SECRET not in str(results[1])
    assert capsys.readouterr().out == ""


def test_an_error_of_odoo_is_a_failed_result(odoo: SimulatedOdoo) -> None:
    odoo.user = "clerk"
    result = action("mail_server", MAIN).run(task_vars={})
    assert (result["failed"], result["error_kind"], result["changed"]) == (True, "access", False)


@pytest.mark.parametrize(
    ("task", "variables", "here"),
    [
        ({}, {}, True),
        ({"transport": "ansible.builtin.local"}, {}, True),
        ({"transport": "ssh"}, {}, False),
        ({"transport": "community.docker.docker"}, {}, False),
        ({"async_val": 60}, {}, False),
        ({"become": object()}, {}, False),
        ({}, {"ansible_python_interpreter": sys.executable}, True),
        ({}, {"ansible_python_interpreter": trust_as_template("{{ 'auto' }}")}, True),
        ({}, {"ansible_python_interpreter": "auto_silent"}, True),
        ({}, {"ansible_python_interpreter": os.path.join(sys.prefix, "bin", "python")}, True),
        ({}, {"ansible_python_interpreter": trust_as_template("{{ ansible_playbook_python }}")}, True),
        ({}, {"ansible_python_interpreter": "/no/such/python"}, False),
        ({}, {"postmaster_odoo_in_process": False}, False),
        ({}, {"postmaster_odoo_in_process": "no"}, False),
        ({}, {"postmaster_odoo_in_process": trust_as_template("{{ 1 == 2 }}")}, False),
        ({}, {"postmaster_odoo_in_process": "yes"}, True),
        ({"transport": "ssh"}, {"postmaster_odoo_in_process": True}, False),
    ],
)
def test_where_a_task_runs(
    asked: list[dict[str, Any]], task: dict[str, Any], variables: dict[str, Any], here: bool
) -> None:
    made = action("mail_server", MAIN, **task)
    made._remove_tmp_path = mock.Mock()  # type: ignore[method-assign]  # a stand-in
    made._templar.available_variables = {"ansible_playbook_python": sys.executable}
    result = made.run(task_vars=variables)
    assert bool(asked) is here
    assert made._execute_module.called is not here  # type: ignore[attr-defined]  # of the stand-in
    assert (result == SHIPPED) is not here
    if task.get("async_val"):
        assert made._execute_module.call_args.kwargs["wrap_async"]  # type: ignore[attr-defined]  # of the stand-in


def test_the_environment_of_a_task_lasts_as_long_as_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_TIMEOUT", "5")
    before = dict(os.environ)
    seen: list[dict[str, Any]] = []

    def connect(**options: Any) -> Any:
        seen.append({**options, "proxy_of_the_environment": os.environ.get("HTTPS_PROXY")})
        os.environ["LEFT_BEHIND"] = "x"
        raise KeyError("a defect")

    monkeypatch.setattr(rpc_session, "connect", connect)
    environment = [{"ODOO_USERNAME": "admin", "ODOO_TIMEOUT": 7}, {"HTTPS_PROXY": "http://proxy.example"}]
    with pytest.raises(KeyError):
        action("mail_server_info", {}, environment=environment).run(task_vars={})
    assert (seen[0]["username"], seen[0]["timeout"]) == ("admin", 7)
    assert seen[0]["proxy_of_the_environment"] == "http://proxy.example"
    assert dict(os.environ) == before


def test_a_task_leaves_the_worker_as_it_was(odoo: SimulatedOdoo) -> None:
    before = (os.getcwd(), dict(os.environ), sys.stdin, sys.stdout)
    options = {"servers": [dict(MAIN)]}
    made = action("mail_stack", options)
    for _again in range(2):
        made.run(task_vars={})
    assert (os.getcwd(), dict(os.environ), sys.stdin, sys.stdout) == before
    assert options == {"servers": [MAIN]}
    assert made._task.args == {**CONNECTION, **options}
    assert len(servers(odoo)) == 1


def connected(variables: dict[str, Any], options: dict[str, Any], **task: Any) -> ActionModule:
    """Run a task that gives no connection of its own, with variables of the inventory."""
    made = action("mail_server_info", {}, **task)
    made._task.args = options
    made._remove_tmp_path = mock.Mock()  # type: ignore[method-assign]  # a stand-in
    made._templar.available_variables = variables
    made.run(task_vars=variables)
    return made


INVENTORY = {"odoo_url": "http://inventory.example", "odoo_database": trust_as_template("{{ name }}"), "name": "acme"}


def test_the_connection_comes_from_the_task_then_the_inventory_then_the_environment(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("URL", "DATABASE", "USERNAME", "API_KEY", "PROXY"):
        monkeypatch.setenv(f"ODOO_{name}", f"http://environment.example/{name}")
    unset = {"odoo_proxy": None, "odoo_username": trust_as_template("{{ nobody | default(omit) }}")}
    connected({**INVENTORY, **unset}, {"url": "http://task.example"})
    (given,) = asked
    assert (given["url"], given["database"]) == ("http://task.example", "acme")
    assert given["api_key"] == "http://environment.example/API_KEY"
    assert (given["proxy"], given["username"]) == (
        "http://environment.example/PROXY",
        "http://environment.example/USERNAME",
    )


def test_a_shipped_module_gets_the_connection_of_the_inventory(asked: list[dict[str, Any]]) -> None:
    made = connected(INVENTORY, {"name": "Main"}, transport="ssh")
    arguments = made._execute_module.call_args.kwargs["module_args"]  # type: ignore[attr-defined]  # of the stand-in
    assert arguments == {"url": "http://inventory.example", "database": "acme", "name": "Main"}


@pytest.mark.parametrize(
    ("options", "variables", "resolved"),
    [
        ({"database": None}, {"odoo_database": "acme"}, {"database": "acme"}),
        # The credentials of a task are never replaced by those of another place.
        (
            {"username": "ops", "password": "a"},
            {"odoo_api_key": "b"},
            {"username": "ops", "password": "a"},
        ),
        (
            {"api_key": "a"},
            {"odoo_password": "b", "odoo_username": "ops"},
            {"api_key": "a", "username": "ops"},
        ),
        ({}, {"odoo_password": "b"}, {"password": "b"}),
        ({}, {"odoo_password": "b", "odoo_api_key": "c"}, {"api_key": "c"}),
        ({}, {"odoo_password": "b", "odoo_api_key": ""}, {"password": "b"}),
        ({}, {}, {}),
    ],
)
def test_where_connection_options_come_from(
    options: dict[str, Any], variables: dict[str, Any], resolved: dict[str, Any]
) -> None:
    found = with_connection_variables(options, variables, lambda names: {name: variables[name] for name in names})
    assert found == resolved


def test_a_variable_that_is_not_needed_is_not_resolved() -> None:
    asked_for: list[str] = []

    def resolve(names: Any) -> dict[str, Any]:
        asked_for.extend(names)
        return {"odoo_api_key": "made-up"}

    variables = ("odoo_url", "odoo_timeout", "odoo_api_key", "odoo_password")
    with_connection_variables({"url": "http://a.example", "timeout": 5}, variables, resolve)
    assert asked_for == ["odoo_api_key"]


def test_a_module_without_a_connection_gets_none() -> None:
    made = action("smtp_probe", {}, transport="ssh")
    made._task.args = {"host": "localhost"}
    made._remove_tmp_path = mock.Mock()  # type: ignore[method-assign]  # a stand-in
    made._templar.available_variables = INVENTORY
    made.run(task_vars=INVENTORY)
    assert made._execute_module.call_args.kwargs["module_args"] == {"host": "localhost"}  # type: ignore[attr-defined]  # of the stand-in


def test_declared_dates_come_from_the_inventory() -> None:
    """The doctor gets nothing else of a declaration, least of all its secrets."""
    variables = {"odoo_mail_servers": [{**MAIN, "smtp_pass_rotate_by": "2026-01-01"}]}

    def examine(**options: Any) -> dict[str, Any]:
        made = action("mail_doctor", {"checks": ["expiry"], "fail_on": "never", **options})
        made._templar.available_variables = variables
        return made.run(task_vars=variables)

    result = examine(from_inventory=True)
    assert [row["subject"] for row in result["expiry"] if row["kind"] == "smtp_pass"] == [
        "The password of the mail server 'Main'"
    ]
    assert SECRET not in str(result)
    assert [row for row in examine()["expiry"] if row["kind"] == "smtp_pass"] == []


def test_an_error_about_variables_shows_no_secret() -> None:
    """Neither what the variables themselves hold, nor anything that a terminal obeys."""
    entry = {"name": f"\x1b[31m{SECRET}", "smtp_pass": SECRET, "declared": SECRET}
    variables = {"odoo_mail_servers": [entry]}
    made = action("mail_stack", {"from_inventory": True})
    made._templar.available_variables = variables
    with pytest.raises(AnsibleActionFail) as caught:
        made.run(task_vars=variables)
    assert "sets declared to '********'" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


UNKNOWN = trust_as_template("{{ vault_that_nobody_defines }}")
ROTATED = "smtp_pass_rotate_by"


def dates(variables: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The dates that the doctor gets from the variables of a host, and the warnings."""
    made = action("mail_doctor", {"from_inventory": True}, transport="ssh")
    made._remove_tmp_path = mock.Mock()  # type: ignore[method-assign]  # a stand-in
    made._templar.available_variables = variables
    result = made.run(task_vars=variables)
    given = made._execute_module.call_args.kwargs["module_args"]  # type: ignore[attr-defined]  # of the stand-in
    return given["declared_dates"], result.get("warnings", [])


@pytest.mark.parametrize(
    "declaring",
    [
        pytest.param({"odoo_mail_servers": "own"}, id="list"),
        pytest.param(
            {"odoo_mail_servers": trust_as_template("{{ own_servers + [] }}"), "own_servers": "own"}, id="sum"
        ),
        pytest.param({"odoo_mail_servers": [{"name": "Main"}], "odoo_mail_servers__z": "own"}, id="layer"),
    ],
)
def test_nothing_but_the_dates_is_resolved(declaring: dict[str, Any]) -> None:
    """A variable that is not known does not fail the diagnosis, nor does a variable of another option."""
    server = {
        "name": trust_as_template("{{ label }}"),
        "smtp_pass": UNKNOWN,
        "oauth2": {"client_secret": UNKNOWN, "client_secret_expires": trust_as_template("{{ day }}")},
        ROTATED: "2027-01-01",
    }
    own = {name: [server] if value == "own" else value for name, value in declaring.items()}
    others = {"label": "Main", "day": "2027-02-01", "odoo_mail_templates": 1, "odoo_mail_parameters": UNKNOWN}
    assert dates({**own, **others}) == (
        [{"name": "Main", ROTATED: "2027-01-01", "client_secret_expires": "2027-02-01"}],
        [],
    )


def test_dates_that_cannot_be_resolved_are_a_warning() -> None:
    broken = {"name": "Broken", "oauth2": UNKNOWN}
    found, warnings = dates({"odoo_mail_servers": [broken, {"name": "Main", ROTATED: "2027-01-01"}]})
    assert found == [{"name": "Main", ROTATED: "2027-01-01"}]
    (warning,) = warnings
    assert "odoo_mail_servers[0] is left out" in warning
    assert "vault_that_nobody_defines" in warning
    found, warnings = dates({"odoo_mail_servers": UNKNOWN})
    assert (found, len(warnings)) == ([], 1)


@pytest.mark.parametrize(
    "last",
    [
        [{"name": "Main", "oauth2": {"client_id": "made-up"}}],
        [{"name": "Main", "state": "absent"}],
        [{"name": "Main", "declared": False}],
        {"declared": False},
    ],
)
def test_a_later_layer_takes_a_date_out(last: Any) -> None:
    first = [{"name": "Main", "oauth2": {"client_secret_expires": "2027-01-01"}}]
    assert dates({"odoo_mail_servers": first, "odoo_mail_servers__later": last}) == ([], [])
    assert len(dates({"odoo_mail_servers": first, "odoo_mail_servers__later": None})[0]) == 1


def test_a_vault_file_that_is_not_on_the_controller(tmp_path: Any) -> None:
    """The fast path finds the vault secrets of the run: here it was given none."""
    wanted = {"name": "Ansible", "vault_file": str(tmp_path / "vault.yml"), "vault_variable": "vault_key"}
    result = action("api_key", {**wanted, "username": "admin", "password": SECRET}).run(task_vars={})
    assert result["failed"]
    assert "--vault-password-file" in result["msg"]
