# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `connect_oauth`: the links of a whole inventory, and the wait until users have opened them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from instance import LabInstance
from playbook import Run, ansible_playbook

pytestmark = pytest.mark.in_process

PARAMETERS = {
    "google_gmail_client_id": "gmail-client-id",
    "google_gmail_client_secret": "gmail-client-secret-made-up",
    "microsoft_outlook_client_id": "outlook-client-id",
    "microsoft_outlook_client_secret": "outlook-client-secret-made-up",
}
TOKEN = "refresh-token-made-up"

# The text before the link of each server.
SALES = "Sales Gmail (gmail, gmail@acme.example):"
SUPPORT = "Support Outlook (outlook, outlook@acme.example, archived):"
NO_CLIENT = "No client (gmail, gmail@acme.example):"


def oauth2_server(method: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a server as it is in Odoo before any consent."""
    return {
        "name": name,
        "smtp_authentication": method,
        "smtp_host": "smtp.invalid",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_user": f"{method}@acme.example",
        "from_filter": f"{method}@acme.example",
        **more,
    }


@pytest.fixture
def acme(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Create an instance that waits for one consent; its other servers need none, or are not included in the run."""
    database = fresh("integration_connect_acme")
    with database.session() as session:
        admin = session.search_read("res.users", [["login", "=", "admin"]], ["login"])[0]["id"]
        session.create("ir.config_parameter", [{"key": key, "value": value} for key, value in PARAMETERS.items()])
        personal = oauth2_server("gmail", "Somebody's own", owner_user_id=admin)
        session.create(
            "ir.mail_server",
            [
                oauth2_server("gmail", "Sales Gmail"),
                oauth2_server("outlook", "Connected Outlook", microsoft_outlook_refresh_token=TOKEN),
                *([personal] if "owner_user_id" in session.fields("ir.mail_server") else []),
                {"name": "Transactional", "smtp_host": "smtp.invalid"},
            ],
        )
    return database


@pytest.fixture
def globex(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Create an instance that waits for an archived server's consent, and has a server without a link."""
    database = fresh("integration_connect_globex")
    parameters = [{"key": key, "value": PARAMETERS[key]} for key in PARAMETERS if key.startswith("microsoft")]
    with database.session() as session:
        session.create("ir.config_parameter", parameters)
        session.create(
            "ir.mail_server",
            [oauth2_server("outlook", "Support Outlook", active=False), oauth2_server("gmail", "No client")],
        )
    return database


def connect_oauth(folder: Path, instances: dict[str, LabInstance], *arguments: str, **options: Any) -> Run:
    """Run the playbook on an inventory of these instances."""
    hosts = {
        host: {f"odoo_{option}": value for option, value in instance.options().items()}
        for host, instance in instances.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "options.json").write_text(
        json.dumps({f"connect_oauth_{name}": value for name, value in options.items()})
    )
    return ansible_playbook(
        folder,
        [{"import_playbook": "postmaster.odoo.connect_oauth"}],
        *("--inventory", "inventory.json", "--extra-vars", "@options.json", *arguments),
    )


def printed_links(folder: Path) -> dict[str, str]:
    """Return the links that a run has printed so far, by the text before each."""
    links: dict[str, str] = {}
    for line in (folder / "results.jsonl").read_text().splitlines():
        recorded = json.loads(line)
        if recorded["task"] == "Open these links" and "msg" in recorded["result"]:
            lines = recorded["result"]["msg"]
            links |= dict(zip(lines[::2], lines[1::2], strict=True))
    return links


def query_of(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def give_consent(instance: LabInstance, link: str, field_prefix: str) -> None:
    """Store tokens for a link's `state`, as Odoo's own callback does when the provider has returned them."""
    state = json.loads(query_of(link)["state"])
    tokens = {"refresh_token": TOKEN, "access_token": "access-token-made-up", "access_token_expiration": 2**31 - 1}
    with instance.session() as session:
        values = {"active": True, **{f"{field_prefix}_{name}": value for name, value in tokens.items()}}
        session.write(state["model"], [state["id"]], values)


def test_only_prints(acme: LabInstance, globex: LabInstance, tmp_path: Path) -> None:
    """This applies without waiting, and in check mode."""
    instances = {"acme": acme, "globex": globex}
    before = acme.fingerprint(), globex.fingerprint()
    for run in (
        connect_oauth(tmp_path / "told", instances, wait=False),
        connect_oauth(tmp_path / "check", instances, "--check"),
    ):
        assert run.exit_code == 0, run.output
    assert (acme.fingerprint(), globex.fingerprint()) == before

    links = printed_links(tmp_path / "told")
    assert links == printed_links(tmp_path / "check")
    assert links.keys() == {SALES, SUPPORT, NO_CLIENT}
    gmail, outlook = links[SALES], links[SUPPORT]
    assert query_of(gmail)["client_id"] == "gmail-client-id"
    assert query_of(gmail)["redirect_uri"].endswith("/google_gmail/confirm")
    assert query_of(outlook)["client_id"] == "outlook-client-id"
    assert query_of(outlook)["redirect_uri"].endswith("/microsoft_outlook/confirm")
    assert links[NO_CLIENT].startswith("no link")
    for link in (gmail, outlook):  # complete, and on a separate line
        assert any(line.strip().strip('",') == link for line in run.output.splitlines())


def test_waits_for_one_and_gives_up_on_the_other(acme: LabInstance, globex: LabInstance, tmp_path: Path) -> None:
    """There are too few forks: one server is first read after the timeout, and is still found connected."""
    with ThreadPoolExecutor() as meanwhile:
        running = meanwhile.submit(
            connect_oauth, tmp_path, {"globex": globex, "acme": acme}, "--forks", "1", timeout=12, poll=1
        )
        deadline = time.monotonic() + 60
        while not (tmp_path / "results.jsonl").exists() or len(links := printed_links(tmp_path)) < 3:
            assert time.monotonic() < deadline, "No links were printed."
            time.sleep(0.1)
        give_consent(acme, links[SALES], "google_gmail")
        printed = time.monotonic()
        run = running.result()
        waited = time.monotonic() - printed

    assert run.exit_code == 2, run.output
    recap = {line.split()[0]: line for line in run.output.partition("PLAY RECAP")[2].splitlines() if ":" in line}
    assert "failed=0" in recap["acme"]
    assert "failed=1" in recap["globex"]
    failure = next(line for line in run.output.splitlines() if "Not connected within 12 seconds" in line)
    assert "Support Outlook, No client" in failure
    assert 8 < waited < 25


def test_without_links_the_run_ends_at_once(acme: LabInstance, tmp_path: Path) -> None:
    with acme.session() as session:
        ids = [server["id"] for server in session.search_read("ir.mail_server", [["name", "=", "Sales Gmail"]], ["id"])]
        session.write("ir.mail_server", ids, {"google_gmail_refresh_token": TOKEN})
    started = time.monotonic()
    run = connect_oauth(tmp_path, {"acme": acme}, timeout=600, poll=300)
    assert run.exit_code == 0, run.output
    assert printed_links(tmp_path) == {}
    assert time.monotonic() - started < 60
