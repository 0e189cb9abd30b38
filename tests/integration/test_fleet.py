# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many databases of one server in one run. FLEET is their number; `python tests/bench fleet` measures a hundred."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drift import Report, compare, instance_in, report_of
from instance import LabInstance
from lab import Lab
from playbook import Run

DATABASES = int(os.environ.get("FLEET", "20"))
FORKS = 10
MAKERS = 4

SCHEDULER = "mail.ir_cron_mail_scheduler_action"

# This is true for a database as Odoo installs it.
STACK = {
    "odoo_mail_addons": ["mail"],
    "odoo_mail_parameters": {"postmaster.fleet": ""},
    "odoo_mail_crons": [
        {"xml_id": SCHEDULER, "active": True, "interval_number": 1},
        {"xml_id": "mail.ir_cron_send_scheduled_message", "active": True},
    ],
}
NAMES = [f"fleet_{number:03}" for number in range(DATABASES)]
# Every fourth database has a different interval of its queue.
DRIFTED = {name: 10 + number for number, name in enumerate(NAMES) if number % 4 == 1}
REFUSED, SILENT = "fleet_refused", "fleet_silent"


@dataclass(frozen=True)
class Comparison:
    """A run over the fleet."""

    run: Run
    report: Report


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[dict[str, dict[str, Any]]]:
    """Return the hosts in alphabetical order: the databases, one that refuses the key, and one at a port without a
    listener.
    """

    def make(name: str) -> LabInstance:
        instance = LabInstance.fresh(lab, name)
        if name in DRIFTED:
            instance.sql(
                f"UPDATE ir_cron SET interval_number = {DRIFTED[name]} FROM ir_model_data "
                f"WHERE ir_cron.id = res_id AND model = 'ir.cron' AND module || '.' || name = '{SCHEDULER}'"
            )
        return instance

    with ThreadPoolExecutor(MAKERS) as makers:
        connections = {name: made.quick_options() for name, made in zip(NAMES, makers.map(make, NAMES), strict=True)}
    first = connections[NAMES[0]]
    connections[REFUSED] = {**first, "api_key": "wrong-api-key-made-up"}
    connections[SILENT] = {**first, "url": "http://127.0.0.1:1"}
    yield {
        host: {**STACK, **{f"odoo_{name}": value for name, value in options.items()}}
        for host, options in connections.items()
    }
    lab.stop_odoo()  # dropping a database that it serves takes longer than creating it
    for name in NAMES:
        lab.drop(name)
    lab.start_odoo()


@pytest.fixture(scope="module")
def comparison(hosts: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("fleet")
    run = compare(folder, hosts, "--forks", str(FORKS))
    return Comparison(run, report_of(folder))


@pytest.mark.in_process
def test_the_verdict_of_each_instance_is_right(comparison: Comparison) -> None:
    statuses = {one["instance"]: one["status"] for one in comparison.report["instances"]}
    expected = {name: "drifted" if name in DRIFTED else "clean" for name in NAMES}
    assert statuses == {**expected, REFUSED: "failed", SILENT: "unreachable"}
    assert list(statuses) == [*NAMES, REFUSED, SILENT]
    assert comparison.run.exit_code == comparison.report["verdict"]["exit_code"] == 4
    counts = comparison.report["verdict"]["instances"]
    assert (counts["clean"], counts["drifted"]) == (len(NAMES) - len(DRIFTED), len(DRIFTED))


@pytest.mark.in_process
def test_instances_are_not_confused(comparison: Comparison) -> None:
    for name, interval in DRIFTED.items():
        drifted = [one for one in instance_in(comparison.report, name)["resources"] if one["status"] != "clean"]
        assert [(one["resource"], one["key"]) for one in drifted] == [("cron", SCHEDULER)]
        (difference,) = drifted[0]["differences"]
        assert (difference["field"], difference["before"], difference["after"]) == ("interval_number", interval, 1)


def test_a_known_fleet_is_compared_again(
    comparison: Comparison, hosts: dict[str, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only hosts that answer are compared, with warm caches of Odoo, as in every night except the first."""
    started = time.monotonic()
    run = compare(tmp_path, hosts, "--forks", str(FORKS), "--limit", f"all:!{REFUSED}:!{SILENT}")
    seconds = time.monotonic() - started
    assert run.exit_code == 10, run.output
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with capsys.disabled():
        print(f"\n{DATABASES} instances, {FORKS} forks: {seconds:.1f} s; the largest process {largest / 1024:.0f} MB")
