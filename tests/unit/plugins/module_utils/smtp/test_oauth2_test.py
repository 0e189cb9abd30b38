# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers to the connection test of a candidate with OAuth2 that Odoo does not give. `make fuzz` found them."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import oauth2_test
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.mark.parametrize("answer", [None, "failure", [], {}, {"failure": None}, {"failure": 5}])
def test_an_answer_without_a_result_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr(oauth2_test, "run_in_odoo", lambda *_arguments: answer)
    session = SimulatedOdoo("19.0").session()
    with pytest.raises(Unreachable, match="its server action returned no result"):
        oauth2_test.test_with_tokens(session, 1, None, ["google_gmail_refresh_token"], {})
