# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`verify: connection` of mail servers with OAuth2: the newest token is kept, and a failed test changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from instance import LabInstance
from lab import Lab
from mail_servers import (
    Options,
    give_access_token,
    oauth2_server,
    password_server,
    run_task,
    stored,
    token_fields,
    write,
)
from token_endpoint import TokenEndpoint
from verification import VERIFY, assert_failed, everything, killed_while_it_tests, rows, time_passes

pytestmark = pytest.mark.second_lab


@pytest.fixture
def endpoint(live: LabInstance, lab: Lab) -> Iterator[TokenEndpoint]:
    """Return the token service of the live instance's Odoo."""
    token = lab.smtp["xoauth2"].token or ""
    client = oauth2_server(lab, "outlook", oauth2={})["oauth2"]
    endpoint = TokenEndpoint(token, {client["client_id"]: client["client_secret"]})
    with endpoint.served() as url:
        live.enforce({"parameters": {"microsoft_outlook.endpoint": url}})
        yield endpoint
    live.enforce({"parameters": {"microsoft_outlook.endpoint": "", "microsoft_outlook_client_secret": ""}})


def outlook(lab: Lab, oauth2: Options, **changed: Any) -> Options:
    return {**oauth2_server(lab, "outlook", oauth2=oauth2, **changed), **VERIFY}


def refresh_token(instance: LabInstance) -> str:
    return str(stored(instance, "outlook")["microsoft_outlook_refresh_token"])


def end_access_token(instance: LabInstance) -> None:
    give_access_token(instance, "outlook", "outlook", "outdated-made-up", seconds=-1)


def assert_mail_leaves(instance: LabInstance, folder: Path) -> None:
    """Odoo must first request a new token."""
    end_access_token(instance)
    canary = {"name": "outlook", "canary": "canary@elsewhere.example"}
    result = run_task(instance, folder, "mail_server_test", canary)
    assert result["failed"] is False, result
    assert result["tests"][0]["canary"]["outcome"] == "ok"


def test_a_rotated_token_reaches_the_new_server(
    live: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    consent = endpoint.consent()
    server = outlook(lab, {"refresh_token": consent})
    result = run_task(live, tmp_path, "mail_server", server)
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert (endpoint.asked, consent in endpoint.valid) == (1, False)
    assert refresh_token(live) in endpoint.valid
    again = run_task(live, tmp_path, "mail_server", server)
    assert (again["changed"], again["verification"], endpoint.asked) == (False, None, 1)
    assert_mail_leaves(live, tmp_path)


@pytest.fixture
def connected(live: LabInstance, endpoint: TokenEndpoint, lab: Lab) -> LabInstance:
    """Return a database with an Outlook server that works, and that must request a token at its next use."""
    live.enforce({"servers": [oauth2_server(lab, "outlook", oauth2={"refresh_token": endpoint.consent()})]})
    return live


def test_a_rotated_token_reaches_the_live_server(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {}, smtp_host="127.0.0.1"))
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_new_consent_reaches_the_live_server_with_its_newest_token(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    consent = endpoint.consent()
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {"refresh_token": consent, "update": "always"}))
    assert (result["failed"], result["changed"], result["verification"]["outcome"]) == (False, True, "ok"), result
    assert consent not in endpoint.valid
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_used_consent_does_not_cut_the_live_servers_link(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """`update: always` would restore a token that Odoo has replaced long ago."""
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything(connected)
    server = outlook(lab, {"refresh_token": "used-long-since-made-up", "update": "always"})
    result = run_task(connected, tmp_path, "mail_server", server)
    assert_failed(result, "outlook", "auth", "AADSTS70000")
    assert everything(connected) == before
    assert refresh_token(connected) in endpoint.valid


def test_a_valid_token_is_not_spent_on_a_test(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """A failed test then has no side effect."""
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything(connected)
    lab.smtp["xoauth2"].configure(replies={"MAIL": "550 5.7.1 Not today"})
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {}, smtp_host="127.0.0.1"))
    assert_failed(result, "outlook", "sender_rejected", "Not today")
    assert (everything(connected), endpoint.asked) == (before, 0)


