# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every authentication to an SMTP server: provisioned, tested with a mail, changed, and its rules."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from instance import LabInstance, apply
from lab import Lab, NotApplicable
from mail_servers import (
    PREFIX,
    Options,
    certificate_server,
    give_access_token,
    oauth2_server,
    password_server,
    run_task,
    run_tasks,
    stored,
    token_fields,
    write,
)

METHODS = tuple(PREFIX)
SENDER = "sender@lab.example"
RECIPIENT = "canary@elsewhere.example"


def declared(instance: LabInstance, folder: Path) -> dict[str, Options]:
    """Return a server for each authentication of the instance, by its name; the folder is for a file that one needs."""
    lab = instance.lab
    pems = [lab.description["smtp"][name] for name in ("client_certificate", "client_private_key")]
    bundle = folder / "both.pem"
    bundle.write_text("".join(Path(pem).read_text() for pem in pems))
    servers = [
        password_server(lab, "starttls"),
        password_server(lab, "ssl"),
        *(oauth2_server(lab, method, oauth2={"refresh_token": "token-made-up"}) for method in METHODS),
        certificate_server(instance, "certificate by path", *pems),
        certificate_server(instance, "certificate by content", *(Path(pem).read_text() for pem in pems)),
        certificate_server(instance, "certificate and key in one file", str(bundle), str(bundle)),
        {"name": "cli", "smtp_authentication": "cli", "from_filter": SENDER},
    ]
    with instance.session() as session:
        methods = dict(session.fields("ir.mail_server")["smtp_authentication"]["selection"])
    return {server["name"]: server for server in servers if server["smtp_authentication"] in methods}


# The SMTP server of each mail server, and the identity with which it logs in.
DELIVERIES = {
    "starttls": ("starttls", SENDER),
    "ssl": ("ssl", SENDER),
    "gmail": ("xoauth2", "oauth@lab.example"),
    "outlook": ("xoauth2", "oauth@lab.example"),
    "certificate by path": ("client_certificate", "client@lab.example"),
    "certificate by content": ("client_certificate", "client@lab.example"),
    "certificate and key in one file": ("client_certificate", "client@lab.example"),
    "cli": ("plain", None),
}


class Provisioned:
    """All servers of `declared`: enforced with one module, tested with a canary each, and enforced again."""

    def __init__(self, module: str, instance: LabInstance, folder: Path) -> None:
        lab, servers = instance.lab, declared(instance, folder)
        if module == "mail_stack":
            tasks = {"all servers": {"postmaster.odoo.mail_stack": {"servers": list(servers.values())}}}
        else:
            tasks = {name: {"postmaster.odoo.mail_server": server} for name, server in servers.items()}
        self.first = run_tasks(instance, folder, tasks)
        for method in METHODS:
            give_access_token(instance, method, method, lab.smtp["xoauth2"].token)
        smtp_servers = [lab.smtp[name] for name in sorted({smtp for smtp, _identity in DELIVERIES.values()})]
        for smtp in smtp_servers:
            smtp.reset()
        canaries = {
            name: {"postmaster.odoo.mail_server_test": {"name": name, "canary": RECIPIENT, "fail_on_error": False}}
            for name in servers
        }
        # The lab's Odoo sends mail without a mail server to a port without a listener.
        with forwarded(lab.description["smtp"]["nowhere"]["port"], to=lab.smtp["plain"].port):
            results = run_tasks(instance, folder, canaries)
        self.tests = {name: result["tests"][0] for name, result in results.items()}
        self.accepted = [record for smtp in smtp_servers for record in smtp.accepted()]
        self.again = run_tasks(instance, folder, tasks)


