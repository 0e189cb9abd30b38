# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task gets: its options taken, its secrets scrubbed, its result or its error."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils import errors
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    neutralize,
    refuse_creating,
    server,
    servers,
)
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import texts_of
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import CONNECTION, connect_to, shipped

Run = Callable[..., dict[str, Any]]
SECRET = "correct-horse"
MAIN = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_pass": SECRET}
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OdooError)]


@pytest.fixture
def series() -> str:
    """One is enough: versions differ below the front end."""
    return "19.0"


@pytest.fixture
def asked(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """With which options sessions are asked for."""
    return connect_to(odoo, monkeypatch)


@pytest.fixture
def run(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a module and gives its result."""
    return partial(_run, capsys)


def _run(
    capsys: pytest.CaptureFixture[str], name: str, /, check: bool = False, diff: bool = False, **options: Any
) -> Any:
    return shipped(name, options, capsys, check=check, diff=diff)


# Results


def test_one_record(run: Run) -> None:
    created = run("mail_server", diff=True, **MAIN)
    assert created["changed"] is True
    assert [(step["action"], step["key"]) for step in created["plan"]] == [("create", "Main")]
    assert {"field": "smtp_pass", "before": None, "after": "********"} in created["plan"][0]["changes"]
    assert created["record"]["smtp_host"] == "smtp.acme.example"
    assert created["diff"][0]["after_header"] == "mail_server: Main (create)"
    again = run("mail_server", diff=True, **MAIN)
    assert (again["changed"], again["plan"], again["diff"]) == (False, [], [])
    assert "diff" not in run("mail_server", **MAIN)
    deleted = run("mail_server", name="Main", state="absent")
    assert (deleted["changed"], deleted["record"]) == (True, None)


def test_a_whole_stack(run: Run, odoo: SimulatedOdoo) -> None:
    old = odoo.add("ir.mail_server", name="Old")
    result = run("mail_stack", servers=[MAIN], parameters={"a.b": 5}, crons=[{"xml_id": QUEUE, "priority": 2}])
    assert [step["resource"] for step in result["plan"]] == ["system_parameter", "mail_server", "cron"]
    assert [record["resource"] for record in result["records"]] == ["system_parameter", "mail_server", "cron"]
    assert result["unmanaged"] == [{"resource": "mail_server", "key": "Old", "id": old, "name": "Old", "xml_id": None}]
    assert "record" not in result


@pytest.mark.parametrize("check", [True, False])
def test_check_mode(run: Run, asked: list[dict[str, Any]], odoo: SimulatedOdoo, check: bool) -> None:
    result = run("mail_server", check=check, **MAIN)
    assert result["changed"] is True
    assert asked[0]["read_only"] is check
    assert len(servers(odoo)) == (0 if check else 1)


def test_warnings(run: Run, odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    for check in (True, False):
        result = run("mail_server", check=check, **MAIN)
        assert len(result["warnings"]) == 1
        assert "neutralized copy" in result["warnings"][0]
    assert "warnings" not in run("mail_server", **MAIN, active=True, activate_neutralized=True)


@pytest.mark.parametrize("module", ["mail_server_info", "cron_info"])
def test_modules_that_ask(run: Run, asked: list[dict[str, Any]], odoo: SimulatedOdoo, module: str) -> None:
    odoo.add("ir.mail_server", **MAIN)
    result = run(module, query="[].name")
    (records,) = (value for name, value in result.items() if name in ("mail_servers", "crons"))
    assert result["changed"] is False
    assert result["query_result"] == [record["name"] for record in records]
    assert result["odoo_version"] == odoo.facts.version
    assert asked[0]["read_only"] is True
    assert "query_result" not in run(module)


def test_how_far_a_cron_is_overdue(run: Run, odoo: SimulatedOdoo) -> None:
    odoo.record("ir.cron", odoo.ref(QUEUE)).update(active=True, nextcall="2026-01-15 11:00:00")
    assert run("cron_info", xml_id=QUEUE)["crons"][0]["overdue_minutes"] == 60


@pytest.mark.parametrize("fail_on_error", [True, False])
def test_tests_of_servers(run: Run, odoo: SimulatedOdoo, fail_on_error: bool) -> None:
    odoo.add("ir.mail_server", name="Good", smtp_host="a.example", from_filter="acme.example")
    odoo.smtp_outcomes[odoo.add("ir.mail_server", name="Bad", smtp_host="b.example")] = "[Errno 111] Connection refused"
    result = run("mail_server_test", fail_on_error=fail_on_error)
    assert [one["outcome"] for one in result["tests"]] == ["ok", "unreachable"]
    assert result["changed"] is False
    assert result.get("failed", False) is fail_on_error
    if fail_on_error:
        assert result["msg"] == (
            "1 of 2 mail servers failed. Bad: connection test: unreachable: [Errno 111] Connection refused"
        )
        assert result["error_kind"] == "rejected"
    sent = run("mail_server_test", name="Good", canary="postmaster@acme.example")
    assert (sent["changed"], sent["tests"][0]["canary"]["state"]) == (True, "sent")


# Options


def test_a_null_is_an_option_that_was_not_given(run: Run, odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **MAIN)
    assert run("mail_server", name="Main", smtp_host=None, smtp_pass=None, active=None)["plan"] == []
    odoo.add("ir.config_parameter", key="a.b", value="1")
    stack = {"servers": [{"name": "Main", "smtp_host": None}, None], "parameters": {"a.b": None}, "crons": None}
    assert run("mail_stack", **stack)["plan"] == []
    assert run("mail_stack", **stack, unmanaged=None, update_list=None, timeout=None, transport=None)["plan"] == []
    without_key = run("system_parameter", key=None, value="x")
    assert "missing required arguments: key" in without_key["msg"]


def test_an_empty_text_clears(run: Run, odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **MAIN)
    assert run("mail_server", name="Main", smtp_pass="")["changed"] is True
    assert server(odoo, "Main")["smtp_pass"] is False


def test_the_connection_falls_back_to_the_environment(
    run: Run, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"USERNAME": "admin", "PASSWORD": SECRET, "TRANSPORT": "jsonrpc", "TIMEOUT": "7", "PROXY": ""}
    for name, value in {**environment, "VALIDATE_CERTS": "no", "DATABASE": "other"}.items():
        monkeypatch.setenv(f"ODOO_{name}", value)
    run("mail_server_info")
    assert asked[0] == {
        **CONNECTION,  # what the task says wins
        "username": "admin",
        "password": "",  # the task gives an API key
        "transport": "jsonrpc",
        "validate_certs": False,
        "ca_path": None,
        "timeout": 7,
        "proxy": "",
        "lock_timeout": 180,
        "connections": 4,
        "read_only": True,
    }


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        ("mail_server", {}, "name"),
        ("mail_server", {"name": "Main", "smtp_prot": 25}, "smtp_prot"),
        ("mail_server", {"name": "Main", "smtp_port": "many"}, "smtp_port"),
        ("mail_server", {"name": "Main", "state": "gone"}, "state"),
        ("mail_server", {"name": "Main", "transport": "xmlrpc"}, "transport"),
        ("cron", {"active": True}, "xml_id, name"),
        ("cron", {"xml_id": QUEUE, "name": "x"}, "give either xml_id or name for an existing cron"),
        ("cron", {"xml_id": QUEUE, "model": "mail.mail"}, "name"),
        ("cron", {"xml_id": QUEUE, "nextcall": "2026-01-31", "max_overdue": 5}, "mutually exclusive"),
        ("system_parameter", {"key": "a.b"}, "value"),
        ("mail_stack", {"servers": [{"smtp_host": "x"}]}, "name"),
        ("mail_stack", {"servers": [{"name": "Main", "smtp_prot": 25}]}, "smtp_prot"),
        ("mail_stack", {"crons": [{"active": True}]}, "xml_id, name"),
        ("mail_stack", {"unmanaged": "delete"}, "unmanaged"),
        ("mail_server_test", {"name": "x", "xml_id": "a.b"}, "mutually exclusive"),
    ],
)
def test_options_that_do_not_fit(
    run: Run, asked: list[dict[str, Any]], module: str, options: dict[str, Any], words: str
) -> None:
    result = run(module, **options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert asked == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("mail_server_info", {"timeout": 0}),
        ("mail_server_info", {"timeout": -1}),
        ("mail_server_info", {"connections": 0}),
        ("mail_server", {"name": "Main", "smtp_port": 70000}),
        ("mail_stack", {"servers": [{"name": "Main", "smtp_port": 70000}]}),
        ("mail_stack", {"parameters": {"a.b": {"c": 1}}}),
    ],
)
def test_values_that_no_odoo_takes(run: Run, asked: list[dict[str, Any]], module: str, options: dict[str, Any]) -> None:
    result = run(module, **options)
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "invalid", False, [])
    assert asked == []


# Secrets


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("mail_server", MAIN),
        ("mail_server", {**MAIN, "no_such_option": 1}),
        ("mail_server", {**MAIN, "smtp_port": f"not {SECRET}"}),
        ("mail_server", {"name": "Main", "smtp_ssl_private_key": SECRET}),
        ("mail_stack", {"servers": [MAIN]}),
        ("mail_stack", {"servers": [MAIN], "no_such_option": 1}),
        ("mail_stack", {"servers": [{**MAIN, "no_such_option": 1}]}),
        ("mail_stack", {"parameters": {"a.secret": SECRET}}),
        ("mail_stack", {"parameters": {"a.secret": SECRET}, "no_such_option": 1}),
        ("mail_stack", {"parameters": {"a.secret": SECRET}, "unmanaged": SECRET}),
        ("mail_stack", {"parameters": {"a.secret": SECRET, "b": f"{SECRET}"}}),
        ("mail_stack", {"parameters": {"a.secret": SECRET, "b": {"c": SECRET}}}),
        ("mail_stack", {"parameters": {"a.secret": {"b": SECRET}}}),
        ("system_parameter", {"key": "a.secret", "value": SECRET}),
        ("system_parameter", {"key": "a.secret", "value": SECRET, "state": "gone"}),
        ("system_parameter", {"key": "a.secret", "value": [SECRET]}),
        ("system_parameter", {"key": "a.secret", "value": {"b": SECRET}}),
        ("mail_server_info", {"password": SECRET, "no_such_option": 1}),
        ("mail_server_info", {"api_key": SECRET, "query": f"[?{SECRET}"}),
    ],
)
def test_secrets_are_in_no_result(run: Run, module: str, options: dict[str, Any]) -> None:
    assert SECRET not in str(run(module, diff=True, **options))


@pytest.mark.parametrize("secret", ['it\'s \\ made "up"', 'made "up"', "it's made up", "made\tup\n", "made üp"])
@pytest.mark.parametrize(
    ("module", "given"),
    [
        ("mail_server", lambda secret: {**MAIN, "smtp_pass": secret, "smtp_port": secret}),
        ("mail_server", lambda secret: {**MAIN, "smtp_pass": secret, "sequence": [secret]}),
        ("mail_server", lambda secret: {**MAIN, "smtp_pass": secret, "smtp_user": {"in": secret}}),
        ("mail_server", lambda secret: {**MAIN, "smtp_pass": secret, "timeout": {"in": [secret]}}),
        ("smtp_probe", lambda secret: {"host": "x", "user": "u", "password": secret, "port": secret}),
        ("mail_server_info", lambda secret: {"password": secret, "name": [secret]}),
    ],
)
def test_a_secret_is_in_no_text_that_ansible_makes_of_another_type(
    run: Run, module: str, given: Callable[[str], dict[str, Any]], secret: str
) -> None:
    texts = list(texts_of(run(module, **given(secret))))
    for form in (secret, repr(secret)[1:-1], repr([secret])[2:-2], json.dumps(secret)[1:-1]):
        assert not [text for text in texts if form in text]


@pytest.mark.parametrize("options", [{}, {"no_such_option": 1}])
@pytest.mark.parametrize("variable", ["ODOO_PROXY", "ODOO_URL"])
def test_a_password_in_the_environment_is_in_no_result(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, options: dict[str, Any]
) -> None:
    monkeypatch.setenv(variable, f"http://me:{SECRET}@proxy.acme.example:3128")
    url = {"url": None} if variable == "ODOO_URL" else {}
    assert SECRET not in str(run("mail_server_info", **url, **options))


def test_a_password_of_a_proxy_in_the_environment_is_in_no_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{SECRET}@proxy.acme.example:3128")

    def connect(**_options: Any) -> rpc_session.Session:
        raise errors.Unreachable(f"Tunnel connection failed: 407 me:{SECRET}")

    monkeypatch.setattr(rpc_session, "connect", connect)
    assert SECRET not in str(run("mail_server_info"))


def test_what_odoo_held_is_in_no_result_either(run: Run, odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", **MAIN)
    odoo.add("ir.config_parameter", key="a.secret", value=SECRET)
    stack = {"servers": [{"name": "Main", "smtp_pass": "battery-staple"}], "parameters": {"a.secret": "battery-staple"}}
    for result in (
        run("mail_server_info"),
        run("mail_stack", check=True, diff=True, **stack),
        run("mail_stack", diff=True, **stack),
    ):
        assert SECRET not in str(result)
        assert "battery-staple" not in str(result)
    assert server(odoo, "Main")["smtp_pass"] == "battery-staple"


def test_a_secret_number_is_scrubbed(run: Run, odoo: SimulatedOdoo) -> None:
    assert "8675309" not in str(run("mail_stack", parameters={"a.token": 8675309}, diff=True))
    assert odoo.parameter("a.token") == "8675309"


# Errors


@pytest.mark.parametrize("timeout", [0, -5, 2**40])
def test_no_socket_takes_every_timeout(capsys: pytest.CaptureFixture[str], timeout: int) -> None:
    result = shipped("mail_server_info", {"timeout": timeout}, capsys)
    assert result["error_kind"] == "invalid"
    assert "timeout must be at" in result["msg"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("module", ["mail_server_info", "mail_stack"])
def test_every_error_has_its_kind(run: Run, monkeypatch: pytest.MonkeyPatch, kind: type, module: str) -> None:
    def fail(**_options: Any) -> None:
        raise kind("What, where, and what to do.")

    monkeypatch.setattr(rpc_session, "connect", fail)
    result = run(module, **({"addons": ["mail"]} if module == "mail_stack" else {}))
    assert result["msg"] == "What, where, and what to do."
    assert (result["failed"], result["error_kind"]) == (True, kind.kind)
    assert (result["changed"], result["plan"]) == (False, [])


def test_kinds_are_told_apart() -> None:
    own = [one for one in KINDS if "kind" in vars(one)]
    assert len({one.kind for one in own}) == len(own) == 14


def test_an_error_tells_what_was_done_before_it(run: Run, odoo: SimulatedOdoo) -> None:
    refuse_creating(odoo, "Second")
    result = run("mail_stack", servers=[MAIN, {**MAIN, "name": "Second"}, {**MAIN, "name": "Third"}])
    assert result["failed"] is True
    assert result["error_kind"] == "rejected"
    assert result["changed"] is True
    assert [(step["action"], step["key"]) for step in result["plan"]] == [("create", "Main")]
    assert result["msg"].endswith("Before that, this run did: create mail_server 'Main'.")
    assert [one["name"] for one in servers(odoo)] == ["Main"]
