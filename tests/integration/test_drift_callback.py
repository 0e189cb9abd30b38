# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback `drift` in real runs: a host without a verdict is never called clean, even if Ansible skips or removes
it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from drift import Report, report_of
from instance import LabInstance
from playbook import Run, Task, ansible_playbook, play
from queue_action import IS_QUEUE_ACTION

pytestmark = pytest.mark.in_process

KEY = "base.login_cooldown_after"
NOWHERE = "http://127.0.0.1:9"

CONNECTION = {name: f"{{{{ odoo_{name} | default(omit) }}}}" for name in ("url", "database", "username", "password")}


def parameter(
    name: str = "Compare", value: str = "{{ value | default('10') }}", key: str = KEY, **keywords: Any
) -> Task:
    """Return a task that compares one system parameter; 10 is Odoo's default."""
    return {"name": name, "postmaster.odoo.system_parameter": {**CONNECTION, "key": key, "value": value}, **keywords}


def fail(when: str, message: str = "made to fail", **keywords: Any) -> Task:
    return {"name": message, "ansible.builtin.fail": {"msg": message}, "when": f"{when} | default(false)", **keywords}


class Fleet:
    """Runs plays on hosts that share one database and differ in their variables."""

    def __init__(self, folder: Path, database: LabInstance) -> None:
        self.folder = folder
        options = database.options("jsonrpc")
        self._connection = {f"odoo_{name}": value for name, value in options.items() if name != "transport"}

    def run(
        self,
        hosts: Mapping[str, Mapping[str, Any]] | Sequence[str],
        *plays: Mapping[str, Any],
        arguments: Sequence[str] = ("--check",),
        options: Mapping[str, str] | None = None,
    ) -> Run:
        named = hosts if isinstance(hosts, Mapping) else {name: {} for name in hosts}
        inventory = {"all": {"hosts": {name: {**self._connection, **more} for name, more in named.items()}}}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        settings = {"REPORT_FOLDER": "reports", "FORMATS": "json", **(options or {})}
        return ansible_playbook(
            self.folder,
            plays,
            *(*arguments, "--inventory", "inventory.json"),
            environment={
                "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
                **{f"POSTMASTER_DRIFT_{name}": value for name, value in settings.items()},
            },
        )

    @property
    def report(self) -> Report:
        return report_of(self.folder)

    @property
    def statuses(self) -> dict[str, str]:
        return {one["instance"]: one["status"] for one in self.report["instances"]}


@pytest.fixture(scope="module")
def compared(fresh: Any) -> LabInstance:
    """Return a database that nobody writes to."""
    database: LabInstance = fresh("drift_callback")
    return database


@pytest.fixture
def fleet(tmp_path: Path, compared: LabInstance) -> Fleet:
    return Fleet(tmp_path, compared)


ALL_KINDS: dict[str, dict[str, Any]] = {
    "clean": {},
    "drifted": {"value": "11"},
    "skipped": {"compare": False},
    "hidden": {"hide": True},
    "ignored": {"odoo_url": NOWHERE, "ignore": True},
    "not_failed": {"odoo_url": NOWHERE, "never_fail": True},
    "unreachable": {"odoo_url": NOWHERE},
    "refused": {"odoo_password": "wrong-password-made-up"},
    "failed_before": {"before": True},
    "rescued_before": {"rescued": True},
    "failed_after": {"after": True},
    "lost": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9},
    "ended": {"end": True},
}
EXPECTED = {
    "clean": "clean",
    "drifted": "drifted",
    "skipped": "unknown",
    "hidden": "unknown",
    "ignored": "unknown",
    "not_failed": "unknown",
    "unreachable": "unreachable",
    "refused": "failed",
    "failed_before": "failed",
    "rescued_before": "clean",
    "failed_after": "clean",
    "lost": "unreachable",
    "ended": "unknown",
}
ALL_TASKS = [
    fail("before"),
    {"block": [fail("rescued")], "rescue": [{"ansible.builtin.debug": {"msg": "rescued"}}]},
    {"ansible.builtin.meta": "end_host", "when": "end | default(false)"},
    parameter(
        when="compare | default(not (never_fail | default(false)))",
        no_log="{{ hide | default(false) }}",
        ignore_errors="{{ ignore | default(false) }}",
    ),
    parameter("Compare and never fail", when="never_fail | default(false)", failed_when=False),
    fail("after"),
]


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_every_end_of_a_host(fleet: Fleet, strategy: str) -> None:
    hosts = {name: {"ansible_connection": "local", **variables} for name, variables in ALL_KINDS.items()}
    whole = {name: keyword for name, keyword in play(*ALL_TASKS, strategy=strategy).items() if name != "connection"}
    run = fleet.run(hosts, whole)
    assert fleet.statuses == EXPECTED
    assert run.exit_code == fleet.report["verdict"]["exit_code"] == 4
    for one in fleet.report["instances"]:
        assert bool(one["errors"] or one["warnings"]) == (one["status"] not in ("clean", "drifted")), one


