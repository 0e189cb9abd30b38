# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Green means compared. In these cases mail does not leave, or nothing was compared, although the inventory seems
right. None ends with 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from drift import compare, instance_in, report_of
from instance import LabInstance
from inventory import run_on
from playbook import Run, ansible_playbook, play
from queue_action import IS_QUEUE_ACTION

QUEUE = "mail.ir_cron_mail_scheduler_action"
STACK: dict[str, Any] = {
    "odoo_mail_servers": [
        {"name": "Main", "smtp_host": "smtp.invalid", "from_filter": "acme.example", "sequence": 1},
        {"name": "Billing", "smtp_host": "billing.invalid", "from_filter": "billing@acme.example", "sequence": 2},
    ],
    "odoo_mail_crons": [{"xml_id": QUEUE, "interval_number": 7, "interval_type": "minutes"}],
    "odoo_mail_routes": [{"from": "billing@acme.example", "server": "Billing"}],
    "odoo_queue_stale_after": 7,
    "odoo_queue_purge_after": 90,
}
NOTHING: dict[str, Any] = dict.fromkeys(STACK)

DRIFTED, UNKNOWN, FAILED, UNREACHABLE, NO_HOST = 10, 2, 2, 4, 1


@dataclass(frozen=True)
class Case:
    """One way to a false green.

    :param exit_code: of the playbook drift. :param status: of the instance in the report, None if there is no report.
    :param sql: a change that a user made in Odoo. :param variables: of the host, in addition to those of the stack.
    :param arguments: of the command line.
    :param provision: whether provision must fail too. It corrects drift.
    """

    exit_code: int
    status: str | None = None
    sql: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    provision: bool = False


ARCHIVED = "UPDATE ir_mail_server SET active = false"
CASES: dict[str, Case] = {
    "every mail server is archived": Case(DRIFTED, "drifted", ARCHIVED),
    "one mail server is archived": Case(DRIFTED, "drifted", f"{ARCHIVED} WHERE name = 'Billing'"),
    "a mail server was renamed": Case(DRIFTED, "drifted", "UPDATE ir_mail_server SET name = 'Old' WHERE name = 'Main'"),
    "a mail server was deleted": Case(DRIFTED, "drifted", "DELETE FROM ir_mail_server WHERE name = 'Main'"),
    "a mail server sends elsewhere": Case(DRIFTED, "drifted", "UPDATE ir_mail_server SET smtp_host = 'x.invalid'"),
    "somebody added a mail server": Case(
        DRIFTED,
        "drifted",
        "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active, sequence, from_filter) "
        "VALUES ('Relay', 'relay.invalid', 25, 'login', 'none', true, 0, 'elsewhere.example')",
    ),
    "a mail server takes the mail of another": Case(
        DRIFTED,
        "drifted",
        "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active, sequence, from_filter) "
        "VALUES ('Relay', 'relay.invalid', 25, 'login', 'none', true, 0, 'billing@acme.example')",
        provision=True,
    ),
    "the queue cron is disabled": Case(DRIFTED, "drifted", "UPDATE ir_cron SET active = false"),
    "a rule of the queue policy was removed": Case(
        DRIFTED, "drifted", "DELETE FROM ir_cron WHERE cron_name::text LIKE '%Mail queue: stale%'"
    ),
    "a rule of the queue policy is disabled": Case(
        DRIFTED, "drifted", "UPDATE ir_cron SET active = false WHERE cron_name::text LIKE '%Mail queue: old%'"
    ),
    "nothing is declared": Case(UNKNOWN, "unknown", variables=NOTHING, provision=True),
    "a variable is misspelt, and nothing else is declared": Case(
        FAILED, "failed", variables={**NOTHING, "odoo_mail_serverz": STACK["odoo_mail_servers"]}, provision=True
    ),
    "a variable is misspelt": Case(FAILED, "failed", variables={"odoo_queue_stale": 7}, provision=True),
    "an option of a mail server is misspelt": Case(
        FAILED,
        "failed",
        variables={"odoo_mail_servers": [{"name": "Main", "smtp_hosst": "smtp.invalid"}]},
        provision=True,
    ),
    "the list of mail servers is empty": Case(DRIFTED, "drifted", variables={**NOTHING, "odoo_mail_servers": []}),
    "all lists are empty": Case(
        UNKNOWN, "unknown", variables={**NOTHING, "odoo_mail_crons": [], "odoo_mail_addons": []}, provision=True
    ),
    "an empty list, and unmanaged mail servers are ignored": Case(
        UNKNOWN,
        "unknown",
        variables={**NOTHING, "odoo_mail_servers": [], "odoo_mail_unmanaged": "ignore"},
        provision=True,
    ),
    "a vault variable is not defined": Case(
        FAILED,
        "failed",
        variables={"odoo_mail_servers": [{"name": "Main", "smtp_pass": "{{ vault_missing }}"}]},
        provision=True,
    ),
    "the credentials are not defined": Case(
        FAILED, "failed", variables={"odoo_api_key": "{{ vault_missing }}", "odoo_password": None}, provision=True
    ),
    "a tag selects nothing": Case(FAILED, arguments=("--tags", "server"), provision=True),
    "all tags are skipped": Case(
        FAILED,
        arguments=("--skip-tags", "addons,parameters,alias_domains,servers,crons,queue_policy,routes"),
        provision=True,
    ),
    "a misspelt tag next to a right one": Case(FAILED, "clean", arguments=("--tags", "serverz,crons"), provision=True),
    "a tag selects what is not declared": Case(UNKNOWN, "unknown", arguments=("--tags", "addons"), provision=True),
    "the limit matches no host": Case(NO_HOST, None, arguments=("--limit", "nobody"), provision=True),
    "the group is misspelt": Case(
        UNKNOWN, None, arguments=("-e", "drift_hosts=production", "-e", "provision_hosts=production"), provision=True
    ),
    "the database does not exist": Case(
        UNREACHABLE, "unreachable", variables={"odoo_database": "no_such_database"}, provision=True
    ),
    "nothing answers": Case(UNREACHABLE, "unreachable", variables={"odoo_url": "http://127.0.0.1:1"}, provision=True),
    "the API key was revoked": Case(FAILED, "failed", variables={"odoo_api_key": "made-up-key"}, provision=True),
    "a record is declared twice": Case(
        FAILED,
        "failed",
        variables={"odoo_mail_servers": [*STACK["odoo_mail_servers"], STACK["odoo_mail_servers"][0]]},
        provision=True,
    ),
}


