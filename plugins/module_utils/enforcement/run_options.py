# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a run that do not belong to one resource."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunOptions:
    """How a run enforces the declared resources.

    :param unmanaged: what to do with mail servers that nobody declared: report, archive or ignore.
    :param activate_neutralized: activate servers and crons on a neutralized copy, too.
    :param update_list: let Odoo look for new addons where a declared one is not known.
    :param verify: test new settings of mail servers before they go live: none or connection.
    """

    unmanaged: str = "ignore"
    activate_neutralized: bool = False
    update_list: bool = False
    verify: str = "none"
