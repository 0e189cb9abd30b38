# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guarantees for every stack on every series, and its cost in calls."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    Outcome,
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    QUEUE,
    add_alias_domain,
    changes,
    neutralize,
    refused,
    run,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

NAMES = st.sampled_from(["Main", "Sales", "Bulk"])
SECRET_WORDS = ("correct-horse", "battery-staple", "tall-tree")
SECRETS = st.sampled_from(["", *SECRET_WORDS])
SERVER_OPTIONS = {
    "active": st.booleans(),
    "sequence": st.integers(0, 20),
    "smtp_host": st.sampled_from(["", "smtp.acme.example", "smtp.other.example"]),
    "smtp_port": st.sampled_from([25, 465, 587]),
    "smtp_encryption": st.sampled_from(["none", "starttls", "ssl"]),
    "smtp_user": st.sampled_from(["", "apikey"]),
    "smtp_pass": SECRETS,
    "from_filter": st.sampled_from(["", "acme.example", "acme.example, sales@acme.example"]),
    "smtp_debug": st.booleans(),
}
SERVERS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={**SERVER_OPTIONS, "state": st.sampled_from(["present", "absent"])},
)
PINNED = st.builds(
    lambda server, pinned: {**server, "xml_id": f"postmaster.{server['name'].lower()}"} if pinned else server,
    SERVERS,
    st.booleans(),
)
COMPANIES = st.sampled_from([{}, {"companies": []}, {"companies": ["YourCompany"]}])
CRONS = st.fixed_dictionaries(
    {"xml_id": st.sampled_from([QUEUE, "mail.ir_cron_mail_gateway_action"])},
    optional={
        "active": st.booleans(),
        "interval_number": st.integers(1, 3),
        "interval_type": st.sampled_from(["minutes", "hours"]),
        "max_overdue": st.just(15),
        "user": st.just("admin"),
    },
)
DOMAINS = st.fixed_dictionaries(
    {"name": st.sampled_from(["acme.example", "other.example"])},
    optional={"default_from": st.sampled_from(["", "Info", "sales@acme.example"])},
)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "mail.session.batch.size": st.none() | st.just("") | st.integers(0, 3) | st.booleans(),
        "google_gmail_client_secret": st.none() | SECRETS,
    },
)
STACKS = st.fixed_dictionaries(
    {},
    optional={
        "addons": st.lists(st.sampled_from(["google_gmail", "crm", "mail"]), unique=True),
        "parameters": PARAMETERS,
        "alias_domains": st.builds(
            lambda domains, companies: [{**one, **companies} for one in domains[:1]] + domains[1:],
            st.lists(DOMAINS, max_size=2, unique_by=lambda one: one["name"]),
            COMPANIES,
        ),
        "servers": st.lists(PINNED, max_size=3, unique_by=lambda one: one["name"]),
        "crons": st.lists(CRONS, max_size=2, unique_by=lambda one: one["xml_id"]),
    },
)
STORED = st.lists(st.fixed_dictionaries({"name": NAMES}, optional=SERVER_OPTIONS), max_size=3)


@st.composite
def databases(draw: st.DrawFn) -> SimulatedOdoo:
    """Return an instance of any series, with or without Gmail, with its own mail servers, and sometimes neutralized."""
    odoo = SimulatedOdoo(
        draw(st.sampled_from(SERIES)),
        without_addons=draw(st.sampled_from([[], ["google_gmail"]])),
    )
    add_alias_domain(odoo, "first.example")
    for server in draw(STORED):
        odoo.add("ir.mail_server", **server)
    if draw(st.booleans()):
        odoo.add("ir.config_parameter", key="google_gmail_client_secret", value=draw(st.sampled_from(SECRET_WORDS)))
    if draw(st.booleans()):
        odoo.record("ir.cron", odoo.ref(QUEUE))["nextcall"] = "2026-01-01 00:00:00"
    if draw(st.booleans()):
        neutralize(odoo)
    return odoo


