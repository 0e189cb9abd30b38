# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option to activate records on a neutralized database."""

    DOCUMENTATION = r"""
options:
  activate_neutralized:
    description:
      - Whether mail servers and crons may be activated although the database is a neutralized copy (C(database.is_neutralized)).
      - Odoo can neutralize a copy. It then deactivates the mail servers and crons, because a copy contains the real passwords and would send real mail.
      - Without this option they stay inactive, and a warning names them.
    type: bool
    default: false
"""
