# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and write the counts of attempts that an instance stores for its mails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY, Attempts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER

MAIL = "mail.mail"

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def read_attempts(session: Session) -> Attempts:
    """Return the stored counts of an instance, in one call."""
    return _parsed(_read(session))


def count_attempt(session: Session, ids: Iterable[int], *, anew: bool) -> None:
    """Store one more attempt for mails.

    :param anew: forget the earlier attempts.
    """
    _change(session, lambda attempts: attempts.count(ids, anew=anew))


def give_up(session: Session, ids: Iterable[int]) -> None:
    """Store that mails are not retried."""
    _change(session, lambda attempts: attempts.given_up.update(ids))


def _change(session: Session, change: Callable[[Attempts], None]) -> None:
    """Change the stored counts, in three calls. They are read immediately before the write, because the queue policy writes them too.

    Mails that were sent, cancelled or deleted are removed.
    """
    rows = _read(session)
    attempts = _parsed(rows)
    change(attempts)
    unsent = [["id", "in", list(attempts.counts)], ["state", "in", ["outgoing", "exception"]]]
    text = attempts.as_text(set(session.call(MAIL, "search", domain=unsent)))
    if rows and text:
        session.write(SYSTEM_PARAMETER.model, [rows[0]["id"]], {"value": text})
    elif rows:
        session.unlink(SYSTEM_PARAMETER.model, [rows[0]["id"]])
    elif text:
        session.create(SYSTEM_PARAMETER.model, [{"key": ATTEMPTS_KEY, "value": text}])


def _parsed(rows: Sequence[Mapping[str, Any]]) -> Attempts:
    return Attempts.from_text(str(rows[0]["value"] or "") if rows else "")


def _read(session: Session) -> list[dict[str, Any]]:
    return session.search_read(SYSTEM_PARAMETER.model, [["key", "=", ATTEMPTS_KEY]], ["value"])
