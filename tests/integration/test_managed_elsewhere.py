# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that the OCA addon mail_environment reads from a configuration file of the server.

Odoo accepts writes to them without an error, and ignores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from drift import compare, instance_in, report_of
from instance import LabInstance, apply
from lab import Lab, SmtpServer
from playbook import Result, Run, Task, ansible_playbook, play

ADDONS = {"server_environment": "19.0.1.0.4", "mail_environment": "19.0.1.1.1.1"}

# The configuration file sets these fields of the mail server of this name; its encryption and other fields are free.
NAME = "Owned"
CONFIGURATION = f"""
[outgoing_mail.{NAME}]
smtp_host = {{smtp.host}}
smtp_port = {{smtp.port}}
smtp_user = {{smtp.user}}
smtp_pass = {{smtp.password}}
"""
OWNED_FIELDS = ["smtp_host", "smtp_pass", "smtp_port", "smtp_user"]

MODULES = ("mail_server", "mail_stack")


@pytest.fixture(scope="module")
def smtp(lab: Lab) -> SmtpServer:
    """Return the SMTP server that the configuration names."""
    return lab.smtp["starttls"]


@pytest.fixture(scope="module")
def managed(lab: Lab, smtp: SmtpServer, fresh: Callable[[str], LabInstance]) -> Iterator[LabInstance]:
    """Return a database without mail servers whose Odoo has that configuration."""
    lab.fetch_addons(**ADDONS)
    database = fresh("integration_managed_elsewhere")
    with lab.second_odoo(SERVER_ENV_CONFIG=CONFIGURATION.format(smtp=smtp)) as url:
        managed = replace(database, url=url)
        managed.enforce({"addons": ["mail_environment"]}, update_list=True)
        yield managed


@pytest.fixture(autouse=True)
def _nothing_stays(managed: LabInstance) -> Iterator[None]:
    yield
    with managed.session() as session:
        session.unlink("ir.mail_server", [record["id"] for record in managed.read("ir.mail_server")])


@pytest.fixture
def owned(managed: LabInstance, smtp: SmtpServer) -> LabInstance:
    """Return a database with the mail server of the configuration, which works."""
    with managed.session() as session:
        ids = session.create("ir.mail_server", [{"name": NAME}])
        session.write("ir.mail_server", ids, {"smtp_encryption": "starttls", "from_filter": smtp.user})
    return managed


def files_values(smtp: SmtpServer) -> dict[str, Any]:
    """Return the values of the configuration in the form of a declaration."""
    return {"smtp_host": smtp.host, "smtp_port": smtp.port, "smtp_user": smtp.user, "smtp_pass": smtp.password}


def stored(database: LabInstance, *fields: str) -> dict[str, Any]:
    (record,) = database.read("ir.mail_server", ["name", "=", NAME], fields=fields)
    del record["id"]
    return record


def task(title: str, module: str, server: dict[str, Any], *, verify: str = "none", check: bool = False) -> Task:
    """Return a task of either module that declares one server."""
    options = server if module == "mail_server" else {"servers": [server]}
    return {"name": title, f"postmaster.odoo.{module}": {**options, "verify": verify}, "check_mode": check}


def run(folder: Path, database: LabInstance, *tasks: Task) -> Run:
    """Run all tasks, even if one fails."""
    defaults = {"group/postmaster.odoo.odoo": database.options()}
    tasks_on_it = play(*tasks, module_defaults=defaults, ignore_errors=True)
    run = ansible_playbook(folder, [tasks_on_it], "--inventory", "localhost,", "--diff")
    assert run.exit_code == 0, run.output
    return run


def verification(result: Result) -> dict[str, Any]:
    """Return the results of the one server."""
    if "verification" in result:
        return dict(result["verification"])
    (only,) = result["verifications"]
    return dict(only)


