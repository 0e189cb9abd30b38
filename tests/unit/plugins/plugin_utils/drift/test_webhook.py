# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages to a webhook, and their delivery to real HTTP servers that are slow, missing, or reject them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import webhook_messages
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.webhook import Webhook, is_usable_url
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.webhook_messages import message
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, closed_port, listening, serving
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    change,
    failure,
    found,
    instance,
    report,
    step,
)

SECRET = "made-up-webhook-token"
HOSTILE = "a`b <!channel> @channel *x* [l](http://b.example) & \n::error::"
DRIFTED = report(
    [
        instance(("ok", found(step(change(), change("smtp_user", "old", SECRET)))), hosts=["acme"]),
        instance(("ok", found()), hosts=["globex"]),
        instance(("failed", failure(msg=f"Refused: {SECRET}")), hosts=["initech"], failures={"initech": 1}),
    ]
)
HEADLINE = "1 of 3 instances failed, 1 drifted, 1 clean"
DIFFERS = "mail_server Transactional (smtp_port, smtp_user): acme"


def posted(to: str, document: Any = None) -> Any:
    """Return the body that a server receives, by default of DRIFTED."""
    document = document or DRIFTED
    with serving() as server:
        assert Webhook(f"{server.url}/hooks/{SECRET}?sig={SECRET}", to, 10).post(document) == ""
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", f"/hooks/{SECRET}?sig={SECRET}")
    assert {name.lower(): value for name, value in request.headers.items()}["content-type"].startswith(
        "application/json"
    )
    return request.json


