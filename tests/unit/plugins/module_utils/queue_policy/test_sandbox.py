# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every branch of the queue policy's code under the rules of the sandbox of 20.0."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.tests.unit.generated_code import sandbox
from ansible_collections.postmaster.odoo.tests.unit.generated_code.branches import with_told_branches
from ansible_collections.postmaster.odoo.tests.unit.generated_code.played_odoo import (
    COPY_TABLE,
    NOW,
    TABLE,
    Records,
    World,
)

MAIL, CRON = "mail.mail", "ir.cron"
# Of a class that the sandbox does not trust.
HANG_UP = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@dataclass
class Code:
    """Code that logs the branches that it takes."""

    text: str
    names: dict[str, str]
    taken: set[str] = field(default_factory=set)

    def run(self, world: World) -> World:
        def log(message: str, level: str = "info") -> None:
            self.taken.add(message)
            world.said.append(message)

        log.__module__, log.__qualname__ = "odoo.addons.base.models.ir_actions", "log"
        sandbox.run(self.text, {**world.given(MAIL), "log": log})
        return world

    def untaken(self) -> list[str]:
        return [name for message, name in self.names.items() if message not in self.taken]


def told(part: str, code: str) -> Code:
    return Code(*with_told_branches(code, part))


def too_late() -> World:
    """A world whose clock jumps beyond a minute after the first look at it."""

    class Late(World):
        @property
        def time(self) -> float:
            self.looks = getattr(self, "looks", 0) + 1
            return 1000.0 * self.looks

        @time.setter
        def time(self, _seconds: float) -> None:
            pass

    return Late()


def mail(world: World, sender: str = "a@a.example", server: int = 1, **values: Any) -> int:
    return world.add(
        MAIL,
        **{"state": "outgoing", "email_from": sender, "mail_server_id": SimpleNamespace(id=server), **values},
    )


def test_lanes() -> None:
    code = told("lanes", queue_jobs.lanes_code([Lane("lost", [], 1), Lane("all", [], 100)], settle=60))
    world = World(failures={(MAIL, "search"): [HANG_UP]})  # the first lane's domain
    for sender in ("a@a.example", "a@a.example", "b@b.example"):
        mail(world, sender)
    world.failures[MAIL, "send"] = [HANG_UP]
    code.run(world)
    assert [row["state"] for row in world.tables[MAIL].values()] == ["exception", "outgoing", "sent"]
    assert any("lane lost is not valid: SMTPServerDisconnected" in one for one in world.said)
    assert any("lane all was interrupted: SMTPServerDisconnected" in one for one in world.said)
    # Odoo cannot note a failure.
    world = World(failures={("cr", "commit"): [HANG_UP]}, with_progress=False, with_logger=False)
    mail(world)
    code.run(world)
    code.run(too_late())
    assert code.untaken() == []


def test_backoff() -> None:
    code = told("backoff", queue_jobs.backoff_code(first_delay=5, max_delay=60, give_up_after=4320, max_attempts=30))
    world = World(failed=[[(mail_id, True) for mail_id in (1, 2, 3)]])
    for _number in range(3):
        mail(world, state="exception")
    code.run(world)
    (note,) = world.tables["ir.config_parameter"].values()
    assert (note["key"], note["value"]) == (ATTEMPTS_KEY, "1=2 2=2 3=2")
    assert f"FROM {TABLE} UNION ALL" in world.queries[0]
    assert f"FROM {COPY_TABLE}) recipient" in world.queries[0]
    note["value"] = "junk 1=30 2=-2"
    world.failed = [[(1, True), (2, True)], [(3, False)]]
    world.with_progress = world.with_logger = False
    code.run(world)
    assert note["value"] == "1=-30 2=3 3=-1"
    code.run(too_late())
    assert code.untaken() == []


