# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guarantees of the callback: it sets the exit code, and no error in it can turn a run green.

How it treats Ansible's own objects is tested with Ansible, in tests/integration/test_drift_callback.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleOptionsError
from ansible.plugins.callback import CallbackBase

from ansible_collections.postmaster.odoo.plugins.callback.drift import CallbackModule
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import as_text, watch
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Play
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.files import FILES
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    CHECK,
    change,
    found,
    step,
)

CLEAN = SimpleNamespace(dark={}, failures={})
DRIFTED = found(step(change()))


def result(content: Any) -> Any:
    return SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: "acme"),
        task=SimpleNamespace(_uuid=CHECK.id, ignore_unreachable=False),
        result=content,
    )


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., CallbackModule]:
    """Return a callback in the first play of a run that compares acme. Ansible's objects are left out."""
    monkeypatch.setattr(watch, "task_of", lambda task, **_known: CHECK)
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme"], [CHECK], enforces=True))
    monkeypatch.setattr(watch, "inventory_of", lambda play: ["acme"])
    monkeypatch.setattr(watch, "wants_verdict", lambda play: True)
    monkeypatch.setattr(watch, "unstarted_plays", lambda playbook, started: iter(()))
    monkeypatch.setattr(watch, "is_stopped_early", lambda playbooks, started: False)
    monkeypatch.setattr(watch, "run_of", lambda playbook, seconds: {"playbook": "drift", "seconds": seconds})
    monkeypatch.setenv("POSTMASTER_DRIFT_CALLBACK", "not yet")  # and it is put back afterwards

    def begun(**options: Any) -> CallbackModule:
        callback = CallbackModule()
        callback._plugin_options = {
            "report_folder": str(tmp_path),
            "formats": ["json"],
            "exit_code": 10,
            "baseline": None,
            "keep": 90,
            "webhook_url": None,
            "webhook_format": "json",
            "webhook_timeout": 10,
            "webhook_verdicts": ["drifted", "unknown", "failed", "unreachable"],
            **options,
        }
        callback.v2_playbook_on_start(SimpleNamespace())
        callback.v2_playbook_on_play_start(SimpleNamespace(_uuid="1"))
        return callback

    return begun


Begun = Callable[..., CallbackModule]


def test_drift_ends_the_run_after_everything_is_written(begun: Begun, tmp_path: Path) -> None:
    callback = begun()
    callback.v2_runner_on_ok(result(DRIFTED))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 10
    assert json.loads((tmp_path / "drift.json").read_text())["verdict"]["exit_code"] == 10


@pytest.mark.parametrize(("options", "content"), [({}, found()), ({"exit_code": 0}, DRIFTED)])
def test_without_an_exit_code_the_run_ends_as_ansible_does(begun: Begun, options: Any, content: Any) -> None:
    callback = begun(**options)
    callback.v2_runner_on_ok(result(content))
    callback.v2_playbook_on_stats(CLEAN)


@pytest.mark.parametrize(
    ("dark", "failures", "code"), [({"x": 1}, {"y": 1}, 4), ({}, {"y": 1}, 2), ({"x": 0}, {"y": 0}, 10)]
)
def test_a_failure_of_another_host_keeps_its_code(begun: Begun, dark: Any, failures: Any, code: int) -> None:
    callback = begun()
    callback.v2_runner_on_ok(result(DRIFTED))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(SimpleNamespace(dark=dark, failures=failures))
    assert ended.value.code == code


