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
    """The options for enforcing the declared resources.

    :param unmanaged: the treatment of unmanaged records: report, archive or ignore.
    :param activate_neutralized: whether to activate records on a neutralized copy too.
    :param update_list: whether the instance may update its data before the comparison.
    :param verify: the test of new settings before they go live: none, connection or canary.
    :param canary_to: the email address for canaries.
    :param replay_days: compare the routes of the senders of this number of last days; None for no comparison.
    :raises Invalid: canaries have no address, or a number of days is out of bounds.
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
        # Takes 6 ms, and only canaries need it.
        from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import is_address

        if not is_address(self.canary_to):
            raise Invalid(
                f"verify: canary sends a real mail. canary_to {self.canary_to!r} is not a valid email address: set it to an address of yours."
            )
