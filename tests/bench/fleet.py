# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that compares 100 databases on one server: `python tests/bench fleet`. It needs 6 GB of disk, and some minutes
to create them.

The run uses the playbook drift over JSON-2 with 10 forks and one connection each, and the callback with all its reports. It may take 10 s more
than a playbook with one debug task for each host of the same inventory. The time for one instance may not grow with the
number of instances.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import usage
from databases import quiet_database
from lab import Lab
from limits import Limit, judge
from playbook import HERE

DATABASES = int(os.environ.get("DATABASES", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FORKS = 10
MAKERS = 4

CHECKOUT = HERE.parents[1]


@dataclass
class Fleet:
    """Databases of the lab as an inventory, all with the same stack.

    :param folder: for the inventory, the reports and the times.
    """

    lab: Lab
    databases: list[str]
    folder: Path

    def make(self) -> None:
        with ThreadPoolExecutor(MAKERS) as makers:
            list(makers.map(lambda name: quiet_database(self.lab, name), self.databases))

    def drop(self) -> None:
        for name in self.databases:
            self.lab.drop(name)

    def write_inventory(self) -> None:
        stack = yaml.safe_load((HERE / "playbooks/stack.yml").read_text())[0]["tasks"][0]["postmaster.odoo.mail_stack"]
        credentials = self.lab.environment()
        variables: dict[str, Any] = {f"odoo_mail_{name}": value for name, value in stack.items()}
        variables |= {"odoo_url": credentials["ODOO_URL"], "odoo_api_key": credentials["ODOO_API_KEY"]}
        variables |= {"odoo_transport": "json2", "ansible_python_interpreter": sys.executable}
        # docs/fleet.md advises one: more connections gain nothing on a fast network, and Odoo opens as many to PostgreSQL.
        variables["odoo_connections"] = 1
        hosts = {name: {"odoo_database": name} for name in self.databases}
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))

    def play(self, playbook: str, hosts: int | None = None, forks: int = FORKS) -> usage.Usage:
        """Run a playbook on the first hosts, by default on all of them. If it fails, the benchmark fails."""
        command = [sys.executable, "-m", "ansible", "playbook", playbook]
        command += ["--inventory", str(self.folder / "inventory.json"), "--forks", str(forks)]
        if hosts is not None:
            command += ["--limit", ",".join(self.databases[:hosts])]
        self._times.write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
        environment |= {
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "stopwatch,postmaster.odoo.drift",
            "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".work/collections"),
            "POSTMASTER_DRIFT_REPORT_FOLDER": str(self.folder / "reports"),
            "STOPWATCH_FILE": str(self._times),
        }
        servers = {name: self._process(name) for name in ("odoo", "postgres")}
        done = usage.run(command, environment, servers)
        if done.exit_code:
            raise SystemExit(f"{playbook} ended with {done.exit_code}:\n{done.output[-3000:]}")
        return done

    def times(self) -> dict[str, float]:
        """Return the duration of all tasks of the last run for each host, in seconds."""
        seconds: dict[str, float] = {}
        for line in map(json.loads, self._times.read_text().splitlines()):
            seconds[line["host"]] = seconds.get(line["host"], 0) + line["seconds"]
        return seconds

    def tasks(self) -> dict[str, float]:
        """Return the duration of each task of the last run on all hosts together, in seconds."""
        seconds: dict[str, float] = {}
        for line in map(json.loads, self._times.read_text().splitlines()):
            seconds[line["task"]] = seconds.get(line["task"], 0) + line["seconds"]
        return seconds

    @property
    def _times(self) -> Path:
        return self.folder / "times.jsonl"

    def _process(self, name: str) -> int:
        return int(json.loads((self.lab.layout.processes / f"{name}.json").read_text())["pid"])