@settings(max_examples=150)
@given(databases(), STACKS, st.sampled_from(["report", "archive", "ignore"]))
def test_every_stack(odoo: SimulatedOdoo, stack: dict[str, Any], unmanaged: str) -> None:
    """Check mode only reads, and predicts the changes.

    A run makes them. A second run finds nothing to do. Secrets are never shown.
    """
    if odoo.series not in HAVE_ALIAS_DOMAINS:
        stack = {part: declared for part, declared in stack.items() if part != "alias_domains"}
    before = {model: {key: dict(one) for key, one in table.items()} for model, table in odoo.records.tables.items()}
    predicted: Outcome | None = None
    refusal = ""
    try:
        predicted = run(odoo, stack, check=True, unmanaged=unmanaged)
    except OdooError as error:
        refusal = error.message
    assert {method for _model, method, _ids, _arguments in odoo.log} <= READ_METHODS
    assert before == {model: table for model, table in odoo.records.tables.items() if table or model in before}

    if predicted is None:
        assert refused(OdooError, odoo, stack, unmanaged=unmanaged) == refusal
        assert written(odoo) == []
        return
    done = run(odoo, stack, unmanaged=unmanaged)
    assert [step.as_result() for step in done.plan] == [step.as_result() for step in predicted.plan]
    assert bool(done.plan) == bool(written(odoo))

    odoo.log.clear()
    again = run(odoo, stack, unmanaged=unmanaged)
    assert again.plan == ()
    assert written(odoo) == []
    for outcome in (predicted, done, again):
        assert not any(word in repr(outcome) for word in SECRET_WORDS)


# Cost


def size(servers: int, crons: int, parameters: int, *, pinned: bool = False, **options: Any) -> dict[str, Any]:
    """Return a stack with this number of each resource."""
    pin = {"xml_id": "postmaster.server_{}"} if pinned else {}
    return {
        "parameters": {f"acme.parameter.{number}": number for number in range(parameters)},
        "servers": [
            {
                "name": f"Server {number}",
                "smtp_host": "smtp.acme.example",
                **{name: value.format(number) for name, value in pin.items()},
                **options,
            }
            for number in range(servers)
        ],
        "crons": [{"name": f"Cron {number}", "user": "admin", "priority": 3} for number in range(crons)],
    }


SMALL, LARGE = {"servers": 3, "crons": 4, "parameters": 5}, {"servers": 100, "crons": 40, "parameters": 50}


def with_crons(series: str, count: int) -> SimulatedOdoo:
    odoo = SimulatedOdoo(series)
    for number in range(count):
        odoo.add("ir.cron", name=f"Cron {number}", model_id=1)
    return odoo


def calls(odoo: SimulatedOdoo, stack: dict[str, Any], *, check: bool = False) -> tuple[int, int, int]:
    """Return the number of steps, reading calls and writing calls of a run in a separate session."""
    session = odoo.session(read_only=check)
    plan = enforce_stack(session, read_declared_stack(stack, RunOptions()), RunOptions(unmanaged="report")).plan
    writing = [call for call in session.calls if call.rpartition(".")[2] not in READ_METHODS]
    return len(plan), len(session.calls) - len(writing), len(writing)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("pinned", [True, False])
def test_the_number_of_reads_is_the_same_for_any_size(series: str, check: bool, pinned: bool) -> None:
    costs = []
    for counts in (SMALL, LARGE):
        odoo = with_crons(series, counts["crons"])
        run(odoo, size(**counts, pinned=pinned))
        costs.append(calls(odoo, size(**counts, pinned=pinned), check=check))
    assert costs[0] == costs[1]
    steps, reading, writing = costs[0]
    assert (steps, writing) == (0, 0)
    assert reading <= 10