@pytest.mark.parametrize("module", MODULES)
def test_another_value_is_drift_that_is_refused_before_anything_is_written(
    module: str, owned: LabInstance, smtp: SmtpServer, tmp_path: Path
) -> None:
    password = "made-up-other-password"
    wanted = {"name": NAME, "smtp_host": "other.invalid", "smtp_pass": password, "from_filter": "acme.example"}
    before = owned.fingerprint()
    outcome = run(tmp_path, owned, task("checked", module, wanted, check=True), task("enforced", module, wanted))
    assert owned.fingerprint() == before

    checked, enforced = outcome.results["checked"], outcome.results["enforced"]
    assert (checked["failed"], checked["changed"]) == (False, True)
    (step,) = checked["plan"]
    changes = {change["field"]: change for change in step["changes"]}
    mark = {"managed_elsewhere": True}
    assert changes == {
        "smtp_host": {"field": "smtp_host", "before": smtp.host, "after": "other.invalid", **mark},
        "smtp_pass": {"field": "smtp_pass", "before": "********", "after": "********", **mark},
        "from_filter": {"field": "from_filter", "before": smtp.user, "after": "acme.example"},
    }

    assert (enforced["failed"], enforced["error_kind"], enforced["changed"]) == (True, "rejected", False)
    assert f"'{NAME}'" in enforced["msg"]
    assert "smtp_host, smtp_pass" in enforced["msg"]
    assert "from_filter" not in enforced["msg"]
    assert "mail_environment" in enforced["msg"]
    assert password not in outcome.output
    assert str(smtp.password) not in outcome.output


@pytest.mark.parametrize("module", MODULES)
def test_the_value_of_the_file_is_not_drift(module: str, owned: LabInstance, smtp: SmtpServer, tmp_path: Path) -> None:
    wanted = {"name": NAME, **files_values(smtp)}
    before = owned.fingerprint()
    results = run(
        tmp_path, owned, task("checked", module, wanted, check=True), task("enforced", module, wanted)
    ).results
    for result in results.values():
        assert (result["failed"], result["changed"], result["plan"]) == (False, False, [])
    assert owned.fingerprint() == before


@pytest.mark.parametrize("module", MODULES)
def test_fields_that_the_file_leaves_out_are_enforced(
    module: str, owned: LabInstance, smtp: SmtpServer, tmp_path: Path
) -> None:
    free = {"smtp_encryption": "starttls_strict", "from_filter": "acme.example", "sequence": 3}
    wanted = {"name": NAME, **files_values(smtp), **free}
    results = run(tmp_path, owned, task("first", module, wanted), task("second", module, wanted)).results
    (step,) = results["first"]["plan"]
    assert {change["field"]: change["after"] for change in step["changes"]} == free
    assert not any("managed_elsewhere" in change for change in step["changes"])
    assert (results["second"]["failed"], results["second"]["changed"]) == (False, False)
    assert stored(owned, *free) == free


def test_the_info_lists_the_fields_that_are_managed_elsewhere(
    owned: LabInstance, smtp: SmtpServer, tmp_path: Path
) -> None:
    with owned.session() as session:
        session.create("ir.mail_server", [{"name": "Free"}])
    outcome = run(tmp_path, owned, {"name": "info", "postmaster.odoo.mail_server_info": {}})
    servers = {server["name"]: server for server in outcome.results["info"]["mail_servers"]}
    assert servers[NAME]["managed_elsewhere"] == OWNED_FIELDS
    assert servers["Free"]["managed_elsewhere"] == []
    assert servers[NAME]["smtp_host"] == smtp.host
    # Neither in its own field nor in those of the addon.
    assert str(smtp.password) not in outcome.output + str(outcome.results)
    assert not any("env" in name for server in servers.values() for name in server)


@pytest.mark.parametrize("module", MODULES)
def test_a_new_server_that_is_already_in_the_file(
    module: str, managed: LabInstance, smtp: SmtpServer, tmp_path: Path
) -> None:
    """This is unknown before the server exists."""
    wanted = {"name": NAME, "smtp_host": "other.invalid"}
    results = run(tmp_path, managed, task("created", module, wanted), task("again", module, wanted)).results
    for result in results.values():
        assert (result["failed"], result["error_kind"]) == (True, "rejected")
        assert f"'{NAME}'" in result["msg"]
        assert "smtp_host" in result["msg"]
        assert "mail_environment" in result["msg"]
    assert stored(managed, "smtp_host") == {"smtp_host": smtp.host}