@contextmanager
def forwarded(port: int, to: int) -> Iterator[None]:
    """Forward every connection of a port to another port."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while received := source.recv(65536):
            sink.sendall(received)
        sink.shutdown(socket.SHUT_WR)

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", to)) as target:
                answers = threading.Thread(target=pump, args=(target, self.request))
                answers.start()
                pump(self.request, target)
                answers.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True  # the next test begins before the system has closed the connections of this one

    with Server(("127.0.0.1", port), Relay) as relay:
        threading.Thread(target=relay.serve_forever).start()
        yield
        relay.shutdown()


@pytest.fixture(scope="module", params=["mail_server", "mail_stack"])
def provisioned(
    request: pytest.FixtureRequest, fresh: Callable[[str], LabInstance], tmp_path_factory: pytest.TempPathFactory
) -> Provisioned:
    instance = fresh(f"integration_authentication_{request.param}")
    return Provisioned(request.param, instance, tmp_path_factory.mktemp("authentication"))


def test_servers_are_provisioned_and_a_second_run_changes_nothing(provisioned: Provisioned) -> None:
    for name, result in provisioned.first.items():
        assert (name, result["failed"], result["changed"]) == (name, False, True), result
    for name, result in provisioned.again.items():
        assert (name, result["failed"], result["changed"], result["plan"]) == (name, False, False, []), result


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_canary_is_delivered(name: str, provisioned: Provisioned, lab: Lab) -> None:
    if name not in provisioned.tests:
        raise NotApplicable(f"the instance has no authentication {name}")
    smtp, identity = DELIVERIES[name]
    test = provisioned.tests[name]
    if test["message"].endswith("No such protocol"):
        raise NotApplicable("the instance cannot log in with certificates: No such protocol")
    if name == "cli":
        lab.needs_own_smtp_port()
    assert test["outcome"] == "ok", test["message"]
    assert test["canary"]["outcome"] == "ok", test["canary"]
    (record,) = [one for one in provisioned.accepted if one["message_id"] == test["canary"]["message_id"]]
    assert (record["server"], record["user"], record["rcpt_tos"]) == (smtp, identity, [RECIPIENT])
    assert (record["tls"] is None) == (name == "cli")


@pytest.fixture(scope="module")
def database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return a shared database; each test creates servers with its own names."""
    return fresh("integration_authentication")


# Changing the authentication of a record


@pytest.mark.parametrize("method", METHODS)
def test_switching_clears_the_credentials_of_the_former_authentication(
    method: str, database: LabInstance, lab: Lab
) -> None:
    name = f"switched to {method}"
    password = password_server(lab, "starttls", name=name)
    refresh_token, access_token, expiration = token_fields(method)
    apply(database, {"servers": [password]})
    assert stored(database, name)["smtp_pass"] == password["smtp_pass"]

    oauth2 = oauth2_server(lab, method, name=name, oauth2={"refresh_token": "token-made-up"})
    (step,) = [step for step in apply(database, {"servers": [oauth2]}) if step["resource"] == "mail_server"]
    assert step["action"] == "update"
    assert {"smtp_authentication", "smtp_pass", refresh_token} <= {change["field"] for change in step["changes"]}
    record = stored(database, name)
    assert (record["smtp_authentication"], record["smtp_pass"]) == (method, False)
    assert record[refresh_token] == "token-made-up"

    give_access_token(database, name, method, "access-token-made-up")
    (step,) = apply(database, {"servers": [password]})
    assert (step["resource"], step["action"]) == ("mail_server", "update")
    record = stored(database, name)
    assert (record["smtp_authentication"], record["smtp_pass"]) == ("login", password["smtp_pass"])
    assert [record[field] for field in (refresh_token, access_token, expiration)] == [False, False, 0]


def test_switching_between_providers_leaves_no_token_of_the_other(database: LabInstance, lab: Lab) -> None:
    for method in METHODS:
        server = oauth2_server(lab, method, name="switched over", oauth2={"refresh_token": f"{method}-token-made-up"})
        apply(database, {"servers": [server]})
    record = stored(database, "switched over")
    assert [record[field] for field in token_fields("gmail")] == [False, False, 0]
    assert record["microsoft_outlook_refresh_token"] == "outlook-token-made-up"


# Writing of secrets


