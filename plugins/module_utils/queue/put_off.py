# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take mails out of Odoo's queue while they are sent, and put back those that were not sent.

A system parameter names the mails. If the run is killed, the next one puts them back, once Odoo has stopped sending them.
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

# How long the mails wait at most, if this run is killed and no other one follows.
_SECONDS = 3600.0
# Odoo goes on with its list of mails when its client is gone, and commits each mail. It takes at most so long for one: it waits for each reply
# of an SMTP server for up to a minute.
_MAIL_SECONDS = 300.0
_POLL_SECONDS = 1.0
# PostgreSQL's ids have four bytes.
_HIGHEST_ID = 2**31 - 1


@dataclass(frozen=True)
class PutOff:
    """Mails that are put off.

    :param until: their `scheduled_date` meanwhile, UTC. Empty if the system parameter that names them is spoilt.
    :param dates: the ids of the mails by the `scheduled_date` that they had; empty if they had none.
    """

    until: str
    dates: Mapping[str, Sequence[int]]

    @property
    def ids(self) -> list[int]:
        """The ids of the mails."""
        return [mail_id for ids in self.dates.values() for mail_id in ids]

    @property
    def spoilt(self) -> str:
        """A sentence for users if the mails are not known, otherwise nothing."""
        return (
            ""
            if self.until
            else f"The system parameter {PUT_OFF_KEY}, which names the mails that an interrupted run has put off, was unreadable and is removed. If there "
            "were such mails, they are due within an hour of that run."
        )

    @property
    def remark(self) -> str:
        """A sentence for users about mails that stay put off."""
        return (
            f"Those of {len(self.ids)} mails that have not left are put off until {self.until} UTC. The next run of mail_queue with "
            "action: process puts them back."
        )

    def count(self, session: Session) -> int:
        """Return how many of the mails are still put off: one call at most."""
        if not self.ids:
            return 0
        domain = [["id", "in", self.ids], ["state", "=", "outgoing"], ["scheduled_date", "=", self.until]]
        return int(session.call(MAIL, "search_count", domain=domain))

    def wait_until_quiet(self, session: Session) -> None:
        """Wait until Odoo has certainly stopped sending the mails for a run that was killed: until none has left for as long as one may take.

        If it still sends them, putting them back would send them twice. After `until` they are due anyway.

        :raises Conflict: a mail leaves after `lock_timeout`, and others are left.
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
                    f"Odoo still sends mails for a run of mail_queue that was interrupted: {left} of {len(self.ids)} are left. Run the task again "
                    "when they have left, or set lock_timeout to wait longer."
                )

    def put_back(self, session: Session) -> int:
        """Give the mails the date back that they had, and return how many of them are still to be sent.

        :raises OdooError: that failed; the message says until when they are put off.
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
    """Take mails out of Odoo's queue: three calls. If one fails, none of the mails stays put off.

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
    """Return the mails that another run has put off, None if there is no note of that: one call.

    If this run owns the lock of the queue, the other run was interrupted.
    """
    notes = session.search_read(SYSTEM_PARAMETER.model, [["key", "=", PUT_OFF_KEY]], ["value"])
    return parse_put_off(notes[0]["value"]) if notes else None


def parse_put_off(text: Any) -> PutOff:
    """Return the mails that a system parameter names. There are none if somebody has edited it: their `scheduled_date` then brings them back."""
    try:
        note = decode(str(text or "").encode())
        dates = {_date(date) if date else "": _ids(ids) for date, ids in note["dates"].items()}
        return PutOff(_date(note["until"]), dates)
    except (ValueError, LookupError, TypeError, AttributeError):
        return PutOff("", {})


def _date(text: str) -> str:
    """Return a date that Odoo takes as it is.

    :raises ValueError: it is none.
    """
    if f"{moment_of(text):{DATETIME_FORMAT}}" != text:
        raise ValueError("it is not written as Odoo writes dates")
    return text


def _ids(ids: Sequence[Any]) -> list[int]:
    """Return ids that records can have.

    :raises ValueError: one of them is none.
    """
    if not isinstance(ids, list) or not all(type(one) is int and 0 < one <= _HIGHEST_ID for one in ids):
        raise ValueError("it contains something that is no id")
    return ids
