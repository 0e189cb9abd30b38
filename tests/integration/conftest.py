# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Odoo for every test: the one of the `ODOO_*` variables if they are set (tests/lab/external.py), otherwise the
lab's.

If the instance lacks something that a test needs, the test is not applicable. The report lists the number of such tests
and the reasons.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the folder of `lab`

from instance import Instance, LabInstance
from lab import ExternalLab, Lab, NotApplicable
from verification import with_live_server

ON_THE_LAB = "ODOO_URL" not in os.environ


def pytest_report_header() -> str:
    return "odoo: the lab" if ON_THE_LAB else f"odoo: {os.environ['ODOO_URL']}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sample",
        type=int,
        default=1,
        metavar="N",
        help="run every Nth test of each file, the first included; of the tests marked second_lab every one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tests: Counter[Path] = Counter()
    left_out = []
    for item in items:
        if tests[item.path] % config.option.sample and not item.get_closest_marker("second_lab"):
            left_out.append(item)
        tests[item.path] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    # A task with a minute of waiting begins with the first test.
    if any("silent_server_tested" in getattr(item, "fixturenames", ()) for item in items):
        items[0].fixturenames.append("silent_server_tested")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a test as not applicable if the instance lacks something that it needs.

    pytest counts it as skipped. The lab lacks nothing.
    """
    report = yield
    if not ON_THE_LAB and call.excinfo and call.excinfo.errisinstance(NotApplicable):
        path, line, _name = item.location
        report.outcome = "skipped"
        report.longrepr = (path, line or 0, str(call.excinfo.value))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Report in numbers the results on an external instance."""
    if ON_THE_LAB:
        return
    stats = terminalreporter.stats
    reasons = Counter(report.longrepr[2] for report in stats.get("skipped", ()))
    counts = {name: len(stats.get(name, ())) for name in ("passed", "failed", "error")}
    told = f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed, {sum(reasons.values())} not applicable"
    terminalreporter.section(f"{os.environ['ODOO_URL']}: {told}")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:4} not applicable: {reason}")


@pytest.fixture(scope="session", autouse=True)
def _own_ansible_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Use a separate Ansible home, so that cached data of tests does not affect other runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_HOME", str(tmp_path_factory.mktemp("ansible")))
        yield


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab.load() if ON_THE_LAB else ExternalLab.load()


@pytest.fixture(scope="module")
def fresh(lab: Lab) -> Iterator[Callable[[str], LabInstance]]:
    """Return a function that creates databases, and drop them at the end of the module."""
    made: set[str] = set()

    def make(database: str) -> LabInstance:
        made.add(database)
        return LabInstance.fresh(lab, database)

    yield make
    for database in made:
        lab.drop(database)


@pytest.fixture(autouse=True)
def _own_behaviors(lab: Lab) -> Iterator[None]:
    """Reset every SMTP server after each test, except the silent one, which is being tested meanwhile."""
    yield
    for name, server in lab.smtp.items():
        if name != "silent":
            server.reset()


@pytest.fixture(scope="session")
def silent_server_tested(lab: Lab) -> Iterator[Future[list[dict[str, Any]]]]:
    """Run Odoo's test of a silent server, which Odoo ends after 60 seconds."""
    silent = lab.smtp["silent"]
    database = LabInstance.fresh(lab, "integration_silent")

    def test() -> list[dict[str, Any]]:
        with database.session() as session:
            server = {
                "name": "Silent",
                "smtp_host": silent.host,
                "smtp_port": silent.port,
                "from_filter": "a@lab.example",
            }
            session.create("ir.mail_server", [server])
            return run_tests(session, name="Silent", xml_id=None, canary=None)

    with ThreadPoolExecutor() as meanwhile:
        yield meanwhile.submit(test)
    lab.drop(database.database)


@pytest.fixture
def database(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return a fresh database for one test."""
    return fresh("integration")


@pytest.fixture(scope="module")
def instance(request: pytest.FixtureRequest) -> Instance:
    """Return a database that tests share: each test changes only its own records."""
    return request.getfixturevalue("fresh")("integration_shared")


@pytest.fixture(scope="session")
def verification_database(lab: Lab) -> Iterator[LabInstance]:
    """Return a database that several files of tests share, because Odoo loads a new one slowly. Each test resets it with `live`."""
    yield LabInstance.fresh(lab, "integration_verification")
    lab.drop("integration_verification")


@pytest.fixture
def live(verification_database: LabInstance, lab: Lab) -> LabInstance:
    """Return a database with one mail server, which works."""
    return with_live_server(verification_database, lab)