@pytest.mark.parametrize(
    ("hosts", "exit_code", "status"),
    [
        (["clean"], 0, "clean"),
        (["clean", "drifted"], 10, "drifted"),
        (["drifted", "refused"], 2, "failed"),
        (["drifted", "skipped"], 2, "unknown"),
        (["refused", "unreachable", "drifted"], 4, "unreachable"),
        (["drifted", "failed_after"], 2, "drifted"),
    ],
)
def test_exit_codes(fleet: Fleet, hosts: list[str], exit_code: int, status: str) -> None:
    run = fleet.run({name: ALL_KINDS[name] for name in hosts}, play(*ALL_TASKS))
    assert (run.exit_code, fleet.report["verdict"]["status"]) == (exit_code, status)
    assert fleet.report["verdict"]["exit_code"] == exit_code


def test_another_exit_code_and_no_exit_code(fleet: Fleet) -> None:
    drifted = {"drifted": ALL_KINDS["drifted"]}
    assert fleet.run(drifted, play(*ALL_TASKS), options={"EXIT_CODE": "3"}).exit_code == 3
    run = fleet.run({**drifted, "unreachable": {"odoo_url": NOWHERE}}, play(*ALL_TASKS), options={"EXIT_CODE": "0"})
    assert run.exit_code == 2  # Ansible's own
    assert fleet.report["verdict"]["exit_code"] == 2
    assert "1 of 2 instances unreachable, 1 drifted" in run.output


# Reasons why a host is not compared


def test_batches_that_are_not_started_are_unknown(fleet: Fleet) -> None:
    hosts = {"a": {"before": True}, "b": {}, "c": {}}
    run = fleet.run(hosts, play(*ALL_TASKS, serial=1))
    assert (run.exit_code, fleet.statuses) == (2, {"a": "failed", "b": "unknown", "c": "unknown"})


@pytest.mark.parametrize("keyword", [{"any_errors_fatal": True}, {"max_fail_percentage": 10}])
def test_hosts_that_are_stopped_are_unknown(fleet: Fleet, keyword: dict[str, Any]) -> None:
    tasks = [parameter("First"), fail("cut"), parameter("Second", key="web.base.url", value="http://x.example")]
    run = fleet.run({"a": {"cut": True}, "b": {}}, play(*tasks, **keyword))
    assert (run.exit_code, fleet.statuses) == (2, {"a": "failed", "b": "unknown"})


def test_plays_that_are_not_started_are_unknown(fleet: Fleet) -> None:
    preflight = play(fail("true"), hosts="{{ where }}")
    run = fleet.run(
        ["a", "b"],
        preflight,
        play(parameter(), hosts="{{ where }}"),
        arguments=("--check", "--extra-vars", "where=all"),
    )
    assert (run.exit_code, fleet.statuses) == (2, {"a": "failed", "b": "failed"})
    other = play({"ansible.builtin.fail": {"msg": "no"}}, hosts="a")
    run = fleet.run(["a", "b"], other, play(parameter(), hosts="b"))
    assert (run.exit_code, fleet.statuses) == (2, {"b": "unknown"})


