# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replay of a run: the changes of its plan to the mail of recent senders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.replay import replay_result
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import Senders, read_senders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class MailReplay:
    """The comparison for one run. A run that writes makes several plans: the comparison begins before the first plan and ends after the last one.

    :param days: the number of last days whose mail is compared.
    """

    def __init__(self, session: Session, days: int) -> None:
        self._session = session
        self._days = days
        self._before: RoutingTable | None = None
        self._after: RoutingTable | None = None
        self._senders: Senders | None = None

    def observe(self, table: RoutingTable, steps: Sequence[Step]) -> None:
        """Record the state before and after a plan. For the first plan, also read the senders."""
        if self._before is None:
            self._senders = read_senders(self._session, table, self._days)
            self._before = table
        self._after = table.after(steps)

    def result(self) -> dict[str, Any] | None:
        """Return the comparison; None if nothing could be compared."""
        if self._senders is None or self._before is None or self._after is None:
            return None
        return replay_result(self._senders, self._days, self._before, self._after)