def texts(value: Any) -> list[str]:
    """Return all texts of a message."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def test_generic_json() -> None:
    body = posted("json")
    assert (body["status"], body["exit_code"], body["headline"]) == ("failed", 2, HEADLINE)
    assert body["instances"] == [
        {
            "instance": "acme",
            "status": "drifted",
            "resources": [
                {
                    "resource": "mail_server",
                    "key": "Transactional",
                    "status": "drifted",
                    "action": "update",
                    "fields": ["smtp_port", "smtp_user"],
                }
            ],
            "error_kinds": [],
        },
        {"instance": "globex", "status": "clean", "resources": [], "error_kinds": []},
        {"instance": "initech", "status": "failed", "resources": [], "error_kinds": ["authentication"]},
    ]


def test_slack() -> None:
    body = posted("slack")
    assert body["text"] == HEADLINE
    assert [block["text"] for block in body["blocks"]] == [
        {"type": "plain_text", "text": text, "emoji": False}
        for text in (HEADLINE, "failed: initech", "drifted: acme", DIFFERS)
    ]


def test_mattermost() -> None:
    assert posted("mattermost") == {
        "text": f"**Odoo mail** `{HEADLINE}`\n- `failed: initech`\n- `drifted: acme`\n- `{DIFFERS}`"
    }


def test_teams() -> None:
    body = posted("teams")
    (attachment,) = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert [run["text"] for run in runs] == [HEADLINE, "failed: initech", "drifted: acme", DIFFERS]
    assert {run["type"] for run in runs} == {"TextRun"}


@pytest.mark.parametrize("test_format", list(webhook_messages.FORMATS))
def test_no_value_and_no_error_is_in_a_message(test_format: str) -> None:
    assert SECRET not in json.dumps(message(DRIFTED, test_format))


@pytest.mark.parametrize("test_format", list(webhook_messages.FORMATS))
def test_no_name_has_an_effect(test_format: str) -> None:
    body = posted(test_format, report([instance(("ok", found(step(change(HOSTILE), key=HOSTILE))), hosts=[HOSTILE])]))
    for text in texts(body):
        assert text.isprintable() or test_format == "mattermost", text
    if test_format == "slack":
        assert "<" not in body["text"]
        assert {block["text"]["type"] for block in body["blocks"]} == {"plain_text"}
    if test_format == "mattermost":
        lines = body["text"].split("\n")
        assert all(line.count("`") == 2 and line.endswith("`") for line in lines), lines


@pytest.mark.parametrize("test_format", ["slack", "mattermost", "teams"])
def test_a_large_fleet_fits_into_a_message(test_format: str) -> None:
    fleet = [
        instance(
            ("ok", found(*(step(change("é" * 300), key=f"{'ü' * 300}{i}{j}") for j in range(40)))), hosts=["ö" * 200]
        )
        for i in range(40)
    ]
    body = message(report(fleet), test_format)
    assert len(json.dumps(body, ensure_ascii=False).encode()) < 28_000
    assert max(map(len, texts(body))) < (16_384 if test_format == "mattermost" else 3_000)
    assert len(body.get("blocks", ())) <= 50


def test_a_text_that_is_not_unicode_is_delivered() -> None:
    assert posted("json", report([instance(("ok", found()), hosts=["a\ud800"])]))["status"] == "clean"


@pytest.mark.parametrize("test_status", [400, 403, 404, 500, 503])
def test_a_refusal_is_one_sentence(test_status: int) -> None:
    with serving() as server:
        server.answer = lambda _request: Answer(SECRET.encode(), test_status)
        warning = Webhook(f"{server.url}/{SECRET}", "json", 10).post(DRIFTED)
    assert warning == f"The verdict was not delivered: the webhook answered with HTTP {test_status}."


@pytest.mark.parametrize("test_status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(test_status: int) -> None:
    with serving() as other, serving() as server:
        server.answer = lambda _request: Answer(status=test_status, headers=(("Location", f"{other.url}/{SECRET}"),))
        warning = Webhook(f"{server.url}/{SECRET}", "json", 10).post(DRIFTED)
    assert not other.requests
    assert f"the webhook redirects (HTTP {test_status})" in warning
    assert SECRET not in warning


def test_a_port_without_a_listener() -> None:
    warning = Webhook(f"http://127.0.0.1:{closed_port()}/{SECRET}", "json", 10).post(DRIFTED)
    assert warning.endswith("nothing listens at the address of the webhook (connection refused).")


def _drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def _silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def _noise(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(f"{SECRET} 1 2 3\r\n\r\n".encode())


@pytest.mark.parametrize("test_script", [_drip, _silent])
def test_a_slow_server_is_abandoned_at_the_deadline(test_script: Callable[[socket.socket], None]) -> None:
    with listening(test_script) as url:
        began = time.monotonic()
        warning = Webhook(f"{url}/{SECRET}", "json", 1).post(DRIFTED)
        assert time.monotonic() - began < 3
    assert "did not answer" in warning
    assert SECRET not in warning


def test_an_answer_that_is_not_http_is_not_repeated() -> None:
    with listening(_noise) as url:
        warning = Webhook(f"{url}/{SECRET}", "json", 10).post(DRIFTED)
    assert warning.startswith("The verdict was not delivered: the request to the webhook failed (")
    assert SECRET not in warning


def test_an_error_in_the_message_does_not_reach_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_report: Any) -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setitem(webhook_messages.FORMATS, "json", broken)
    warning = Webhook("http://127.0.0.1:9/", "json", 10).post(DRIFTED)
    assert warning == "The verdict was not delivered: the request to the webhook failed (RuntimeError)."


@pytest.mark.parametrize(
    ("test_url", "test_usable"),
    [
        ("https://hooks.example/services/x?sig=1", True),
        ("http://[::1]:8065/hooks/x", True),
        ("hooks.example/x", False),
        ("https://hooks.example/a b", False),
        ("https://hooks.example/a\tb", False),
        ("https://user:made-up@hooks.example/x", False),
        ("https://hooks.example/x@y", True),
        ("ftp://hooks.example/x", False),
        ("https://", False),
        ("https://[::1/x", False),
        ("https://hooks.example:port/x", False),
    ],
)
def test_usable_urls(test_url: str, test_usable: bool) -> None:
    assert is_usable_url(test_url) is test_usable


def test_the_url_is_not_in_the_representation() -> None:
    assert SECRET not in repr(Webhook(f"https://hooks.example/{SECRET}", "json", 10))
