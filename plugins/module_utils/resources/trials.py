# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of new settings before they go live."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource


@dataclass(frozen=True)
class Verification:
    """The result of a trial.

    :param outcome: `ok`, `not_tested`, or a class of failure of `smtp.classification`.
    :param canaries: the result of each test mail, as `smtp.connection_test.send_canary` returns it.
    """

    key: str
    outcome: str
    message: str
    seconds: float | None = None
    canaries: list[dict[str, Any]] = field(default_factory=list)

    def as_result(self) -> dict[str, Any]:
        """Return the verification for a task's result."""
        return asdict(self)


@dataclass(frozen=True)
class CanaryOrder:
    """Test mails that each trial must send.

    :param recipient: an email address.
    :param senders: the addresses that the declared routes send through a resource, by the resource's key.
    """

    recipient: str
    senders: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Trials:
    """The trials of one resource type in one run. This class tests nothing. Types with tests have a subclass.

    :ivar before_trial: called before each trial. It raises Conflict if another run has taken over the lock.
    :ivar warnings: warnings about the trials for the user.
    """

    def __init__(self) -> None:
        self.before_trial: Callable[[], None] = lambda: None
        self.warnings: list[str] = []

    @property
    def settled(self) -> Collection[tuple[int, str]]:
        """Record ids and fields whose values a trial has replaced, so that they are no longer compared."""
        return ()

    def run(self, resources: Sequence[PlannedResource], steps: Sequence[Step], canary: CanaryOrder | None) -> None:
        """Test the settings that these steps put into use. If a test fails, nothing has changed.

        :param canary: the test mails to send after a successful connection test; None for none.
        :raises Rejected: a test failed.
        """

    def promote(self, step: Step) -> int | None:
        """Turn the tested copy of a new record into the record, and return its id; None if there is no copy."""
        return None

    def adjusted(self, step: Step) -> Step:
        """Return the step with the values that a trial has replaced."""
        return step

    def done(self, step: Step) -> None:
        """Remove the copy after a step has written its values to the record."""

    def discard(self) -> None:
        """Remove the copies that did not become records."""

    def verifications(
        self, resources: Sequence[PlannedResource], steps: Sequence[Step], *, read_only: bool
    ) -> list[Verification]:
        """Return the result of each trial, and an entry for each server that could not be tested.

        :param read_only: whether the run only reads, so that nothing could be tested.
        """
        return []
