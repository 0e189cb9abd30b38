# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Postpone mails in Odoo's queue while this run sends them, and then restore those that were not sent.

A system parameter contains the ids of the mails. If the run is killed, the next run restores them, after Odoo has stopped sending them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import PUT_OFF_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT, moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The longest time that the mails wait if this run is killed and no other run follows.
_SECONDS = 3600.0
# The longest time that Odoo needs for one mail. It waits up to a minute for each reply of an SMTP server. It continues with its list of mails
# after the client is gone, and commits each mail.
_MAIL_SECONDS = 300.0
_POLL_SECONDS = 1.0
# PostgreSQL's ids have four bytes.
_HIGHEST_ID = 2**31 - 1


@dataclass(frozen=True)
class PutOff:
    """Postponed mails.

    :param until: their temporary `scheduled_date`, UTC. Empty if the system parameter with their ids is not readable.
    :param dates: the ids of the mails by their original `scheduled_date`; an empty text if they had none.
    """

    until: str
    dates: Mapping[str, Sequence[int]]

    @property
    def ids(self) -> list[int]:
        """Return the ids of the mails."""
        return [mail_id for ids in self.dates.values() for mail_id in ids]

    @property
    def spoilt(self) -> str:
        """Return a sentence for users if the mails are not known; otherwise an empty text."""
        return (
            ""
            if self.until
            else f"The system parameter {PUT_OFF_KEY} contains the mails that an interrupted run has postponed. It was not readable, and was removed. "
            "If there were such mails, they become due within an hour after that run."
        )

    @property
    def remark(self) -> str:
        """Return a sentence for users about mails that remain postponed."""
        return (
            f"Of {len(self.ids)} mails, those that were not sent are postponed until {self.until} UTC. The next run of mail_queue with "
            "action: process restores them."
        )

    def count(self, session: Session) -> int:
        """Return how many of the mails are still postponed, in at most one call."""
        if not self.ids:
            return 0
        domain = [["id", "in", self.ids], ["state", "=", "outgoing"], ["scheduled_date", "=", self.until]]
        return int(session.call(MAIL, "search_count", domain=domain))

    def wait_until_quiet(self, session: Session) -> None:
        """Wait until Odoo has certainly stopped sending the mails of a run that was killed.

        That is so when no mail has left for the longest time that one mail takes. If Odoo still sent them, restored mails would be sent twice.
        After `until` they are due anyway.

        :raises Conflict: if a mail leaves after `lock_timeout`, and others remain.
        """
        started = since = time.monotonic()
        left = self.count(session)
        while left and session.now <= moment_of(self.until) and time.monotonic() - since < _MAIL_SECONDS:
            time.sleep(_POLL_SECONDS)
            before, left = left, self.count(session)
            if left != before:
                since = time.monotonic()
            if left and left != before and since - started >= session.lock_timeout:
                raise Conflict(
                    f"Odoo is still sending the mails of an interrupted run of mail_queue: {left} of {len(self.ids)} remain. Run the task again "
                    "when they are sent, or set a higher lock_timeout."
                )

    def put_back(self, session: Session) -> int:
        """Restore the dates of the mails, and return how many of them are not sent yet.

        :raises OdooError: if that fails. The message contains the time until which they are postponed.
        """
        try:
            return session.insist(lambda: self._put_back(session))
        except OdooError as error:
            error.message += f" {self.remark}"
            raise

    def _put_back(self, session: Session) -> int:
        domain = [["id", "in", self.ids], ["scheduled_date", "=", self.until]]
        found = session.search_read(MAIL, domain, ["state"]) if self.ids else []
        states = {mail["id"]: mail["state"] for mail in found}
        for date, ids in self.dates.items():
            left = [mail_id for mail_id in ids if mail_id in states]
            if left:
                session.write(MAIL, left, {"scheduled_date": date or False})
        notes = session.search_read(SYSTEM_PARAMETER.model, [["key", "=", PUT_OFF_KEY]], ["key"])
        if notes:
            session.unlink(SYSTEM_PARAMETER.model, [note["id"] for note in notes])
        return list(states.values()).count("outgoing")


def put_off(session: Session, mails: Sequence[Mapping[str, Any]]) -> PutOff:
    """Postpone mails, in three calls. If one fails, none of the mails remains postponed.

    :param mails: each with `id` and `scheduled_date`.
    """
    dates: dict[str, list[int]] = {}
    for mail in mails:
        dates.setdefault(mail["scheduled_date"] or "", []).append(mail["id"])
    until = (session.now + timedelta(seconds=_SECONDS)).strftime(DATETIME_FORMAT)
    chosen = PutOff(until, dates)
    try:
        session.create(
            SYSTEM_PARAMETER.model, [{"key": PUT_OFF_KEY, "value": json.dumps({"until": until, "dates": dates})}]
        )
        session.write(MAIL, chosen.ids, {"scheduled_date": until})
    except BaseException:  # also a signal
        chosen.put_back(session)
        raise
    return chosen


def left_put_off(session: Session) -> PutOff | None:
    """Return the mails that another run has postponed, in one call; None if there are none.

    If this run owns the lock of the queue, the other run was interrupted.
    """
    notes = session.search_read(SYSTEM_PARAMETER.model, [["key", "=", PUT_OFF_KEY]], ["value"])
    return parse_put_off(notes[0]["value"]) if notes else None


def parse_put_off(text: Any) -> PutOff:
    """Return the mails in a system parameter; none if it was edited. Such mails become due at their `scheduled_date`."""
    try:
        note = decode(str(text or "").encode())
        dates = {_date(date) if date else "": _ids(ids) for date, ids in note["dates"].items()}
        return PutOff(_date(note["until"]), dates)
    except (ValueError, LookupError, TypeError, AttributeError):
        return PutOff("", {})


def _date(text: str) -> str:
    """Return a date in Odoo's format.

    :raises ValueError: if it is not a date in this format.
    """
    if f"{moment_of(text):{DATETIME_FORMAT}}" != text:
        raise ValueError("it is not a date in Odoo's format")
    return text


def _ids(ids: Sequence[Any]) -> list[int]:
    """Return valid ids of records.

    :raises ValueError: if one of them is not a valid id.
    """
    if not isinstance(ids, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) and 0 < one <= _HIGHEST_ID for one in ids
    ):
        raise ValueError("it contains a value that is not a valid id")
    return ids