@pytest.fixture(scope="module")
def table(pytestconfig: pytest.Config) -> Iterator[list[str]]:
    """Return a table with one line for each case, which is printed at the end."""
    lines: list[str] = []
    yield lines
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(["", f"{len(lines)} false greens, one at a time: exit codes of drift and provision", *lines]))


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance], tmp_path_factory: pytest.TempPathFactory) -> LabInstance:
    """Return a database in the declared state."""
    made = fresh("false_greens")
    folder = tmp_path_factory.mktemp("provisioned")
    assert run_on(folder, "provision", {"acme": host(made)}).exit_code == 0
    run = compare(folder, {"acme": host(made)})
    assert (run.exit_code, report_of(folder)["verdict"]["status"]) == (0, "clean"), run.output
    return made


def host(database: LabInstance, **variables: Any) -> dict[str, Any]:
    """Return the variables of the host that have a value."""
    connection = {f"odoo_{name}": value for name, value in database.quick_options().items()}
    given = {**connection, **STACK, **variables}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.in_process
@pytest.mark.parametrize("name", CASES)
def test_it_is_not_green(name: str, database: LabInstance, tmp_path: Path, table: list[str]) -> None:
    case = CASES[name]
    hosts = {"acme": host(database, **case.variables)}
    if case.sql:
        for statement in (
            "CREATE TABLE kept_server AS SELECT * FROM ir_mail_server",
            "CREATE TABLE kept_cron AS SELECT * FROM ir_cron",
            case.sql,
        ):
            database.sql(statement)
    try:
        run = compare(tmp_path, hosts, *case.arguments)
        provision = run_on(tmp_path / "provision", "provision", hosts, *case.arguments) if case.provision else None
    finally:
        if case.sql:
            _put_back(database)
    code = str(provision.exit_code) if provision else "-"
    table += [f"{name:60} {run.exit_code:4} {code:>4}"]
    assert run.exit_code == case.exit_code, run.output
    assert provision is None or provision.exit_code != 0, provision.output
    if case.status:
        assert instance_in(report_of(tmp_path), "acme")["status"] == case.status