@pytest.mark.parametrize("verify", ["none", "connection"])
def test_a_new_server_with_the_values_of_the_file(verify: str, managed: LabInstance, smtp: SmtpServer) -> None:
    free = {"smtp_encryption": "starttls", "from_filter": smtp.user}
    (step,) = apply(managed, {"servers": [{"name": NAME, **files_values(smtp), **free}]}, verify=verify)
    assert step["action"] == "create"
    assert stored(managed, *free) == free


def test_a_new_server_that_is_not_in_the_file(managed: LabInstance) -> None:
    """On creation the addon also drops values of port, encryption and authentication that differ from the defaults."""
    wanted = {
        "name": "Free",
        "smtp_host": "smtp.invalid",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_authentication": "cli",
    }
    (step,) = apply(managed, {"servers": [wanted]})
    assert step["action"] == "create"
    (record,) = managed.read("ir.mail_server", fields=tuple(wanted))
    assert {name: record[name] for name in wanted} == wanted


def test_a_server_gets_a_name_that_is_in_the_file(managed: LabInstance, smtp: SmtpServer) -> None:
    """The name brings the values of the file, for any declaration."""
    pinned = {"xml_id": "postmaster.renamed", "name": "Free", "smtp_host": "smtp.invalid"}
    apply(managed, {"servers": [pinned]})
    with pytest.raises(Rejected) as raised:
        managed.enforce({"servers": [{**pinned, "name": NAME}]})
    assert "smtp_host" in raised.value.message
    assert stored(managed, "smtp_host") == {"smtp_host": smtp.host}


@pytest.mark.parametrize("module", MODULES)
def test_new_settings_are_tested_with_the_values_of_the_file(
    module: str, owned: LabInstance, smtp: SmtpServer, tmp_path: Path
) -> None:
    """The candidate has another name, which is not in the file."""
    good, bad = {"smtp_encryption": "starttls_strict"}, {"smtp_encryption": "ssl_strict"}
    results = run(tmp_path, owned, task("good", module, {"name": NAME, **good}, verify="connection")).results
    assert not results["good"]["failed"], results["good"]["msg"]
    assert [step["action"] for step in results["good"]["plan"]] == ["update"]
    assert verification(results["good"])["outcome"] == "ok"
    assert [(login["claimed"], login["success"]) for login in smtp.events("auth")] == [(smtp.user, True)]
    assert stored(owned, *good) == good

    before = owned.fingerprint()
    results = run(tmp_path, owned, task("bad", module, {"name": NAME, **bad}, verify="connection")).results
    assert (results["bad"]["failed"], results["bad"]["error_kind"]) == (True, "rejected")
    assert verification(results["bad"])["outcome"] == "tls"
    assert owned.fingerprint() == before


def test_drift_is_marked_as_managed_elsewhere(owned: LabInstance, smtp: SmtpServer, tmp_path: Path) -> None:
    wanted = {"name": NAME, "smtp_host": "other.invalid", "smtp_pass": "made-up-other-password"}
    host = {f"odoo_{name}": value for name, value in owned.options().items()} | {"odoo_mail_servers": [wanted]}
    run = compare(tmp_path, {"acme": host}, callback={"FORMATS": "json,markdown,junit,html,github"})
    assert run.exit_code == 10, run.output
    (server,) = instance_in(report_of(tmp_path), "acme")["resources"]
    assert {one["field"]: one["managed_elsewhere"] for one in server["differences"]} == {
        "smtp_host": True,
        "smtp_pass": True,
    }
    assert "managed elsewhere" in run.output
    texts = [run.output, *(path.read_text() for path in (tmp_path / "reports").iterdir())]
    assert not [text for text in texts if wanted["smtp_pass"] in text or str(smtp.password) in text]
