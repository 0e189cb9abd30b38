# Copyright: (c) 2026, The authors of postmaster.odoo
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
from pathlib import Path

import pytest

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
        return
    left_out = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
