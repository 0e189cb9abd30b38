# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Select mails of the queue, and return their ids in chunks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import MINUTES, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import due, mark_unaddressed, meaning_of_mail
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The states of mails that each action accepts: those by default, and those that the user must name.
STATES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "process": (("outgoing",), ()),
    "retry": (("exception",), ()),
    "cancel": (("outgoing",), ("exception",)),
    "purge": (("exception", "cancel"), ()),
}
# The number of mails that are read in one call to check their reasons.
_CHUNK = 10000
# Failures that a retry may cure, in addition to transient ones.
_UNCERTAIN = ("interrupted", "unknown")


@dataclass(frozen=True)
class Selection:
    """Filters of mails. All of them must match.

    :param server: the name of the server that the mails name; empty for mails that name none.
    :param transient_only: only mails with transient failures.
    :param lasting_only: only mails with permanent failures.
    """

    states: Sequence[str] = ()
    failure_class: Sequence[str] = ()
    older_than: int | None = None
    server: str | None = None
    from_domain: str | None = None
    ids: Sequence[int] | None = None
    limit: int | None = None
    transient_only: bool = False
    lasting_only: bool = False

    @property
    def looks_at_reasons(self) -> bool:
        """Return whether the reasons of the mails must be read, because the database cannot apply all filters."""
        return bool(self.failure_class) or self.transient_only or self.lasting_only

    def fits(self, mail: Mapping[str, Any]) -> bool:
        """Return whether the failure of a mail matches the filters."""
        meaning = meaning_of_mail(mail)
        if self.failure_class and meaning.outcome not in self.failure_class:
            return False
        may_pass = meaning.passes or meaning.outcome in _UNCERTAIN
        return not (self.lasting_only if may_pass else self.transient_only)


def domain_of(session: Session, action: str, selection: Selection, batch_size: int, max_attempts: int) -> list[Any]:
    """Return the domain of the selected mails.

    :raises Invalid: if a filter is not valid.
    :raises Unsupported: if a mail server does not exist.
    """
    problems = [
        *beyond("batch_size", batch_size, least=1),
        *beyond("max_attempts", max_attempts, least=0),
        *beyond("limit", selection.limit, least=1),
        *beyond("older_than", selection.older_than, least=0, most=MINUTES),
    ]
    if problems:
        raise Invalid(f"{'; '.join(problems)}.")
    default, more = STATES[action]
    for state in selection.states:
        if state not in default + more:
            raise Invalid(f"states: {state} is not valid with {action}. Use {' or '.join(default + more)}.")
    domain: list[Any] = [["state", "in", list(selection.states or default)]]
    if action == "process":
        domain = due(session.now.strftime(DATETIME_FORMAT))
    if selection.older_than is not None:
        before = (session.now - timedelta(minutes=selection.older_than)).strftime(DATETIME_FORMAT)
        # The age of a scheduled mail counts from its scheduled_date.
        domain += [["create_date", "<=", before], "|", ["scheduled_date", "=", False], ["scheduled_date", "<=", before]]
    if selection.server is not None:
        domain.append(["mail_server_id", "=", _server_id(session, selection.server)])
    if selection.from_domain is not None:
        if not re.fullmatch(r"[^@\s<>%_\\]+", selection.from_domain):
            raise Invalid(
                f"from_domain: {selection.from_domain!r} is not a domain (expected for example acme.example)."
            )
        domain += ["|", *(["email_from", "=ilike", f"%@{selection.from_domain}{end}"] for end in ("", ">"))]
    if selection.ids is not None:
        domain.append(["id", "in", list(selection.ids)])
    return domain


def _server_id(session: Session, name: str) -> int | bool:
    if not name:
        return False
    found = session.search_read("ir.mail_server", [["name", "=", name]], ["name"])
    if len(found) > 1:
        ids = ", ".join(str(server["id"]) for server in found)
        raise Ambiguous(f"server: {len(found)} mail servers have the name {name!r} (ids {ids}). Rename all but one.")
    if not found:
        raise Unsupported(
            f"server: the mail server {name!r} does not exist in database {session.database} at {session.url}. Correct the name."
        )
    return int(found[0]["id"])


def count_mails(session: Session, domain: list[Any], selection: Selection) -> int:
    """Return the number of selected mails."""
    if selection.looks_at_reasons:
        return sum(len(ids) for ids in chunks_of(session, domain, selection, _CHUNK))
    count: int = session.call(MAIL, "search_count", domain=domain)
    return count if selection.limit is None else min(count, selection.limit)


def chunks_of(session: Session, domain: list[Any], selection: Selection, size: int) -> Iterator[list[int]]:
    """Yield the ids of the selected mails in chunks, the oldest first. Each chunk is read when it is needed."""
    last, left = 0, selection.limit
    while left is None or left > 0:
        page: list[Any] = [*domain, ["id", ">", last]]
        if selection.looks_at_reasons:
            mails = session.search_read(MAIL, page, ["failure_reason", "failure_type"], limit=max(size, 1000))
            mark_unaddressed(session, mails)
            found = [mail["id"] for mail in mails]
            ids = [mail["id"] for mail in mails if selection.fits(mail)]
        else:
            ids = found = session.call(
                MAIL, "search", domain=page, order="id", limit=size if left is None else min(size, left)
            )
        if not found:
            return
        last = found[-1]
        if left is not None:
            ids = ids[:left]
            left -= len(ids)
        for start in range(0, len(ids), size):
            yield ids[start : start + size]
