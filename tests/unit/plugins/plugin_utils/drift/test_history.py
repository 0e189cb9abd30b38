# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The start of the drift of a field, and the former states of the fleet: they are read only from the reports of former
runs.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import as_json
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import history as history_file
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.files import prepare, write, write_reports
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.history import History, dated_name
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import Instance
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    CHECK,
    change,
    failure,
    found,
    instance,
    report,
    step,
)

RECORD = {"resource": "mail_server", "key": "Transactional"}


def day(number: int) -> str:
    return f"2026-11-{number:02}T01:00:00Z"


def drifted(name: str = "acme", *changes: Any) -> Instance:
    return instance(("ok", found(step(*changes or [change()]), records=[RECORD])), hosts=(name,))


def clean(name: str = "acme") -> Instance:
    return instance(("ok", found(records=[RECORD])), hosts=(name,))


def run(folder: Path, number: int, *fleet: Instance, keep: int = 90, **more: Any) -> dict[str, Any]:
    """Write the reports of a run on a day of November to the folder."""
    history = History(folder)
    history.date(fleet, day(number))
    document = report(fleet, generated=day(number), history=history.of_fleet(keep), **more)
    write_reports(folder, ["json"], document, keep=keep)
    history.prune(keep)
    return document


def since(document: dict[str, Any], name: str = "acme") -> dict[str, str]:
    (one,) = (one for one in document["instances"] if one["instance"] == name)
    return {each["field"]: each["since"] for resource in one["resources"] for each in resource.get("differences", ())}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_start_of_drift_is_its_first_report(tmp_path: Path) -> None:
    run(tmp_path, 1, clean())
    run(tmp_path, 2, drifted())
    again = drifted("acme", change(before=26), change("smtp_host", "a", "b"))
    assert since(run(tmp_path, 3, again)) == {"smtp_port": day(2), "smtp_host": day(3)}


def test_the_start_is_reset_after_a_clean_or_corrected_run(tmp_path: Path) -> None:
    run(tmp_path, 1, drifted())
    run(tmp_path, 2, clean())
    assert since(run(tmp_path, 3, drifted())) == {"smtp_port": day(3)}
    corrected = instance(("ok", found(step(change()))), task=type(CHECK)("run", "Enforce", enforces=True))
    assert since(run(tmp_path, 4, corrected)) == {"smtp_port": day(3)}
    assert since(run(tmp_path, 5, drifted())) == {"smtp_port": day(5)}


def test_runs_that_did_not_compare_the_instance_are_ignored(tmp_path: Path) -> None:
    run(tmp_path, 1, drifted())
    run(tmp_path, 2, clean("globex"))  # --limit globex
    run(tmp_path, 3, instance(("failed", failure()), failures={"acme": 1}))
    run(tmp_path, 4, instance(("skipped", {})))
    partial = {"playbook": "postmaster.odoo.drift", "seconds": 1.0, "tags": ["crons"]}
    run(tmp_path, 5, instance(("ok", found(records=[{"resource": "cron", "key": "a.b"}]))), run=partial)
    assert since(run(tmp_path, 6, drifted())) == {"smtp_port": day(1)}


@pytest.mark.parametrize(
    ("former", "now", "left_out", "narrower"),
    [
        ({}, {"limit": "acme"}, [], True),
        ({"limit": "acme"}, {"limit": "acme"}, [], False),
        ({}, {}, ["globex"], True),  # -e provision_hosts=acme
        ({}, {}, ["hooli"], False),  # the newest report did not have it either
        ({}, {}, [], False),  # globex is no longer in the inventory
    ],
)
def test_runs_that_are_narrower_than_the_newest_report(
    tmp_path: Path, former: dict[str, str], now: dict[str, str], left_out: list[str], narrower: bool
) -> None:
    common = {"playbook": "postmaster.odoo.drift", "seconds": 1.0}
    assert not History(tmp_path).is_narrower({**common, **now}, left_out)
    run(tmp_path, 1, clean(), clean("globex"), run={**common, **former})
    assert History(tmp_path).is_narrower({**common, **now}, left_out) is narrower


