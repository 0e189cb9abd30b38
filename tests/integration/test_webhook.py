# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook of the callback `drift` in real runs: it receives the verdict and no secret, and changes neither exit
code nor reports.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    closed_port,
    listening,
    serving,
)
from drift import report_of
from instance import LabInstance
from playbook import Run, ansible_playbook, play

PASSWORD = "smtp-password-made-up"
TOKEN = "webhook-token-made-up"


@pytest.fixture(scope="module")
def compared(fresh: Any) -> LabInstance:
    """Return a database with a mail server that is about to drift."""
    database: LabInstance = fresh("webhook")
    with database.session() as session:
        session.create(
            "ir.mail_server",
            [{"name": "Relay", "smtp_host": "smtp.example", "smtp_port": 25, "smtp_pass": "other-password-made-up"}],
        )
    return database


def run(folder: Path, database: LabInstance, url: str, *arguments: str, **options: str) -> Run:
    """Compare, and post the verdict."""
    hosts = {"acme": {f"odoo_{name}": value for name, value in database.options().items()}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    task = {"postmaster.odoo.mail_server": {"name": "Relay", "smtp_port": 587, "smtp_user": "u", "smtp_pass": PASSWORD}}
    given = {"REPORT_FOLDER": "reports", "FORMATS": "json", "WEBHOOK_URL": url, "WEBHOOK_TIMEOUT": "1", **options}
    return ansible_playbook(
        folder,
        [play(task)],
        *("--check", "--inventory", "inventory.json", *arguments),
        environment={
            "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
            **{f"POSTMASTER_DRIFT_{name}": value for name, value in given.items()},
        },
    )


def _drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


@contextmanager
def webhook_that(how: str) -> Iterator[str]:
    """Run a webhook that does not accept the verdict, and return its URL."""
    if how == "is slow":
        with listening(_drip) as url:
            yield url
    elif how == "is down":
        yield f"http://127.0.0.1:{closed_port()}"
    else:
        with serving() as server:
            redirect = (("Location", f"{server.url}/elsewhere"),)
            server.answer = lambda _request: (
                Answer(status=500) if how == "answers 500" else Answer(status=307, headers=redirect)
            )
            yield server.url


def without_times(report: Any) -> Any:
    """Return a report without the times of its run."""
    if isinstance(report, dict):
        return {
            name: without_times(value)
            for name, value in report.items()
            if name not in ("generated", "seconds", "since", "history")
        }
    return list(map(without_times, report)) if isinstance(report, list) else report


@pytest.fixture(scope="module")
def without_webhook(compared: LabInstance, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Any]:
    """Return the report of the same run without a webhook."""
    folder = tmp_path_factory.mktemp("without")
    return run(folder, compared, ""), without_times(report_of(folder))


@pytest.mark.parametrize("how", ["is slow", "is down", "answers 500", "redirects"])
def test_a_failing_webhook_changes_nothing(
    how: str, compared: LabInstance, without_webhook: tuple[Run, Any], tmp_path: Path
) -> None:
    with webhook_that(how) as url:
        tried = run(tmp_path, compared, f"{url}/{TOKEN}", "-vvvv")
    expected, report = without_webhook
    assert (tried.exit_code, expected.exit_code) == (10, 10)
    assert without_times(report_of(tmp_path)) == report
    assert tried.output.count("The verdict was not delivered: ") == 1
    assert TOKEN not in tried.output
    assert "Traceback" not in tried.output


def test_it_receives_the_verdict_and_no_secret(compared: LabInstance, tmp_path: Path) -> None:
    for to in ("json", "slack", "mattermost", "teams"):
        with serving() as server:
            told = run(tmp_path / to, compared, f"{server.url}/{TOKEN}", WEBHOOK_FORMAT=to)
        assert told.exit_code == 10
        assert "not delivered" not in told.output
        (request,) = server.requests
        text = request.body.decode()
        assert "1 instance drifted" in text
        assert "Relay" in text
        secrets = [PASSWORD, "other-password-made-up", compared.password, compared.api_key, TOKEN]
        assert not [secret for secret in secrets if secret and secret in text]


def test_verdicts_that_are_not_sent(compared: LabInstance, tmp_path: Path) -> None:
    def requests(**options: str) -> list[Any]:
        server: LocalServer
        with serving() as server:
            assert run(tmp_path, compared, server.url, **options).exit_code == 10
        return server.requests

    assert not requests(WEBHOOK_VERDICTS="failed,unreachable")
    assert len(requests(WEBHOOK_VERDICTS="drifted")) == 1
