# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one action of all modules; `meta/runtime.yml` sends the others here too.

Named after the largest of them, because Ansible wants an action plugin to have a module that documents it.
"""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.plugin_utils.in_process import ActionModule

__all__ = ["ActionModule"]
