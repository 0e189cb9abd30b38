# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many records in few calls: in order, each refused by its own name, and what was done is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.batches import LARGEST
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Rejected, Unreachable
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, run, servers, written
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

CODE = "model.search([], limit=1)"


def many_servers(count: int, **options: Any) -> list[dict[str, Any]]:
    return [
        {"name": f"Server {number}", "smtp_host": f"smtp{number}.acme.example", **options} for number in range(count)
    ]


def many_crons(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Sweep {number}", "model": "mail.mail", "code": CODE} for number in range(count)]


def many_parameters(count: int) -> dict[str, str]:
    return {f"mail.made_up.{number}": str(number) for number in range(count)}


def refuse(odoo: SimulatedOdoo, model: str, key: str, kind: type[Exception] = Rejected) -> None:
    """Let Odoo refuse every call that creates or writes a record of a name or key."""

    def before(called: str, _method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        values: Sequence[Mapping[str, Any]] = arguments.get("vals_list") or ()
        if called == model and key in [one.get("name") or one.get("key") for one in values]:
            raise kind("not this one")

    odoo.before.append(before)


def test_a_large_stack_is_created_in_few_calls(odoo: SimulatedOdoo) -> None:
    stack = {
        "servers": many_servers(300),
        "crons": [{**cron, "xml_id": f"postmaster.sweep_{number}"} for number, cron in enumerate(many_crons(100))],
        "parameters": many_parameters(200),
    }
    assert len(run(odoo, stack).plan) == 600
    assert len(odoo.log) <= 60
    assert max(Counter(written(odoo)).values()) == 300 // LARGEST
    assert run(odoo, stack, check=True).plan == ()


def test_the_number_of_calls_grows_with_the_batches_and_not_with_the_records() -> None:
    calls = {}
    for count in (10, LARGEST, 3 * LARGEST):
        odoo = SimulatedOdoo("19.0")
        run(odoo, {"servers": many_servers(count)})
        calls[count] = len(odoo.log)
    assert calls[10] == calls[LARGEST] == calls[3 * LARGEST] - 2


@pytest.mark.parametrize(
    ("model", "resource", "stack", "culprit"),
    [
        ("ir.mail_server", "mail_server", {"servers": many_servers(50)}, "Server 20"),
        ("ir.cron", "cron", {"crons": many_crons(50)}, "Sweep 20"),
        ("ir.config_parameter", "system_parameter", {"parameters": many_parameters(50)}, "mail.made_up.20"),
    ],
)
def test_the_record_that_odoo_refuses_is_named_and_all_before_it_are_reported(
    odoo: SimulatedOdoo, model: str, resource: str, stack: Mapping[str, Any], culprit: str
) -> None:
    predicted = [key for _action, key in actions(run(odoo, stack, check=True).plan)]
    refuse(odoo, model, culprit)
    with pytest.raises(Rejected) as caught:
        run(odoo, stack)
    assert caught.value.message == f"{resource} {culprit!r} (create): not this one"
    applied = [step.key for step in caught.value.details["applied"]]
    assert applied == predicted[: predicted.index(culprit)]
    stored = {one.get("name") or one.get("key") for one in odoo.records.tables[model].values()}
    assert stored & set(predicted) == set(applied)
    assert len(written(odoo)) < 20
    odoo.before.clear()
    assert [step.key for step in run(odoo, stack).plan] == predicted[predicted.index(culprit) :]


def test_the_records_before_the_refused_one_have_their_external_ids(odoo: SimulatedOdoo) -> None:
    """Two of one name can only be told apart by them."""
    stack = {"servers": many_servers(4)}
    for number, one in enumerate(stack["servers"]):
        one.update(name="Main" if number < 2 else one["name"], xml_id=f"postmaster.server_{number}")
    refuse(odoo, "ir.mail_server", "Server 3")
    with pytest.raises(Rejected):
        run(odoo, stack)
    odoo.before.clear()
    assert actions(run(odoo, stack).plan) == [("create", "Server 3")]


def test_a_batch_whose_answer_is_lost_is_not_repeated_and_named() -> None:
    """The records may be there, and nothing tells it."""
    odoo = SimulatedOdoo("19.0")
    refuse(odoo, "ir.mail_server", "Server 7", Unreachable)
    with pytest.raises(Unreachable) as caught:
        run(odoo, {"servers": many_servers(50)})
    assert caught.value.message == "mail_server 'Server 0', 'Server 1', 'Server 2' and 47 more (create): not this one"
    assert caught.value.details["applied"] == ()
    assert Counter(written(odoo))["ir.mail_server", "create"] == 1


def test_a_batch_ends_where_another_step_is_between(odoo: SimulatedOdoo) -> None:
    """The steps of a type keep the order in which they are declared."""
    run(odoo, {"servers": [{"name": name, "smtp_host": "smtp.acme.example"} for name in ("Old", "Renamed")]})
    odoo.log.clear()
    first, second, third = many_servers(3)
    stack = [first, {"name": "Old", "state": "absent"}, second, third, {"name": "Renamed", "smtp_port": 2525}]
    run(odoo, {"servers": stack})
    assert [method for model, method in written(odoo) if model == "ir.mail_server"] == [
        *("create", "unlink", "create", "write")
    ]
    assert [one["name"] for one in servers(odoo)] == ["Renamed", "Server 0", "Server 1", "Server 2"]


def test_the_same_change_of_many_is_one_call_each(odoo: SimulatedOdoo) -> None:
    run(odoo, {"servers": many_servers(150)})
    odoo.log.clear()
    assert {step.action for step in run(odoo, {"servers": many_servers(150, active=False)}).plan} == {"archive"}
    assert written(odoo) == [("ir.mail_server", "write")] * 2
    odoo.log.clear()
    run(odoo, {"servers": [{"name": one["name"], "state": "absent"} for one in many_servers(150)]})
    assert written(odoo) == [("ir.mail_server", "unlink")] * 2


def test_a_cron_that_runs_is_refused_by_itself(odoo: SimulatedOdoo) -> None:
    run(odoo, {"crons": many_crons(3)})
    running = next(key for key, one in odoo.records.tables["ir.cron"].items() if one["name"] == "Sweep 1")
    odoo.running_crons.add(running)
    with pytest.raises(Conflict) as caught:
        run(odoo, {"crons": [{**cron, "priority": 9} for cron in many_crons(3)]})
    assert caught.value.message.startswith("cron 'Sweep 1' (update): the cron is running")
    assert [step.key for step in caught.value.details["applied"]] == ["Sweep 0"]


def test_only_what_is_tested_is_done_one_by_one(odoo: SimulatedOdoo) -> None:
    odoo.record("res.users", odoo.ref("base.user_admin"))["email"] = "admin@acme.example"
    stack = {"servers": many_servers(3), "crons": many_crons(20), "parameters": many_parameters(20)}
    run(odoo, stack, verify="connection")
    calls = Counter(written(odoo))
    assert calls["ir.mail_server", "create"] == calls["ir.mail_server", "write"] == 3
    assert calls["ir.cron", "create"] == 1
    assert calls["ir.config_parameter", "create"] == 1
    assert run(odoo, stack, check=True).plan == ()


def test_records_of_a_batch_get_their_own_external_ids(odoo: SimulatedOdoo) -> None:
    stack = {"servers": many_servers(5)}
    for number, one in enumerate(stack["servers"]):
        one["xml_id"] = f"postmaster.server_{number}"
    run(odoo, stack)
    names = {
        number: odoo.record("ir.mail_server", odoo.ref(f"postmaster.server_{number}"))["name"] for number in range(5)
    }
    assert names == {number: f"Server {number}" for number in range(5)}
