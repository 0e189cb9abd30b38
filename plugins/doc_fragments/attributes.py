# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a module can be relied on for."""

    # Modules that enforce.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Reports what would change. Only methods that read are called, which the client itself enforces.
  diff_mode:
    support: full
    description: Shows the fields that differ, before and after, secrets masked.
  idempotent:
    support: full
    description: A second run changes nothing.
  action_group:
    support: full
    description: Use C(group/postmaster.odoo.odoo) in C(module_defaults) to set the connection for all modules of this collection.
    membership: [postmaster.odoo.odoo]
"""

    # Modules that ask.
    INFO = r"""
attributes:
  check_mode:
    support: full
    description: This module never changes anything.
  diff_mode:
    support: N/A
    description: This module never changes anything.
  idempotent:
    support: full
    description: This module never changes anything.
  action_group:
    support: full
    description: Use C(group/postmaster.odoo.odoo) in C(module_defaults) to set the connection for all modules of this collection.
    membership: [postmaster.odoo.odoo]
"""
