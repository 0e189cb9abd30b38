# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalid input: each case ends with one clear sentence that names the problem and the place, with exit code 2 and no
write.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from instance import LabInstance
from lab import Lab, NotApplicable
from playbook import Run, ansible_playbook, play

CLERK_PASSWORD = "clerk-password-made-up"
SERVER = {"name": "Transactional", "smtp_host": "smtp.invalid"}


class Case(NamedTuple):
    """The input, and the required texts of the error.

    In `says`, {url} and {database} are those of the good instance.
    """

    module: str
    options: dict[str, Any]
    kind: str | None  # None: ansible-core's own validation
    says: tuple[str, ...]
    connection: dict[str, Any] = {}  # noqa: RUF012 (no test changes it)


def server(kind: str | None, *says: str, connection: dict[str, Any] | None = None, **options: Any) -> Case:
    """Return a case of the module mail_server."""
    return Case("mail_server", SERVER | options, kind, says, connection or {})


def reached(kind: str, *says: str, **connection: Any) -> Case:
    """Return a case with an invalid connection."""
    return server(kind, *says, connection=connection)


CASES = {
    # The address of Odoo
    "unresolvable host": reached("unreachable", "http://odoo.invalid", "cannot be resolved", url="http://odoo.invalid"),
    "path": reached("unreachable", "{url}/nowhere", "HTTP 404", url="{url}/nowhere"),
    "closed port": reached("unreachable", "{closed}", "connection refused", url="{closed}"),
    "no Odoo": reached("unreachable", "{no_odoo}", "the program there is not Odoo", url="{no_odoo}"),
    "no HTTP": reached("unreachable", "{smtp}", "does not answer in HTTP", url="{smtp}"),
    "no TLS": reached("unreachable", "{tls_url}", "no TLS connection is possible", url="{tls_url}"),
    "silent port": reached("timeout", "{silent}", "within 1 s", url="{silent}", timeout=1),
    "no URL": reached("invalid", "is not a valid URL", "localhost:8069", url="localhost:8069"),
    "credentials in the URL": reached(
        "invalid", "url must not contain credentials", url="http://me:secret@odoo.invalid"
    ),
    "no such CA": reached(
        "invalid", "ca_path '/no/such/ca.pem'", url="https://odoo.invalid", ca_path="/no/such/ca.pem"
    ),
    "no time": reached("invalid", "timeout must be at least 1 second", timeout=0),
    "no such transport": reached(None, "transport must be one of: auto, jsonrpc, json2", transport="xmlrpc"),
    # The database and the user
    "wrong database, jsonrpc": reached("unreachable", "nowhere", "{url}", database="nowhere", transport="jsonrpc"),
    "wrong database, json2": reached("unreachable", "'nowhere'", "{url}", database="nowhere", transport="json2"),
    "wrong password": reached(
        "authentication", "'admin'", "{database}", "{url}", password="wrong", api_key="", transport="jsonrpc"
    ),
    "wrong user": reached("authentication", "'nobody'", "{database}", "{url}", username="nobody", transport="jsonrpc"),
    "wrong key, jsonrpc": reached(
        "authentication", "'admin'", "{database}", "{url}", api_key="0" * 40, transport="jsonrpc"
    ),
    "wrong key, json2": reached(
        "authentication", "api_key", "{database}", "{url}", api_key="0" * 40, transport="json2"
    ),
    "expired key, jsonrpc": reached(
        "authentication", "'admin'", "{database}", "expire", api_key="{expired}", transport="jsonrpc"
    ),
    "expired key, json2": reached(
        "authentication", "api_key", "{database}", "expired", api_key="{expired}", transport="json2"
    ),
    "no credentials": reached("invalid", "Credentials are missing", password="", api_key=""),
    "no key for json2": reached("invalid", "json2 needs an api_key", api_key="", transport="json2"),
    "no user for jsonrpc": reached("invalid", "username is missing", username="", transport="jsonrpc"),
    "clerk, servers": reached(
        "access", "{database}", "Administration / Settings", username="clerk", password="{clerk}", api_key=""
    ),
    "clerk, parameters": Case(
        "system_parameter",
        {"key": "mail.session.batch.size", "value": "1"},
        "access",
        ("{database}", "Administration / Settings"),
        {"username": "clerk", "password": "{clerk}", "api_key": ""},
    ),
    # The options
    "unknown option": server(None, "Unsupported parameters", "smtp_prot", "mail_server", smtp_prot=587),
    "unknown option of a list": Case(
        "mail_stack",
        {"servers": [{**SERVER, "smtp_prot": 587}]},
        None,
        ("Unsupported parameters", "smtp_prot", "servers"),
    ),
    "no name": Case(
        "mail_server", {"smtp_host": "smtp.invalid"}, None, ("one of the following is required: name, xml_id",)
    ),
    "a word as port": server(None, "smtp_port", "'smtp'", smtp_port="smtp"),
    "port 70000": server("invalid", "'Transactional'", "smtp_port", "1 and 65535", "70000", smtp_port=70000),
    "port 0": server("invalid", "'Transactional'", "smtp_port", "not 0", smtp_port=0),
    "unknown encryption": server(
        "unsupported",
        *("'Transactional'", "smtp_encryption", "'startls'", "{encryptions}"),
        *("{database}", "{url}", "{version}"),
        smtp_encryption="startls",
    ),
    "unknown authentication": server(
        "unsupported",
        "'Transactional'",
        "smtp_authentication",
        "'oauth2'",
        "gmail",
        "{url}",
        smtp_authentication="oauth2",
    ),
    "smtp_timeout": server("unsupported", "'Transactional'", "smtp_timeout", "{database}", "{url}", smtp_timeout=30),
    "malformed from_filter": server(
        "invalid", "'Transactional'", "from_filter", "'@acme.example'", from_filter="acme.example,@acme.example"
    ),
    "two problems": server(
        "invalid", "'Transactional'", "70000", "smtp_host", smtp_port=70000, smtp_host="https://smtp.invalid"
    ),
    "one name, two servers": server("ambiguous", "'Twin'", "{twins}", "xml_id", name="Twin"),
    "one server, declared twice": Case(
        "mail_stack", {"servers": [SERVER, SERVER]}, "invalid", ("'Transactional'", "declared twice")
    ),
    "malformed xml_id": server("invalid", "'Transactional'", "xml_id", "'main_company'", xml_id="main_company"),
    "xml_id of another model": server(
        "invalid", "'Transactional'", "base.main_company", "res.company", "ir.mail_server", xml_id="base.main_company"
    ),
    "no such addon": Case(
        "addon", {"name": "google_gmial"}, "unsupported", ("'google_gmial'", "no such addon", "{database}", "{url}")
    ),
    "no such addon in a stack": Case(
        "mail_stack",
        {"addons": ["google_gmial"], "parameters": {"a": "b"}, "servers": [SERVER]},
        "unsupported",
        ("'google_gmial'", "{database}"),
    ),
    "no such cron": Case(
        "cron", {"xml_id": "mail.ir_cron_nothing"}, "unsupported", ("'mail.ir_cron_nothing'", "{database}", "{url}")
    ),
    "unknown interval": Case(
        "cron",
        {"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_type": "fortnights"},
        "unsupported",
        ("'mail.ir_cron_mail_scheduler_action'", "interval_type", "'fortnights'", "minutes, hours", "{database}"),
    ),
    "no such user": Case(
        "cron",
        {"xml_id": "mail.ir_cron_mail_scheduler_action", "user": "nobody"},
        "unsupported",
        ("'mail.ir_cron_mail_scheduler_action'", "res.users", "'nobody'", "{database}"),
    ),
    "numbercall": Case(
        "cron",
        {"xml_id": "mail.ir_cron_mail_scheduler_action", "numbercall": -1},
        "unsupported",
        ("'mail.ir_cron_mail_scheduler_action'", "numbercall", "{version}", "{database}"),
    ),
    "no domain": Case("alias_domain", {"name": "Acme Inc"}, "invalid", ("'Acme Inc'", "is not a valid domain")),
    "no such company": Case(
        "alias_domain",
        {"name": "acme.example", "companies": ["Nobody Ltd"]},
        "unsupported",
        ("'acme.example'", "res.company", "'Nobody Ltd'", "{database}"),
    ),
    "structured parameter": Case(
        "system_parameter", {"key": "a.b", "value": {"c": 1}}, "invalid", ("'a.b'", "value must be a text")
    ),
    "nothing wrong before the last": Case(
        "mail_stack",
        {"parameters": {"a": "b"}, "servers": [SERVER, {**SERVER, "name": "Last", "smtp_encryption": "tls"}]},
        "unsupported",
        ("'Last'", "smtp_encryption", "'tls'"),
    ),
    "no certificate": server(
        "invalid",
        *(
            "'Transactional'",
            "{database}",
            "needs smtp_ssl_certificate",
            "needs smtp_ssl_private_key",
            "another value than none",
        ),
        smtp_authentication="certificate",
    ),
    "refused by Odoo": Case(
        "addon", {"name": "base", "state": "absent"}, "rejected", ("'base'", "{database}", "cannot be uninstalled")
    ),
    "no such server to test": Case(
        "mail_server_test", {"name": "Nobody"}, "unsupported", ("Nobody", "{database}", "{url}")
    ),
    "malformed query": Case("mail_server_info", {"query": "[?"}, "invalid", ("query", "'[?'", "JMESPath")),
}


