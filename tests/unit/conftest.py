# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of all unit tests: every series of Odoo, and a clock that never waits."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import pytest
from hypothesis import HealthCheck, settings

from ansible_collections.postmaster.odoo.plugins import module_utils
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import heartbeat, lock
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import connection_test
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.series import SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

# Every run has the same examples, and none fails because of its duration.
settings.register_profile(
    "postmaster",
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("postmaster")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Load all modules and fill the databases. ansible-test runs each test in a fork of this process, which would repeat it."""
    for module in pkgutil.walk_packages(module_utils.__path__, f"{module_utils.__name__}."):
        importlib.import_module(module.name)
    for one in SERIES:
        SimulatedOdoo(one)
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the clock of everything in the collection that waits."""
    clock = Clock()
    for module in (heartbeat, lock, put_off, rpc_session, connection_test):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture(params=SERIES)
def series(request: pytest.FixtureRequest) -> str:
    """Every series with facts."""
    return str(request.param)


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    """Return a fresh database of each series."""
    return SimulatedOdoo(series)
