# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action of all modules imports, and where."""

from __future__ import annotations

import importlib
import multiprocessing
import sys

import pytest

from ansible_collections.postmaster.odoo.plugins.action import mail_stack
from ansible_collections.postmaster.odoo.plugins.module_utils import rpc

TRANSPORT = "ansible_collections.postmaster.odoo.plugins.module_utils.rpc.json2"


@pytest.mark.parametrize("in_worker", [False, True], ids=["controller", "worker"])
def test_what_every_worker_needs_is_imported_before_there_are_any(
    in_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that does not need it, whose worker loads this action itself, does not pay for it."""
    monkeypatch.delitem(sys.modules, TRANSPORT, raising=False)
    monkeypatch.delattr(rpc, "json2", raising=False)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object() if in_worker else None)
    importlib.reload(mail_stack)
    assert (TRANSPORT in sys.modules) is not in_worker