@pytest.fixture(scope="module")
def bad_database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    database = fresh("integration_bad_input")
    database.add_user("clerk", password=CLERK_PASSWORD)
    twin = {"name": "Twin", "smtp_host": "twin.invalid"}
    with database.session() as session:
        session.create("ir.mail_server", [twin, {**twin, "active": False}])
    return database


@pytest.fixture(scope="module")
def places(bad_database: LabInstance, lab: Lab) -> Iterator[dict[str, str]]:
    """Return the values of the placeholders in the cases."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            pass

    website = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=website.serve_forever, daemon=True).start()
    with bad_database.session() as session:
        encryptions = ", ".join(dict(session.fields("ir.mail_server")["smtp_encryption"]["selection"]))
    twins = sorted(record["id"] for record in bad_database.read("ir.mail_server", ["name", "=", "Twin"]))
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))  # without a listener
        yield {
            "url": bad_database.url,
            "database": bad_database.database,
            "tls_url": bad_database.url.replace("http:", "https:"),
            "closed": f"http://127.0.0.1:{closed.getsockname()[1]}",
            "no_odoo": f"http://127.0.0.1:{website.server_port}",
            "smtp": f"http://127.0.0.1:{lab.smtp['plain'].port}",
            "silent": f"http://127.0.0.1:{lab.smtp['silent'].port}",
            "clerk": CLERK_PASSWORD,
            "version": lab.description["odoo"]["version"],
            "encryptions": encryptions,
            "twins": f"{twins[0]}, {twins[1]}",
        }
    website.shutdown()
    website.server_close()


def filled(text: Any, places: dict[str, str]) -> Any:
    return re.sub(r"\{(\w+)\}", lambda match: places[match[1]], text) if isinstance(text, str) else text


def prepared(case: Case, database: LabInstance, places: dict[str, str]) -> dict[str, Any]:
    """Return the options of the case's task.

    :raises NotApplicable: the instance lacks the subject of the case.
    """
    if case.connection.get("api_key") == "{expired}":
        places["expired"] = database.lab.description["odoo"]["expired_api_key"]
    if case.connection.get("transport") == "json2" and case.kind != "invalid":
        database.options("json2")
    if "numbercall" in case.options:
        with database.session() as session:
            if "numbercall" in session.fields("ir.cron"):
                raise NotApplicable("the instance has the field numbercall")
    if case.module == "alias_domain":
        database.needs("mail.alias.domain")
    connection = {option: filled(value, places) for option, value in case.connection.items()}
    return database.options() | connection | case.options


class Answers(NamedTuple):
    run: Run
    asked: int
    lacking: dict[str, NotApplicable]  # the case replaces it
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def answers(bad_database: LabInstance, places: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Run every case as a host with one task, so that each fails separately."""
    folder = tmp_path_factory.mktemp("bad_input")
    hosts: list[str] = []
    lacking = {}
    for name, case in CASES.items():
        try:
            task = {"name": name, f"postmaster.odoo.{case.module}": prepared(case, bad_database, places)}
        except NotApplicable as reason:
            lacking[name] = reason
            continue
        hosts.append(f"case_{len(hosts)}")
        (folder / f"{hosts[-1]}.json").write_text(json.dumps([task]))
    include = {"name": "Each its own", "ansible.builtin.include_tasks": "{{ inventory_hostname }}.json"}
    before = bad_database.fingerprint()
    run = ansible_playbook(folder, [play(include, strategy="free")], "--inventory", ",".join(hosts))
    return Answers(run, len(hosts), lacking, before, bad_database.fingerprint())


