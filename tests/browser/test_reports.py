# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The made-up reports have the same form as those of the callback."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reports import fleet

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/drift-report.schema.json").read_text())


@pytest.mark.parametrize("size", [0, 1, 50, 500])
@pytest.mark.parametrize("baseline", [True, False])
def test_a_made_up_report_has_the_form_of_a_real_one(size: int, baseline: bool) -> None:
    jsonschema.validate(fleet(size, baseline=baseline, own=2), SCHEMA)
