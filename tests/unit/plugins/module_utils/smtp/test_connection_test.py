# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection tests of mail servers: Odoo's own test, classified, and a canary whose delivery is observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Conflict, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import ACTION_NAME, own_actions
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import Canary, failures
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    add_alias_domain,
    oauth2_server,
    run,
    server,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_PERSONAL_SERVERS, HAVE_SERVERS_WITHOUT_HOST
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

REFUSED = "Connection Test Failed! Here is what we got instead:\n [Errno 111] Connection refused"
RECIPIENT = "postmaster@acme.example"


def add(odoo: SimulatedOdoo, name: str = "Main", **values: Any) -> int:
    return odoo.add("ir.mail_server", name=name, smtp_host="smtp.acme.example", **values)


def outcomes(
    odoo: SimulatedOdoo, name: str | None = None, canary: Canary | None = None, *, check: bool = False
) -> list[dict[str, Any]]:
    return run_tests(odoo.session(read_only=check), name=name, xml_id=None, canary=canary)


def test_the_outcome_of_every_active_server(odoo: SimulatedOdoo) -> None:
    first, second = add(odoo), add(odoo, "Second")
    add(odoo, "Archived", active=False)
    odoo.smtp_outcomes[second] = REFUSED
    tests = outcomes(odoo)
    assert [(one["name"], one["id"], one["outcome"]) for one in tests] == [
        ("Main", first, "ok"),
        ("Second", second, "unreachable"),
    ]
    assert tests[1]["message"] == "Connection Test Failed! Here is what we got instead: [Errno 111] Connection refused"
    assert failures(tests) == [f"Second: connection test: unreachable: {tests[1]['message']}"]


def test_one_server_is_tested_even_if_it_is_archived(odoo: SimulatedOdoo) -> None:
    add(odoo)
    add(odoo, "Archived", active=False)
    assert [one["name"] for one in outcomes(odoo, "Archived")] == ["Archived"]


def test_by_external_id(odoo: SimulatedOdoo) -> None:
    add(odoo)
    twin = add(odoo)
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=twin)
    (test,) = run_tests(odoo.session(), name=None, xml_id="postmaster.main", canary=None)
    assert test["id"] == twin


@pytest.mark.parametrize("message", [None, REFUSED])
@pytest.mark.parametrize("examine", [outcomes, lambda odoo: diagnose(odoo.session(), Examination())["tests"]])
def test_a_replaced_refresh_token_is_stored(
    odoo: SimulatedOdoo, examine: Callable[[SimulatedOdoo], list[dict[str, Any]]], message: str | None
) -> None:
    """Microsoft replaces the refresh token at each use. If the test fails afterwards, Odoo must not lose the new one."""
    run(odoo, {"servers": [oauth2_server("outlook", refresh_token="made-up-token")]})
    odoo.smtp = lambda _server: message
    (test,) = examine(odoo)
    assert test["outcome"] == ("unreachable" if message else "ok")
    assert server(odoo, "Main")["microsoft_outlook_refresh_token"] == "rotated-token-1"
    assert own_actions(odoo.session()) == []


def test_actions_of_other_runs_stay(odoo: SimulatedOdoo) -> None:
    """Tests of live mail servers take no lock. Only actions that an interrupted run has left are deleted."""
    run(odoo, {"servers": [oauth2_server("outlook", refresh_token="made-up-token")]})
    running, left = (odoo.add("ir.actions.server", name=f"{ACTION_NAME} 7, {name}") for name in ("running", "left"))
    odoo.record("ir.actions.server", left)["create_date"] = f"{odoo.now - timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
    outcomes(odoo)
    assert own_actions(odoo.session()) == [running]


@pytest.mark.parametrize("series", HAVE_PERSONAL_SERVERS)
def test_personal_servers_are_not_tested(odoo: SimulatedOdoo) -> None:
    add(odoo, "Personal", owner_user_id=2)
    with pytest.raises(Unsupported, match="no active outgoing mail server in database simulated"):
        outcomes(odoo)
    with pytest.raises(Unsupported, match="no mail server 'Personal'"):
        outcomes(odoo, "Personal")


def test_the_server_is_not_guessed(odoo: SimulatedOdoo) -> None:
    ids = [add(odoo), add(odoo)]
    with pytest.raises(Ambiguous, match=f"ids {ids[0]}, {ids[1]}"):
        outcomes(odoo, "Main")


@pytest.mark.parametrize("series", HAVE_SERVERS_WITHOUT_HOST)
def test_a_server_without_host(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Without host", smtp_host=False)
    assert outcomes(odoo, "Without host")[0]["outcome"] == "unconfigured"


def test_a_server_without_sender(odoo: SimulatedOdoo) -> None:
    add(odoo, "Without sender")
    odoo.record("res.users", odoo.uid)["email"] = False
    (test,) = outcomes(odoo, "Without sender")
    assert test["outcome"] == "unconfigured"
    assert test["message"].startswith("Please configure an email on the current user")


def test_check_mode_tests_nothing(odoo: SimulatedOdoo) -> None:
    add(odoo)
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT), check=True)
    assert (test["outcome"], "canary" in test) == ("not_tested", False)
    assert failures([test]) == []
    assert written(odoo) == []


# The canary


@pytest.mark.parametrize("keep", [True, False])
def test_a_canary_that_is_sent(odoo: SimulatedOdoo, keep: bool) -> None:
    server = add(odoo, from_filter="acme.example")
    sent: list[Mapping[str, Any]] = []
    odoo.delivery = sent.append
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT, keep=keep))
    (mail,) = sent
    assert (mail["mail_server_id"], mail["email_to"], mail["email_from"]) == (server, RECIPIENT, "odoo@acme.example")
    canary = test["canary"]
    assert (canary["outcome"], canary["state"], canary["email_from"]) == ("ok", "sent", "odoo@acme.example")
    assert canary["kept_id"] == (mail["id"] if keep else None)
    assert list(odoo.records.tables["mail.mail"]) == ([mail["id"]] if keep else [])
    assert failures([test]) == []


