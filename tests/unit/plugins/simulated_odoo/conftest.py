# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions on a simulated Odoo of each series with recorded facts.

The tests in this folder check that it behaves as docs/development/odoo-behaviour.md describes, in every version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.series import RECORDED
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

FACTS = Path(__file__).parents[2] / "simulated_odoo" / "facts"


@pytest.fixture(params=RECORDED)
def series(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def session(odoo: SimulatedOdoo) -> Session:
    return odoo.session()


@pytest.fixture
def facts(series: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FACTS / f"odoo-{series}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
