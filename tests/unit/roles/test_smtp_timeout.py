# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role `smtp_timeout`: its variables, and its Odoo addon on imitations of Odoo's mail servers and of silent
sockets.

The integration tests run the addon on a real Odoo 19. Here a minimal imitation plays Odoo's part. It contains the
method that connects, under the name that each series uses, with and without the class that wraps a connection.
"""

from __future__ import annotations

import ast
import importlib
import re
import smtplib
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from operator import attrgetter
from pathlib import Path
from threading import Barrier, Thread
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.tests.unit.local_server import listening

ROLE = Path(__file__).resolve().parents[3] / "roles" / "smtp_timeout"
ADDON = ROLE / "files" / "mail_smtp_timeout"

ODOOS_OWN = 60
MARGIN = 5  # seconds that a busy machine may take in addition to waiting; Odoo's own timeout is much longer

MailServer = SimpleNamespace


class Model:
    """A model's class: its empty record, whose fields are false, and records by id."""

    records: ClassVar[dict[int, MailServer]]
    smtp_timeout = 0

    def sudo(self) -> Model:
        return self

    def browse(self, ids: Any) -> Any:
        return self.records[ids] if ids else Model()


def likeness(method: str, *, wrapped: bool) -> ModuleType:
    """Odoo's module `ir_mail_server`, with a class whose `method` connects.

    :param wrapped: a class of the module calls smtplib, not the method itself.
    """
    module = ModuleType("odoo.addons.base.models.ir_mail_server")
    module.smtplib = smtplib
    module.meanwhile = lambda: None  # between the choice of a server and the connection to it

    def connection_to(host: str, port: int, encryption: str) -> Any:
        if encryption == "ssl":
            return module.smtplib.SMTP_SSL(host, port, timeout=ODOOS_OWN, context=ssl.create_default_context())
        return module.smtplib.SMTP(host, port, timeout=ODOOS_OWN)

    class SMTPConnection:
        def __init__(self, *where: Any) -> None:
            self.__obj__ = connection_to(*where)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.__obj__, name)

    class MailServers(Model):
        _name = "ir.mail_server"
        configured = ("", 0)  # by odoo.conf

        def _find_mail_server(self, smtp_from: str | None) -> tuple[MailServer | None, str | None]:
            fitting = (server for server in self.records.values() if smtp_from in server.senders)
            return next(fitting, None), smtp_from

    def connect(
        self: Any,
        host: str | None = None,
        port: int | None = None,
        smtp_from: str | None = None,
        mail_server_id: int | None = None,
    ) -> Any:
        server = None
        if mail_server_id:
            server = self.sudo().browse(mail_server_id)
        elif not host:
            server, smtp_from = self.sudo()._find_mail_server(smtp_from)
        where = (host, port, "none") if host else (*self.configured, "none")
        if server:
            where = (server.smtp_host, server.smtp_port, server.smtp_encryption)
        module.meanwhile()
        return SMTPConnection(*where) if wrapped else connection_to(*where)

    setattr(MailServers, method, connect)
    module.MailServers = MailServers
    return module