def _put_back(database: LabInstance) -> None:
    """Undo the changes that a case made to the records."""
    for table in ("ir_mail_server", "ir_cron"):
        short = f"kept_{table.rpartition('_')[2]}"
        rows = database.sql(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{short}'")
        columns = [row["column_name"] for row in rows if row["column_name"] != "id"]
        names = ", ".join(f'"{one}"' for one in columns)
        values = ", ".join(f'k."{one}"' for one in columns)
        database.sql(f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {short})")
        database.sql(f"INSERT INTO {table} SELECT * FROM {short} WHERE id NOT IN (SELECT id FROM {table})")
        database.sql(f"UPDATE {table} t SET ({names}) = ({values}) FROM {short} k WHERE k.id = t.id")
        database.sql(f"DROP TABLE {short}")


def test_a_user_who_may_not_read_mail_servers(database: LabInstance, tmp_path: Path, table: list[str]) -> None:
    database.add_user("reader", password="made-up-password-1")
    credentials = {"odoo_api_key": None, "odoo_username": "reader", "odoo_password": "made-up-password-1"}
    hosts = {"acme": host(database, **credentials, odoo_transport="jsonrpc")}
    run, provision = compare(tmp_path, hosts), run_on(tmp_path / "provision", "provision", hosts)
    table += [f"{'the user may not read mail servers':60} {run.exit_code:4} {provision.exit_code:4}"]
    assert (run.exit_code, provision.exit_code) == (FAILED, FAILED)
    assert instance_in(report_of(tmp_path), "acme")["errors"][0]["kind"] == "access"


def test_a_skipped_role(database: LabInstance, tmp_path: Path, table: list[str]) -> None:
    task = {"ansible.builtin.import_role": {"name": "postmaster.odoo.drift"}, "when": False}
    run = _own_playbook(tmp_path, {"acme": host(database)}, task)
    table += [f"{'the role is skipped':60} {run.exit_code:4}    -"]
    assert run.exit_code == UNKNOWN
    assert instance_in(report_of(tmp_path), "acme")["status"] == "unknown"


def test_a_host_in_two_contradictory_groups(database: LabInstance, tmp_path: Path, table: list[str]) -> None:
    layer = [{"name": "Main", "sequence": 5}]
    other = [{"name": "Main", "sequence": 6}]
    inventory = {
        "all": {
            "children": {
                "eu": {"hosts": {"acme": host(database)}, "vars": {"odoo_mail_servers__eu": layer}},
                "shops": {"hosts": {"acme": None}, "vars": {"odoo_mail_servers__shops": other}},
            }
        }
    }
    task = {"ansible.builtin.import_role": {"name": "postmaster.odoo.drift"}}
    run = _own_playbook(tmp_path, inventory, task)
    table += [f"{'two groups contradict each other':60} {run.exit_code:4}    -"]
    assert run.exit_code == FAILED
    (error,) = instance_in(report_of(tmp_path), "acme")["errors"]
    for text in ("odoo_mail_servers__eu", "odoo_mail_servers__shops", "Main sequence"):
        assert text in error["message"]


def _own_playbook(folder: Path, hosts: Mapping[str, Any], task: Mapping[str, Any]) -> Run:
    inventory = hosts if "all" in hosts else {"all": {"hosts": hosts}}
    (folder / "inventory.json").write_text(json.dumps(inventory))
    environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
        "POSTMASTER_DRIFT_REPORT_FOLDER": str(folder / "reports"),
    }
    return ansible_playbook(folder, [play(dict(task))], "--inventory", "inventory.json", environment=environment)


FORMATS = {"FORMATS": "json,markdown,junit,html,github"}
FOUR_FAULTS = (
    "UPDATE ir_mail_server SET smtp_host = 'x.invalid' WHERE name = 'Main'",
    f"UPDATE ir_cron SET active = false WHERE {IS_QUEUE_ACTION}",
    "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active, sequence, from_filter) "
    "VALUES ('Relay', 'relay.invalid', 25, 'login', 'none', true, 0, 'billing@acme.example')",
)


