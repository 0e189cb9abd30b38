# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret, old or new, is ever seen: not in what is printed at any verbosity, not in a result, not in a log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instance import LabInstance
from lab import Lab
from playbook import Run, Task, ansible_playbook, play

pytestmark = pytest.mark.in_process

# What must not be seen. The old ones are in Odoo beforehand, the new ones are what tasks declare.
OLD = {
    "smtp_pass": "old-smtp-password-made-up",
    "smtp_ssl_private_key": "old-private-key-made-up",
    "google_gmail_client_secret": "old-client-secret-made-up",
    "google_gmail_refresh_token": "old-refresh-token-made-up",
}
NEW = {
    "smtp_pass": "new-smtp-password-made-up",
    "smtp_pass_in_digits": 8134267950,
    "smtp_ssl_private_key": "new-private-key\nin-two-lines-made-up",
    "google_gmail_client_secret": "new-client-secret-made-up",
    "misplaced": "secret-in-the-wrong-place-made-up",
    "proxy_password": "proxy-password-made-up",
    "wrong_password": "wrong-password-made-up",
}

SERVER = {"name": "Transactional", "smtp_host": "smtp.invalid", "smtp_pass": "{{ smtp_pass }}"}
PARAMETER = {"key": "google_gmail_client_secret", "value": "{{ google_gmail_client_secret }}"}


def task(name: str, module: str, options: dict[str, Any], **keywords: Any) -> Task:
    return {"name": name, f"postmaster.odoo.{module}": options, **keywords}


TASKS = [
    task("checked", "mail_server", SERVER, check_mode=True),
    task("changed", "mail_server", SERVER),
    task("unchanged", "mail_server", SERVER),
    task("in digits", "mail_server", SERVER | {"smtp_pass": "{{ smtp_pass_in_digits }}"}),
    task("with a key", "mail_server", SERVER | {"smtp_ssl_private_key": "{{ smtp_ssl_private_key }}"}),
    task("cleared", "mail_server", SERVER | {"smtp_pass": "", "smtp_ssl_private_key": ""}),
    task("parameter, checked", "system_parameter", PARAMETER, check_mode=True),
    task("parameter", "system_parameter", PARAMETER),
    task("parameter, removed", "system_parameter", {"key": "google_gmail_client_secret", "state": "absent"}),
    task("stack", "mail_stack", {"servers": [SERVER], "parameters": {PARAMETER["key"]: PARAMETER["value"]}}),
    task("in a loop", "mail_server", {"name": "{{ item }}", "smtp_pass": "{{ smtp_pass }}"}, loop=["A", "B"]),
    task("info", "mail_server_info", {}),
    task("info, queried", "mail_server_info", {"query": "[].[smtp_pass, google_gmail_refresh_token]"}),
    task("crons", "cron_info", {}),
    task("tested", "mail_server_test", {"name": "Transactional"}),
    task("addon", "addon", {"name": "google_gmail"}),
    task("alias domain", "alias_domain", {"name": "acme.example"}),
    # Failing
    task("unknown option", "mail_server", SERVER | {"smtp_prot": 25}),
    task("misspelt option", "mail_server", SERVER | {"smtp_passwd": "{{ misplaced }}"}),
    task("unknown option in a list", "mail_stack", {"servers": [SERVER | {"smtp_passwd": "{{ misplaced }}"}]}),
    task("wrong type beside it", "mail_stack", {"servers": [SERVER, SERVER | {"smtp_port": "five"}]}),
    task("a secret as a choice", "mail_stack", {"servers": [SERVER], "unmanaged": "{{ smtp_pass }}"}),
    task("structured parameter", "system_parameter", PARAMETER | {"value": {"in": "{{ misplaced }}"}}),
    task("structured parameters", "mail_stack", {"parameters": {PARAMETER["key"]: ["{{ misplaced }}"]}}),
    task("refused by Odoo", "mail_server", SERVER | {"smtp_authentication": "certificate", "smtp_encryption": "ssl"}),
    task("unsupported", "mail_server", SERVER | {"smtp_encryption": "tls", "smtp_timeout": 5}),
    task(
        "wrong credentials",
        "mail_server",
        SERVER | {"password": "{{ wrong_password }}", "api_key": "{{ wrong_password }}"},
    ),
    task("unreachable", "mail_server", SERVER | {"url": "http://odoo.invalid"}),
    task("credentials in the URL", "mail_server", SERVER | {"url": "http://me:{{ wrong_password }}@odoo.invalid"}),
    task("behind a proxy", "mail_server", SERVER | {"proxy": "http://me:{{ proxy_password }}@127.0.0.1:1"}),
    task("behind a proxy that is none", "mail_server", SERVER | {"proxy": "me:{{ proxy_password }}@127.0.0.1:1"}),
]


def everything(run: Run, folder: Path) -> str:
    """All that a run leaves behind, as text."""
    return "\n".join([run.output, (folder / "results.jsonl").read_text(), (folder / "ansible.log").read_text()])


@pytest.fixture(
    scope="module",
    params=[(True, "jsonrpc"), (False, "json2")],
    ids=["in process, jsonrpc", "shipped, json2"],
)
def seen(
    request: pytest.FixtureRequest, fresh: Callable[[str], LabInstance], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """What there is to be seen of a run of all tasks."""
    in_process, transport = request.param
    database = fresh("integration_secrets")
    with database.session() as session:
        fields = ("smtp_pass", "google_gmail_refresh_token")
        session.create("ir.mail_server", [{"name": "Transactional", **{name: OLD[name] for name in fields}}])
        parameter = "google_gmail_client_secret"
        session.create("ir.config_parameter", [{"key": parameter, "value": OLD[parameter]}])
    database.enforce({"servers": [{"name": "Transactional", "smtp_ssl_private_key": OLD["smtp_ssl_private_key"]}]})

    folder = tmp_path_factory.mktemp("secrets")
    (folder / "secrets.json").write_text(json.dumps(NEW | database.options(transport)))
    connection = {option: f"{{{{ {option} }}}}" for option in database.options(transport)}
    run = ansible_playbook(
        folder,
        [
            play(
                *TASKS,
                in_process=in_process,
                module_defaults={"group/postmaster.odoo.odoo": connection},
                ignore_errors=True,
                vars_files=["secrets.json"],
            )
        ],
        *("--inventory", "localhost,", "-vvvv", "--diff"),
        environment={"ANSIBLE_LOG_PATH": str(folder / "ansible.log")},
    )
    assert run.exit_code == 0, run.output
    assert run.results.keys() >= {task["name"] for task in TASKS}
    return everything(run, folder)


def secrets(lab: Lab) -> dict[str, str]:
    admin = lab.description["odoo"]["admin"]
    lines = {
        f"new {name}, line {at}": line for name, text in NEW.items() for at, line in enumerate(str(text).split("\n"))
    }
    return (
        lines
        | {f"old {name}": text for name, text in OLD.items()}
        | {
            "password": admin["password"],
            "api_key": admin["api_key"],
        }
    )


def test_no_secret_is_seen(seen: str, lab: Lab) -> None:
    shown = {
        name: [line.strip()[:200] for line in seen.splitlines() if text in line] for name, text in secrets(lab).items()
    }
    assert {name: lines for name, lines in shown.items() if lines} == {}


def test_that_a_secret_differs_is_seen(seen: str) -> None:
    assert '+smtp_pass: "********"  # differs' in seen
    assert '+value: "********"  # differs' in seen
