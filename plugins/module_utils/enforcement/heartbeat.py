# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The renewal of a run's lock during its work, so that other runs see that it is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, OdooError

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Four intervals fit into the shortest lease, so one lost renewal does no harm.
INTERVAL_SECONDS = 15.0
_END_SECONDS = 5.0
# If the last renewal is older, the lock may have expired in the meantime.
_CERTAIN_SECONDS = 2 * INTERVAL_SECONDS


class Heartbeat:
    """A thread that renews the lock every few seconds over its own connection, because one call of the run may take minutes."""

    def __init__(self, session: Session, lock_id: int, owner: str) -> None:
        self._session = session
        self._lock_id = lock_id
        self._owner = owner
        self._is_lost = False
        self._renewed = time.monotonic()
        self._end = threading.Event()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew the lock inside the context."""
        thread = threading.Thread(target=self._beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join(_END_SECONDS)

    def check(self) -> None:
        """Raise an error if the run no longer owns the lock. This takes a call only if the last renewals have failed.

        :raises Conflict: another run has taken over the lock.
        """
        if time.monotonic() - self._renewed > _CERTAIN_SECONDS:
            self._renew(self._session)
        if self._is_lost:
            raise Conflict(
                f"Another run has taken over the lock of database {self._session.database}, because this run could not renew it in time. This run ends "
                "here: start it again."
            )

    def _beat(self) -> None:
        with self._session.duplicate() as session:
            while not self._end.wait(INTERVAL_SECONDS):
                self._renew(session)

    def _renew(self, session: Session) -> None:
        """Renew the lock. After a failure, the next beat tries again. If Odoo cannot be reached for longer, the run's own calls fail."""
        try:
            if session.search_read("ir.config_parameter", [["id", "=", self._lock_id]], ["key"]):
                session.write("ir.config_parameter", [self._lock_id], {"value": self._owner})
                self._renewed = time.monotonic()
            else:
                self._is_lost = True
        except OdooError:
            return
