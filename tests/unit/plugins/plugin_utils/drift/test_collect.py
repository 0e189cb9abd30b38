# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conclusions from results about instances, and results without a conclusion."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector, Play, Task, modules
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import kinds
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    CHECK,
    change,
    failure,
    found,
    instance,
    instances,
    step,
)

RUN = Task("run", "Enforce", enforces=True)
OTHER = Task("other", "Something else")
CENSORED = {"censored": "the output has been hidden due to the fact that 'no_log: true' was specified for this result"}
PLUGINS = Path(__file__).resolve().parents[5] / "plugins"


def test_modules_are_those_whose_results_have_a_plan() -> None:
    with_plan = set()
    for path in (PLUGINS / "modules").glob("*.py"):
        returned = path.read_text().partition('RETURN = r"""')[2].partition('"""')[0]
        if "plan" in (yaml.safe_load(returned) or {}):
            with_plan.add(f"postmaster.odoo.{path.stem}")
    # A rollback compares an instance with a snapshot, not with the declaration.
    assert with_plan - {"postmaster.odoo.mail_rollback"} == modules()


def test_kinds_are_those_of_the_engine() -> None:
    names = {
        name
        for path in (PLUGINS / "module_utils" / "resources").glob("*.py")
        for name in re.findall(r'^    name = "(\w+)"$', path.read_text(), re.MULTILINE)
    }
    assert names | {"route"} == set(kinds())


# One task on one host


@pytest.mark.parametrize(
    ("outcome", "result", "status"),
    [
        ("ok", found(), "clean"),
        ("ok", found(step(change())), "drifted"),
        ("ok", found(unmanaged=[{"resource": "mail_server", "id": 4, "name": "Old relay"}]), "drifted"),
        ("skipped", {"skip_reason": "Conditional result was False"}, "unknown"),
        ("ok", CENSORED, "unknown"),
        ("ok", {"ansible_job_id": "j1.2", "started": 1, "finished": 0}, "unknown"),
        ("ok", failure(), "unknown"),  # failed_when: false
        ("ignored", failure("unreachable"), "unknown"),
        ("ignored", {"unreachable": True, "msg": "no route"}, "unknown"),  # ignore_unreachable
        ("failed", failure(), "failed"),
        ("failed", CENSORED, "failed"),
        ("failed", {"msg": "Unsupported parameters"}, "failed"),
        ("failed", failure("unreachable"), "unreachable"),
        ("failed", failure("timeout"), "unreachable"),
        ("unreachable", {"unreachable": True, "msg": "no route"}, "unreachable"),
        ("failed", found(step(change()), msg="Task failed"), "drifted"),  # failed_when: result is changed
        ("failed", found(msg="Task failed"), "failed"),  # failed_when, for another reason
    ],
)
def test_status(outcome: str, result: dict[str, Any], status: str) -> None:
    judged = instance((outcome, result), failures={"acme": outcome == "failed"})
    assert judged.status == status
    if status not in ("clean", "drifted"):
        assert judged.errors or judged.warnings  # it contains the reason


def test_changes_of_a_run_are_corrected() -> None:
    assert instance(("ok", found(step(change()))), task=RUN).status == "corrected"


def test_changes_before_an_error_are_corrected_and_the_instance_failed() -> None:
    judged = instance(("failed", failure("conflict", plan=[step(change())])), task=RUN, failures={"acme": 1})
    assert judged.status == "failed"
    assert [resource.status for resource in judged.resources] == ["corrected"]


