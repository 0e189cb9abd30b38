# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Odoo answers, from 16.0 to what is reported of 20.0; anything else is told from an Odoo."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion, ask_version
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, Request, http_to, serving

OLD, NEW = "/web/webclient/version_info", "/json/version"
NOT_FOUND = Answer(b"<html>Not Found</html>", 404)


def version_info(text: str, *parts: Any) -> dict[str, Any]:
    """What /web/webclient/version_info answers."""
    info = {"server_version": text, "server_version_info": [*parts, "final", 0, ""], "server_serie": text}
    return {"jsonrpc": "2.0", "id": None, "result": {**info, "protocol_version": 1}}


@pytest.mark.parametrize(
    ("path", "body", "version"),
    [
        (OLD, version_info("16.0", 16, 0), ServerVersion("16.0", 16)),
        (OLD, version_info("17.0-20260101", 17, 0), ServerVersion("17.0-20260101", 17)),
        (OLD, version_info("18.0", 18, 0), ServerVersion("18.0", 18)),
        (OLD, version_info("19.0+e", 19, 0), ServerVersion("19.0+e", 19)),
        (OLD, version_info("saas~18.2", "saas~18", 2), ServerVersion("saas~18.2", 18)),
        (OLD, {"result": {"server_version": "18.0"}}, ServerVersion("18.0", 18)),
        (NEW, {"version": "19.0", "version_info": [19, 0, 0, "final", 0, ""]}, ServerVersion("19.0", 19)),
        (NEW, {"version": "20.0", "version_info": [20, 0, 0, "final", 0, ""]}, ServerVersion("20.0", 20)),
    ],
)
def test_versions(path: str, body: Any, version: ServerVersion) -> None:
    with serving() as server:
        server.answer = lambda request: Answer(body) if request.target == path else NOT_FOUND
        assert ask_version(http_to(server)) == version
        asked = [(request.method, request.target) for request in server.requests]
        assert asked == [("POST", OLD), ("GET", NEW)][: 1 if path == OLD else 2]


@pytest.mark.parametrize(
    "answer",
    [
        NOT_FOUND,
        Answer(b"<html>Welcome to nginx!</html>"),
        Answer(b""),
        Answer({"status": "ok"}),
        Answer(["19.0"]),
        Answer(b"19.0"),
        Answer(b"\xff\xfe"),
        Answer({"result": None}),
        Answer({"result": {"server_version": None}}),
        Answer({"version": "unknown"}),
        Answer({"jsonrpc": "2.0", "error": {"code": 404}}, 200),
        Answer(b"Forbidden", 403),
    ],
)
def test_what_is_no_odoo(answer: Answer) -> None:
    def respond(_request: Request) -> Answer:
        return answer

    with serving() as server:
        server.answer = respond
        with pytest.raises(Unreachable) as caught:
            ask_version(http_to(server))
        assert caught.value.message.startswith(
            f"{server.url} answers (HTTP {answer.status}), but the program there is not Odoo"
        )
