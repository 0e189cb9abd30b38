# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time against one database.

Odoo has no lock that a client could take, and mail servers no uniqueness: two runs at once would both create the same server. But
`ir.config_parameter` has a unique key, so creating one parameter is a lock that the database itself guards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock_owner import (
    has_died,
    plain_owner,
    this_process,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY, SENDING_KEY

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_HELD_WHILE = {LOCK_KEY: "changing", SENDING_KEY: "sending the queue of"}
# A run that has not touched its lock for so long has died, wherever it was. Installing an addon is the longest step of a change, and takes
# minutes at most. A run of the queue's action may take an hour (queue/cron_run.py).
_STALE_AFTER = {LOCK_KEY: timedelta(minutes=30), SENDING_KEY: timedelta(minutes=65)}
# Longer than Odoo takes to give up a silent mail server, twice.
_WAIT_SECONDS = 180.0
_POLL_SECONDS = 1.0


@contextmanager
def exclusive_run(
    session: Session, *, key: str = LOCK_KEY, wait: float = _WAIT_SECONDS, is_detached: bool = False
) -> Iterator[Callable[[], None]]:
    """Hold the lock. Waits up to `wait` seconds for another run to end.

    :param key: which lock, one of _HELD_WHILE: changing a database does not hinder sending its mails.
    :param is_detached: the work is one call, and Odoo continues it if this process ends or gives up. The lock then stays until it expires.
    :returns: what to call before each step that may take long, so that others see that this run is alive.
    :raises Conflict: the other run is still at it; the message says who and since when.
    """
    owner = plain_owner() if is_detached else this_process()
    lock_id = _acquire(session, key, wait, owner)
    is_over = not is_detached
    try:
        yield lambda: session.write("ir.config_parameter", [lock_id], {"value": owner})
        is_over = True
    except (Timeout, Unreachable) as error:
        if is_detached:
            error.message += (
                f" Odoo may still be working on it. For {_minutes(key)} minutes from its start, no other task of the collection is "
                f"{_HELD_WHILE[key]} this database. If it has ended, delete the system parameter {key}."
            )
        raise
    except OdooError:  # the answer of Odoo
        is_over = True
        raise
    finally:
        if is_over:
            _release(session, lock_id)


def _acquire(session: Session, key: str, wait: float, owner: str) -> int:
    deadline = time.monotonic() + wait
    while True:
        try:
            return session.create("ir.config_parameter", [{"key": key, "value": owner}])[0]
        except (Rejected, Conflict):
            # Refused because the key exists, or for a reason of its own: then there is no lock to be seen.
            held = _read_lock(session, key)
            if not held:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL_SECONDS)
                continue
        if _is_abandoned(held[0], key, session.now):
            _release(session, held[0]["id"])
            continue
        if time.monotonic() >= deadline:
            who, since = held[0]["value"].partition(" [")[0], held[0]["create_date"][:19]
            raise Conflict(
                f"Another run ({who}) has been {_HELD_WHILE[key]} database {session.database} since {since} UTC: wait for it to end. "
                f"If it has died, delete the system parameter {key} (after {_minutes(key)} minutes it is ignored)."
            )
        time.sleep(_POLL_SECONDS)


def _minutes(key: str) -> int:
    return _STALE_AFTER[key].seconds // 60


def _release(session: Session, lock_id: int) -> None:
    """Give the lock back; somebody who took a stale one over may have done so already."""
    try:
        session.unlink("ir.config_parameter", [lock_id])
    except OdooError:
        if session.search_read("ir.config_parameter", [["id", "=", lock_id]], ["key"]):
            raise


def is_another_running(session: Session, parameters: Mapping[str, str]) -> bool:
    """Whether another run is changing the database, as far as one can see.

    :param parameters: the system parameters that there are; a call more only where they show a lock.
    """
    return LOCK_KEY in parameters and any(
        not _is_abandoned(held, LOCK_KEY, session.now) for held in _read_lock(session, LOCK_KEY)
    )


def _read_lock(session: Session, key: str) -> list[dict[str, Any]]:
    fields = ["value", "create_date", "write_date"]
    return session.search_read("ir.config_parameter", [["key", "=", key]], fields)


def _is_abandoned(held: Mapping[str, Any], key: str, now: datetime) -> bool:
    touched = moment_of(held["write_date"])
    return now - touched > _STALE_AFTER[key] or has_died(held["value"])
