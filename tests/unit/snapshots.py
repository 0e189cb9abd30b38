# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that store a snapshot in memory, and rollbacks to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import (
    DeclaredStack,
    read_declared_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    Outcome,
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.former_state import FormerState
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.reading import read_document
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class Instance(Protocol):
    """A simulated Odoo or a real one."""

    def session(self) -> Session:
        """Return a session on it."""


class FileInMemory:
    """A snapshot file, as text.

    :ivar writes: how often it was written.
    """

    def __init__(self, *, can_encrypt: bool = True) -> None:
        self.can_encrypt = can_encrypt
        self.text = ""
        self.writes = 0

    def write(self, document: SnapshotDocument) -> str:
        """Store the document, without its secrets if they cannot be encrypted."""
        self.writes += 1
        self.text = json.dumps((document if self.can_encrypt else document.without_secrets()).as_document())
        return "the snapshot"

    def remove(self) -> None:
        """Delete the text."""
        self.text = ""

    @property
    def document(self) -> SnapshotDocument:
        """Return the stored document."""
        return read_document(json.loads(self.text), "the snapshot")


def run_with_snapshot(
    odoo: Instance, stack: Mapping[str, Any], file: FileInMemory, *, session: Session | None = None, **options: Any
) -> Outcome:
    """Run `mail_stack` with a snapshot."""
    used, how = session or odoo.session(), RunOptions(**options)
    return enforce_stack(used, read_declared_stack(stack, how), how, FormerState(used, file))


def roll_back(
    session: Session,
    document: SnapshotDocument,
    *,
    elsewhere: bool = False,
    kept: FileInMemory | None = None,
    **options: Any,
) -> Outcome:
    """Run `mail_rollback`.

    :param kept: gets a snapshot of the records that the rollback changes.
    """
    declared = DeclaredStack(tuple(document.declarations(elsewhere=elsewhere)))
    return enforce_stack(session, declared, RunOptions(**options), FormerState(session, kept) if kept else None)