def test_records_in_the_declared_state_are_clean_and_in_the_order_of_a_stack() -> None:
    records = [
        {"resource": "cron", "key": "mail.ir_cron_mail_scheduler_action", "id": 3, "name": "Mail: Email Queue Manager"},
        {"resource": "system_parameter", "key": "b", "id": 1},
        {"resource": "system_parameter", "key": "a", "id": 2},
        {"resource": "mail_server", "key": "Transactional", "id": 2, "name": "Formerly"},
    ]
    judged = instance(("ok", found(step(change("name", "Formerly", "Transactional")), records=records)))
    assert [(one.resource, one.key, one.status) for one in judged.resources] == [
        ("system_parameter", "a", "clean"),
        ("system_parameter", "b", "clean"),
        ("mail_server", "Transactional", "drifted"),
        ("cron", "mail.ir_cron_mail_scheduler_action", "clean"),
    ]


def test_a_step_without_changes_is_one_difference_of_the_whole_record() -> None:
    judged = instance(("ok", found(step(action="delete"))))
    (difference,) = judged.resources[0].differences
    assert (difference.field, difference.before, difference.after) == (None, "present", "absent")


def test_an_archived_undeclared_server_is_reported_once() -> None:
    archived = step(change("active", True, False), key="Old relay", action="archive")
    judged = instance(("ok", found(archived, unmanaged=[{"resource": "mail_server", "id": 4, "name": "Old relay"}])))
    (resource,) = judged.resources
    assert (resource.action, len(resource.differences)) == ("archive", 1)


def test_marks_of_a_change_are_kept() -> None:
    judged = instance(("ok", found(step(change("smtp_pass", "********", None), change(managed_elsewhere=True)))))
    secret, elsewhere = judged.resources[0].differences
    assert (secret.secret, secret.managed_elsewhere) == (True, False)
    assert (elsewhere.secret, elsewhere.managed_elsewhere) == (False, True)


# Loops


def test_a_loop_is_judged_item_by_item() -> None:
    loop = {
        "results": [
            found(step(change(), key="A")),
            found(records=[{"resource": "mail_server", "key": "B"}]),
            {"skipped": True, "skip_reason": "Conditional result was False"},
        ]
    }
    judged = instance(("ok", loop))
    assert judged.status == "drifted"
    assert [(one.key, one.status) for one in judged.resources] == [("A", "drifted"), ("B", "clean")]


def test_one_item_that_failed_fails_the_instance() -> None:
    loop = {"results": [found(), {**failure(), "failed": True}]}
    judged = instance(("failed", loop), failures={"acme": 1})
    assert (judged.status, len(judged.errors)) == ("failed", 1)


def test_one_hidden_item_leaves_the_status_unknown() -> None:
    assert instance(("ok", {"results": [found(), CENSORED]})).status == "unknown"


def test_a_loop_over_nothing_is_skipped() -> None:
    assert instance(("skipped", {"results": [], "skipped_reason": "No items in the list"})).status == "unknown"


# Several tasks


def observe(*observed: tuple[Task, str, dict[str, Any]], hosts: tuple[str, ...] = ("acme",), failures: int = 0) -> Any:
    collector = Collector()
    tasks = list({task.id: task for task, _outcome, _result in observed if task.enforces}.values())
    collector.begin(Play(hosts, tasks, enforces=True))
    for task, outcome, result in observed:
        collector.observe("acme", task, outcome, result)
    return collector.instances(hosts, failures={"acme": failures})[0]


def test_two_tasks_about_one_resource_are_merged() -> None:
    second = Task("second", "Again", enforces=True, check_mode=True)
    judged = observe(
        (CHECK, "ok", found(step(change()), records=[{"resource": "mail_server", "key": "Transactional"}])),
        (second, "ok", found(step(change(), change("from_filter", None, "acme.example")))),
    )
    (resource,) = judged.resources
    assert [difference.field for difference in resource.differences] == ["smtp_port", "from_filter"]


def test_drift_that_the_same_run_corrects_is_corrected() -> None:
    judged = observe((CHECK, "ok", found(step(change()))), (RUN, "ok", found(step(change()))))
    assert judged.status == "corrected"


def asking(number: str, asks: str) -> Task:
    return Task(number, f"Compare {number}", enforces=True, check_mode=True, asks=asks)


