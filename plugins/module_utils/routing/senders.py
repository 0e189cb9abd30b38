# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The senders of the mail that an instance has sent in the last days, and its configured senders.

Source: docs/development/odoo-behaviour.md, Mails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.record_groups import RecordGroups

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import RoutingTable
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

MAIL, MAILING, TEMPLATE, COMPANY, ALIAS = SOURCES = ("mail", "mailing", "template", "company", "alias")

_MESSAGES, _MAILS, _NOTIFICATIONS = "mail.message", "mail.mail", "mail.notification"
# A model of the addon mass_mailing. A trace is one recipient, and remains when Odoo deletes the mail.
_MAILINGS, _TRACES = "mailing.mailing", "mailing.trace"
_BY_EMAIL: Sequence[Any] = ["notification_ids.notification_type", "=", "email"]
# From 17.0 on Odoo checks the access to each message in Python before it groups them. So only the newest messages are grouped. A few of the
# others are read, without those of the most frequent senders, because the groups already contain these.
_COUNTED = 100_000
_READ = 5_000
_FREQUENT = 100
_GROUPS = 10_000


@dataclass(frozen=True)
class Sender:
    """A sender, with all other values that the route of its mail depends on.

    :param email_from: the `From` as Odoo stores it, or an empty text.
    :param source: one of SOURCES.
    :param mails: the number of messages; 0 if it is only configured.
    :param company: the company of the record that the mail is about, or None. Always None up to 16.0.
    :param alias_domain: the alias domain of that record, when the mail was sent.
    :param server: the mail server that the mail or the template names.
    :param user: the user who wrote it, who may have a personal mail server.
    """

    email_from: str
    source: str = MAIL
    mails: int = 0
    company: int | None = None
    alias_domain: int | None = None
    server: int | None = None
    user: int | None = None


@dataclass(frozen=True)
class Senders:
    """The senders of an instance.

    :param since: the start of the days, UTC.
    :param counted_since: the time since which all mails are counted: later than `since` if there were too many.
    :param is_complete: whether no sender of the days is missing, and every source could be counted.
    :param companies: the names of companies.
    """

    senders: Sequence[Sender]
    since: str
    counted_since: str
    is_complete: bool
    companies: Mapping[int, str]


def read_senders(session: Session, table: RoutingTable, days: int) -> Senders:
    """Read the senders of the last days in a constant number of calls."""
    since = (session.now - timedelta(days=days)).strftime(DATETIME_FORMAT)
    keys = _keys(session, table)
    in_days = ["create_date", ">=", since]
    groups = RecordGroups(session, _MESSAGES)
    first = _first_counted(session)
    newest = [["id", ">=", first]] if first else []
    counted = groups.count([in_days, *newest, _BY_EMAIL], keys, limit=_GROUPS)
    rest: list[dict[str, Any]] = []
    if first:
        frequent = [group["email_from"] for group in counted[:_FREQUENT] if group["email_from"]]
        older = [in_days, ["id", "<", first], _BY_EMAIL, ["email_from", "not in", frequent]]
        rest = session.search_read(_MESSAGES, older, keys, order="id desc", limit=_READ)
    # A message without recipients of notifications is sent as a separate mail, and Odoo keeps it unless `auto_delete` is set.
    own: list[Any] = [in_days, ["is_notification", "=", False], ["state", "in", ["outgoing", "sent", "exception"]]]
    if "mailing_id" in session.fields(_MAILS):
        own.append(["mailing_id", "=", False])
    mails = RecordGroups(session, _MAILS).count(own, keys, limit=_GROUPS)
    mailings = _mailings(session, in_days)
    companies = session.search_read("res.company", [["active", "=", True]], ["name", "email"])
    return Senders(
        [
            *(_sender(one) for one in (*counted, *rest, *mails)),
            *(mailings or ()),
            *_templates(session),
            *(Sender(one["email"], COMPANY, company=one["id"]) for one in companies if one["email"]),
            *_aliases(session, table),
        ],
        since,
        max(since, _time_of(session, first)) if first else since,
        len(rest) < _READ and max(len(counted), len(mails), len(mailings or ())) < _GROUPS and mailings is not None,
        {one["id"]: one["name"] for one in companies},
    )


