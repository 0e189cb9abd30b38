# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of the storage for the state before a run's steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.planner import StackPlan
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step


class KeptState(Protocol):
    """The former state of the records that a run changes, saved in a file.

    :ivar path: the path of the file; None if nothing had to be saved.
    """

    path: str | None

    @property
    def warnings(self) -> Sequence[str]:
        """Warnings about data that the file does not contain."""

    def keep(self, steps: Sequence[Step], snapshot: Snapshot, plan: StackPlan) -> None:
        """Save the state before these steps.

        :raises Invalid: the file cannot be written.
        """

    def note_done(self, steps: Sequence[Step], ids: Sequence[int | None]) -> None:
        """Note that steps were done, and the ids of the records that they have created."""

    def note_unknown(self) -> None:
        """Note that it is not known which steps were done."""

    def finish(self) -> None:
        """Remove the entries of records that were not created, or the file if nothing was changed."""