def test_a_rescue_with_the_same_comparison_and_a_verdict_settles_it() -> None:
    judged = observe((asking("1", "A"), "failed", failure()), (asking("2", "A"), "ok", found()))
    assert (judged.status, judged.errors) == ("clean", [])


@pytest.mark.parametrize(("first", "then"), [("A", "B"), ("", "")])
def test_a_rescued_error_is_not_settled_by_other_comparisons(first: str, then: str) -> None:
    judged = observe((asking("1", first), "failed", failure("access")), (asking("2", then), "ok", found()))
    assert (judged.status, [error.kind for error in judged.errors]) == ("unknown", ["access"])


def test_arguments_are_not_shown() -> None:
    assert "made-up-secret" not in repr(asking("1", "made-up-secret"))


def test_an_ignored_error_leaves_the_status_unknown_after_other_comparisons() -> None:
    assert observe((RUN, "ignored", failure()), (CHECK, "ok", found())).status == "unknown"


def test_of_several_failures_the_last_was_not_rescued() -> None:
    judged = observe((RUN, "failed", failure("access")), (CHECK, "failed", failure("rejected")), failures=1)
    assert judged.status == "failed"


def test_the_reason_for_the_unknown_status_is_in_addition_to_other_warnings() -> None:
    collector = Collector()
    collector.begin(Play(["acme", "globex"], [CHECK, RUN], enforces=True))
    collector.observe("acme", CHECK, "ok", found(warnings=["mind the gap"]))
    collector.observe("globex", CHECK, "failed", failure())
    acme = collector.instances(["acme", "globex"], failures={"globex": 1})[0]
    assert acme.warnings == ["mind the gap", "The state is not known: the run ended before everything was compared."]


def test_another_task_that_fails_before_the_verdict_fails_the_instance() -> None:
    judged = observe((OTHER, "failed", {"msg": "preflight"}), failures=1)
    assert (judged.status, judged.errors[0].kind) == ("failed", "ansible")


@pytest.mark.parametrize("outcome", ["failed", "unreachable"])
def test_another_task_that_fails_after_the_verdict_does_not_affect_the_instance(outcome: str) -> None:
    judged = observe((CHECK, "ok", found()), (OTHER, outcome, {"msg": "afterwards"}), failures=outcome == "failed")
    assert (judged.status, judged.errors) == ("clean", [])


def test_a_failure_between_two_verdicts_ignores_the_second() -> None:
    collector = Collector()
    collector.begin(Play(["acme"], [CHECK, RUN], enforces=True))
    collector.observe("acme", CHECK, "ok", found())
    collector.observe("acme", OTHER, "failed", {"msg": "between"})
    assert collector.instances(["acme"], failures={"acme": 1})[0].status == "failed"


def test_a_background_job_is_judged_when_its_result_is_read() -> None:
    ticket = {"ansible_job_id": "j1.2", "started": 1, "finished": 0}
    assert observe((CHECK, "ok", ticket), (OTHER, "ok", ticket)).status == "unknown"
    result = found(step(change()), ansible_job_id="j1.2", finished=1)
    assert observe((CHECK, "ok", ticket), (OTHER, "ok", result)).status == "drifted"


TICKET = {"ansible_job_id": "j1.2", "started": 1, "finished": 0}


def test_an_unfinished_background_job_leaves_the_status_unknown_after_other_comparisons() -> None:
    judged = observe((CHECK, "ok", found()), (RUN, "ok", TICKET))
    assert (judged.status, len(judged.warnings)) == ("unknown", 1)


