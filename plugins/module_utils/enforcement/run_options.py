# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a run that do not belong to one resource."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import DAYS, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid


@dataclass(frozen=True)
class RunOptions:
    """How a run enforces the declared resources.

    :param unmanaged: what to do with mail servers that nobody declared: report, archive or ignore.
    :param activate_neutralized: activate servers and crons on a neutralized copy, too.
    :param update_list: let Odoo look for new addons where a declared one is not known.
    :param verify: how new settings of mail servers are tested before they go live: none, connection or canary.
    :param canary_to: the email address that canaries are sent to.
    :param replay_days: compare the routes of the senders of so many last days; None does not look.
    :raises Invalid: canaries without an address, or a number of days that is out of bounds.
    """

    unmanaged: str = "ignore"
    activate_neutralized: bool = False
    update_list: bool = False
    verify: str = "none"
    canary_to: str = ""
    replay_days: int | None = None

    def __post_init__(self) -> None:
        problems = list(beyond("replay.days", self.replay_days, least=1, most=DAYS))
        if problems:
            raise Invalid(f"{problems[0]}.")
        if self.verify != "canary":
            return
        # Ansible compiles each module of a collection anew in each run: a run without tests does not load those of tests.
        from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import is_address

        if not is_address(self.canary_to):
            raise Invalid(
                f"verify: canary sends a real mail: set canary_to to an email address of yours, not {self.canary_to!r}."
            )