def test_a_group_without_hosts_is_not_green(fleet: Fleet) -> None:
    run = fleet.run(["a"], play(parameter(), hosts="mispelt"))
    assert (run.exit_code, fleet.statuses) == (2, {})
    assert "unknown: no instance was compared" in run.output


def test_a_limit_and_tags_do_not_make_the_status_unknown(fleet: Fleet) -> None:
    tasks = [
        parameter("One", tags=["one"]),
        parameter("Two", key="web.base.url", value="http://x.example", tags=["two"]),
    ]
    run = fleet.run(["a", "b"], play(*tasks), arguments=("--check", "--limit", "a", "--tags", "one"))
    assert (run.exit_code, fleet.statuses) == (0, {"a": "clean"})
    assert fleet.report["run"] == {"playbook": "playbook.json", "limit": "a", "tags": ["one"]} | {
        "seconds": fleet.report["run"]["seconds"]
    }
    run = fleet.run(["a"], play(*tasks), arguments=("--check", "--skip-tags", "one"))
    # A run with another limit does not replace the report.
    limited = json.loads((fleet.folder / "reports/drift-limited.json").read_text())
    assert (run.exit_code, limited["run"]["skip_tags"]) == (10, ["one"])
    assert fleet.report["run"]["tags"] == ["one"]
    run = fleet.run(["a"], play(*tasks), arguments=("--check", "--tags", "neither"))
    assert run.exit_code == 0
    assert "DRIFT" not in run.output


def test_a_start_at_a_later_task(fleet: Fleet) -> None:
    tasks = [parameter("First", key="web.base.url", value="http://x.example"), parameter("Second")]
    run = fleet.run(["a"], play(*tasks), arguments=("--check", "--start-at-task", "Second"))
    assert (run.exit_code, fleet.statuses) == (0, {"a": "clean"})


# Places of tasks


def test_includes_roles_handlers_and_delegation(fleet: Fleet) -> None:
    (fleet.folder / "tasks.json").write_text(json.dumps([parameter("Included")]))
    role = {"ansible.builtin.include_role": {"name": "postmaster.odoo.provision"}}
    variables = {"odoo_mail_parameters": {KEY: "{{ value | default('10') }}"}}

    def of(**more: Any) -> dict[str, dict[str, Any]]:
        return {"a": {**variables, **more}, "b": {**variables, "value": "11", **more}}

    included = play({"ansible.builtin.include_tasks": "tasks.json", "when": "inventory_hostname == 'a'"})
    fleet.run(of(), included)
    assert fleet.statuses == {"a": "clean", "b": "unknown"}

    fleet.run(of(), play(role))
    assert fleet.statuses == {"a": "clean", "b": "drifted"}

    run = fleet.run(of(), play({**role, "when": False}))
    assert (run.exit_code, fleet.statuses) == (2, {"a": "unknown", "b": "unknown"})

    fleet.run(of(), play(parameter(delegate_to="localhost")))
    assert fleet.statuses == {"a": "clean", "b": "drifted"}

    notified = {"ansible.builtin.command": "true", "check_mode": False, "notify": "Handled"}
    fleet.run(of(), play(notified, handlers=[parameter("Handled")]))
    assert fleet.statuses == {"a": "clean", "b": "drifted"}

    fleet.run(
        of(),
        play({"system_parameter": parameter()["postmaster.odoo.system_parameter"]}, collections=["postmaster.odoo"]),
    )
    assert fleet.statuses == {"a": "clean", "b": "drifted"}

    # A run for fewer hosts of the inventory does not replace the report of all.
    shutil.rmtree(fleet.folder / "reports")
    fleet.run(of(), play(parameter(run_once=True)))
    assert fleet.statuses == {"a": "clean"}