def test_a_canary_that_is_refused(odoo: SimulatedOdoo) -> None:
    add(odoo, from_filter="acme.example")
    odoo.delivery = lambda _mail: "Mail Delivery Failed\nSMTPSenderRefused: (553, b'no', 'odoo@acme.example')"
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT))
    assert (test["outcome"], test["canary"]["outcome"], test["canary"]["state"]) == (
        "ok",
        "sender_rejected",
        "exception",
    )
    assert "\n" not in test["canary"]["message"]
    assert failures([test]) == [f"Main: canary: sender_rejected: {test['canary']['message']}"]
    assert not odoo.records.tables["mail.mail"]


def test_a_canary_that_stays_in_the_queue_is_awaited(odoo: SimulatedOdoo, clock: Clock) -> None:
    add(odoo, from_filter="acme.example")

    def hold(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("mail.mail", "read"):
            for mail in odoo.records.tables["mail.mail"].values():
                mail["state"] = "outgoing"

    odoo.before.append(hold)
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT, wait=20))
    assert (test["canary"]["outcome"], test["canary"]["state"]) == ("disconnected", "outgoing")
    assert "it is still outgoing without a reason" in test["canary"]["message"]
    assert 20 <= clock.monotonic() <= 25


def test_no_canary_through_a_server_that_failed(odoo: SimulatedOdoo) -> None:
    odoo.smtp_outcomes[add(odoo)] = REFUSED
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT))
    assert "canary" not in test
    assert not odoo.records.tables["mail.mail"]


@pytest.mark.parametrize(
    ("values", "sender"),
    [
        ({"from_filter": "sales@acme.example"}, "sales@acme.example"),
        ({"from_filter": "acme.example"}, "odoo@acme.example"),
        ({"from_filter": "acme.example", "smtp_user": "robot@acme.example"}, "robot@acme.example"),
        ({"from_filter": "acme.example", "smtp_user": "robot@other.example"}, "odoo@acme.example"),
        ({"smtp_user": "robot@other.example"}, "robot@other.example"),
        ({"smtp_user": "apikey"}, "notifications@default.example"),
        ({}, "notifications@default.example"),
    ],
)
def test_the_sender_matches_the_server(odoo: SimulatedOdoo, values: dict[str, str], sender: str) -> None:
    add_alias_domain(odoo, "default.example")
    add(odoo, **values)
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT))
    assert test["canary"]["email_from"] == sender
    (given,) = outcomes(odoo, canary=Canary(RECIPIENT, sender="me@acme.example"))
    assert given["canary"]["email_from"] == "me@acme.example"


@pytest.mark.parametrize("without_models", [(), ("mail.alias.domain",)])
def test_without_any_sender_no_mail_is_created(series: str, without_models: tuple[str, ...]) -> None:
    odoo = SimulatedOdoo(series, without_models=without_models)
    add(odoo)
    (test,) = outcomes(odoo, canary=Canary(RECIPIENT))
    assert test["canary"]["outcome"] == "unconfigured"
    assert len(failures([test])) == 1
    assert not odoo.records.tables["mail.mail"]


CLOSED = "The server has closed the connection unexpectedly. Check configuration served on this port number.\n None"


@pytest.mark.parametrize(("seconds", "outcome"), [(0.02, "disconnected"), (60.1, "timeout")])
def test_a_silent_server_of_16_is_a_timeout(odoo: SimulatedOdoo, clock: Clock, seconds: float, outcome: str) -> None:
    odoo.smtp_outcomes[add(odoo)] = CLOSED
    odoo.before.append(
        lambda _model, method, *_rest: clock.sleep(seconds) if method == "test_smtp_connection" else None
    )
    (test,) = outcomes(odoo)
    assert (test["outcome"], test["seconds"]) == (outcome, seconds)
    assert ("did not answer within 60 seconds" in test["message"]) == (outcome == "timeout")


def test_an_option_missing_in_the_message_of_16(odoo: SimulatedOdoo) -> None:
    server = add(odoo, smtp_encryption="none", smtp_user="u@acme.example", smtp_pass="made-up-secret")
    odoo.smtp_outcomes[server] = "An option is not supported by the server:\n None"
    (test,) = outcomes(odoo)
    assert test["outcome"] == "auth_unsupported"
    assert test["message"].endswith("The server does not offer a login (SMTP AUTH).")


@pytest.mark.parametrize("words", ["535 refused {}", "535 could not obtain lock {}", "535 already executing {}"])
def test_no_text_of_an_smtp_server_shows_a_password(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(rpc_session, "_CONFLICT_DELAYS", ())
    server = add(odoo, smtp_user="u@acme.example", smtp_pass="made-up-secret")
    odoo.smtp_outcomes[server] = words.format("MADE-UP-SECRET")
    try:
        shown = outcomes(odoo)[0]["message"]
    except Conflict as error:
        shown = error.message
    assert words.format("********") in shown


def test_a_canary_that_cannot_be_sent_shows_no_password(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_session, "_CONFLICT_DELAYS", ())
    add(odoo, smtp_user="u@acme.example", smtp_pass="made-up-secret")

    def refuse(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            raise Conflict("535 already executing made-up-secret")

    odoo.before.append(refuse)
    with pytest.raises(Conflict) as caught:
        outcomes(odoo, canary=Canary(RECIPIENT, "odoo@acme.example"))
    assert "535 already executing ********" in caught.value.message
