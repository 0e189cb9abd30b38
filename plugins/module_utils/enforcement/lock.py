# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock that allows only one run at a time on a database.

Odoo has no lock for clients, and names of records are not unique: two simultaneous runs would both create the same record. But
`ir.config_parameter` has a unique key, so a created parameter is a lock that the database itself guarantees. Its owner renews it every few
seconds (heartbeat.py). A lock that is not renewed expires, even if its owner was on another machine or in a container.
"""

from __future__ import annotations

import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.heartbeat import INTERVAL_SECONDS, Heartbeat
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY, SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_MODEL = "ir.config_parameter"
_HELD_WHILE = {LOCK_KEY: "changing", SENDING_KEY: "sending the queue of"}
# Seconds after the last renewal. Odoo may continue sending without its client: the next run checks this (queue/put_off.py).
_LEASE_SECONDS = 60
# The lease for work that Odoo continues without its client, which may take an hour.
_DETACHED_SECONDS = 3900
# A lock with a longer lease is for detached work, which Odoo does while nothing renews the lock.
_LONGEST_SECONDS = 600
_LEASE = re.compile(r" \[\w+, (?P<seconds>\d{1,5}) s\]$")
_POLL_SECONDS = 1.0
# This number of refusals in a row without a lock means that Odoo rejects the system parameter itself.
_REFUSALS = 3
# A lock that looks expired is read again, because an Odoo that was busy may answer the reader before the owner's renewal.
_GRACE_SECONDS = INTERVAL_SECONDS + 5

Warn = Callable[[str], None]


class Lock:
    """A lock that this run owns.

    :ivar expires: whether to leave the lock until it expires when the run ends, because Odoo may still be working.
    """

    def __init__(self, heartbeat: Heartbeat, *, expires: bool) -> None:
        self.check = heartbeat.check
        self.expires = expires


@contextmanager
def exclusive_run(
    session: Session,
    *,
    key: str = LOCK_KEY,
    is_detached: bool = False,
    warn: Warn = lambda _text: None,
) -> Iterator[Lock]:
    """Own the lock inside the context.

    :param key: the lock, one of _HELD_WHILE. Runs that change a database and runs that send its mails do not exclude each other.
    :param is_detached: whether the work is one call that Odoo continues if this process ends or gives up. The lock then stays until it expires.
    :param warn: is called if the lock could not be released after the work was done.
    :raises Conflict: another run is still working. The message contains its owner and its start.
    """
    lease = _DETACHED_SECONDS if is_detached else _LEASE_SECONDS
    owner = f"{socket.gethostname()} pid {os.getpid()} [{uuid.uuid4().hex[:8]}, {lease} s]"
    lock_id = _acquire(session, key, owner)
    heartbeat = Heartbeat(session, lock_id, owner)
    lock = Lock(heartbeat, expires=is_detached)
    try:
        with heartbeat.beating():
            yield lock
        if is_detached:
            lock.expires = False
    except (Timeout, Unreachable) as error:
        if lock.expires:
            error.message += (
                f" Odoo may still be working on it. For {_minutes(lease)}, no other task of the collection can start {_HELD_WHILE[key]} this "
                f"database. If the work has ended, delete the system parameter {key}."
            )
        else:
            _release_after(error, session, key, lock_id, lease)
        raise
    except OdooError as error:  # Odoo has answered
        _release_after(error, session, key, lock_id, lease)
        raise
    except BaseException:
        if not lock.expires:
            session.remove(_MODEL, [lock_id])
        raise
    if not lock.expires:
        try:
            session.remove(_MODEL, [lock_id])
        except OdooError as error:
            warn(f"The work is complete, but {_left(key, lease, error)}")


def _release_after(error: OdooError, session: Session, key: str, lock_id: int, lease: int) -> None:
    """Release the lock after the work has failed. If even that fails, add it to the error."""
    try:
        session.remove(_MODEL, [lock_id])
    except OdooError as reason:
        error.message += f" In addition, {_left(key, lease, reason)}"


def _left(key: str, lease: int, reason: OdooError) -> str:
    return f"the lock (system parameter {key}) could not be released. It expires after {lease} seconds. The reason: {reason.message}"


def _minutes(seconds: int) -> str:
    return "a minute" if seconds == 60 else f"{seconds // 60} minutes"


def _acquire(session: Session, key: str, owner: str) -> int:
    deadline = time.monotonic() + session.lock_timeout
    refusals = 0
    while True:
        created = _create(session, key, owner)
        if isinstance(created, int):
            return created
        if _wait_for_end(session, key, deadline):
            continue
        refusals += 1
        if refusals == _REFUSALS:
            raise created
        time.sleep(_POLL_SECONDS)


def _create(session: Session, key: str, owner: str) -> int | OdooError:
    """Create the lock and return its id, or return Odoo's refusal. The key may exist already, or there is another reason."""
    try:
        return session.create(_MODEL, [{"key": key, "value": owner}])[0]
    except (Rejected, Conflict) as error:
        return error
    except (Timeout, Unreachable):
        own = [row for row in session.insist(lambda: _read_lock(session, key)) if row["value"] == owner]
        if own:  # only the answer was lost
            return int(own[0]["id"])
        raise


