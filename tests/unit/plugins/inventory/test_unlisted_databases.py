# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that list no databases: a clear error and no hosts."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.certificates import issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    closed_port,
    listening,
    serving,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import (
    LISTED,
    REFUSED,
    SECRET,
    Parse,
    Refusal,
    odoo,
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"include": ["acm"]}, "include and exclude leave none of its 3 databases"),
        ({"include": []}, "include and exclude leave none of its 3 databases"),
        ({"exclude": ["*"], "odoo_databases": ["acme"]}, "include and exclude leave none of its 1 databases"),
        ({"odoo_databases": []}, "odoo_databases is empty"),
    ],
)
def test_no_database_left(server: LocalServer, refusal: Refusal, options: dict[str, Any], words: str) -> None:
    assert f"Odoo at {server.url}: {words}" in refusal({"url": server.url, **options})


def test_no_database_listed(server: LocalServer, refusal: Refusal) -> None:
    server.answer = odoo(all_listed={"result": []})
    text = refusal({"url": server.url})
    assert "lists no database: it has none, or its dbfilter hides them" in text
    assert "set ignore_dbfilter, or name them in odoo_databases" in text
    assert refusal({"url": server.url, "ignore_dbfilter": True}).endswith("create one first, or check url.")


@pytest.mark.parametrize("options", [{}, {"ignore_dbfilter": True}])
def test_a_server_that_forbids_listing(server: LocalServer, refusal: Refusal, options: dict[str, Any]) -> None:
    server.answer = odoo(listed=REFUSED, all_listed=REFUSED)
    assert refusal({"url": server.url, **options}) == (
        f"Odoo at {server.url} does not list its databases: list_db is off in its configuration. "
        "Name the databases in odoo_databases."
    )


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<h1>Forbidden</h1>", 403),
        Answer(b"", 404),
        Answer({"status": "not allowed"}, 401),
        Answer(b"<html>Log in</html>", 200),
        Answer({"result": None}),
        Answer({"result": "acme"}),
        Answer({"result": ["acme", 7]}),
        Answer({"result": ["acme", ""]}),
        Answer(["acme"]),
    ],
)
def test_a_proxy_that_forbids_listing(server: LocalServer, refusal: Refusal, answer: Answer) -> None:
    server.answer = odoo(listed=answer, all_listed=answer)
    text = refusal({"url": server.url})
    assert f"does not list its databases: {LISTED} returned HTTP {answer.status}" in text
    assert "name the databases in odoo_databases" in text
    assert "addon rpc" not in text
    assert "The addon rpc may be missing" in refusal({"url": server.url, "ignore_dbfilter": True})


def test_another_refusal_is_reported_with_odoos_message(server: LocalServer, refusal: Refusal) -> None:
    data = {"name": "builtins.KeyError", "message": "Method not found: list", "debug": SECRET}
    server.answer = odoo(all_listed={"error": {"data": data}})
    text = refusal({"url": server.url, "ignore_dbfilter": True})
    assert text.startswith(f"Listing the databases of Odoo at {server.url} (/jsonrpc)")
    assert "Method not found: list" in text


def test_an_odoo_without_the_service_that_lists_all_databases(server: LocalServer, refusal: Refusal) -> None:
    """From 20.0 on."""
    data = {"name": "builtins.ValueError", "message": "Invalid service name: db", "debug": SECRET}
    server.answer = odoo(all_listed={"error": {"data": data}})
    text = refusal({"url": server.url, "ignore_dbfilter": True})
    assert text.startswith(f"Odoo at {server.url} has no service db (removed in 20.0)")
    assert text.endswith("Leave out ignore_dbfilter, or name the databases in odoo_databases.")


@pytest.mark.parametrize("error", [{}, {"data": None}, {"data": "gone"}])
def test_a_refusal_without_a_message(server: LocalServer, refusal: Refusal, error: Any) -> None:
    server.answer = odoo(listed={"error": error})
    assert server.url in refusal({"url": server.url})


def test_an_answer_that_is_not_from_odoo(server: LocalServer, refusal: Refusal) -> None:
    server.answer = lambda _request: Answer(b"<h1>Welcome</h1>")
    assert "answers (HTTP 200), but the program there is not Odoo: check url" in refusal({"url": server.url})


def test_a_port_without_a_listener(refusal: Refusal) -> None:
    assert "connection refused" in refusal({"url": f"http://127.0.0.1:{closed_port()}"})


def test_a_missing_answer(refusal: Refusal) -> None:
    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with listening(silent) as url:
        assert "did not answer within 1 s" in refusal({"url": url, "timeout": 1})


def test_a_redirect(server: LocalServer, refusal: Refusal) -> None:
    server.answer = lambda _request: Answer(status=301, headers=(("Location", "https://odoo.acme.example/"),))
    assert "redirects to https://odoo.acme.example/: set url to Odoo's final address" in refusal({"url": server.url})


def test_certificates(parse: Parse, refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issue().write_to(tmp_path / "server.pem")
    with serving(server_context(certificate)) as server:
        server.answer = odoo("acme")
        assert "the certificate is not trusted" in refusal({"url": server.url})
        assert parse({"url": server.url, "validate_certs": False}).hosts
        assert parse({"url": server.url, "ca_path": str(certificate)}).hosts
        monkeypatch.setenv("ODOO_CA_PATH", str(certificate))
        assert parse({"url": server.url}).hosts
        monkeypatch.delenv("ODOO_CA_PATH")
        monkeypatch.setenv("ODOO_VALIDATE_CERTS", "false")
        assert parse({"url": server.url}).hosts
