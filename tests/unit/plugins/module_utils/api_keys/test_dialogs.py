# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers to the dialogs for API keys that Odoo does not give. `make fuzz` found them."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.dialogs import revoke_keys
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


@pytest.mark.parametrize("answer", [{}, {"res_id": None}, {"res_id": "a"}, {"res_id": [1]}])
def test_a_check_of_the_password_without_an_id_is_an_error(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    monkeypatch.setattr(Session, "call", lambda *_a, **_k: {"res_model": "res.users.identitycheck", **answer})
    with pytest.raises(Unreachable, match="its check of the password has no id"):
        revoke_keys(SimulatedOdoo("19.0").session(), "made-up-password", [1])
