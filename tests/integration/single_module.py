# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one module as the action plugin does, without Ansible."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import drive
from ansible_collections.postmaster.odoo.plugins.plugin_utils.in_process import _Finished, _InProcessModule

_MODULES = "ansible_collections.postmaster.odoo.plugins.modules"


def run_module(name: str, options: Mapping[str, Any], *, check: bool = False, no_log: bool = False) -> dict[str, Any]:
    """Run a module and return its result.

    :param options: of the task, those of the connection included. :param no_log: the task has `no_log: true`.
    """
    module = importlib.import_module(f"{_MODULES}.{name}")
    internal = {"_ansible_check_mode": check, "_ansible_no_log": no_log}
    try:
        drive(_InProcessModule(module.SPECIFICATION, {**options, **internal}), module.run)
    except _Finished as finished:
        return finished.result
    raise AssertionError(f"the module {name} did not finish")