def test_a_rotated_token_is_kept_although_another_server_fails(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """Only the token of the test is written, because the previous one is no longer valid."""
    token_columns = set(token_fields("outlook")) | {"write_date"}
    before = [{column: row[column] for column in row.keys() - token_columns} for row in rows(connected)]
    servers = [
        oauth2_server(lab, "outlook", oauth2={}, smtp_host="127.0.0.1"),
        password_server(lab, "ssl", name="Wrong", smtp_pass="wrong-made-up"),
    ]
    result = run_task(connected, tmp_path, "mail_stack", {"servers": servers, **VERIFY})
    assert (result["failed"], result["error_kind"], result["plan"]) == (True, "rejected", [])
    assert {one["key"]: one["outcome"] for one in result["verifications"]} == {"outlook": "ok", "Wrong": "auth"}
    assert [{column: row[column] for column in row.keys() - token_columns} for row in rows(connected)] == before
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_a_wrong_client_secret_changes_nothing(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    before = everything_but_times_of_parameters(connected)
    result = run_task(connected, tmp_path, "mail_server", outlook(lab, {"client_secret": "wrong-made-up"}))
    assert_failed(result, "outlook", "auth", "AADSTS7000215")
    assert everything_but_times_of_parameters(connected) == before
    assert refresh_token(connected) in endpoint.valid


def everything_but_times_of_parameters(instance: LabInstance) -> Any:
    """Return all records without the times of parameters.

    Odoo reads a client's secret from a parameter. A test of a new secret changes the parameter and restores it at once.
    """
    servers, tables = everything(instance)
    parameters = instance.sql("SELECT id, key, value FROM ir_config_parameter ORDER BY id")
    return servers, tables | {"ir_config_parameter": ""}, parameters


def test_a_new_client_secret_is_tested_with_the_live_server(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    give_access_token(connected, "outlook", "outlook", endpoint.access_token)
    endpoint.clients["outlook-client-id"] = "new-client-secret-made-up"
    server = outlook(lab, {"client_secret": "new-client-secret-made-up"})
    result = run_task(connected, tmp_path, "mail_server", server)
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert [(step["resource"], step["key"]) for step in result["plan"]] == [
        ("system_parameter", "microsoft_outlook_client_secret")
    ]
    assert endpoint.asked == 1
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)
    assert run_task(connected, tmp_path, "mail_server", server)["changed"] is False


def client_secret(database: LabInstance) -> str:
    domain = ["key", "=", "microsoft_outlook_client_secret"]
    (parameter,) = database.read("ir.config_parameter", domain, fields=("value",))
    return str(parameter["value"])


def test_a_client_secret_that_is_tested_is_never_in_force(
    connected: LabInstance, endpoint: TokenEndpoint, lab: Lab, tmp_path: Path
) -> None:
    """Even if the run is killed, the live servers always have the client that works."""
    right = client_secret(connected)
    wrong = outlook(lab, {"client_secret": "wrong-made-up"})
    lab.smtp["xoauth2"].configure(silent=True)
    killed_while_it_tests(connected, tmp_path, wrong)
    lab.smtp["xoauth2"].reset()
    assert client_secret(connected) == right
    time_passes(connected)
    again = run_task(connected, tmp_path, "mail_server", wrong)
    assert (again["failed"], again["verification"]["outcome"]) == (True, "auth"), again
    assert "AADSTS7000215" in again["msg"]
    assert [step["action"] for step in again["plan"]] == ["delete"], "only what the killed run had left"
    assert client_secret(connected) == right
    assert_mail_leaves(connected, tmp_path)
    assert run_task(connected, tmp_path, "mail_server", outlook(lab, {}))["changed"] is False
    assert [row["name"] for row in rows(connected)] == ["Live", "outlook"]
    assert refresh_token(connected) in endpoint.valid
    assert_mail_leaves(connected, tmp_path)


def test_gmail_is_tested_with_its_stored_token(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    live.enforce({"servers": [oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"})]})
    give_access_token(live, "gmail", "gmail", lab.smtp["xoauth2"].token or "")
    before = stored(live, "gmail")
    new = oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"}, from_filter="other@lab.example")
    result = run_task(live, tmp_path, "mail_server", {**new, **VERIFY})
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    after = stored(live, "gmail")
    assert after["from_filter"] == "other@lab.example"
    assert [after[field] for field in token_fields("gmail")] == [before[field] for field in token_fields("gmail")]


def test_gmail_with_a_refused_token(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    live.enforce({"servers": [oauth2_server(lab, "gmail", oauth2={"refresh_token": "token-made-up"})]})
    give_access_token(live, "gmail", "gmail", "revoked-made-up")
    before = everything(live)
    new = oauth2_server(lab, "gmail", oauth2={}, from_filter="other@lab.example")
    assert_failed(
        run_task(live, tmp_path, "mail_server", {**new, **VERIFY}), "gmail", "auth", "Authentication Required"
    )
    assert everything(live) == before


def test_a_server_without_consent_stays_out_of_use(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    new = oauth2_server(lab, "gmail", name="New", oauth2={})
    result = run_task(live, tmp_path, "mail_server", {**new, **VERIFY})
    assert (result["failed"], result["changed"], result["connected"]) == (False, True, False), result
    assert result["verification"]["outcome"] == "not_tested"
    assert any("New" in warning and "archived" in warning for warning in result["warnings"])
    assert stored(live, "New")["active"] is False
    assert run_task(live, tmp_path, "mail_server", {**new, **VERIFY})["changed"] is False

    write(live, "New", {"google_gmail_refresh_token": "token-made-up"})
    give_access_token(live, "New", "gmail", lab.smtp["xoauth2"].token or "")
    result = run_task(live, tmp_path, "mail_server", {**new, "active": True, **VERIFY})
    assert (result["failed"], result["verification"]["outcome"]) == (False, "ok"), result
    assert stored(live, "New")["active"] is True


def test_a_live_server_does_not_change_to_settings_without_consent(live: LabInstance, lab: Lab, tmp_path: Path) -> None:
    before = rows(live)
    server = oauth2_server(lab, "gmail", name="Live", oauth2={})
    result = run_task(live, tmp_path, "mail_server", {**server, **VERIFY})
    assert (result["failed"], result["connected"]) == (False, False), result
    assert result["verification"]["outcome"] == "not_tested"
    assert any("'Live'" in warning for warning in result["warnings"])
    assert rows(live) == before
