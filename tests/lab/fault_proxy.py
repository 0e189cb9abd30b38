"""A proxy before an Odoo that counts the calls of a client, and interrupts the connection at one of them.

    with FaultProxy(odoo_url) as proxy:
        proxy.cut(3, "after")  # Odoo performs the third call, and its answer is lost
        ...                    # a client that uses proxy.url
        proxy.heal()

With a round-trip time it is also a slow link: each new connection costs one round trip, and each request another.

An interruption before a call is a lost request: Odoo does not receive it. An interruption after a call is a lost
answer. A lasting interruption resembles a client that was killed: no further request arrives until `heal`.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

When = Literal["before", "after"]

# Headers that belong to one connection and not to the message (RFC 9110 §7.6.1).
_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
_SECONDS = 600.0


class FaultProxy:
    """Forwards HTTP to one Odoo.

    :param round_trip: seconds that each new connection takes, and each request.
    :param keeps_open: whether a connection may be used again, as with a reverse proxy. An Odoo without one hangs up after each answer.
    :ivar requests: the number of all requests. :ivar connections: the number of all connections.
    :ivar calls: the calls of JSON-RPC, of JSON-2 and of the web client since the last `cut` or `heal`, each as `model.method`. Other requests are not
        counted.
    """

    def __init__(self, odoo_url: str, *, round_trip: float = 0.0, keeps_open: bool = True) -> None:
        self.calls: list[str] = []
        self.requests = 0
        self.connections = 0
        self._round_trip = round_trip
        self._keeps_open = keeps_open
        self._odoo = urlsplit(odoo_url)
        self._lock = threading.Lock()
        self._number = 0
        self._when: When = "before"
        self._lasting = False
        self._is_down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Return the URL of the proxy for clients."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def cut(self, number: int, when: When, *, lasting: bool = False) -> None:
        """Interrupt the connection at one call.

        :param number: the number of the call, from 1 on from now. :param lasting: all other requests are lost too,
        until `heal`.
        """
        with self._lock:
            self.calls.clear()
            self._number, self._when, self._lasting, self._is_down = number, when, lasting, False

    def heal(self) -> None:
        """Transport everything again, and count from 1."""
        self.cut(0, "before")

    def _arrives(self, call: str | None) -> tuple[bool, bool]:
        """Record a request; return whether it reaches Odoo, and whether its answer reaches the client."""
        with self._lock:
            self.requests += 1
            if self._is_down:
                return False, False
            if call is None:
                return True, True
            self.calls.append(call)
            if len(self.calls) != self._number:
                return True, True
            self._is_down = self._lasting
            return self._when == "after", False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                proxy._accept()
                super().setup()

            def do_GET(self) -> None:
                proxy._forward(self)

            def do_POST(self) -> None:
                proxy._forward(self)

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing."""

        return Handler

    def _accept(self) -> None:
        with self._lock:
            self.connections += 1
        time.sleep(self._round_trip)

    def _forward(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        time.sleep(self._round_trip)
        reaches_odoo, reaches_client = self._arrives(_call(request.command, request.path, body))
        if reaches_odoo:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            odoo = http.client.HTTPConnection(self._odoo.hostname or "", self._odoo.port, timeout=_SECONDS)
            odoo.request(request.command, request.path, body, headers)
            answer = odoo.getresponse()
            content = answer.read()
            odoo.close()
        # Meanwhile a call of another connection may have interrupted this client.
        if not reaches_client or self._is_down:
            request.close_connection = True
            return
        request.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in (*_OF_THE_CONNECTION, "content-length"):
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        if not self._keeps_open:
            request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(content)


def _call(method: str, path: str, body: bytes) -> str | None:
    """Return the call that a request makes, as `model.method`; None if it makes none."""
    if method == "POST" and path.startswith("/json/2/"):
        return path.removeprefix("/json/2/").replace("/", ".")
    if method == "POST" and path.startswith("/web/dataset/call_kw/"):
        return path.removeprefix("/web/dataset/call_kw/").replace("/", ".")
    if method == "POST" and path in ("/web/session/authenticate", "/web/session/destroy"):
        return path.removeprefix("/web/").replace("/", ".")
    if method != "POST" or path != "/jsonrpc":
        return None
    parameters = json.loads(body)["params"]
    if parameters["service"] != "object":
        return f"{parameters['service']}.{parameters['method']}"
    model, called = parameters["args"][3:5]
    return f"{model}.{called}"
