# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module, run in two ways: in Ansible's own worker, and in a separate process on the host.

The results are equal byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from instance import LabInstance
from playbook import Task, ansible_playbook, play

pytestmark = pytest.mark.second_lab

SECRET = "made-up-smtp-password"
SERVER = {
    "name": "Transactional",
    "smtp_host": "smtp.invalid",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_user": "apikey",
    "smtp_pass": SECRET,
    "from_filter": "acme.example",
}
MAIL_CRON = "mail.ir_cron_mail_scheduler_action"


def task(name: str, module: str, options: dict[str, Any], **keywords: Any) -> Task:
    return {"name": name, f"postmaster.odoo.{module}": options, **keywords}


def server(title: str, **changed: Any) -> Task:
    """Return a task that enforces SERVER with some options changed."""
    keywords = {key: changed.pop(key) for key in KEYWORDS & changed.keys()}
    return task(title, "mail_server", SERVER | changed, **keywords)


KEYWORDS = {"check_mode", "diff", "environment", "loop", "loop_control", "module_defaults", "no_log", "vars", "when"}

# The order matters: later tasks find the results of earlier ones.
WORKING = [
    # Behaviour
    server("would be created", check_mode=True),
    server("created"),
    server("no drift"),
    server("drift", smtp_port=2525, smtp_pass="made-up-new-password"),
    server("drift without diff", smtp_port=25, diff=False),
    server("cleared", smtp_pass="", smtp_user=""),
    server("archived", active=False),
    server("a null", smtp_user=None, active=None),
    server("umlauts", name="Büro Süd ✉"),
    server("quotes", name="a 'b' \"c\""),
    server("a template that is data", smtp_user="{{ data }}", vars={"data": "{{ '{{ no template }}' }}"}),
    server(
        "in a loop",
        name="{{ item.name }}",
        sequence="{{ item.at }}",
        loop=[{"name": "A", "at": 1}, {"name": "B", "at": 2}],
    ),
    server("skipped", when=False),
    server("not logged", smtp_port=1, no_log=True),
    task("a parameter", "system_parameter", {"key": "a.b", "value": 500}),
    task("a secret parameter", "system_parameter", {"key": "a.client_secret", "value": "made-up-client-secret"}),
    task("a secret number", "system_parameter", {"key": "b.token", "value": 1234567}),
    task("a cron", "cron", {"xml_id": MAIL_CRON, "interval_number": 5, "interval_type": "minutes"}),
    task("a cron off schedule", "cron", {"xml_id": MAIL_CRON, "max_overdue": 15}, check_mode=True),
    task("a cron's time", "cron", {"xml_id": MAIL_CRON, "nextcall": "2090-02-01T06:00:00+01:00"}),
    task("an addon", "addon", {"name": "google_recaptcha"}, check_mode=True),
    task("an addon that is there", "addon", {"name": "google_gmail"}),
    task(
        "a stack",
        "mail_stack",
        {"parameters": {"a.b": "", "c.secret": SECRET}, "servers": [SERVER | {"xml_id": "postmaster.transactional"}]},
    ),
    task("unmanaged", "mail_stack", {"servers": [SERVER], "unmanaged": "archive"}),
    task("info", "mail_server_info", {}),
    task("info of one", "mail_server_info", {"xml_id": "postmaster.transactional"}),
    task("info, queried", "mail_server_info", {"query": "[?smtp_port > `100`].name"}),
    task("crons", "cron_info", {"query": "[].[name, nextcall]"}),
    task("as declared", "mail_stack_info", {"more_parameters": ["a.*"]}),
    task("the queue", "mail_queue_info", {"by": ["server", "from_domain"]}),
    task("a mail", "mail_queue", {"action": "process", "from_domain": "front-ends.example"}),
    task("a mail, checked", "mail_queue", {"action": "retry", "limit": 1}, check_mode=True),
    task("a queue policy, checked", "queue_policy", {"backoff": {}, "stale_after": 7, "watchdog": {}}, check_mode=True),
    task("a queue policy", "queue_policy", {"lanes": [{"name": "all"}], "interval": 5}),
    task("a queue policy no more", "queue_policy", {"state": "absent"}),
    task("not tested", "mail_server_test", {"name": "Transactional"}, check_mode=True),
    task("tested", "mail_server_test", {"name": "Transactional", "fail_on_error": False}),
    server("deleted", state="absent"),
    # Warnings
    task("neutralized", "system_parameter", {"key": "database.is_neutralized", "value": True}),
    server("warned"),
    task("warned twice", "mail_stack", {"servers": [SERVER | {"name": name, "active": True} for name in "DE"]}),
    task("no longer neutralized", "system_parameter", {"key": "database.is_neutralized", "state": "absent"}),
    # Coercion
    server("a port in words", smtp_port="587"),
    server("a number as text", smtp_user=42),
    server("yes", smtp_debug="yes"),
    task("a list in a string", "mail_stack", {"addons": "google_gmail,microsoft_outlook"}),
    task("options in a string", "mail_stack", {"parameters": "a.b=1 c.d=2"}),
    server("a secret in the user", smtp_user=SECRET, smtp_pass=SECRET),
    server("an option before both", timeout=20, module_defaults={"postmaster.odoo.mail_server": {"timeout": 0}}),
]
REFUSED = [
    # by AnsibleModule
    server("an unknown option", smtp_prot=587),
    server("a wrong type", smtp_port="five"),
    server("a wrong choice", state="gone"),
    task("a missing option", "system_parameter", {"value": "x"}),
    task("missing with this state", "system_parameter", {"key": "a.b"}),
    task("one of two is required", "cron", {"active": True}),
    task("mutually exclusive", "cron", {"xml_id": MAIL_CRON, "nextcall": "2090-01-01 00:00:00", "max_overdue": 5}),
    task("unknown in a list", "mail_stack", {"servers": [SERVER | {"smtp_prot": 587}]}),
    task("wrong in a list", "mail_stack", {"servers": [SERVER | {"smtp_port": "five"}]}),
    task("no list", "mail_stack", {"servers": "one"}),
    task("a secret in an error", "mail_stack", {"servers": [SERVER], "unmanaged": SECRET}),
    # by the collection or by Odoo
    task("states that do not fit", "mail_queue", {"action": "purge", "states": ["outgoing"]}),
    task("no domain", "queue_policy", {"lanes": [{"name": "one", "domain": "nonsense"}]}),
    task("no such channel", "queue_policy", {"watchdog": {"channel": "Nobody's"}}),
    task("mails of no server", "mail_queue", {"action": "cancel", "server": "Nobody's"}),
    task("a threshold", "mail_queue_info", {"max_outgoing": -1}),
    server(
        "a loop that fails at one", name="C", smtp_port="{{ item }}", loop=[25, 70000, 26], loop_control={"label": "x"}
    ),
    task("tested and failed", "mail_server_test", {"name": "Transactional"}),
    server("invalid", smtp_port=70000),
    server("unsupported", smtp_encryption="tls"),
    server("rejected", name="Certificate", smtp_authentication="certificate"),
    server("unreachable", url="http://odoo.invalid"),
    server("unauthorized", api_key="0" * 40),
    # for defaults and values from the environment
    server("an environment variable", environment={"ODOO_TIMEOUT": "0"}),
    server("a wrong one", environment={"ODOO_TRANSPORT": "xmlrpc"}),
    server("a list of them", environment=[{"ODOO_TIMEOUT": "5"}, {"ODOO_TIMEOUT": "{{ 0 }}"}]),
    server("a module default", module_defaults={"postmaster.odoo.mail_server": {"timeout": 0}}),
]
# Not every instance has the model or the field.
NEWER = {
    "mail.alias.domain": task("an alias domain", "alias_domain", {"name": "acme.example", "bounce_alias": "returns"}),
    "max_email_size": server("a float", max_email_size="2.5"),
    "sender lists": server("lines", from_filter="acme.example,\n  b.example"),
}
TASKS = WORKING + REFUSED + list(NEWER.values())

