# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every report shows every finding, empty results and hostile names without an error, and without a control character."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE, Finding
from playbook import Run, ansible_playbook, play

CHECKOUT = Path(__file__).resolve().parents[2]

_PIECES = [
    *(
        "\n",
        "\r",
        "\r\n",
        "\t\n",
        "\x00",
        "\x07",
        "\x08",
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\x7f",
        "\x85",
        "\x9b31m",
        "\u200b",
        "\u2028",
        "\u2029",
    ),
    *("\u202a", "\u202e", "\u2066", "\u2069", "\ufeff"),
]
HOSTILE = [
    *(f"x{piece}::add-mask::y" for piece in _PIECES),
    *(f"{piece}::error::x" for piece in _PIECES[:5]),
    *(
        "::warning::x",
        "##[error]x",
        "  ::add-mask::x",
        "x##[add-mask]y",
        "`code`",
        "**bold**",
        "[a](http://evil.example)",
        "<b>x</b>",
    ),
    *("|a|b|", "@name", "#1", "{{ 1 + 1 }}", "{% raw %}", "\\", "'\"", "name" * 60),
]
# The templates of the playbook `compare` that print lines.
COMPARISONS = ("compare.j2", "compare.md.j2")
# Characters that may not be in a line of output or of Markdown.
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
COMMAND = re.compile(r"^\s*(::|##\[)|##\[")


def finding(kind: str, name: str | None) -> dict[str, Any]:
    resource = None if name is None else {"model": "ir.mail_server", "id": 1, "name": name, "xml_id": name}
    return Finding(kind, f"Evidence of {name}.", resource).as_result()


def diagnosis(name: str | None) -> dict[str, Any]:
    """Return every finding of the catalogue, about a record of this name."""
    findings = [finding(kind, name) for kind in CATALOGUE]
    return {"findings": findings, "odoo_version": "19.0", "queue": {"due": 3}, "tests": [], "changed": False}


def printed(file: str, **variables: Any) -> dict[str, Any]:
    """Return a task that prints a template as the playbooks do."""
    path = CHECKOUT / file
    shown = f"{{{{ (lookup('ansible.builtin.template', '{path}') | default('', true)).splitlines() }}}}"
    name = f"{path.name} {len(json.dumps(variables))}"
    return {"name": name, "ansible.builtin.debug": {"msg": shown}, "vars": variables}


def template(name: str, **variables: Any) -> dict[str, Any]:
    """Return a task that prints a template of a playbook."""
    return printed(f"playbooks/templates/{name}", **variables)


def heal(name: str, **variables: Any) -> dict[str, Any]:
    """Return a task that prints a template of the role `heal`."""
    plan = {"cancel": False, "addons": False, "crons": [], "retry": [], "send": False, "held": []}
    own = {
        "heal_plan": plan,
        "heal_has_plan": False,
        "heal_failed": [],
        "heal_addons": "call_off",
        "heal_allow": ["crons", "transient", "interrupted"],
        "doctor_result": diagnosis(None),
    }
    return printed(f"roles/heal/templates/{name}", **{**own, **variables})


def provision(**variables: Any) -> dict[str, Any]:
    """Return a task that prints the plan of the role `provision`."""
    return printed("roles/provision/templates/plan.j2", **variables)


def exported(remarks: Sequence[dict[str, Any]], secret_names: Sequence[str]) -> dict[str, Any]:
    """Return a task that prints the result of the role `export`, which has written no file of secrets."""
    return printed(
        "roles/export/templates/done.j2",
        export_host_vars="/inventory/host_vars/acme",
        export_mail_file={"changed": True},
        export_overwrite=False,
        export_vault=False,
        export_secret_variables=list(secret_names),
        export_result={"remarks": [*remarks, *({"kind": "suspicious"} for _one in remarks)]},
    )