@pytest.mark.parametrize(("part", "state"), [("stale", "outgoing"), ("purge", "cancel")])
def test_clearing_away(part: str, state: str) -> None:
    code = told(part, getattr(queue_jobs, f"{part}_code")(7))
    for with_all in (True, False):
        world = World(with_progress=with_all, with_logger=with_all)
        for _number in range(2):
            mail(world, state=state, write_date=NOW - timedelta(days=8))
        if part == "purge":
            # All at once is refused, and then the first by itself.
            world.failures[MAIL, "unlink"] = [HANG_UP, HANG_UP] if with_all else []
            code.run(world)
            assert len(world.tables[MAIL]) == (1 if with_all else 0)
        else:
            code.run(world)
            assert {row["state"] for row in world.tables[MAIL].values()} == {"cancel"}
    if part == "purge":  # nothing is said where nothing is refused
        world = World(with_progress=False, with_logger=False, failures={(MAIL, "unlink"): HANG_UP})
        mail(world, state=state, write_date=NOW - timedelta(days=8))
        code.run(world)
    code.run(too_late())
    assert code.untaken() == []


def cron(world: World, **values: Any) -> None:
    about = {"name": "Mail: Email Queue Manager", "active": True, "interval_type": "hours", "interval_number": 1}
    row = {**about, "nextcall": NOW, "write_date": NOW, **values}
    world.xml_ids[QUEUE] = (CRON, world.add(CRON, **row))


@pytest.mark.parametrize("listener", [Listener("discuss.channel", 1), Listener("res.partner", 1)])
def test_watchdog(listener: Listener) -> None:
    code = told("watchdog", queue_jobs.watchdog_code(max_overdue=30, max_outgoing=1, listener=listener))
    day = timedelta(days=1)
    worlds: list[tuple[dict[str, Any] | None, Callable[[World], Any]]] = [
        (None, lambda _world: None),  # the queue is gone
        ({}, lambda _world: None),
        ({"active": False}, lambda _world: None),
        ({"active": False, "nextcall": NOW - day, "numbercall": 0}, lambda _world: None),
        ({"nextcall": NOW - day}, lambda world: world.failures.update({(CRON, "write"): HANG_UP})),
        ({"nextcall": NOW - day}, lambda world: world.tables[listener.model].clear()),
        ({"nextcall": NOW + day}, lambda world: [mail(world) for _number in range(2)]),
        ({"nextcall": NOW + day}, lambda world: world.failures.update({(listener.model, "message_post"): HANG_UP})),
        ({"nextcall": NOW + day}, lambda world: setattr(world, "with_logger", False)),
    ]
    for values, change in worlds:
        world = World()
        world.add(listener.model)
        if values is not None:
            cron(world, **values)
        change(world)
        code.run(world)
        if (CRON, "write") in world.failures:
            (message,) = world.tables["mail.message"].values()
            assert message["subject"] == "Mail queue: Mail: Email Queue Manager cannot be rescheduled"
    assert code.untaken() == []


# The model itself


@pytest.mark.parametrize(
    "code",
    [
        "str(error)",
        "log('%s', error)",
        "[].append(error)",
        "log(dict(of=[(1, error)]))",
        "log(**{'message': error})",
        "list(map(repr, [error]))",
        "modules.path",
        "modules.getcwd()",
        "refused()",
    ],
)
def test_the_sandbox_refuses_what_is_not_trusted(code: str) -> None:
    given = {"error": HANG_UP, "log": lambda *_texts, **_more: None, "modules": __import__("os"), "refused": mail}
    given["log"].__module__ = "odoo.addons.base.models.ir_actions"
    if code == "modules.path":  # only calls are looked at
        sandbox.run(code, given)
        return
    with pytest.raises(sandbox.UnsafeError):
        sandbox.run(f"try:\n    {code}\nexcept Exception:\n    pass", given)


def test_the_sandbox_takes_what_is_formatted_outside_of_calls() -> None:
    texts: list[str] = []
    sandbox.run("say('%r' % error)", {"error": HANG_UP, "say": texts.append})
    assert texts == [repr(HANG_UP)]


def test_played_records_are_trusted_as_odoos_own() -> None:
    world = World()
    mail(world)
    sandbox.run("model.browse([1]).filtered(lambda one: one.exists()).write({'state': 'cancel'})", world.given(MAIL))
    assert Records(world, MAIL, [1]).state == "cancel"