def test_it_reads_only_the_necessary_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        run(tmp_path, number, drifted())
    read: list[str] = []
    original = history_file.read_text

    def read_text(path: Path, **how: Any) -> str:
        read.append(path.name)
        return original(path, **how)

    monkeypatch.setattr(history_file, "read_text", read_text)
    run(tmp_path, 6, drifted())
    assert read == ["drift.json"]


def test_the_former_states_of_the_fleet_with_the_oldest_first(tmp_path: Path) -> None:
    run(tmp_path, 1, drifted())
    run(tmp_path, 2, clean())
    history = run(tmp_path, 3, clean())["history"]
    assert [one["generated"] for one in history] == [day(1), day(2)]
    assert [one["instances"]["drifted"] for one in history] == [1, 0]
    assert [one["generated"] for one in run(tmp_path, 4, clean(), keep=2)["history"]] == [day(2), day(3)]


def test_the_requested_number_of_dated_copies_is_kept(tmp_path: Path) -> None:
    for number in range(1, 5):
        run(tmp_path, number, clean(), keep=2)
    assert names(tmp_path) == {"drift.json", dated_name(day(3)), dated_name(day(4))}
    run(tmp_path, 5, drifted(), keep=0)
    assert names(tmp_path) == {"drift.json"}
    assert since(run(tmp_path, 6, drifted(), keep=0)) == {"smtp_port": day(5)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 1}',
        '{"format": 2}',
        "[" * 100_000,
        '{"format": 1, "generated": "x", "run": {}, "verdict": {"instances": []}, "instances": {}, "history": 5}',
        '{"format": 1, "generated": 1, "run": {}, "verdict": {}, "instances": [{"instance": ["a"]}], "history": []}',
    ],
)
def test_a_file_that_is_not_a_report_is_skipped_reported_and_kept(tmp_path: Path, text: str) -> None:
    run(tmp_path, 1, drifted())
    (tmp_path / "drift.json").write_text(text)
    damaged = tmp_path / dated_name(day(2))
    damaged.write_text(text)
    history = History(tmp_path)
    acme = drifted()
    history.date([acme], day(3))
    assert acme.resources[0].differences[0].since == day(1)
    assert len(history.warnings) == 2
    assert all("is ignored: " in warning for warning in history.warnings)
    history.prune(0)
    assert names(tmp_path) == {"drift.json", damaged.name}
    assert damaged.read_text() == text


def test_other_files_are_kept(tmp_path: Path) -> None:
    others = {"drift-old.json", "drift-20261101T010000Z.json.bak", "notes.txt", "xdrift-20261101T010000Z.json"}
    for name in others:
        (tmp_path / name).write_text("{}")
    (tmp_path / "drift-20261102T010000Z.json").mkdir()
    run(tmp_path, 1, clean(), keep=0)
    assert names(tmp_path) == others | {"drift.json", "drift-20261102T010000Z.json"}


def test_a_missing_folder_has_no_history(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    document = run(tmp_path / "a" / "b", 1, drifted())
    assert document["history"] == []
    assert since(document) == {"smtp_port": day(1)}
    assert json.loads((tmp_path / "a" / "b" / "drift.json").read_text()) == document


# Files


def test_a_file_is_replaced_as_a_whole_with_the_permissions_of_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "drift.md"
    umask = os.umask(0o027)
    try:
        write(path, "one")
        before = path.stat().st_ino
        write(path, "two")
    finally:
        os.umask(umask)
    assert path.read_text() == "two"
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == {"drift.md"}


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "drift.json").mkdir()
    with pytest.raises(OSError, match="it is not a regular file"):
        write(tmp_path / "drift.json", as_json.render({}))
    assert names(tmp_path) == {"drift.json"}
