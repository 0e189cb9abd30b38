# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Use Odoo's web client for a moment, and leave no trace of the login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import BASE_URL, BASE_URL_KEY

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_MODEL = "ir.config_parameter"
_FREEZE = "web.base.url.freeze"


@contextmanager
def web_client(session: Session, username: str, password: str) -> Iterator[Session]:
    """Log in to Odoo's web client, and log out.

    :param session: of the same user. It restores the address of links in mails, which the login of an administrator overwrites.
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
    """Restore `web.base.url` afterwards. A parameter keeps its value meanwhile, so that the next run restores it if this one is killed."""
    rows = _rows(session)
    former = str(rows.get(BASE_URL, {}).get("value") or "")
    if not former or rows.get(_FREEZE, {}).get("value"):
        yield
        return
    session.create(_MODEL, [{"key": BASE_URL_KEY, "value": former}])
    try:
        yield
    except OdooError as error:
        try:
            session.insist(lambda: _restore(session, former))
        except OdooError as reason:
            error.message += f" Besides, {BASE_URL} may have changed, and could not be restored ({reason.message}) The next run restores it."
        raise
    session.insist(lambda: _restore(session, former))


def restore_base_url(session: Session) -> None:
    """Restore `web.base.url` if a run was killed while it logged in."""
    kept = _rows(session).get(BASE_URL_KEY)
    if kept is not None:
        _restore(session, str(kept["value"]))


def _restore(session: Session, former: str) -> None:
    rows = _rows(session)
    current = rows.get(BASE_URL)
    if current and current["value"] != former:
        session.write(_MODEL, [current["id"]], {"value": former})
    if BASE_URL_KEY in rows:
        session.remove(_MODEL, [rows[BASE_URL_KEY]["id"]])


def _rows(session: Session) -> dict[str, dict[str, Any]]:
    """Return the parameters by their keys. A user who may not read them is no administrator, and overwrites nothing."""
    domain = [["key", "in", [BASE_URL, BASE_URL_KEY, _FREEZE]]]
    try:
        rows = session.search_read(_MODEL, domain, ["key", "value"])
    except AccessRefused:
        return {}
    return {row["key"]: row for row in rows}
