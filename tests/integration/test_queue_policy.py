# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue policy is installed, corrected and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from instance import LabInstance
from playbook import ansible_playbook, play
from queue_policy import BACKOFF, LANES, WATCHDOG, apply, channel_model, ref, run, run_policy

QUEUE_FIELDS = ("interval_number", "interval_type", "code")

EVERYTHING = {
    "lanes": LANES,
    "interval": 5,
    "backoff": BACKOFF,
    "stale_after": 7,
    "purge_after": 90,
    "watchdog": WATCHDOG,
}
OWN_RULES = ["backoff", "stale_after", "purge_after", "watchdog"]
OWN = [queue_jobs.BACKOFF, queue_jobs.STALE, queue_jobs.PURGE, queue_jobs.WATCHDOG]


def test_installed_and_removed_without_a_trace(database: LabInstance) -> None:
    def look() -> dict[str, Any]:
        fields = ("code", "active", "interval_number", "interval_type", "name", "model_id", "user_id", "priority")
        (core,) = database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=fields)
        counted = {model: len(database.read(model)) for model in ("ir.cron", "ir.actions.server", "ir.model.data")}
        return {**core, **counted}

    before = look()
    assert apply(database, **EVERYTHING) == [("update", "lanes"), *(("create", rule) for rule in OWN_RULES)]
    for xml_id in OWN:
        run(database, xml_id)
    run(database)
    own = database.read("ir.cron", ["name", "like", "Mail queue: "], fields=("user_id",))
    assert {row["user_id"][0] for row in own} == {ref(database, "base.user_root")}
    assert apply(database, state="absent") == [("update", "lanes"), *(("delete", rule) for rule in OWN_RULES)]
    assert look() == before
    assert apply(database, state="absent") == []


def test_code_changed_by_hand_is_drift(database: LabInstance) -> None:
    apply(database, **EVERYTHING)
    with database.session() as session:
        for xml_id in (QUEUE, queue_jobs.PURGE):
            (cron,) = session.search_read("ir.cron", [["id", "=", ref(database, xml_id)]], ["code"])
            session.write("ir.cron", [cron["id"]], {"code": cron["code"] + "\nlog('made up')"})
    assert apply(database, **EVERYTHING) == [("update", "lanes"), ("update", "purge_after")]


def test_parts_are_installed_and_removed_separately(database: LabInstance) -> None:
    (before,) = database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=QUEUE_FIELDS)
    apply(database, **EVERYTHING)
    assert apply(database, stale_after=0) == [("delete", "stale_after")]
    unmanaged = run_policy(database, check=True, stale_after=0).unmanaged
    assert sorted(one["key"] for one in unmanaged) == ["backoff", "lanes", "purge_after", "watchdog"]
    assert apply(database, lanes=[], backoff={**BACKOFF, "enabled": False}) == [
        ("update", "lanes"),
        ("delete", "backoff"),
    ]
    assert database.read("ir.cron", ["id", "=", ref(database, QUEUE)], fields=QUEUE_FIELDS) == [before]


def test_unsupported_options_are_refused_before_anything_is_written(database: LabInstance) -> None:
    before = database.fingerprint()
    for options, words in (
        (
            {"lanes": [{"name": "made up", "domain": "[('priority', '=', 1)]", "batch": 1}]},
            "lane 'made up': its domain",
        ),
        ({"watchdog": {**WATCHDOG, "channel": "No such channel"}}, "watchdog.channel: there is no channel"),
        ({"watchdog": {**WATCHDOG, "user": "nobody"}}, "watchdog.user: there is no user"),
    ):
        with pytest.raises(Unsupported) as raised:
            run_policy(database, **options)
        assert words in raised.value.message
    assert database.fingerprint() == before
    with database.session() as session:
        session.create(channel_model(session), [{"name": "Twin"}, {"name": "Twin"}])
    with pytest.raises(Ambiguous):
        run_policy(database, watchdog={**WATCHDOG, "channel": "Twin"})


def test_the_role(database: LabInstance, tmp_path: Path) -> None:
    variables = {f"odoo_{name}": value for name, value in database.options().items()}
    lanes = [{"name": "accounts", "domain": "[('model', '=', 'res.users')]"}]
    policy = {"odoo_queue_lanes": lanes, "odoo_queue_backoff": {}, "odoo_queue_purge_after": 90}
    run = ansible_playbook(
        tmp_path,
        [
            play(roles=["postmaster.odoo.queue_policy"], vars=variables | policy),
            play(roles=["postmaster.odoo.queue_policy"], vars=variables | {"odoo_queue_state": "absent"}),
        ],
        *("--inventory", "localhost,", "--check", "--diff"),
    )
    assert run.exit_code == 0, run.output
    assert '+lanes: [{"name": "accounts"' in run.output
    assert "+first_delay: 5" in run.output
    assert "after: queue_policy: purge_after (create)" in run.output
    assert not run.results["Enforce the queue policy of the instance"]["changed"]
