# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to Odoo: a few TCP connections, verified TLS, and proxies, with a small server that forwards to the
lab's Odoo.
"""

from __future__ import annotations

import base64
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.side_by_side import CONNECTIONS
from instance import TRANSPORTS, LabInstance
from lab import Lab

STACK = {
    "servers": [{"name": "Transactional", "smtp_host": "smtp.invalid", "smtp_port": 25}],
    "parameters": {"postmaster.test": "1"},
}


class Forwarder(ThreadingHTTPServer):
    """Forwards requests to Odoo, as a reverse proxy or as a proxy, and records them.

    :param certificate: serve TLS with it.
    :param keeps_alive: whether a connection may be used again.
    :param credentials: require them as a proxy does.
    """

    daemon_threads = True

    def __init__(
        self, odoo: str, certificate: Path | None = None, *, keeps_alive: bool = True, credentials: str | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.odoo = urlsplit(odoo).netloc
        self.keeps_alive = keeps_alive
        self.credentials = credentials
        self.connections = 0
        self.requests: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls:
            self._tls.load_cert_chain(certificate)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with suppress(OSError):  # a client may disconnect early
            connection = self._tls.wrap_socket(request, server_side=True) if self._tls else request
            super().finish_request(connection, client_address)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Forwarder

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""

    def _is_refused(self) -> bool:
        self.server.requests.append(f"{self.command} {self.path}")
        wanted = self.server.credentials
        if (
            wanted is None
            or self.headers["Proxy-Authorization"] == "Basic " + base64.b64encode(wanted.encode()).decode()
        ):
            return False
        self.send_response(407)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self._is_refused():
            return
        upstream = http.client.HTTPConnection(self.server.odoo)
        headers = {name: self.headers[name] for name in self.headers if name.lower() not in ("host", "connection")}
        upstream.request(self.command, urlsplit(self.path)._replace(scheme="", netloc="").geturl(), body, headers)
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        if not self.server.keeps_alive:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def do_CONNECT(self) -> None:
        if self._is_refused():
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as upstream:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            ends = {self.connection: upstream, upstream: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)


@contextmanager
def running(forwarder: Forwarder) -> Iterator[Forwarder]:
    thread = threading.Thread(target=forwarder.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield forwarder
    finally:
        forwarder.shutdown()
        forwarder.server_close()


@pytest.fixture(scope="module")
def odoo(fresh: Callable[[str], LabInstance]) -> LabInstance:
    database = fresh("integration_http")
    database.enforce(STACK)
    return database


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start(odoo: LabInstance, lab: Lab) -> Iterator[Callable[..., Forwarder]]:
    """Return a function that starts a forwarder; `certificate` is the name of one of the lab's."""

    def forwarder(certificate: str | None = None, **how: Any) -> Forwarder:
        path = lab.layout.certificates / f"{certificate}.pem" if certificate else None
        return stack.enter_context(running(Forwarder(odoo.url, path, **how)))

    with ExitStack() as stack:
        yield forwarder


def check(odoo: LabInstance, transport: str = "auto", **connection: Any) -> int:
    """Run a check that finds no drift, and return the number of its requests."""
    with connect(**odoo.options(transport) | connection, read_only=True) as session:
        assert enforce_stack(session, read_declared_stack(STACK, RunOptions()), RunOptions()).plan == ()
        return len(session.calls) + (2 if session.transport.name == "jsonrpc" else 1)


def error(odoo: LabInstance, **connection: Any) -> str:
    with pytest.raises(OdooError) as raised:
        check(odoo, **connection)
    assert isinstance(raised.value, Unreachable)
    return raised.value.message


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("certificate", [None, "trusted"])
def test_a_check_keeps_a_few_connections_open(
    transport: str, certificate: str | None, odoo: LabInstance, start: Callable[..., Forwarder], lab: Lab
) -> None:
    server = start(certificate)
    sent = check(odoo, transport, url=server.url, ca_path=lab.description["smtp"]["ca"])
    assert len(server.requests) == sent
    # A user who has logged in before does so while another connection asks for the version.
    assert 1 < server.connections <= min(CONNECTIONS + 1, sent - 1)


def test_a_server_that_disconnects_after_each_answer(odoo: LabInstance, start: Callable[..., Forwarder]) -> None:
    server = start(keeps_alive=False)
    sent = check(odoo, url=server.url)
    assert server.connections == len(server.requests) == sent


def test_a_certificate_is_verified(odoo: LabInstance, start: Callable[..., Forwarder], lab: Lab) -> None:
    ca = lab.description["smtp"]["ca"]
    server = start("trusted")
    message = error(odoo, url=server.url)
    for words in (server.url, "not trusted", "ca_path", "validate_certs"):
        assert words in message
    assert server.requests == []
    check(odoo, url=server.url, ca_path=ca)
    check(odoo, url=server.url, validate_certs=False)
    assert "not trusted" in error(odoo, url=start("untrusted").url, ca_path=ca)
    assert "expired" in error(odoo, url=start("expired").url, ca_path=ca)
    assert "mismatch" in error(odoo, url=start("misnamed").url, ca_path=ca)


def test_http_through_a_proxy(odoo: LabInstance, start: Callable[..., Forwarder]) -> None:
    proxy = start()
    sent = check(odoo, proxy=proxy.url)
    assert len(proxy.requests) == sent
    assert all(f" {odoo.url}/" in request for request in proxy.requests)
    assert 1 < proxy.connections <= CONNECTIONS


def test_https_through_a_proxy(odoo: LabInstance, start: Callable[..., Forwarder], lab: Lab) -> None:
    proxy, server = start(), start("trusted")
    sent = check(odoo, url=server.url, proxy=proxy.url, ca_path=lab.description["smtp"]["ca"])
    assert set(proxy.requests) == {f"CONNECT localhost:{server.server_port}"}
    assert len(server.requests) == sent
    assert server.connections == len(proxy.requests) <= CONNECTIONS


def test_a_proxy_that_requires_credentials(odoo: LabInstance, start: Callable[..., Forwarder], lab: Lab) -> None:
    proxy, server = start(credentials="me:made up"), start("trusted")
    known = proxy.url.replace("//", "//me:made%20up@")
    unknown = proxy.url.replace("//", "//me:wrong-made-up@")
    check(odoo, proxy=known)
    check(odoo, url=server.url, proxy=known, ca_path=lab.description["smtp"]["ca"])
    for url in (odoo.url, server.url):
        message = error(odoo, url=url, proxy=unknown)
        assert url in message
        assert "407" in message
        assert "made-up" not in message


def test_the_proxy_of_the_environment(
    odoo: LabInstance, start: Callable[..., Forwarder], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = start(), start("trusted")
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    check(odoo)
    assert proxy.requests
    proxy.requests.clear()
    check(odoo, url=server.url, ca_path=lab.description["smtp"]["ca"])
    assert set(proxy.requests) == {f"CONNECT localhost:{server.server_port}"}
    proxy.requests.clear()
    check(odoo, proxy="")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    check(odoo)
    assert proxy.requests == []


def test_a_missing_proxy(odoo: LabInstance) -> None:
    message = error(odoo, proxy="http://127.0.0.1:1")
    assert odoo.url in message
    assert "proxy 127.0.0.1:1" in message