@pytest.mark.parametrize("pinned", [True, False])
def test_writes_cost_a_call_for_each_type_and_one_for_each_existing_cron(series: str, pinned: bool) -> None:
    constants = []
    for counts in (SMALL, LARGE):
        odoo = with_crons(series, counts["crons"])
        for stack, crons in (
            (size(**counts, pinned=pinned), counts["crons"]),
            (size(**counts, pinned=pinned, smtp_port=587), 0),
        ):
            steps, reading, writing = calls(odoo, stack)
            assert steps >= counts["servers"]
            constants.append((reading, writing - crons))
    assert constants[:2] == constants[2:]
    assert max(writing for _reading, writing in constants) <= 5


def test_a_write_contains_only_the_changes(odoo: SimulatedOdoo) -> None:
    run(odoo, size(3, 0, 3))
    odoo.log.clear()
    plan = run(odoo, size(3, 0, 3, smtp_port=587)).plan
    assert changes(plan) == {"smtp_port": (25, 587)}
    assert written(odoo) == [("ir.mail_server", "write")]


def test_archiving_the_unmanaged_never_leaves_an_instance_without_a_server(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="In use", smtp_host="localhost")
    stack = {"servers": [{"name": "Gone long ago", "state": "absent"}]}
    with pytest.raises(Invalid, match="would leave no mail server in use"):
        run(odoo, stack, unmanaged="archive")


def test_pinned_servers_may_swap_a_name(odoo: SimulatedOdoo) -> None:
    host = {"smtp_host": "smtp.acme.example"}
    run(odoo, {"servers": [{"name": "Main", "xml_id": "acme.first", **host}]})
    stack = {"servers": [{"name": "Old", "xml_id": "acme.first"}, {"name": "Main", "xml_id": "acme.second", **host}]}
    assert [step.action for step in run(odoo, stack).plan] == ["update", "create"]
    assert run(odoo, stack).plan == ()


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ({"servers": [{"name": " Main"}]}, "must not begin or end with blanks"),
        ({"servers": [{"name": ""}]}, "name must not be empty"),
        (
            {"servers": [{"name": "Main", "sequence": 2**40}]},
            r"sequence \d+ is out of range \(expected a 32-bit integer\)",
        ),
        ({"parameters": {"postmaster_odoo.running": "me"}}, "this key is reserved for the collection"),
        ({"alias_domains": [{"name": "acme.example", "bounce_alias": "b\u00fcc\u00e9"}]}, "in ASCII"),
    ],
)
def test_errors_of_later_steps_are_reported_before_anything_is_written(
    odoo: SimulatedOdoo, stack: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        run(odoo, stack)
    assert not [method for _model, method, _ids, _arguments in odoo.log if method in ("create", "write", "unlink")]


@pytest.mark.parametrize("check", [True, False])
def test_a_value_that_repeats_the_password_of_another_record_is_masked(odoo: SimulatedOdoo, check: bool) -> None:
    secret = "former-password-made-up"
    odoo.add("ir.mail_server", name="Former", smtp_pass=secret)
    odoo.add("ir.mail_server", name="Sales", smtp_user=f" {secret}", smtp_pass="made-up")
    odoo.add("ir.config_parameter", key="acme.note", value=secret)
    outcome = run(
        odoo,
        {
            "servers": [{"name": "Sales", "smtp_user": "sales"}, {"name": "Former", "sequence": 3}],
            "parameters": {"acme.note": "new"},
        },
        check=check,
        unmanaged="report",
    )
    assert {"value": ("********", "new"), "smtp_user": ("********", "sales")}.items() <= changes(outcome.plan).items()
    assert all(step.values for step in outcome.plan)
    assert secret not in repr(outcome)
    assert written(odoo) == [] if check else odoo.log


def test_a_value_that_a_short_password_equals_by_chance_is_shown(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_pass="admin")
    odoo.add("ir.config_parameter", key="acme.note", value="admin")
    outcome = run(odoo, {"servers": [{"name": "Main"}], "parameters": {"acme.note": "new"}}, check=True)
    assert changes(outcome.plan)["value"] == ("admin", "new")
