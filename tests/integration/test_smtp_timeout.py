# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `smtp_timeout` and its addon: its installation on an Odoo, and Odoo's timeouts afterwards.

Measured durations are printed (`pytest -s`). Their limits are far below Odoo's own 60 seconds.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from instance import LabInstance
from lab import ExternalLab, Lab, SmtpServer
from playbook import Result, Run, ansible_playbook

ADDON = "mail_smtp_timeout"
SENDER = "sender@lab.example"

COPIED = "Copy the addon to an addons path"
RESTARTED = "Restart Odoo with a command"
AWAITED = "Wait until Odoo answers again"
INSTALLED = "Install or upgrade the addon"
SAID = "Report that Odoo must be restarted"


@pytest.fixture(scope="module")
def folder(lab: Lab) -> Path:
    """Return the folder to which the role copies the addon."""
    return lab.extra_addons / ADDON


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance], lab: Lab, folder: Path) -> Iterator[LabInstance]:
    """Return a database that gets the addon. Afterwards the addon is removed, so it does not affect other tests."""

    def forget() -> None:
        shutil.rmtree(folder)
        lab.restart_odoo()

    if folder.exists():  # a run was interrupted
        forget()
    database = fresh("integration_smtp_timeout")
    yield database
    lab.drop(database.database)
    if folder.exists():
        forget()