def tasks(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return all templates, with records of these names."""
    changes = {name: {"field": name, "before": name, "after": [name], "remark": name} for name in names}
    steps = [{"resource": "mail_server", "key": name, "action": "update", "changes": [changes[name]]} for name in names]
    created = [{**step, "action": "create"} for step in steps]
    deleted = [{**step, "action": "delete", "changes": []} for step in steps]
    records = [{"resource": "mail_server", "key": name, "name": name, "xml_id": name} for name in names]
    sender = {"mails": 1, "effects": ["other_server"]}
    replay = {"days": 30, "senders": [{**sender, "from": name, "change": name} for name in names]}
    server = {"smtp_authentication": "gmail", "active": False, "authorize_url": None}
    servers = [{**server, "name": name, "smtp_user": name} for name in names]
    failed = {"outcome": "timeout", "seconds": 1, "state": None}
    tests = [
        {**failed, "name": name, "message": name, "canary": {**failed, "message": name, "email_from": name}}
        for name in names
    ]
    failure = {"count": 1, "class": "timeout", "transient": True, "id": 1}
    queue = {
        "states": {"outgoing": 1},
        "scheduled": 1,
        "oldest_due": {"age_minutes": 1, "id": 1},
        "interrupted": {"count": 1, "last_run": names[0]},
        "failures": [{**failure, "reason": name} for name in names],
        "unclassified": 1,
    }
    done = {"results": [{"action": "retry", "count": 1, "refused": [{"count": 1, "reason": name} for name in names]}]}
    crons = [{"name": name, "xml_id": "mail.x"} for name in names]
    scheduled = [{"item": cron, "plan": [step]} for cron, step in zip(crons, steps, strict=True)]
    own = [{"kind": "external_id", "name": name, "id": 1} for name in names]
    differences = [
        {"resource": "mail_server", "key": name, "field": field, "secret": False, "here": name, "there": [name]}
        for name in names
        for field in (name, "")
    ]
    secret = {"resource": "cron", "key": names[0], "field": "code", "secret": True, "here": None, "there": None}
    missing = [
        {"side": side, "resource": "mail_server", "key": name, "field": "", "reason": name}
        for name in names
        for side in ("here", "there")
    ]
    comparison = {"differences": [*differences, secret], "not_compared": missing}
    loss = {"resource": "mail_server", "field": "smtp_pass"}
    restored = {
        "restored": names[0],
        "taken": names[0],
        "plan": [],
        "failed": True,
        "not_restorable": [{**loss, "key": name, "reason": name} for name in names],
        "without_secrets": [{**loss, "key": name} for name in names],
    }
    left_out = {"kind": "left_out", "resource": "mail_server"}
    plan = {"cancel": True, "addons": True, "crons": crons, "retry": ["timeout"], "send": True, "held": list(names)}
    return [
        provision(provision_result={"plan": [*steps, *created, *deleted], "unmanaged": records, "replay": replay}),
        template("connect_oauth_links.j2", connect_oauth_open=servers),
        template("onboard_tests.j2", onboard_outcomes=tests, onboard_idle=servers, onboard_canary="a@acme.example"),
        template("queue.j2", queue_shown=queue),
        template("queue_done.j2", queue_done=done),
        template("own_records.j2", remove_found={"records": own}),
        *(template(name, compare_comparison=comparison, compare_with=names[1]) for name in COMPARISONS),
        template("rollback.j2", rollback_result=restored),
        exported(remarks=[{**left_out, "key": name, "message": name} for name in names], secret_names=["vault_acme_a"]),
        {
            "name": "The role drift",
            "ansible.builtin.include_vars": {"file": str(CHECKOUT / "roles/drift/vars/main.yml")},
            "vars": {},
        },
        {
            "name": "What drifted without the callback",
            "ansible.builtin.debug": {"msg": "{{ drift_subjects }}"},
            "vars": {"provision_result": {"plan": steps, "unmanaged": records}},
        },
        heal("plan.j2", heal_plan=plan),
        heal(
            "done.j2",
            heal_failed=list(names),
            heal_scheduled={"results": scheduled},
            heal_resolved={"addons": [{"name": name, "state": "to install"} for name in names]},
        ),
    ]


NO_DIFFERENCES = {"differences": [], "not_compared": []}
EMPTY = [
    provision(provision_result={"plan": []}),
    template("connect_oauth_links.j2", connect_oauth_open=[]),
    template("own_records.j2", remove_found={"records": []}),
    *(template(name, compare_comparison=NO_DIFFERENCES, compare_with="globex") for name in COMPARISONS),
    template("rollback.j2", rollback_result={"plan": [], "failed": False, "complete": True}),
    exported(remarks=[], secret_names=[]),
    template("onboard_tests.j2", onboard_outcomes=[], onboard_idle=[]),
    template(
        "queue.j2",
        queue_shown={"states": {}, "oldest_due": None, "interrupted": {"count": 0}, "failures": [], "unclassified": 0},
    ),
    template("queue_done.j2", queue_done={"results": []}),
    heal("plan.j2"),
    heal("plan.j2", doctor_result={"findings": [], "tests": []}),
    heal("done.j2"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Run the templates on hosts: some with every finding about a name, one without findings, and two that were not
    reached.
    """
    folder = tmp_path_factory.mktemp("reports")
    results = {f"acme{position}": diagnosis(name) for position, name in enumerate([None, *HOSTILE])}
    results |= {
        "healthy": {"findings": [], "odoo_version": "19.0", "queue": None, "tests": []},
        "refused": {"msg": HOSTILE[0], "error_kind": "access"},
        "un|reach`able": {"unreachable": True},
    }
    hosts = {name: {"doctor_result": {"__ansible_unsafe": ""}} for name in results}
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(hosts)}}))
    (folder / "names.json").write_text(json.dumps(HOSTILE))
    examined = {
        "ansible.builtin.set_fact": {
            "doctor_result": "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/results.json') | from_json)[inventory_hostname] }}"
        }
    }
    report = [
        {"ansible.builtin.import_role": {"name": "postmaster.odoo.doctor", "tasks_from": one}}
        for one in ("report", "overview")
    ]
    others = tasks(HOSTILE) + EMPTY
    unsafe = [_untemplated(task) for task in others]
    plays = [
        play(examined, *report, vars={"doctor_report_folder": str(folder / "doctor"), "doctor_fail_on": "never"}),
        play(*unsafe, hosts="healthy"),
    ]
    return ansible_playbook(folder, plays, "--inventory", "inventory.json"), folder


