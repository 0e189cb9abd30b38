# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of all modules, which `meta/runtime.yml` assigns to them.

It is named after one module because Ansible requires that a module documents each action plugin.
"""

from __future__ import annotations

import importlib
import multiprocessing

from ansible import context

from ansible_collections.postmaster.odoo.plugins.plugin_utils.bytecode import keep_bytecode

# In a run of Ansible. Other programs that import this file, such as ansible-test, keep their loaders.
if context.CLIARGS:
    keep_bytecode()

# Imported here, so that it is loaded from bytecode.
from ansible_collections.postmaster.odoo.plugins.plugin_utils.in_process import ActionModule

__all__ = ["ActionModule"]

# Import the module once, before Ansible forks its workers. Otherwise each worker would import it again, which takes 0.1 s per host. Ansible loads
# this action plugin in the parent process for every mail_stack task.
if multiprocessing.parent_process() is None:
    importlib.import_module("ansible_collections.postmaster.odoo.plugins.modules.mail_stack")
