# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Odoo for every test: that of ODOO_URL & co. where they are set, the lab's otherwise.

A test that asks for `lab`, directly or through another fixture, needs fresh databases, SQL or SMTP servers. With ODOO_URL
set such tests are left out, and the report's header says so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where `lab` is

from instance import Instance, LabInstance
from lab import Lab

ON_THE_LAB = "ODOO_URL" not in os.environ


def pytest_report_header() -> str:
    if ON_THE_LAB:
        return "odoo: the lab"
    return f"odoo: {os.environ['ODOO_URL']} (tests that need fresh databases or SMTP servers of the lab are left out)"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if ON_THE_LAB:
        # What takes a minute of waiting begins with the first test.
        if any("silent_server_tested" in getattr(item, "fixturenames", ()) for item in items):
            items[0].fixturenames.append("silent_server_tested")
        return
    left_out = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def _own_ansible_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests make the collection remember is nobody else's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_HOME", str(tmp_path_factory.mktemp("ansible")))
        yield


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab.load()


@pytest.fixture(scope="module")
def fresh(lab: Lab) -> Iterator[Callable[[str], LabInstance]]:
    """Makes databases, and drops them at the end of the module."""
    made: set[str] = set()

    def make(database: str) -> LabInstance:
        made.add(database)
        return LabInstance.fresh(lab, database)

    yield make
    for database in made:
        lab.drop(database)


@pytest.fixture(autouse=True)
def _own_behaviors(lab: Lab) -> Iterator[None]:
    """After each test every SMTP server is of its own behavior again, without memory. The silent one is being tested meanwhile."""
    yield
    for name, server in lab.smtp.items():
        if name != "silent":
            server.reset()


@pytest.fixture(scope="session")
def silent_server_tested(lab: Lab) -> Iterator[Future[list[dict[str, Any]]]]:
    """Odoo's test of a server that never says a word, which Odoo gives up after 60 seconds."""
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
    """A fresh database for one test."""
    return fresh("integration")


@pytest.fixture(scope="module")
def instance(request: pytest.FixtureRequest) -> Instance:
    """A database that tests share with others, whoever's it is: they change only what they have made."""
    if not ON_THE_LAB:
        return Instance.of_environment()
    return request.getfixturevalue("fresh")("integration_shared")