def main() -> None:
    lab = Lab.load()
    # Crons are not part of the measurement, so they do not run. Odoo may stay connected to all databases.
    lab.start_odoo(max_cron_threads=0, options=(f"--db_maxconn={DATABASES + 50}",))
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(lab, [f"bench_fleet_{number:03}" for number in range(DATABASES)], Path(folder))
        fleet.write_inventory()
        started = time.perf_counter()
        fleet.make()
        print(f"{DATABASES} databases made: {time.perf_counter() - started:.0f} s")
        provisioned = fleet.play("postmaster.odoo.provision")
        print(f"provisioned, Odoo knowing none of them yet: {provisioned.seconds:.0f} s", flush=True)
        limits = measure(fleet)
        fleet.drop()
    lab.start_odoo()
    judge(*limits)


def measure(fleet: Fleet) -> list[Limit]:
    """Compare few and many instances, and run as many debug tasks, in turn.

    Other load of the machine then affects all of them alike.
    """
    debug: list[usage.Usage] = []
    drift: list[usage.Usage] = []
    times: dict[int, list[list[float]]] = {instances: [] for instances in (1, 10, 50, DATABASES)}
    for _round in range(ROUNDS):
        debug.append(fleet.play(str(HERE / "playbooks/debug.yml")))
        for instances, rounds in times.items():
            drift.append(fleet.play("postmaster.odoo.drift", hosts=instances))
            rounds.append(sorted(fleet.times().values()))
    of_all = drift[len(times) - 1 :: len(times)]
    print(f"{DATABASES} instances, no drift, {FORKS} forks; median of {ROUNDS} rounds")
    show_usage({"debug": debug, "drift": of_all})
    show_tasks(fleet)
    medians = show_times(times)
    more = middle(one.seconds for one in of_all) - middle(one.seconds for one in debug)
    return [
        Limit(f"seconds that {DATABASES} instances take more than as many debug tasks", more, at_most=10),
        # Ten instances never occupy all forks. From fifty on, all forks are always occupied.
        Limit(
            f"times as long one of {DATABASES} instances takes as one of 50",
            medians[DATABASES] / medians[50],
            at_most=1.25,
        ),
    ]


def show_usage(runs: dict[str, list[usage.Usage]]) -> None:
    """Print the processes that use the processor and the memory."""
    print(f"{'seconds':>8}  of the processor: {'controller':>10}  {'workers':>8}  {'Odoo':>8}  {'PostgreSQL':>10}")
    for name, measured in runs.items():
        print(
            f"{middle(one.seconds for one in measured):8.2f}                    "
            f"{middle(one.controller_cpu for one in measured):10.2f}  "
            f"{middle(one.workers_cpu for one in measured):8.2f}  "
            f"{middle(one.others_cpu['odoo'] for one in measured):8.2f}  "
            f"{middle(one.others_cpu['postgres'] for one in measured):10.2f}  {name}"
        )
    largest = max(runs["drift"], key=lambda one: one.memory)
    print(
        f"memory of the controller at its peak: {megabytes(largest.memory)} with its {FORKS} workers, "
        f"{megabytes(largest.controller_memory)} itself, {megabytes(largest.worker_memory)} the largest worker (mostly shared)"
    )


def show_tasks(fleet: Fleet) -> None:
    """Print the durations of the tasks of the last run."""
    for task, seconds in sorted(fleet.tasks().items(), key=lambda item: -item[1]):
        print(f"{1000 * seconds / DATABASES:8.0f} ms for each instance in its worker: {task}")


def show_times(times: dict[int, list[list[float]]]) -> dict[int, float]:
    """Return the median duration for one instance, by the number of instances."""
    print(f"seconds of one instance, all its tasks; {FORKS} forks, median of {ROUNDS} rounds")
    print(f"{'instances':>10}  {'quickest':>8}  {'median':>8}  {'slowest':>8}")
    medians = {}
    for instances, rounds in times.items():
        medians[instances] = middle(middle(one) for one in rounds)
        quickest, slowest = middle(one[0] for one in rounds), middle(one[-1] for one in rounds)
        print(f"{instances:10}  {quickest:8.2f}  {medians[instances]:8.2f}  {slowest:8.2f}")
    return medians


def middle(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def megabytes(count: int) -> str:
    return f"{count / 2**20:.0f} MB"