FRONT_ENDS = {"in_process": True, "shipped": False}

Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def results(fresh: Callable[[str], LabInstance], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Results]:
    """Return the results of the same tasks in a process and without one, each in a fresh database."""

    def run(front_end: str) -> Results:
        connection = databases[front_end].options()
        del connection["transport"]  # so that the environment can set it
        tasks = play(
            *TASKS,
            in_process=FRONT_ENDS[front_end],
            module_defaults={"group/postmaster.odoo.odoo": connection},
            ignore_errors=True,
        )
        run = ansible_playbook(tmp_path_factory.mktemp(front_end), [tasks], "--inventory", "localhost,", "--diff")
        assert run.exit_code == 0, run.output
        return json.loads(json.dumps(run.results).replace(connection["database"], "DATABASE"))

    databases = {front_end: fresh(f"integration_{front_end}") for front_end in FRONT_ENDS}
    with ThreadPoolExecutor() as both:
        return dict(zip(FRONT_ENDS, both.map(run, FRONT_ENDS), strict=True))


def steady(value: Any) -> Any:
    """Return a result without durations."""
    if isinstance(value, dict):
        return {key: "some" if key == "seconds" else steady(item) for key, item in value.items()}
    return [steady(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", [task["name"] for task in TASKS])
def test_equal_results(name: str, results: dict[str, Results]) -> None:
    in_process, shipped = (steady(results[front_end][name]) for front_end in FRONT_ENDS)
    assert in_process == shipped


@pytest.mark.parametrize("name", NEWER)
def test_newer_instances_have_more_features(name: str, results: dict[str, Results], instance: LabInstance) -> None:
    if name == "sender lists":
        instance.needs_sender_lists()
    else:
        instance.needs(*(("mail.alias.domain",) if "." in name else ("ir.mail_server", name)))
    assert results["in_process"][NEWER[name]["name"]]["failed"] is False


def test_every_case_has_its_intended_result(results: dict[str, Results]) -> None:
    failed = {name for name, result in results["in_process"].items() if result["failed"]}
    assert failed - {task["name"] for task in NEWER.values()} == {task["name"] for task in REFUSED}
