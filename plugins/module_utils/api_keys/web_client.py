# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short session of Odoo's web client that leaves no trace of its login."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Conflict, OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import BASE_URL, BASE_URL_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_MODEL = "ir.config_parameter"
_FREEZE = "web.base.url.freeze"
# The longest time that a login takes. An older saved value belongs to a killed run.
_LOGIN = timedelta(minutes=2)
_ATTEMPTS = 3
_POLL_SECONDS = 0.5


@contextmanager
def web_client(session: Session, username: str, password: str) -> Iterator[Session]:
    """Log in to Odoo's web client, and log out.

    :param session: a session of the same user. It restores the address of links in mails, which the login of an administrator overwrites.
    :raises AuthenticationFailed: the password is wrong, or the user has two-factor authentication.
    """
    with _kept_base_url(session):
        web = session.web_client(username, password)
    try:
        yield web
    finally:
        web.log_out()


@contextmanager
def _kept_base_url(session: Session) -> Iterator[None]:
    """Restore `web.base.url` afterwards. Another parameter stores its value meanwhile, so that the next run can restore it if this one is killed."""
    former = _keep(session)
    if not former:
        yield
        return
    try:
        yield
    except OdooError as error:
        try:
            session.insist(lambda: _restore(session, former))
        except OdooError as reason:
            error.message += f" In addition, {BASE_URL} may have changed and could not be restored. The next run restores it. ({reason.message})"
        raise
    session.insist(lambda: _restore(session, former))


def restore_base_url(session: Session) -> None:
    """Restore `web.base.url` if a run was killed during its login.

    :raises Conflict: another run is logging in.
    """
    _rows_of_nobody(session, time.monotonic() + session.lock_timeout)


def _keep(session: Session) -> str:
    """Save the value of `web.base.url` in another parameter, and return it; empty if the login does not overwrite it.

    The other parameter is unique, so only one run at a time logs in.

    :raises Conflict: another run is logging in.
    """
    deadline = time.monotonic() + session.lock_timeout
    for attempt in itertools.count(1):
        rows = _rows_of_nobody(session, deadline)
        former = str(rows.get(BASE_URL, {}).get("value") or "")
        if not former or rows.get(_FREEZE, {}).get("value"):
            break
        try:
            session.create(_MODEL, [{"key": BASE_URL_KEY, "value": former}])
        except (Rejected, Conflict):
            # Another run was faster. If no other run is visible after several attempts, Odoo rejects the parameter itself.
            if attempt == _ATTEMPTS:
                raise
        else:
            return former
    return ""


def _rows_of_nobody(session: Session, deadline: float) -> dict[str, dict[str, Any]]:
    """Return the parameters when no run is logging in. The value that a killed run saved is restored.

    :param deadline: the time to give up, by the monotonic clock.
    :raises Conflict: another run is still logging in.
    """
    while kept := (rows := _rows(session)).get(BASE_URL_KEY):
        since = moment_of(kept["write_date"])
        if since + _LOGIN <= session.now:
            _restore(session, str(kept["value"]))
        elif time.monotonic() >= deadline:
            raise Conflict(
                f"Another run has been logging in to the web client of database {session.database} since {since:%Y-%m-%d %H:%M:%S} UTC. Run the task again "
                f"when it has ended, or set lock_timeout to wait longer. If it was killed, a run after {since + _LOGIN:%H:%M:%S} UTC restores {BASE_URL}."
            )
        else:
            time.sleep(_POLL_SECONDS)
    return rows


def _restore(session: Session, former: str) -> None:
    rows = _rows(session)
    current = rows.get(BASE_URL)
    if current and current["value"] != former:
        session.write(_MODEL, [current["id"]], {"value": former})
    if BASE_URL_KEY in rows:
        session.remove(_MODEL, [rows[BASE_URL_KEY]["id"]])


def _rows(session: Session) -> dict[str, dict[str, Any]]:
    """Return the parameters by their keys. A user who may not read them is not an administrator, so the login overwrites nothing."""
    domain = [["key", "in", [BASE_URL, BASE_URL_KEY, _FREEZE]]]
    try:
        rows = session.search_read(_MODEL, domain, ["key", "value", "write_date"])
    except AccessRefused:
        return {}
    return {row["key"]: row for row in rows}