def test_a_defect_in_the_verdict_is_not_green(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = begun()
    callback.v2_runner_on_ok(result(found()))

    def defect(_report: Any) -> Any:
        raise RuntimeError("made to fail\x1b[31m with correct-horse")

    monkeypatch.setenv("ODOO_PASSWORD", "correct-horse")
    monkeypatch.setattr(as_text, "render", defect)
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "There is no verdict because the callback has failed: " in said
    assert "made to fail\\u001b[31m with ********" in said


def test_a_defect_at_the_beginning_of_a_play_is_not_green(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "play_of", lambda play: 1 / 0)
    with pytest.raises(SystemExit) as ended:
        begun()
    assert ended.value.code == 1


def test_an_unsupported_result_is_not_green(begun: Begun) -> None:
    callback = begun()
    with pytest.raises(KeyError):  # of which Ansible warns
        callback.v2_runner_on_ok(result({"plan": [{}]}))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 2


def test_wrong_options_end_the_run_when_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_self: Any, **_how: Any) -> None:
        raise AnsibleOptionsError("exit_code is no number")

    monkeypatch.setattr(CallbackBase, "set_options", refuse)
    callback = CallbackModule()
    callback.set_options()
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_start(SimpleNamespace())
    assert ended.value.code == 1
    assert "exit_code is no number" in capsys.readouterr().err