def _keys(session: Session, table: RoutingTable) -> list[str]:
    """Return the fields of a message that the route of its mail depends on."""
    fields = session.fields(_MESSAGES)
    names = ["record_company_id", "record_alias_domain_id", "mail_server_id"]
    if any(server.get("owner_user_id") for server in table.mail_servers):
        names.append("create_uid")
    return ["email_from", *(name for name in names if name in fields)]


def _first_counted(session: Session) -> int | None:
    """Return the id of the oldest message that is counted; None if all are. An administrator has access to all notifications."""
    rows = session.search_read(
        _NOTIFICATIONS,
        [["notification_type", "=", "email"]],
        ["mail_message_id"],
        order="id desc",
        offset=_COUNTED,
        limit=1,
    )
    return _id(rows[0]["mail_message_id"]) if rows else None


def _time_of(session: Session, message: int) -> str:
    """Return when a message was created, or the next message that the user may read."""
    rows = session.search_read(_MESSAGES, [["id", ">=", message], _BY_EMAIL], ["create_date"], limit=20)
    return str(rows[0]["create_date"])[:19] if rows else ""


def _sender(row: Mapping[str, Any]) -> Sender:
    return Sender(
        row["email_from"] or "",
        MAIL,
        row.get("__count", 1),
        _id(row.get("record_company_id")),
        _id(row.get("record_alias_domain_id")),
        _id(row.get("mail_server_id")),
        _id(row.get("create_uid")),
    )


def _mailings(session: Session, in_days: Sequence[Any]) -> list[Sender] | None:
    """Return the senders of mass mailings; None if the user may not read them."""
    if not session.has_model(_MAILINGS):
        return []
    domain = [in_days, ["trace_type", "=", "mail"], ["trace_status", "!=", "cancel"]]
    try:
        traces = RecordGroups(session, _TRACES).count(domain, ["mass_mailing_id"], limit=_GROUPS)
        mails = {_id(group["mass_mailing_id"]): group["__count"] for group in traces}
        wanted = [["id", "in", [one for one in mails if one]], ["active", "in", [True, False]]]
        rows = session.search_read(_MAILINGS, wanted, ["email_from", "mail_server_id"])
    except AccessRefused:
        return None
    return [
        Sender(row["email_from"] or "", MAILING, mails[row["id"]], server=_id(row["mail_server_id"])) for row in rows
    ]


def _templates(session: Session) -> Iterator[Sender]:
    """Yield the senders of templates. A sender that code computes is not known before the mail is created."""
    rows = session.search_read(
        "mail.template", [["active", "=", True], ["email_from", "like", "@"]], ["email_from", "mail_server_id"]
    )
    for row in rows:
        if "{{" not in row["email_from"]:
            yield Sender(row["email_from"], TEMPLATE, server=_id(row["mail_server_id"]))


def _aliases(session: Session, table: RoutingTable) -> Iterator[Sender]:
    """Yield the mail addresses of teams and projects, because templates of addons use them as senders."""
    has_domains = table.alias_domains is not None
    fields = ["alias_name", "alias_domain_id"] if has_domains else ["alias_name"]
    for row in session.search_read("mail.alias", [["alias_name", "!=", False]], fields, limit=_GROUPS):
        domain_id = _id(row.get("alias_domain_id"))
        domain = (table.alias_domains or {}).get(domain_id or 0, {}).get("name") if has_domains else table.domain
        if domain:
            yield Sender(f"{row['alias_name']}@{domain}", ALIAS, alias_domain=domain_id)


def _id(value: Any) -> int | None:
    """Return the id in a value of a many2one field; None if it is empty."""
    return value[0] if value else None