def test_loops_are_judged_item_by_item(fleet: Fleet) -> None:
    loop = parameter(
        key="{{ item.key }}",
        value="{{ item.value }}",
        loop=[{"key": KEY, "value": "10"}, {"key": "web.x", "value": "1"}],
    )
    run = fleet.run(["a"], play(loop))
    (one,) = fleet.report["instances"]
    assert [(each["key"], each["status"]) for each in one["resources"]] == [(KEY, "clean"), ("web.x", "drifted")]
    assert run.exit_code == 10
    hidden = {**loop, "no_log": True}
    assert fleet.run(["a"], play(hidden)).exit_code == 2
    assert fleet.run(["a"], play({**loop, "loop": []})).exit_code == 2
    failing = parameter(value="{{ item }}", loop=["10", "11"], failed_when="item == '10'")
    assert fleet.run(["a"], play(failing)).exit_code == 2
    assert fleet.statuses == {"a": "failed"}


def test_a_background_task_is_judged_when_its_result_is_read(fleet: Fleet) -> None:
    # In check mode Ansible refuses to run tasks in the background.
    asking = {
        "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
        "register": "done",
        "until": "done is finished",
        "retries": 300,
        "delay": 0.2,
    }
    begun = parameter(value="10", register="job", **{"async": 60, "poll": 0})
    assert fleet.run(["a"], play(begun), arguments=()).exit_code == 2
    assert fleet.statuses == {"a": "unknown"}
    assert fleet.run(["a"], play(begun, asking), arguments=()).exit_code == 0
    assert fleet.statuses == {"a": "clean"}


def test_a_run_that_corrects(fleet: Fleet, compared: LabInstance) -> None:
    check, correct = (
        parameter(name, key="drift.callback", value="1", check_mode=check)
        for name, check in (("Check", True), ("Correct", False))
    )
    run = fleet.run(["a"], play(check, correct), arguments=())
    assert (run.exit_code, fleet.statuses) == (0, {"a": "corrected"})
    run = fleet.run(["a"], play(check), arguments=())
    assert (run.exit_code, fleet.statuses) == (0, {"a": "clean"})


@pytest.mark.parametrize("in_check", [True, False])
def test_a_loop_whose_check_mode_is_a_template(fleet: Fleet, in_check: bool) -> None:
    loop = parameter(key="drift.{{ item }}", value="{{ value }}", loop=["a", "b"], check_mode="{{ in_check }}")
    hosts = {"a": {"in_check": in_check, "value": f"in check: {in_check}"}}
    fleet.run(hosts, play(loop), arguments=())
    assert fleet.statuses == {"a": "drifted" if in_check else "corrected"}


# Runs without a comparison, and runs that it must stop


