# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on the loopback that a test scripts, and that record their requests."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection


class Request(NamedTuple):
    """A request that a server received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Answer(NamedTuple):
    """The answer of a server. A body that is not bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class LocalServer:
    """An HTTP/1.1 server that keeps connections open."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda _request: Answer()

    @property
    def connections(self) -> int:
        """The number of connections of the requests."""
        return len({request.client for request in self.requests})


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[LocalServer]:
    """Run a server for as long as the context lasts. It is also a proxy: it accepts absolute URIs and CONNECT."""
    local = LocalServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers), body, self.client_address)
            local.requests.append(request)
            answer = local.answer(request)
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response_only(answer.status)
            if not isinstance(answer.body, bytes):
                self.send_header("Content-Type", "application/json; charset=utf-8")
            for name, value in (("Content-Length", str(len(content))), *answer.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_CONNECT(self) -> None:
            local.requests.append(Request("CONNECT", self.path, dict(self.headers), b"", self.client_address))
            host, _colon, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                self.send_response_only(200)
                self.end_headers()
                back = threading.Thread(target=_copy, args=(target, self.connection))
                back.start()
                _copy(self.connection, target)
                back.join()
            self.close_connection = True

        def log_message(self, *_what: Any) -> None:
            """Log nothing: tests examine `requests`."""

    class Server(ThreadingHTTPServer):
        block_on_close = False

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

        def handle_error(self, *_what: Any) -> None:
            """Ignore disconnections of clients."""

    with Server(("127.0.0.1", 0), Handler) as server:
        local.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield local
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def listening(script: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server without a protocol, and return its URL.

    `script` is called with each connection, in a separate thread.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                script(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _address = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def closed_port() -> int:
    """Return a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def http_to(local: LocalServer, path: str = "", **options: Any) -> HttpConnection:
    """Return a connection to a server."""
    return HttpConnection(local.url + path, proxy=options.pop("proxy", ""), **options)


def asked(http: HttpConnection, path: str = "/x", body: bytes | None = None) -> bytes:
    """Return the server's answer to one request."""
    return http.request("GET" if body is None else "POST", path, body, {}).body