@pytest.fixture(
    params=[("connect", False), ("connect", True), ("_connect__", False)],
    ids=["connect", "connect with a wrapper, up to 18.0", "_connect__, from 19.0 on"],
)
def odoo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return an Odoo with the addon, and a database without it in the same process."""
    method, wrapped = request.param
    original = likeness(method, wrapped=wrapped)
    addon = imported(original, monkeypatch)

    class Without(original.MailServers):
        records: ClassVar[dict[int, MailServer]] = {}

    class With(addon.models.ir_mail_server.IrMailServer, Without):  # as Odoo combines the classes of a model
        pass

    return SimpleNamespace(
        records=Without.records,
        model=With(),
        connect=getattr(With(), method),
        connect_without=getattr(Without(), method),
        configure=lambda url: setattr(Without, "configured", address(url)),
        smtplib=addon.timeouts,
        names=set(vars(addon.models.ir_mail_server.IrMailServer)),
        module=original,
    )


def imported(original: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the addon, imported with this module of Odoo."""
    packages = {name: ModuleType(name) for name in ("odoo", "odoo.addons", "odoo.addons.base")}
    packages["odoo"].__dict__.update(
        _=lambda text, **values: text % values,
        api=SimpleNamespace(constrains=lambda *_fields: lambda method: method),
        fields=SimpleNamespace(Integer=lambda **attributes: attributes["default"]),
        models=SimpleNamespace(Model=Model),
    )
    models, exceptions = ModuleType("odoo.addons.base.models"), ModuleType("odoo.exceptions")
    models.ir_mail_server, exceptions.ValidationError = original, ValueError
    for module in (*packages.values(), models, exceptions, original):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in [name for name in sys.modules if name.split(".")[0] == ADDON.name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the role would copy it
    monkeypatch.syspath_prepend(str(ADDON.parent))
    return importlib.import_module(ADDON.name)


def address(url: str) -> tuple[str, int]:
    host, _colon, port = url.rpartition("/")[2].rpartition(":")
    return host, int(port)


def mail_server(url: str, seconds: float, *senders: str, encryption: str = "none") -> MailServer:
    host, port = address(url)
    server = MailServer(
        display_name="Acme",
        smtp_host=host,
        smtp_port=port,
        smtp_encryption=encryption,
        smtp_timeout=seconds,
        senders=senders,
    )
    server.sudo = lambda: server
    return server


REPLIES = {
    "greeting": "220 ready",
    "EHLO": "250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN",
    "STARTTLS": "220 go on",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
}


def converse(connection: socket.socket, silent_at: str) -> None:
    """Run an SMTP server that answers all commands except one, until the client disconnects."""

    def answer(command: str) -> None:
        if command in REPLIES and command != silent_at:
            connection.sendall(REPLIES[command].encode() + b"\r\n")

    with connection, suppress(OSError):
        answer("greeting")
        for line in connection.makefile("rb"):
            answer(re.split(rb"\s", line)[0].decode(errors="replace").upper())


@pytest.fixture(scope="module")
def smtp() -> Iterator[Callable[[str], str]]:
    """Return a function that starts SMTP servers that are silent at a command.

    Each server accepts many connections at once. The function returns the URL of a server.
    """
    with ExitStack() as servers:

        def start(silent_at: str) -> str:
            def begin(connection: socket.socket) -> None:
                Thread(target=converse, args=(connection.dup(), silent_at), daemon=True).start()

            return servers.enter_context(listening(begin))

        yield start


@pytest.fixture(scope="module")
def silent(smtp: Callable[[str], str]) -> str:
    """Return a server that accepts connections and never sends anything."""
    return smtp("greeting")


@pytest.fixture(scope="module")
def talking(smtp: Callable[[str], str]) -> str:
    """Return a server that answers everything."""
    return smtp("nothing")


def timeout_of(connection: Any) -> float | None:
    """Return the timeout of its socket after the connection is established."""
    with connection.sock:
        return connection.sock.gettimeout()


def seconds_until_timeout(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected), match="timed out"):
        action()
    return time.monotonic() - started


@pytest.mark.parametrize("encryption", ["none", "ssl"])
def test_the_timeout_of_a_silent_server_is_its_value(odoo: SimpleNamespace, silent: str, encryption: str) -> None:
    odoo.records[1] = mail_server(silent, 0.2, encryption=encryption)
    assert 0.2 <= seconds_until_timeout(lambda: odoo.connect(mail_server_id=1)) < MARGIN


@pytest.mark.parametrize("how", ["named", "found"])
def test_servers_that_are_used_at_the_same_time_keep_their_own_timeouts(
    odoo: SimpleNamespace, talking: str, how: str
) -> None:
    """Every thread has chosen its server before the first one connects."""
    servers = [mail_server(talking, number, f"{number}@acme.example") for number in range(1, 9)]
    odoo.records.update(enumerate(servers, start=1))
    odoo.module.meanwhile = Barrier(len(servers)).wait

    def connect(number: int) -> float | None:
        named = {"mail_server_id": number}
        return timeout_of(odoo.connect(**named if how == "named" else {"smtp_from": f"{number}@acme.example"}))

    with ThreadPoolExecutor(len(servers)) as threads:
        assert list(threads.map(connect, odoo.records)) == [*odoo.records]


def test_silent_servers_that_are_used_at_the_same_time(odoo: SimpleNamespace, silent: str) -> None:
    odoo.records.update({1: mail_server(silent, 0.2), 2: mail_server(silent, 0.8)})
    odoo.module.meanwhile = Barrier(2).wait
    with ThreadPoolExecutor(2) as threads:
        short, long = threads.map(
            lambda number: seconds_until_timeout(lambda: odoo.connect(mail_server_id=number)), odoo.records
        )
    assert 0.2 <= short < long
    assert 0.8 <= long < MARGIN


def test_a_server_that_odoo_finds_by_the_sender(odoo: SimpleNamespace, talking: str) -> None:
    odoo.records[1] = mail_server(talking, 7, "a@acme.example")
    assert timeout_of(odoo.connect(smtp_from="a@acme.example")) == 7


def test_without_a_mail_server_nothing_changes(odoo: SimpleNamespace, talking: str) -> None:
    odoo.records[1] = mail_server(talking, 7, "a@acme.example")
    odoo.configure(talking)
    assert timeout_of(odoo.connect(*address(talking), smtp_from="a@acme.example")) == ODOOS_OWN
    assert timeout_of(odoo.connect(smtp_from="b@acme.example")) == ODOOS_OWN


def test_a_server_without_a_value_has_odoos_timeout(odoo: SimpleNamespace, talking: str) -> None:
    """Neutralization creates one by SQL, without the field's default."""
    odoo.records[1] = mail_server(talking, 0, "a@acme.example")
    assert timeout_of(odoo.connect(mail_server_id=1)) == ODOOS_OWN
    assert timeout_of(odoo.connect(smtp_from="a@acme.example")) == ODOOS_OWN