def _untemplated(task: dict[str, Any]) -> dict[str, Any]:
    """Return the same task with variables that contain texts, as values from Odoo do."""
    return {**task, "vars": {name: _protected(value) for name, value in task["vars"].items()}}


def _protected(value: Any) -> Any:
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return "{{ " + json.dumps(value) + " }}"
    if isinstance(value, dict):
        return {_protected(name): _protected(one) for name, one in value.items()}
    return [_protected(one) for one in value] if isinstance(value, list) else value


def test_no_template_fails(run: tuple[Run, Path]) -> None:
    assert run[0].exit_code == 0, run[0].output[-5000:]
    assert len(HOSTILE) >= 40


def test_no_control_character_reaches_the_terminal(run: tuple[Run, Path]) -> None:
    lines = run[0].output.split("\n")
    assert [line for line in lines if RAW.search(line) or COMMAND.search(line)] == []


def test_every_finding_is_shown(run: tuple[Run, Path]) -> None:
    text = (run[1] / "doctor/doctor.md").read_text()
    for kind in CATALOGUE:
        assert f"[{kind}]" in text
        assert f"* {kind}" in run[0].output


def test_the_markdown_contains_only_its_own_markup(run: tuple[Run, Path]) -> None:
    compared = [result["msg"] for task, result in run[0].results.items() if task.startswith("compare.md.j2")]
    assert len(compared) == 2
    text = "\n".join([(run[1] / "doctor/doctor.md").read_text(), *map("\n".join, compared)])
    lines = text.split("\n")
    assert [line for line in lines if RAW.search(line) or COMMAND.search(line)] == []
    for markup in ("**bold**", "](http://evil", "<b>", "`code`", "|a|b|", "@name"):
        assert markup not in text, markup
    json.loads((run[1] / "doctor/doctor.json").read_text())
