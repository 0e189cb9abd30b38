# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one action of all modules; `meta/runtime.yml` sends the others here too.

Named after the largest of them, because Ansible wants an action plugin to have a module that documents it.
"""

from __future__ import annotations

import importlib
import multiprocessing

from ansible_collections.postmaster.odoo.plugins.plugin_utils.in_process import ActionModule

__all__ = ["ActionModule"]

# A worker would import these for its one host: a tenth of a second, times the hosts. But before it forks one, Ansible looks this action up in the
# process that all workers are copies of, for every task that is a mail_stack.
if multiprocessing.parent_process() is None:
    importlib.import_module("ansible_collections.postmaster.odoo.plugins.modules.mail_stack")