@pytest.mark.parametrize("name", CASES)
def test_one_clear_sentence(name: str, answers: Answers, places: dict[str, str]) -> None:
    if name in answers.lacking:
        raise answers.lacking[name]
    case, result = CASES[name], answers.run.results[name]
    assert result["failed"] is True
    assert result.get("error_kind") == case.kind
    assert result["changed"] is False
    for words in case.says:
        assert filled(words, places) in result["msg"]
    assert "\n" not in result["msg"]
    assert "Traceback" not in json.dumps(result)


def test_exit_code_2(answers: Answers) -> None:
    assert answers.run.exit_code == 2
    recaps = re.findall(r"^case_\d+ .*failed=1 ", answers.run.output, re.MULTILINE)
    assert len(recaps) == answers.asked


def test_nothing_was_written(answers: Answers) -> None:
    assert answers.after == answers.before


def test_odoorpc_is_missing(bad_database: LabInstance, tmp_path: Path) -> None:
    (tmp_path / "odoorpc.py").write_text("raise ImportError('not installed')")
    task = {"postmaster.odoo.mail_server": bad_database.options("jsonrpc") | SERVER}
    run = ansible_playbook(
        tmp_path, [play(task)], "--inventory", "localhost,", environment={"PYTHONPATH": str(tmp_path)}
    )
    assert run.exit_code == 2
    assert "The Python package odoorpc is missing on the host that runs this task: install it there" in run.output
    assert "Traceback" not in run.output