def test_update_secrets(database: LabInstance, lab: Lab) -> None:
    def password_after(declared: str, **how: str) -> Any:
        apply(database, {"servers": [password_server(lab, "starttls", name="secrets", smtp_pass=declared, **how)]})
        return stored(database, "secrets")["smtp_pass"]

    assert password_after("first-made-up", update_secrets="on_create") == "first-made-up"
    assert password_after("second-made-up", update_secrets="on_create") == "first-made-up"
    assert password_after("second-made-up", update_secrets="always") == "second-made-up"
    assert password_after("third-made-up") == "third-made-up"
    write(database, "secrets", {"smtp_pass": False})
    assert password_after("fourth-made-up", update_secrets="on_create") == "fourth-made-up"


@pytest.mark.parametrize("update", ["always", "if_missing", None])
@pytest.mark.parametrize("method", METHODS)
def test_update_of_a_token(method: str, update: str | None, database: LabInstance, lab: Lab) -> None:
    """Google's token stays the same.

    Microsoft's does not: Odoo replaces it at each use, and the declared one would undo this.
    """
    name = f"{method}, {update}"
    how = {} if update is None else {"update": update}
    overwrites = (update or {"gmail": "always", "outlook": "if_missing"}[method]) == "always"

    def apply_token(token: str) -> list[dict[str, Any]]:
        return apply(
            database, {"servers": [oauth2_server(lab, method, name=name, oauth2={"refresh_token": token, **how})]}
        )

    apply_token("first-made-up")
    give_access_token(database, name, method, "access-token-made-up")
    done = apply_token("second-made-up")
    assert [step["action"] for step in done] == (["update"] if overwrites else [])
    record = stored(database, name)
    refresh_token, access_token, expiration = (record[field] for field in token_fields(method))
    if overwrites:
        assert (refresh_token, access_token, expiration) == ("second-made-up", False, 0)
    else:
        assert (refresh_token, access_token) == ("first-made-up", "access-token-made-up")


def test_a_missing_token_is_written(database: LabInstance, lab: Lab) -> None:
    apply(database, {"servers": [oauth2_server(lab, "outlook", name="late", oauth2={})]})
    apply(database, {"servers": [oauth2_server(lab, "outlook", name="late", oauth2={"refresh_token": "late-made-up"})]})
    assert stored(database, "late")["microsoft_outlook_refresh_token"] == "late-made-up"


# Servers without consent