def _wait_for_end(session: Session, key: str, deadline: float) -> bool:
    """Wait until the lock is released or has expired, and return whether there was a lock.

    The lock has expired if its owner does not renew it during its lease, by the clock of this process. If the clocks of Odoo and
    PostgreSQL already show this, a few seconds are enough, because those two clocks may differ.

    The deadline applies to an owner that is alive. If nobody renews the lock, this waits until the end of its lease. The exception is detached
    work, on which Odoo itself may still be working.

    :raises Conflict: the deadline has passed and the owner is alive.
    """
    last: tuple[int, str] | None = None
    since, is_renewed = 0.0, False
    while rows := _read_lock(session, key):
        held = rows[0]
        if _state(held) != last:
            is_renewed = last is not None
            last, since = _state(held), time.monotonic()
        looks_expired = _has_expired(held, session.now)
        lease = _lease(held).total_seconds()
        enough = _GRACE_SECONDS if looks_expired else lease
        if time.monotonic() - since >= enough:
            session.remove(_MODEL, [held["id"]])
            return True
        if time.monotonic() >= deadline and (is_renewed or (lease > _LONGEST_SECONDS and not looks_expired)):
            raise _in_use(session, key, held)
        time.sleep(_POLL_SECONDS)
    return last is not None


def _in_use(session: Session, key: str, held: Mapping[str, Any]) -> Conflict:
    described = describe_lock(held, session.now)
    expires = moment_of(held["write_date"]) + _lease(held)
    return Conflict(
        f"Another run ({described['owner']}) has been {_HELD_WHILE[key]} database {session.database} since {described['since']} UTC. Wait until it "
        f"ends, or set lock_timeout to wait longer. If it was killed, its lock (system parameter {key}) expires at {expires:%Y-%m-%d %H:%M:%S} UTC."
    )


def remove_expired_locks(session: Session, *keys: str) -> None:
    """Remove the locks of killed runs. Without a lock, this takes one call."""
    expired = [_state(row) for row in _read_lock(session, *keys) if _has_expired(row, session.now)]
    if not expired:
        return
    time.sleep(_GRACE_SECONDS)
    still = [_state(row) for row in _read_lock(session, *keys)]
    ids = [lock_id for lock_id, written in expired if (lock_id, written) in still]
    if ids:
        session.remove(_MODEL, ids)


def is_another_running(session: Session, key: str = LOCK_KEY) -> bool:
    """Return whether another run owns the lock, as far as this can be determined. This takes a call."""
    return any(not _has_expired(held, session.now) for held in _read_lock(session, key))


def describe_lock(held: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the owner of a lock, its start (UTC), and whether it has expired.

    :param held: the system parameter, with `value`, `create_date` and `write_date`.
    """
    owner = (held["value"] or "").partition(" [")[0]
    return {"owner": owner, "since": held["create_date"][:19], "expired": _has_expired(held, now)}


def _read_lock(session: Session, *keys: str) -> list[dict[str, Any]]:
    fields = ["value", "create_date", "write_date"]
    return session.search_read(_MODEL, [["key", "in", list(keys)]], fields)


def _state(held: Mapping[str, Any]) -> tuple[int, str]:
    return held["id"], held["write_date"]


def _lease(held: Mapping[str, Any]) -> timedelta:
    noted = _LEASE.search(held["value"] or "")
    return timedelta(seconds=int(noted["seconds"]) if noted else _LEASE_SECONDS)


def _has_expired(held: Mapping[str, Any], now: datetime) -> bool:
    return now - moment_of(held["write_date"]) > _lease(held)