@pytest.fixture(scope="module")
def role(database: LabInstance, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Return a function that runs the playbook, and with it the role."""

    def run(*arguments: str, exit_code: int = 0, **variables: Any) -> Run:
        connection = {f"odoo_{name}": value for name, value in database.options().items()}
        told = {"smtp_timeout_addons_path": str(lab.extra_addons), **connection, **variables}
        run = ansible_playbook(
            tmp_path_factory.mktemp("role"),
            [{"import_playbook": "postmaster.odoo.smtp_timeout", "vars": told}],
            *("--inventory", "localhost,", "--connection", "local"),
            *("--extra-vars", "ansible_python_interpreter='{{ ansible_playbook_python }}'"),
            *arguments,
            environment={"POSTMASTER_LAB_DIR": str(lab.layout.folder)},
        )
        assert run.exit_code == exit_code, run.output
        return run

    return run


@pytest.fixture(scope="module")
def with_addon(database: LabInstance, role: Callable[..., Run]) -> LabInstance:
    """Return the database after the addon is installed."""
    role()
    return database


def changed(run: Run) -> list[str]:
    return [task for task, result in run.results.items() if result.get("changed")]


def steps(result: Result) -> list[tuple[str, Any, Any]]:
    return [(step["action"], *((one["before"], one["after"]) for one in step["changes"])) for step in result["plan"]]


def field(database: LabInstance) -> dict[str, Any] | None:
    with database.session() as session:
        return session.fields("ir.mail_server").get("smtp_timeout")


def test_the_role(database: LabInstance, role: Callable[..., Run], folder: Path, lab: Lab) -> None:
    """The addon is checked, copied, installed, unchanged, and upgraded with a restart of Odoo."""
    checked = role("--check")
    assert changed(checked) == [COPIED, INSTALLED]
    assert not folder.exists()
    assert database.read("ir.module.module", ["name", "=", ADDON]) == []

    done = role()
    assert changed(done) == [COPIED, INSTALLED]
    assert steps(done.results[INSTALLED]) == [("install", ("uninstalled", "installed"))]
    assert "skip_reason" in done.results[SAID]  # Odoo reads new addons
    assert field(database)["type"] == "integer"

    assert changed(role()) == []
    assert changed(role("--check", smtp_timeout_delegate_to="localhost")) == []

    (found,) = database.read("ir.module.module", ["name", "=", ADDON], fields=("latest_version",))
    series = found["latest_version"].removesuffix(".1.0.0")

    # An Odoo that runs an older addon.
    (folder / "timeouts.py").write_text("# older")
    database.sql(f"UPDATE ir_module_module SET latest_version = '15.0.0.9.0' WHERE name = '{ADDON}'")
    command = {"smtp_timeout_restart_command": lab.restart_command, "smtp_timeout_restart_delay": 1}
    failed = role(exit_code=2, smtp_timeout_restart_command=[shutil.which("false")])
    assert failed.results[COPIED]["changed"]
    assert failed.results[RESTARTED]["failed"]
    upgraded = role(**command)  # it replaces the restart that failed
    assert changed(upgraded) == [RESTARTED, INSTALLED]
    assert steps(upgraded.results[INSTALLED]) == [("upgrade", ("15.0.0.9.0", f"{series}.1.0.0"))]
    # The lab's command ends before Odoo answers again. That of another instance may wait for this.
    assert upgraded.results[AWAITED]["attempts"] >= (1 if isinstance(lab, ExternalLab) else 2)
    assert changed(role(**command)) == []

    # The same without a configured restart command.
    (folder / "timeouts.py").write_text("# older")
    told = role()
    assert changed(told) == [COPIED]
    assert "Restart Odoo" in told.results[SAID]["msg"]


def test_the_field(with_addon: LabInstance) -> None:
    with with_addon.session() as session:
        (created,) = session.create("ir.mail_server", [{"name": "Field", "smtp_host": "mail.invalid"}])
        (record,) = session.search_read("ir.mail_server", [["id", "=", created]], ["smtp_timeout"])
        assert record["smtp_timeout"] == 60
        for refused in (0, -1):
            with pytest.raises(Rejected, match=f"Field is {refused} seconds: it must be at least 1"):
                session.write("ir.mail_server", [created], {"smtp_timeout": refused})
        form = session.call("ir.mail_server", "get_views", views=[[False, "form"]])["views"]["form"]["arch"]
        session.unlink("ir.mail_server", [created])
    shown = re.findall(r'<field name="(\w+)"', form)
    assert shown[shown.index("smtp_encryption") + 1] == "smtp_timeout"


def server(database: LabInstance, name: str, smtp: SmtpServer, seconds: int | None = None, **fields: Any) -> int:
    """Create the mail server in Odoo that the SMTP server requires, and return its id."""
    values = {
        "name": name,
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_encryption": smtp.encryption,
        "smtp_user": smtp.user,
        "smtp_pass": smtp.password,
        "from_filter": SENDER,
        **({"smtp_timeout": seconds} if seconds else {}),
    }
    with database.session() as session:
        return session.create("ir.mail_server", [{**values, **fields}])[0]


def seconds_of_test(database: LabInstance, server_id: int) -> tuple[float, str]:
    """Return the duration of Odoo's own connection test, and its message."""
    with database.session() as session, session.patience(120):
        started = time.monotonic()
        try:
            said = session.call("ir.mail_server", "test_smtp_connection", [server_id])["params"]["message"]
        except Rejected as refused:
            said = refused.message
        return time.monotonic() - started, said


def tells_of_a_timeout(said: str) -> bool:
    """Return whether Odoo's message is that of a timeout. In 16.0 a disconnection has the same message."""
    return "timed out" in said or re.search(r"closed the connection unexpectedly.*\bNone$", said) is not None


def test_a_silent_server_times_out(with_addon: LabInstance, lab: Lab) -> None:
    """This applies to the connection test and to the queue."""
    silent = server(with_addon, "Silent", lab.smtp["silent"], 5)
    seconds, said = seconds_of_test(with_addon, silent)
    print(f"Odoo's connection test, 5 s: {seconds:.2f} s")
    assert tells_of_a_timeout(said)
    assert 4.5 <= seconds < 20

    mail = {"email_from": SENDER, "email_to": "b@lab.example", "body_html": "x", "mail_server_id": silent}
    with with_addon.session() as session, session.patience(120):
        ids = session.create("mail.mail", [mail])
        started = time.monotonic()
        session.call("mail.mail", "process_email_queue")
        seconds = time.monotonic() - started
        (after,) = session.search_read("mail.mail", [["id", "in", ids]], ["state", "failure_reason"])
    print(f"Odoo's mail queue, 5 s: {seconds:.2f} s")
    assert after["state"] == "exception"
    assert "timed out" in after["failure_reason"]
    assert 4.5 <= seconds < 20


def test_servers_that_are_used_at_the_same_time_keep_their_own_timeouts(with_addon: LabInstance, lab: Lab) -> None:
    servers = [server(with_addon, f"Silent {wait}", lab.smtp["silent"], wait) for wait in (3, 6)]
    with ThreadPoolExecutor() as threads:
        (short, _why), (long, _why) = threads.map(lambda one: seconds_of_test(with_addon, one), servers)
    print(f"At the same time, 3 s and 6 s: {short:.2f} s and {long:.2f} s")
    assert 2.7 <= short < 5.5
    assert 5.7 <= long < 20


def test_a_database_without_the_addon_is_not_affected(
    with_addon: LabInstance, fresh: Callable[[str], LabInstance], lab: Lab
) -> None:
    """In the same process and at the same time, a slow server is used for one database with the addon and one without."""
    without = fresh("integration_smtp_timeout_without")
    assert field(without) is None
    slow = lab.smtp["plain"]
    slow.configure(delay=1.5)
    tested = [(with_addon, server(with_addon, "Slow", slow, 1)), (without, server(without, "Slow", slow))]
    with ThreadPoolExecutor() as threads:
        (given_up, why), (waited, successful) = threads.map(lambda one: seconds_of_test(*one), tested)
    print(f"With 1 s: given up after {given_up:.2f} s; without the addon: {waited:.2f} s")
    assert tells_of_a_timeout(why)
    assert "Successful" in successful
    assert given_up < waited


def test_a_healthy_server_still_sends(with_addon: LabInstance, lab: Lab) -> None:
    healthy = lab.smtp["starttls"]
    mail = {"email_from": SENDER, "email_to": "b@lab.example", "body_html": "x", "auto_delete": False}
    mail["mail_server_id"] = server(with_addon, "Healthy", healthy, 5, from_filter=healthy.user)
    mail["email_from"] = healthy.user
    with with_addon.session() as session:
        ids = session.create("mail.mail", [mail])
        session.call("mail.mail", "process_email_queue")
        (after,) = session.search_read("mail.mail", [["id", "in", ids]], ["state", "failure_reason"])
    assert after["state"] == "sent", after
    (accepted,) = healthy.accepted()
    assert accepted["mail_from"] == healthy.user


# Odoo's connections of every kind, with the timeouts of their sockets; then replies that arrive later than that.
CONNECTIONS = """
import json, smtplib, socket, time
from odoo.tools import config
servers = env["ir.mail_server"]
connect = getattr(servers, "_connect__", None) or servers.connect
def waits(**how):
    connection = connect(**how)
    with getattr(connection, "__obj__", connection).sock as sock:  # up to 18.0 Odoo wraps it
        return sock.gettimeout()
def late(name):
    try:
        connection = connect(mail_server_id=given["servers"][name])
    except ValueError as problem:
        return str(problem)
    slow(name, 5)
    started = time.monotonic()
    try:
        connection.mail("sender@lab.example")
    except (TimeoutError, smtplib.SMTPServerDisconnected):
        return time.monotonic() - started
    finally:
        slow(name, 0)
def slow(name, seconds):
    with socket.create_connection(("127.0.0.1", given["control"])) as control:
        command = {"server": name, "command": "configure", "settings": {"delay": seconds}}
        control.sendall(json.dumps(command).encode() + b"\\n")
        control.makefile().readline()
host, port = given["plain"]
waited = {name: waits(mail_server_id=given["servers"][name]) for name in ("plain", "starttls_any_sender", "ssl")}
waited["found"] = waits(smtp_from="found@lab.example")
waited["host"] = waits(host=host, port=port, smtp_from="found@lab.example")
servers.search([]).active = False
config["smtp_server"], config["smtp_port"] = host, port
waited["odoo.conf"] = waits(smtp_from="found@lab.example")
servers.with_context(active_test=False).search([]).active = True
print(json.dumps([waited, {name: late(name) for name in ("plain", "starttls_any_sender", "client_certificate")}]))
"""


def test_every_way_to_connect(with_addon: LabInstance, lab: Lab) -> None:
    with with_addon.session() as session:
        session.unlink("ir.mail_server", [row["id"] for row in session.search_read("ir.mail_server", [], ["name"])])
    behaviors = {"plain": 1, "starttls_any_sender": 2, "ssl": 3}
    servers = {name: server(with_addon, name, lab.smtp[name], seconds) for name, seconds in behaviors.items()}
    server(with_addon, "Found", lab.smtp["plain"], 7, from_filter="found@lab.example")
    files = {"smtp_ssl_certificate": "client.pem", "smtp_ssl_private_key": "client.key"}
    certificate = {
        field: b64encode((lab.layout.certificates / file).read_bytes()).decode() for field, file in files.items()
    }
    servers["client_certificate"] = server(
        with_addon,
        "Certificate",
        lab.smtp["client_certificate"],
        2,
        smtp_authentication="certificate",
        **certificate,
    )
    plain = lab.smtp["plain"]
    given = {"servers": servers, "plain": [plain.host, plain.port], "control": plain.control_port}
    waited, late = json.loads(lab.shell(with_addon.database, f"given = {given}\n{CONNECTIONS}"))
    print(f"Connections wait: {waited}; a late reply is given up after: {late}")
    assert waited == {**behaviors, "found": 7, "host": 60, "odoo.conf": 60}
    for name, seconds in {"plain": 1, "starttls_any_sender": 2, "client_certificate": 2}.items():
        if late[name] == "No such protocol":  # builds of 16.0 that no certificate logs in to
            continue
        assert seconds <= late[name] < 4.5
