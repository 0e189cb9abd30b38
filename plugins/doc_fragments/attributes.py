# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of modules, such as check mode and idempotence."""

    # Modules that enforce.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Reports the changes that a run would make. The client only calls methods that read.
  diff_mode:
    support: full
    description: Shows the fields that differ, before and after. Secrets are masked.
  idempotent:
    support: full
    description: A second run changes nothing.
  action_group:
    support: full
    description: Use C(group/postmaster.odoo.odoo) in C(module_defaults) to set the connection for all modules of this collection.
    membership: [postmaster.odoo.odoo]
"""

    # Modules that only read.
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