def test_a_wrong_baseline_ends_the_run_before_anything_is_compared(
    begun: Begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "baseline.yml"
    path.write_text("format: 1\naccepted: all\n")
    with pytest.raises(SystemExit) as ended:
        begun(baseline=str(path))
    assert ended.value.code == 1
    assert "is not valid" in capsys.readouterr().err


def test_a_baseline_with_an_unmatched_entry_is_drift(begun: Begun, tmp_path: Path) -> None:
    path = tmp_path / "baseline.yml"
    entry = "{resource: mail_server, key: T, reason: r, owner: o, expires: 2999-01-01}"
    path.write_text(f"format: 1\naccepted: [{entry}]\n")
    callback = begun(baseline=str(path))
    callback.v2_runner_on_ok(result(found(records=[{"resource": "mail_server", "key": "Transactional"}])))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 10
    assert json.loads((tmp_path / "drift.json").read_text())["baseline"]["problems"][0]["problem"] == "unmatched"


def test_a_play_begins_once_with_any_number_of_batches(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = begun()
    monkeypatch.setattr(watch, "play_of", lambda play: 1 / 0)
    callback.v2_playbook_on_play_start(SimpleNamespace(_uuid="1"))


def test_tasks_can_read_that_there_will_be_a_verdict(begun: Begun) -> None:
    begun()
    assert os.environ["POSTMASTER_DRIFT_CALLBACK"] == "active"


def test_a_wrong_baseline_ends_a_run_with_dynamic_tasks(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme"]))
    callback = begun(baseline=str(tmp_path / "missing.yml"))
    with pytest.raises(SystemExit) as ended:
        callback.v2_runner_on_start(SimpleNamespace(), SimpleNamespace())
    assert ended.value.code == 1


def test_a_defect_when_a_task_starts_is_not_green(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = begun()
    monkeypatch.setattr(watch, "task_of", lambda task: 1 / 0)
    with pytest.raises(SystemExit) as ended:
        callback.v2_runner_on_start(SimpleNamespace(), SimpleNamespace())
    assert ended.value.code == 1


def test_a_task_that_enforces_unexpectedly_has_a_verdict(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme"]))
    callback = begun()
    callback.v2_runner_on_ok(result(DRIFTED))  # the name of its module is a template
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 10


@pytest.mark.parametrize(("limit", "code"), [({}, 2), ({"limit": "acme"}, None)])
def test_a_play_without_hosts_is_not_green(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: dict[str, str], code: int | None
) -> None:
    monkeypatch.setattr(watch, "unstarted_plays", lambda *_: iter([Play([], [CHECK], enforces=True, name="Others")]))
    monkeypatch.setattr(watch, "run_of", lambda *_: {"playbook": "drift", "seconds": 1.0, **limit})
    callback = begun()
    callback.v2_runner_on_ok(result(found()))
    with pytest.raises(SystemExit, match=f"^{code}$") if code else nullcontext():
        callback.v2_playbook_on_stats(CLEAN)
    run = json.loads((tmp_path / "drift.json").read_text())["run"]
    assert run.get("without_hosts") == (["Others"] if code else None)


@pytest.mark.parametrize(("stopped", "limited"), [(False, True), (True, False)])
def test_a_run_for_fewer_hosts_does_not_replace_the_report(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stopped: bool, limited: bool
) -> None:
    """A run with `-e provision_hosts=acme` has no --limit. A run that a failure has stopped is not limited."""
    monkeypatch.setattr(watch, "inventory_of", lambda play: ["acme", "globex"])
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme", "globex"], [CHECK], enforces=True))
    begun(exit_code=0).v2_playbook_on_stats(CLEAN)
    nightly = (tmp_path / "drift.json").read_text()
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme"], [CHECK], enforces=True))
    monkeypatch.setattr(watch, "is_stopped_early", lambda playbooks, started: stopped)
    callback = begun(exit_code=0)
    callback.v2_runner_on_ok(result(found()))
    callback.v2_playbook_on_stats(CLEAN)
    assert (tmp_path / "drift-limited.json").exists() is limited
    assert ((tmp_path / "drift.json").read_text() == nightly) is limited


def test_a_folder_that_cannot_be_written_ends_the_run_before_anything_is_compared(
    begun: Begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SystemExit) as ended:
        begun(report_folder=str(tmp_path / "file"))
    assert ended.value.code == 1
    assert "The report_folder " in capsys.readouterr().err


def test_reports_that_cannot_be_written_in_the_end_are_not_green(begun: Begun, tmp_path: Path) -> None:
    callback = begun(report_folder=str(tmp_path / "reports"))
    (tmp_path / "reports").rmdir()
    callback.v2_runner_on_ok(result(found()))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 1


def test_a_summary_that_is_a_pipe_ends_the_run(
    begun: Begun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "summary")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    callback = begun(formats=["json", "github"])
    callback.v2_runner_on_ok(result(found()))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(CLEAN)
    assert ended.value.code == 1
    assert "cannot be written: it is not a regular file" in " ".join(capsys.readouterr().err.split())


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str | None] = {}

    def take(self: Any, **_how: Any) -> None:
        seen.update({name: os.environ.get(f"POSTMASTER_DRIFT_{name}") for name in ("REPORT_FOLDER", "BASELINE")})
        self._plugin_options = {
            "exit_code": 10,
            "keep": 90,
            "formats": ["json", "pdf"],
            "webhook_url": None,
            "webhook_format": "json",
            "webhook_timeout": 10,
            "webhook_verdicts": [],
        }

    monkeypatch.setattr(CallbackBase, "set_options", take)
    monkeypatch.setenv("POSTMASTER_DRIFT_REPORT_FOLDER", "")
    monkeypatch.setenv("POSTMASTER_DRIFT_BASELINE", "baseline.yml")
    callback = CallbackModule()
    callback.set_options()
    assert seen == {"REPORT_FOLDER": None, "BASELINE": "baseline.yml"}
    assert callback._wrong_options == f"'pdf' in formats is not valid. Valid values: {', '.join(FILES)}, github."


def test_an_ad_hoc_run_is_ignored(begun: Begun, capsys: pytest.CaptureFixture[str]) -> None:
    begun()  # Ansible's objects are left out
    callback = CallbackModule()
    callback.v2_playbook_on_play_start(SimpleNamespace(_uuid="1"))
    callback.v2_runner_on_failed(result(DRIFTED))
    callback.v2_playbook_on_stats(SimpleNamespace(dark={}, failures={"acme": 1}))
    assert "DRIFT" not in capsys.readouterr().out


def test_the_folder_exists_although_the_comparing_plays_never_began(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watch, "play_of", lambda play: Play(["acme"]))
    monkeypatch.setattr(watch, "unstarted_plays", lambda *_: iter([Play(["acme"], [CHECK], enforces=True)]))
    callback = begun(report_folder=str(tmp_path / "reports"))
    with pytest.raises(SystemExit) as ended:
        callback.v2_playbook_on_stats(SimpleNamespace(dark={}, failures={"acme": 1}))
    assert ended.value.code == 2
    assert (tmp_path / "reports" / "drift.json").exists()
