# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action of all modules imports, and where."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys

import pytest

from ansible_collections.postmaster.odoo.plugins.action import mail_stack
from ansible_collections.postmaster.odoo.plugins.module_utils import resources

TRIALS = "ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_trials"


@pytest.mark.parametrize("in_worker", [False, True], ids=["controller", "worker"])
def test_what_every_worker_needs_is_imported_before_there_are_any(
    in_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that does not need it, whose worker loads this action itself, does not pay for it."""
    monkeypatch.delitem(sys.modules, TRIALS, raising=False)
    monkeypatch.delattr(resources, "server_trials", raising=False)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object() if in_worker else None)
    importlib.reload(mail_stack)
    assert (TRIALS in sys.modules) is not in_worker


# A check on a simulated Odoo, in a process that has imported nothing but this action.
SCRIPT = """
import sys

import ansible_collections.postmaster.odoo.plugins.action.mail_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session
from ansible_collections.postmaster.odoo.plugins.plugin_utils.in_process import _Finished, _InProcessModule, drive
from ansible_collections.postmaster.odoo.plugins.modules import mail_stack
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

before = set(sys.modules)
odoo = SimulatedOdoo("19.0")
session.connect = lambda **options: odoo.session(read_only=options["read_only"])
arguments = {
    **{"url": "http://odoo.example", "database": "acme", "api_key": "made-up"},
    "servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}],
    **{"_ansible_check_mode": True, "_ansible_diff": True},
}
try:
    drive(_InProcessModule(mail_stack.SPECIFICATION, arguments), mail_stack.run)
except _Finished as finished:
    assert finished.result["changed"] is True, finished.result
print(*sorted(name for name in set(sys.modules) - before if ".postmaster.odoo.plugins." in name))
"""


def test_a_check_imports_nothing_in_the_worker() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True, env=environment, timeout=60
    )
    assert (ran.stderr, ran.stdout.split()) == ("", [])
