# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated Odoo that answers in HTTP and JSON, so that a test can change its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http.client import HTTPMessage
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection, Response
from ansible_collections.postmaster.odoo.tests.unit.hostile.mutations import Answer
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.refusals import ServerError

_DATE = formatdate(usegmt=True)


class AnsweringOdoo:
    """Answers requests of both transports from a simulated instance.

    :param change: called with the number of the answer and the answer; returns the answer to give.
    """

    def __init__(self, odoo: SimulatedOdoo, change: Callable[[int, Answer], Answer] = lambda _number, it: it) -> None:
        self.odoo = odoo
        self.answers = 0
        self._change = change

    def connection(self, base_url: str, **options: Any) -> HttpConnection:
        """Return a connection whose requests never leave the process. Only the socket is simulated."""
        http = HttpConnection(base_url, **{**options, "proxy": ""})
        http._exchange = self._exchange  # type: ignore[method-assign]  # in the place of the socket
        return http

    def _exchange(self, _method: str, path: str, body: bytes | None, _headers: Mapping[str, str]) -> Response:
        self.answers += 1
        answer = self._change(self.answers, self._answer(path, json.loads(body or b"{}")))
        headers = HTTPMessage()
        for name, value in answer.headers.items():
            headers[name] = value
        return Response(answer.status, headers, answer.body)

    def _answer(self, path: str, request: dict[str, Any]) -> Answer:
        if path == "/web/webclient/version_info":
            return _answer({"result": {"server_version": self.odoo.facts.version}})
        if path.startswith("/json/2/"):
            model, method = path.split("/")[3:]
            try:
                return _answer(self.odoo.execute(model, method, request.pop("ids", None), request))
            except OdooError as error:
                return _answer(_as_sent(error), status=422)
        if path == "/json/version":
            return _answer({"version": self.odoo.facts.version})
        parameters = request["params"]
        if path.startswith("/web/session/"):
            return _answer({"result": {"uid": 2}})
        if parameters["method"] == "login":
            return _answer({"result": 2})
        if path.startswith("/web/dataset/call_kw/"):
            model, method, positional, named = (parameters[name] for name in ("model", "method", "args", "kwargs"))
        else:
            _database, _uid, _password, model, method, positional, named = parameters["args"]
        named = dict(named)
        positional = list(positional)
        if method == "create":
            named["vals_list"] = positional.pop()
        if method == "write":
            named["vals"] = positional.pop()
        try:
            return _answer({"result": self.odoo.execute(model, method, positional[0] if positional else None, named)})
        except OdooError as error:
            return _answer({"error": {"code": 200, "message": "Odoo Server Error", "data": _as_sent(error)}})


def _as_sent(error: OdooError) -> dict[str, str]:
    """Return an error of the simulation as Odoo sends it."""
    raised = error.__context__
    if isinstance(raised, ServerError):
        return {"name": raised.name, "message": raised.message}
    return {"name": "odoo.exceptions.UserError", "message": error.message}


def _answer(content: Any, status: int = 200) -> Answer:
    return Answer(status, {"Date": _DATE}, json.dumps(content).encode())
