# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The number of mails that are still due after a run."""

from __future__ import annotations

from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.work import warnings
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.queue.queued_mails import add, do, states
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def test_mails_that_a_run_leaves_because_it_ends_early_are_counted(odoo: SimulatedOdoo) -> None:
    for number in range(30):
        add(odoo, minutes=1, email_from=f"a@bad{number}.example")
    odoo.delivery = lambda _mail: HANGS_UP
    work = act(odoo.session(), "process", Selection(), batch_size=12)
    assert (work.unsent, work.due) == (12, 30)
    assert warnings(work)[1].startswith("18 more mails are still due. Sending failed for so many mail servers")


def test_mails_beyond_the_limit_are_counted(odoo: SimulatedOdoo) -> None:
    for _number in range(5):
        add(odoo, minutes=1, email_from="a@acme.example")
    add(odoo, minutes=1, email_from="b@else.example")
    predicted = act(
        odoo.session(read_only=True), "process", Selection(from_domain="acme.example", limit=3), batch_size=50
    )
    assert (predicted.count, predicted.due) == (3, 2)
    work = do(odoo, "process", from_domain="acme.example", limit=3)
    assert (work.sent, work.due) == (3, 2)
    assert warnings(work) == ["2 mails are still due. The limit is 3. Run the task again, or set a higher limit."]
    assert warnings(do(odoo, "process", from_domain="acme.example", limit=2)) == []


def test_mails_that_arrive_meanwhile_are_not_counted_as_remaining(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=1)

    def come(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            add(odoo, minutes=-1)

    odoo.before.append(come)
    work = act(odoo.session(), "process", Selection(limit=1), batch_size=50)
    assert (work.sent, work.due, warnings(work)) == (1, 0, [])


def test_mails_that_become_due_meanwhile_are_counted(odoo: SimulatedOdoo) -> None:
    """Another program changes an older mail after the task has passed it."""
    other, mail = add(odoo, minutes=2, state="cancel"), add(odoo, minutes=1)

    def come(_model: str, method: str, *_rest: Any) -> None:
        if method == "send":
            odoo.record("mail.mail", other)["state"] = "outgoing"

    odoo.before.append(come)
    work = act(odoo.session(), "process", Selection(), batch_size=50)
    assert (states(odoo)[mail], work.due) == ("sent", 1)
    assert "became due while the task ran" in warnings(work)[0]


def test_a_count_without_an_answer_is_not_a_failure(odoo: SimulatedOdoo) -> None:
    add(odoo, minutes=1)

    def cut(_model: str, method: str, *_rest: Any) -> None:
        if method == "search_count":
            raise Unreachable("the connection was cut.")

    odoo.before.append(cut)
    work = act(odoo.session(), "process", Selection(limit=5), batch_size=50)
    assert (work.error, work.sent) == (None, 1)
    assert warnings(work) == ["It is not known how many mails are still due: the connection was cut."]