@pytest.mark.parametrize("method", METHODS)
def test_without_a_token_there_is_a_link_to_open(method: str, database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    name = f"to connect with {method}"
    server = oauth2_server(lab, method, name=name, oauth2={})
    required = oauth2_server(lab, method, name=name, oauth2={"required": True})
    tasks = {
        "server": {"postmaster.odoo.mail_server": server},
        "again": {"postmaster.odoo.mail_server": server},
        "info": {"postmaster.odoo.mail_server_info": {"name": name}},
        "stack": {"postmaster.odoo.mail_stack": {"servers": [server]}},
        "required": {"postmaster.odoo.mail_server": required},
        "required in a stack": {"postmaster.odoo.mail_stack": {"servers": [required]}},
    }
    results = run_tasks(database, tmp_path, tasks)
    assert [name for name, result in results.items() if result["failed"]] == ["required", "required in a stack"]
    assert results["again"]["changed"] is False
    (connection,) = results["stack"]["connections"]
    (information,) = results["info"]["mail_servers"]
    assert connection["key"] == name
    for told in (results["server"], results["again"], results["server"]["record"], connection, information):
        assert told["connected"] is False
        query = parse_qs(urlsplit(told["authorize_url"]).query)
        assert query["client_id"] == [f"{method}-client-id"]
        assert query["redirect_uri"][0].endswith(f"/{PREFIX[method]}/confirm")
    for failing in ("required", "required in a stack"):
        assert repr(name) in results[failing]["msg"]
        assert information["authorize_url"] in results[failing]["msg"]

    write(database, name, {f"{PREFIX[method]}_refresh_token": "token-made-up"})
    results = run_tasks(database, tmp_path, tasks)
    assert [name for name, result in results.items() if result["failed"] or result["changed"]] == []
    (connection,) = results["stack"]["connections"]
    (information,) = results["info"]["mail_servers"]
    for told in (results["required"], connection, information):
        assert (told["connected"], told["authorize_url"]) == (True, None)


def test_a_new_server_that_must_be_connected_has_a_link_too(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    """The first run creates the record that the link is for, and still fails."""
    server = oauth2_server(lab, "gmail", name="must be connected", oauth2={"required": True})
    result = run_task(database, tmp_path, "mail_server", server)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "https://accounts.google.com/" in result["msg"]
    assert result["connected"] is False
    assert result["authorize_url"] in result["msg"]


def test_the_consent_of_other_servers_is_not_read(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    result = run_task(database, tmp_path, "mail_server", password_server(lab, "starttls", name="no question"))
    assert (result["connected"], result["authorize_url"], result["verification"]) == (None, None, None)


def test_odoos_own_service_is_named_if_there_is_no_client(
    fresh: Callable[[str], LabInstance], lab: Lab, tmp_path: Path
) -> None:
    """Odoo 19 then uses its own service, and sends the token to it. The user must learn this in advance."""
    instance = fresh("integration_authentication_iap")
    with instance.session() as session:
        if not all(OAUTH2_METHODS[method].has_iap(session.fields("ir.mail_server")) for method in METHODS):
            raise NotApplicable("the instance has no service of Odoo's own for tokens")
    servers = [oauth2_server(lab, method, oauth2={"refresh_token": "token-made-up"}) for method in METHODS]
    for server in servers:
        server["oauth2"] = {"refresh_token": "token-made-up"}
    result = run_task(instance, tmp_path, "mail_stack", {"servers": servers})
    assert result["failed"] is False, result
    for method in METHODS:
        assert any(f"{method}.api.odoo.com" in warning for warning in result["warnings"]), result["warnings"]


# Rules of each authentication


def test_all_problems_are_reported_at_once_and_nothing_is_written(
    database: LabInstance, lab: Lab, tmp_path: Path
) -> None:
    before = database.fingerprint()
    wrong: dict[str, tuple[Options, tuple[str, ...]]] = {
        "wrong gmail": (
            {"smtp_authentication": "gmail", "smtp_encryption": "ssl", "smtp_pass": "made-up"},
            ("smtp_pass", "smtp_user", "starttls"),
        ),
        "wrong outlook": (
            {"smtp_authentication": "outlook", "smtp_encryption": "starttls_strict"},
            ("smtp_user", "starttls"),
        ),
        "wrong certificate": (
            {"smtp_authentication": "certificate", "smtp_encryption": "none"},
            ("smtp_encryption", "smtp_ssl_certificate", "smtp_ssl_private_key"),
        ),
    }
    servers = [{"name": name, **options} for name, (options, _words) in wrong.items()]
    stack = {
        "parameters": {"postmaster.test": "not to be written"},
        "servers": [password_server(lab, "ssl", name="nothing wrong"), *servers],
    }
    result = run_task(database, tmp_path, "mail_stack", stack)
    assert (result["failed"], result["error_kind"], result["changed"], result["plan"]) == (True, "invalid", False, [])
    message = result["msg"]
    assert "nothing wrong" not in message
    starts = [message.index(name) for name in wrong]  # it accepts one after the other
    for start, end, (_options, words) in zip(starts, [*starts[1:], len(message)], wrong.values(), strict=True):
        assert [word for word in words if word not in message[start:end]] == [], message
    assert database.fingerprint() == before


def test_rules_apply_to_declared_values_over_stored_values(database: LabInstance, lab: Lab, tmp_path: Path) -> None:
    apply(database, {"servers": [oauth2_server(lab, "gmail", name="ruled", oauth2={"refresh_token": "token-made-up"})]})
    before = database.fingerprint()
    result = run_task(database, tmp_path, "mail_server", {"name": "ruled", "smtp_encryption": "ssl"})
    assert (result["failed"], result["error_kind"]) == (True, "invalid")
    assert "'ruled'" in result["msg"]
    assert "starttls" in result["msg"]
    assert database.fingerprint() == before