def test_jobs_of_a_loop_are_judged_separately() -> None:
    second = {**TICKET, "ansible_job_id": "j2.3"}
    done = [{**found(step(change(), key=one)), "ansible_job_id": one, "finished": 1} for one in ("j1.2", "j2.3")]
    assert observe((CHECK, "ok", {"results": [TICKET, second]}), (OTHER, "ok", {"results": done})).status == "drifted"
    asked = {"results": [done[0], second]}
    assert observe((CHECK, "ok", {"results": [TICKET, second]}), (OTHER, "ok", asked)).status == "unknown"
    failed = {"results": [done[0], {**failure(), "ansible_job_id": "j2.3", "finished": 1, "failed": True}]}
    judged = observe((CHECK, "ok", {"results": [TICKET, second]}), (OTHER, "failed", failed), failures=1)
    assert (judged.status, len(judged.errors)) == ("failed", 1)


# Hosts that were not reached


def test_a_task_that_was_not_reached_leaves_the_status_unknown_without_a_failure() -> None:
    collector = Collector()
    collector.begin(Play(["acme"], [CHECK, RUN], enforces=True))
    collector.observe("acme", CHECK, "ok", found())  # and then end_play
    assert collector.instances(["acme"], failures={})[0].status == "unknown"
    collector.observe("acme", RUN, "skipped", {"skip_reason": "Conditional result was False"})
    assert collector.instances(["acme"], failures={})[0].status == "clean"


def test_comparing_plays_without_hosts() -> None:
    collector = Collector()
    collector.begin(Play(["acme"], [CHECK], enforces=True, name="Compare"))
    collector.begin(Play([], [CHECK], enforces=True, name="Compare production"))
    collector.begin(Play([], name="Something else"))
    assert collector.plays_without_hosts == ["Compare production"]


def test_hosts_without_a_verdict_are_unknown() -> None:
    judged = instances(("ok", found()), hosts=("acme", "globex"))
    assert [(one.name, one.status) for one in judged] == [("acme", "clean"), ("globex", "unknown")]
    assert judged[1].warnings


def test_a_host_that_others_stopped_between_two_tasks_is_unknown() -> None:
    collector = Collector()
    collector.begin(Play(["acme", "globex"], [CHECK, RUN], enforces=True))
    collector.observe("acme", CHECK, "ok", found())
    collector.observe("globex", CHECK, "failed", failure())  # any_errors_fatal
    judged = collector.instances(["acme", "globex"], failures={"globex": 1})
    assert [one.status for one in judged] == ["unknown", "failed"]


def test_a_task_that_runs_once_counts_for_its_host() -> None:
    once = Task("once", "Once", enforces=True, check_mode=True, run_once=True)
    assert [one.name for one in instances(("ok", found()), task=once, hosts=("acme", "globex"))] == ["acme"]


def test_plays_without_enforcing_tasks_have_no_instances() -> None:
    collector = Collector()
    collector.begin(Play(["acme"]))
    collector.observe("acme", OTHER, "failed", {"msg": "no"})
    assert not collector.enforces
    assert collector.instances(["acme"], failures={"acme": 1}) == []


def test_instances_have_the_order_of_the_inventory() -> None:
    collector = Collector()
    collector.begin(Play(["initech", "acme"], [CHECK], enforces=True))
    collector.begin(Play(["globex"], [CHECK], enforces=True))
    names = [one.name for one in collector.instances(["acme", "globex", "hooli", "initech"], failures={})]
    assert names == ["acme", "globex", "initech"]


def test_an_unsupported_result_is_not_a_verdict() -> None:
    collector = Collector()
    collector.begin(Play(["acme"], [CHECK], enforces=True))
    with pytest.raises(KeyError):
        collector.observe("acme", CHECK, "ok", {"plan": [{"of": "another"}]})
    collector.lose("acme", CHECK)
    assert collector.instances(["acme"], failures={})[0].status == "unknown"


def test_values_are_plain_data() -> None:
    judged = instance(("ok", found(step(change(before=float("nan"), after="\ud800"), key="Ä\ud800"))))
    (resource,) = judged.resources
    assert (resource.key, resource.differences[0].before, resource.differences[0].after) == ("Ä?", "nan", "?")
