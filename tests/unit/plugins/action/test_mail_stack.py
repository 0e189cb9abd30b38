# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The imports of the action of all modules, and the processes that make them."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys

import pytest

from ansible_collections.postmaster.odoo.plugins import modules
from ansible_collections.postmaster.odoo.plugins.action import mail_stack

STACK = "ansible_collections.postmaster.odoo.plugins.modules.mail_stack"


@pytest.mark.parametrize("in_worker", [False, True], ids=["controller", "worker"])
def test_imports_for_every_worker_happen_before_the_first_fork(
    in_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that does not need them, and whose worker loads this action itself, does not import them."""
    monkeypatch.delitem(sys.modules, STACK, raising=False)
    monkeypatch.delattr(modules, "mail_stack", raising=False)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object() if in_worker else None)
    importlib.reload(mail_stack)
    assert (STACK in sys.modules) is not in_worker


# A check on a simulated Odoo, in a process that has imported only this action.
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
    assert run(SCRIPT) == []


def run(script: str) -> list[str]:
    """Run a script in a separate Python, and return the words that it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, env=environment, timeout=60
    )
    assert ran.stderr == ""
    return ran.stdout.split()


# Each takes a run of Ansible some milliseconds.
ONLY_FOR_OTHERS = (
    "module_utils.smtp.",
    "module_utils.resources.server_trials",
    "module_utils.routing.table",
    "module_utils.routing.replay",
    "module_utils.routing.senders",
    "module_utils.enforcement.mail_replay",
)
NEEDED_BY_FIELDS = {"module_utils.smtp.pem"}


def test_a_check_imports_no_module_that_only_tests_and_routes_need() -> None:
    everything = SCRIPT.replace("set(sys.modules) - before", "sys.modules")
    imported = {name.partition(".odoo.plugins.")[2] for name in run(everything)}
    assert "module_utils.enforcement.stack" in imported
    assert {name for name in imported if name.startswith(ONLY_FOR_OTHERS)} == NEEDED_BY_FIELDS


LOADERS = """
import sys
from ansible import context
context.CLIARGS = {arguments}
from ansible_collections.postmaster.odoo.plugins.action import mail_stack
from ansible_collections.postmaster.odoo.plugins.plugin_utils import bytecode
print(any(isinstance(finder, bytecode._Finder) for finder in sys.meta_path))
"""


@pytest.mark.parametrize(("arguments", "is_kept"), [({"check": True}, "True"), ({}, "False")])
def test_only_a_run_of_ansible_loads_the_collection_from_bytecode(arguments: dict[str, bool], is_kept: str) -> None:
    assert run(LOADERS.format(arguments=arguments)) == [is_kept]