def test_one_fault_does_not_hide_others(database: LabInstance, tmp_path: Path) -> None:
    """There is drift of two kinds, a broken route, and an undeclared server.

    Every format reports all of it. It is corrected as predicted.
    """
    for statement in FOUR_FAULTS:
        database.sql(statement)
    run = compare(tmp_path, {"acme": host(database)}, callback=FORMATS)
    assert run.exit_code == DRIFTED, run.output
    texts = {path.name: unescape(path.read_text()) for path in (tmp_path / "reports").glob("drift.*")}
    assert len(texts) == 4
    for name, text in {**texts, "terminal": run.output}.items():
        plain = text.replace("&#64;", "@").replace("\\u0040", "@")
        for told in ("smtp.invalid", QUEUE, "billing@acme.example", "Relay", "comes before it"):
            assert told in plain, (name, told)
    found = {(one["resource"], one["key"]): one for one in instance_in(report_of(tmp_path), "acme")["resources"]}
    (broken,) = found["route", "billing@acme.example"]["differences"]
    assert (broken["field"], broken["before"], broken["after"]) == ("server", "Relay", "Billing")

    # Errors in the declaration do not hide drift either.
    wrong = {"odoo_mail_alias_domains": [{"name": "Not A Domain"}]}
    run = compare(tmp_path / "wrong", {"acme": host(database, **wrong)})
    assert run.exit_code == FAILED
    report = instance_in(report_of(tmp_path / "wrong"), "acme")
    assert [error["kind"] for error in report["errors"]] == ["invalid"]
    assert {key for key in found if found[key]["status"] == "drifted"} == {
        (one["resource"], one["key"]) for one in report["resources"] if one["status"] == "drifted"
    }

    # A run refuses the route before it writes. Without the undeclared server it corrects everything.
    before = database.fingerprint()
    assert run_on(tmp_path / "refused", "provision", {"acme": host(database)}).exit_code == FAILED
    assert database.fingerprint() == before
    archive = {"odoo_mail_unmanaged": "archive"}
    assert run_on(tmp_path / "provision", "provision", {"acme": host(database, **archive)}).exit_code == 0
    clean = compare(tmp_path / "again", {"acme": host(database)})
    assert (clean.exit_code, report_of(tmp_path / "again")["verdict"]["status"]) == (0, "clean"), clean.output


def test_provision_corrects_drift_of_every_kind(database: LabInstance, tmp_path: Path) -> None:
    more = {
        "odoo_mail_addons": ["mail"],
        "odoo_mail_parameters": {"false.greens": "1"},
        **({} if database.lacks else {"odoo_mail_alias_domains": [{"name": "acme.example", "bounce_alias": "bounce"}]}),
        "odoo_queue_lanes": [{"name": "all", "batch": 5}],
        "odoo_queue_backoff": {},
        "odoo_queue_watchdog": {},
    }
    hosts = {"acme": host(database, **more)}
    assert run_on(tmp_path / "first", "provision", hosts).exit_code == 0
    for statement in (
        "UPDATE ir_config_parameter SET value = '2' WHERE key = 'false.greens'",
        *(() if database.lacks else ("UPDATE mail_alias_domain SET bounce_alias = 'returns'",)),
        "UPDATE ir_mail_server SET smtp_host = 'y.invalid'",
        "UPDATE ir_cron SET interval_number = 99",
        "UPDATE ir_act_server SET code = replace(code, 'days=7', 'days=9') WHERE code LIKE '%policy, stale%'",
    ):
        database.sql(statement)
    drifted = compare(tmp_path / "drifted", hosts)
    assert drifted.exit_code == DRIFTED
    kinds = {
        one["resource"]
        for one in instance_in(report_of(tmp_path / "drifted"), "acme")["resources"]
        if one["status"] == "drifted"
    }
    assert kinds == {"system_parameter", "alias_domain", "mail_server", "cron", "queue_policy"} - database.lacks
    assert "stale_after 9 -> 7" in drifted.output
    assert run_on(tmp_path / "provision", "provision", hosts).exit_code == 0
    clean = compare(tmp_path / "clean", hosts)
    assert (clean.exit_code, report_of(tmp_path / "clean")["verdict"]["status"]) == (0, "clean"), clean.output
