# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider of OAuth2 tokens, which Odoo uses instead of Microsoft."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class TokenEndpoint:
    """A stricter provider than Microsoft: a refresh token expires when it is used.

    :ivar clients: the secret of each client, by its id.
    :ivar valid: the refresh tokens that it accepts.
    :ivar asked: the number of requests.
    """

    def __init__(self, access_token: str, clients: Mapping[str, str]) -> None:
        self.access_token = access_token
        self.clients = dict(clients)
        self.valid: set[str] = set()
        self.asked = 0
        self._given = 0

    def consent(self) -> str:
        """Return a refresh token as if a user had given consent."""
        self._given += 1
        token = f"refresh-token-{self._given}-made-up"
        self.valid.add(token)
        return token

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        if self.clients.get(form["client_id"]) != form["client_secret"]:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.",
            }
        if form["refresh_token"] not in self.valid:
            return 400, {
                "error": "invalid_grant",
                "error_description": "AADSTS70000: The refresh token was used before.",
            }
        self.valid.remove(form["refresh_token"])
        tokens = {"refresh_token": self.consent(), "access_token": self.access_token, "id_token": "none"}
        return 200, {**tokens, "expires_in": 3600}

    @contextmanager
    def served(self) -> Iterator[str]:
        """Answer requests during the context; return the URL for the system parameter `microsoft_outlook.endpoint`."""
        with ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,)).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, answer = endpoint.answer({name: values[0] for name, values in form.items()})
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing."""

        return Handler