def test_runs_without_enforcing_tasks_are_ignored(fleet: Fleet) -> None:
    run = fleet.run(
        ["a"],
        play({"postmaster.odoo.cron_info": CONNECTION}),
        play(
            parameter(value="11"),
            vars={"drift_verdict": False, "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        ),
        options={"BASELINE": "missing.yml"},
    )
    assert run.exit_code == 0
    assert "DRIFT" not in run.output
    assert not (fleet.folder / "reports").exists()


def test_playbooks_that_do_not_compare_are_ignored(fresh: Any, tmp_path: Path) -> None:
    """They use enforcing modules to repair, to restore a former state, or to compare names only."""
    database = fresh("drift_ignored")
    fleet = Fleet(tmp_path, database)
    with database.session() as session:
        session.create("ir.mail_server", [{"name": "Main", "smtp_host": "localhost", "smtp_port": 1}])
    snapshots = tmp_path / "snapshots"
    snapshots.mkdir()
    host = {
        "odoo_mail_servers": [{"name": "Main", "smtp_host": "localhost", "smtp_port": 2}],
        "odoo_mail_snapshot_folder": str(snapshots),
        "rollback_snapshot": "latest",
    }
    provision = fleet.run({"a": host}, {"import_playbook": "postmaster.odoo.provision"}, arguments=())
    assert (provision.exit_code, fleet.statuses) == (0, {"a": "corrected"})
    (fleet.folder / "reports/drift.json").unlink()
    database.sql(f"UPDATE ir_cron SET active = false WHERE {IS_QUEUE_ACTION}")
    addons = tmp_path / "addons"
    addons.mkdir()
    drifted = {**host, "odoo_mail_servers": [{"name": "Main", "smtp_host": "localhost", "smtp_port": 3}]}
    for name, task in (
        ("heal", "Activate and reschedule crons"),
        ("rollback", "Restore the snapshot"),
        ("connect_oauth", "Look for declared servers that do not exist"),
    ):
        run = fleet.run({"a": drifted}, {"import_playbook": f"postmaster.odoo.{name}"})
        assert run.results[task]["plan" if name != "heal" else "results"], name
        assert (run.exit_code, "DRIFT" in run.output) == (0, False), run.output
        assert not (fleet.folder / "reports/drift.json").exists()
    own = {
        **drifted,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "smtp_timeout_addons_path": str(addons),
    }
    run = fleet.run({"a": own}, {"import_playbook": "postmaster.odoo.smtp_timeout"})
    assert run.results["Install or upgrade the addon"]["changed"]
    assert (run.exit_code, "DRIFT" in run.output) == (0, False), run.output
    assert not (fleet.folder / "reports/drift.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"BASELINE": "missing.yml"}, "The baseline .*missing.yml cannot be read: No such file or directory"),
        ({"EXIT_CODE": "ten"}, "exit_code.*invalid value"),
        ({"FORMATS": "json,pdf"}, "'pdf' in formats is not valid. Valid values: json, markdown, junit, html, github"),
        ({"REPORT_FOLDER": "/dev/null"}, "The report_folder /dev/null cannot be written: "),
        ({"EXIT_CODE": "256", "KEEP": "-1"}, "exit_code must be from 0 to 255. keep must be from 0 to"),
        (
            {"WEBHOOK_FORMAT": "irc"},
            "'irc' in webhook_format is not valid. Valid values: json, slack, mattermost, teams",
        ),
        ({"WEBHOOK_VERDICTS": "red"}, "'red' in webhook_verdicts is not valid. Valid values: clean, corrected, "),
        ({"WEBHOOK_TIMEOUT": "0"}, "webhook_timeout must be from 1 to 300"),
        ({"WEBHOOK_URL": "hooks.example/x"}, "webhook_url .not shown, because it is a secret. is not an http:// or "),
    ],
)
def test_invalid_options_end_the_run_before_the_first_task(fleet: Fleet, options: dict[str, str], words: str) -> None:
    run = fleet.run(["a"], play(parameter()), options=options)
    assert run.exit_code == 1
    assert "TASK" not in run.output
    assert re.search(rf"postmaster\.odoo\.drift: .*{words}", run.output)


def test_several_playbooks_have_one_verdict(fleet: Fleet) -> None:
    (fleet.folder / "second.json").write_text(json.dumps([play(parameter(), hosts="b")]))
    both = ("second.json", "--check")
    run = fleet.run({"a": {"value": "11"}, "b": {}}, play(parameter(), hosts="a"), arguments=both)
    assert run.output.count("\nDRIFT ") == 1
    assert (run.exit_code, fleet.statuses) == (10, {"a": "drifted", "b": "clean"})
    run = fleet.run({"a": {"odoo_url": NOWHERE}, "b": {}}, play(parameter(), hosts="a"), arguments=both)
    assert run.output.count("\nDRIFT ") == 1
    assert (run.exit_code, fleet.statuses) == (
        4,
        {"a": "unreachable"},
    )  # Ansible starts no other playbook after a failure


def test_messages_for_github(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = fleet.folder / "summary.md"
    hosts = {"a": {}, "b": {"value": "11"}}
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    run = fleet.run(hosts, play(parameter()), options={"FORMATS": "github"})
    assert f"\n::error title=Drift%3A b%3A drifted::system_parameter {KEY}: value 10 -> 11\n" in run.output
    assert summary.read_text().startswith("## ❌ Drift report: 1 of 2 instances drifted, 1 clean")
    assert not list((fleet.folder / "reports").iterdir())