def test_a_named_server_takes_precedence_over_one_that_is_found_meanwhile(odoo: SimpleNamespace, talking: str) -> None:
    odoo.records.update({1: mail_server(talking, 7), 2: mail_server(talking, 8, "a@acme.example")})
    with odoo.smtplib.connecting(odoo.records[1].smtp_timeout):
        odoo.model._find_mail_server("a@acme.example")
        assert timeout_of(odoo.module.smtplib.SMTP(*address(talking), timeout=ODOOS_OWN)) == 7


def test_nothing_of_a_connection_is_kept(odoo: SimpleNamespace, silent: str, talking: str) -> None:
    odoo.records.update({1: mail_server(silent, 0.1), 2: mail_server(talking, 7, "a@acme.example")})
    seconds_until_timeout(lambda: odoo.connect(mail_server_id=1))
    assert odoo.module.smtplib.SMTP is smtplib.SMTP
    odoo.model._find_mail_server("a@acme.example")
    assert odoo.module.smtplib.SMTP is smtplib.SMTP
    assert timeout_of(odoo.connect(*address(talking))) == ODOOS_OWN


def test_a_database_without_the_addon_is_not_affected(odoo: SimpleNamespace, talking: str) -> None:
    odoo.records[1] = mail_server(talking, 7, "a@acme.example")
    assert timeout_of(odoo.connect_without(mail_server_id=1)) == ODOOS_OWN
    assert timeout_of(odoo.connect_without(smtp_from="a@acme.example")) == ODOOS_OWN


def test_everything_else_is_that_of_smtplib(odoo: SimpleNamespace) -> None:
    assert odoo.module.smtplib is odoo.smtplib
    for name in smtplib.__all__:
        assert getattr(odoo.module.smtplib, name) is getattr(smtplib, name)
    assert "SMTP_SSL" in odoo.module.smtplib.__all__  # Odoo reads this
    with pytest.raises(AttributeError, match="no_such_name"):
        attrgetter("no_such_name")(odoo.module.smtplib)
    with odoo.smtplib.connecting(7):
        assert odoo.module.smtplib.SMTPException is smtplib.SMTPException


def test_replaced_classes_of_smtplib_are_used(odoo: SimpleNamespace, talking: str) -> None:
    """Tests of Odoo and of other addons do this."""
    odoo.records[1] = mail_server(talking, 7)
    with mock.patch("smtplib.SMTP") as replaced:
        odoo.connect(mail_server_id=1)
    replaced.assert_called_once_with(*address(talking), timeout=7)
    with mock.patch.object(odoo.module.smtplib, "SMTP") as replaced:
        odoo.connect(mail_server_id=1)
    replaced.assert_called_once_with(*address(talking), timeout=ODOOS_OWN)
    assert timeout_of(odoo.connect(mail_server_id=1)) == 7


def send(connection: smtplib.SMTP, *, tls: bool) -> None:
    connection.ehlo()
    if tls:
        connection.starttls()
    connection.login("user", "made-up")
    connection.mail("a@acme.example")
    connection.rcpt("b@acme.example")
    connection.data(b"Subject: x\r\n\r\nx")


@pytest.mark.parametrize("command", [*REPLIES, "the TLS handshake"][1:])
def test_the_timeout_applies_to_every_reply(odoo: SimpleNamespace, smtp: Callable[[str], str], command: str) -> None:
    odoo.records[1] = mail_server(smtp(command), 0.5)  # enough for all earlier replies, also of a busy machine
    connection = odoo.connect(mail_server_id=1)
    assert 0.5 <= seconds_until_timeout(lambda: send(connection, tls="TLS" in command)) < MARGIN
    connection.close()


def test_less_than_a_second_is_refused(odoo: SimpleNamespace) -> None:
    check = type(odoo.model)._check_smtp_timeout
    check([mail_server("smtp://acme.example:25", 1)])
    with pytest.raises(ValueError, match="Acme is 0 seconds: it must be at least 1"):
        check([mail_server("smtp://acme.example:25", 0)])


def test_only_the_method_of_this_odoo_is_defined(odoo: SimpleNamespace, request: pytest.FixtureRequest) -> None:
    """A public `connect` on an Odoo that has none could be called over RPC."""
    assert odoo.names & {"connect", "_connect__"} == {odoo.connect.__name__}


def test_an_odoo_that_connects_differently_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportError, match="does not support this version of Odoo"):
        imported(likeness("connect_somehow", wrapped=False), monkeypatch)


@pytest.mark.parametrize("file", sorted(ADDON.rglob("*.py")), ids=lambda file: str(file.relative_to(ADDON)))
def test_the_python_of_odoo_16_can_parse_it(file: Path) -> None:
    ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_roles_variables_are_the_connections_options() -> None:
    specification = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    variables = {
        name: {what: said for what, said in variable.items() if what in ("type", "choices", "default", "no_log")}
        for name, variable in specification["argument_specs"]["main"]["options"].items()
        if name.startswith("odoo_")
    }
    options = {
        f"odoo_{name}": {what: said for what, said in option.items() if what not in ("fallback", "required")}
        for name, option in connection_arguments().items()
    }
    assert variables == options
