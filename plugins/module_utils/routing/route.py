# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail server that Odoo chooses for a sender, and the address that recipients see. Pure functions.

Source: docs/development/odoo-behaviour.md, Server choice.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.idn import in_ascii

# The reasons for the choice of a server, by the names of the rules, in Odoo's order.
RULES: Mapping[str, str] = {
    "address": "its from_filter contains the address",
    "domain": "its from_filter contains the domain of the address",
    "notifications_address": "no from_filter contains the sender, and its from_filter contains the notifications address",
    "notifications_domain": "no from_filter contains the sender, and its from_filter contains the domain of the notifications address",
    "unfiltered": "no from_filter contains the sender or the notifications address, and it is the first server without from_filter",
    "first": "no from_filter contains the sender or the notifications address, every server has one, and it is the first server",
    "configuration": "no mail server is active",
}
# The rule of mail that names its mail server, so that Odoo does not choose one.
NAMED = "named"


@dataclass(frozen=True)
class RoutingServer:
    """The fields of an outgoing mail server that routing depends on.

    :param id: None if the server is not created yet. It comes after the other servers with the same sequence.
    :param personal: whether it belongs to a user (19.0: `owner_user_id`). Odoo uses it only for mail of that user.
    :param place: its host, port and login. Routing does not depend on them.
    """

    id: int | None
    name: str
    sequence: int = 10
    from_filter: str = ""
    active: bool = True
    personal: bool = False
    place: tuple[str, int, str] = ("", 0, "")


@dataclass(frozen=True)
class Rules:
    """The settings that routing depends on, in addition to the servers.

    :param notifications: the address that Odoo uses instead of a sender that no server may send from.
    :param bounce: the address that bounces return to.
    :param config_filter: the filter of the server of Odoo's configuration file, which is used if no other is active.
    :param several: whether a `from_filter` may list several senders (17.0 on).
    :param bare_notifications: whether mail from the notifications address loses its display name if the `from_filter` of its server
        does not contain the address (17.0 on).
    :param personal: whether servers that belong to users are used for mail of these users.
    :param rewrites_unmatched: whether the notifications address replaces the sender if no server matches either of them. None if that
        depends on the build of Odoo, and the instance does not show it.
    """

    notifications: str = ""
    bounce: str = ""
    config_filter: str = ""
    several: bool = True
    bare_notifications: bool = True
    personal: bool = False
    rewrites_unmatched: bool | None = True


@dataclass(frozen=True)
class Route:
    """The server and the senders of a mail.

    :ivar server: None for the server of Odoo's configuration file.
    :ivar email_from: the `From` header that the recipient sees. None if it depends on the build of Odoo.
    :ivar envelope_from: the envelope sender (`MAIL FROM`), which receives bounces. If it is empty, Odoo has no address to send from, and
        the mail fails. None if it depends on the build of Odoo.
    :ivar rewritten: whether the recipient sees another address than the sender. None if it depends on the build of Odoo.
    :ivar rule: one of RULES, or NAMED.
    """

    server: RoutingServer | None
    email_from: str | None
    envelope_from: str | None
    rewritten: bool | None
    rule: str


@dataclass(frozen=True)
class Shadow:
    """A server, or an entry of its filter, that is never used because another server takes all of its mail.

    :ivar entry: one address or domain of the server's `from_filter`; empty if the server itself is never used.
    """

    server: RoutingServer
    entry: str
    by: RoutingServer


def accepts_sender_lists(authentication_methods: Iterable[str]) -> bool:
    """Return whether a `from_filter` may list several senders.

    The release with the first lists is also the first one with the method `cli` (17.0; docs/development/odoo-behaviour.md, Mail server fields).

    :param authentication_methods: the values of `smtp_authentication` in the instance.
    """
    return "cli" in authentication_methods


class ServerIndex:
    """The active mail servers, indexed by the entries of their `from_filter`.

    :param several: as in `Rules`. The rules of a route must have the same value.
    """

    def __init__(self, servers: Sequence[RoutingServer], *, several: bool) -> None:
        in_use = _in_order(servers)
        self._shared = [server for server in in_use if not server.personal]
        self._takers = _takers(in_use, several=several)
        self._shared_takers = _takers(self._shared, several=several)
        self._unfiltered = next((server for server in self._shared if not server.from_filter), None)

    def choose(self, sender: str, rules: Rules) -> tuple[RoutingServer | None, str]:
        """Return the server of a sender, and the rule of the choice."""
        # Personal servers are only used for the addresses of their owners.
        takers = self._takers if rules.personal else self._shared_takers
        for address, prefix in ((sender, ""), (address_of(rules.notifications), "notifications_")):
            for target, kind in ((address, "address"), (address.partition("@")[2], "domain")):
                if target and target in takers:
                    return takers[target], prefix + kind
            takers = self._shared_takers
        if self._unfiltered:
            return self._unfiltered, "unfiltered"
        return (self._shared[0], "first") if self._shared else (None, "configuration")


def route(email_from: str, servers: Sequence[RoutingServer], rules: Rules) -> Route:
    """Return the route of a sender's mail that names no server.

    :param email_from: an address, with or without a display name, as in a `From` header. Empty for mail without a sender.
    """
    return find_route(email_from, ServerIndex(servers, several=rules.several), rules)


def find_route(email_from: str, servers: ServerIndex, rules: Rules) -> Route:
    """Return the same as `route`. It is faster for many senders."""
    notifications = address_of(rules.notifications)
    given = _Mailbox.of(email_from)
    server, rule = servers.choose(given.address, rules)
    sender = given if email_from.strip() else _Mailbox("", notifications, notifications)
    filter_ = server.from_filter if server else rules.config_filter
    accepted = rule in ("address", "domain") or (server is None and _fits(given.address, filter_, rules))
    is_replaced: bool | None = bool(notifications) and not accepted
    if is_replaced and _is_unmatched(rule, notifications, filter_, rules):
        is_replaced = rules.rewrites_unmatched
    replaced = _replaced(sender, notifications, rules)
    if is_replaced is None and str(replaced) == str(sender):
        is_replaced = True
    visible = replaced if is_replaced else sender
    envelope, takes_bounces = _envelope(sender, visible, filter_, rules)
    if is_replaced is None:
        is_same_address = replaced.address == sender.address  # only the display name may be lost
        known_envelope = envelope if takes_bounces or is_same_address else None
        return Route(server, None, known_envelope, False if is_same_address else None, rule)
    return Route(server, str(visible), envelope, visible.address != sender.address, rule)


def route_through(email_from: str, server: RoutingServer, rules: Rules) -> Route:
    """Return the route of a sender's mail that names its mail server. Odoo keeps its sender.

    Source: 16:addons/mail/models/mail_mail.py:_split_by_mail_configuration, the same in 17.0 to 19.0.
    """
    notifications = address_of(rules.notifications)
    sender = _Mailbox.of(email_from) if email_from.strip() else _Mailbox("", notifications, notifications)
    envelope, _takes_bounces = _envelope(sender, sender, server.from_filter, rules)
    return Route(server, str(sender), envelope, False, NAMED)


def _envelope(sender: _Mailbox, visible: _Mailbox, from_filter: str, rules: Rules) -> tuple[str, bool]:
    """Return the envelope sender, and whether it is the address of bounces.

    Bounces have their own address only if the server may send from it.

    :param visible: the sender that the recipient sees.
    """
    bounce = address_of(rules.bounce) or sender.address
    takes_bounces = bool(str(visible)) and _fits(bounce, from_filter, rules)
    return _in_ascii(bounce if takes_bounces else visible.address), takes_bounces


def _is_unmatched(rule: str, notifications: str, from_filter: str, rules: Rules) -> bool:
    """Return whether the filter of a server contains neither the sender nor the notifications address."""
    return rule in ("unfiltered", "first") or (rule == "configuration" and not _fits(notifications, from_filter, rules))


def is_for(sender: str, server: RoutingServer, rules: Rules) -> bool:
    """Return whether the `from_filter` of a server contains the address of a sender or its domain."""
    address = address_of(sender)
    entries = _entries(server.from_filter, several=rules.several)
    return any(part in entries for part in (address, address.partition("@")[2]) if part)


def shadowed(servers: Sequence[RoutingServer], rules: Rules, *more: Rules) -> list[Shadow]:
    """Return the active shared servers, and the entries of their filters, that are never used.

    :param more: of further alias domains, which have notifications addresses of their own.
    """
    shared = [server for server in _in_order(servers) if not server.personal]
    index = ServerIndex(shared, several=rules.several)
    fallbacks = [server for each in (rules, *more) if (server := index.choose("", each)[0])]
    are_fallbacks = set(map(id, fallbacks))
    takers: dict[str, RoutingServer] = {}
    shadows: list[Shadow] = []
    for server in shared:
        entries = _entries(server.from_filter, several=rules.several)
        taken = [Shadow(server, entry, takers[entry]) for entry in entries if entry in takers]
        for entry in entries:
            takers.setdefault(entry, server)
        if len(taken) < len(entries) or id(server) in are_fallbacks:
            shadows += taken
        else:
            shadows.append(Shadow(server, "", taken[0].by if taken else fallbacks[0]))
    return shadows


def mail_server_of(record: Mapping[str, Any]) -> RoutingServer:
    """Return a mail server from a record of `ir.mail_server`, as Odoo or `mail_server_info` returns it."""
    return RoutingServer(
        record.get("id"),
        str(record.get("name") or ""),
        int(record.get("sequence", 10)),
        record.get("from_filter") or "",
        bool(record.get("active", True)),
        bool(record.get("owner_user_id")),
        (record.get("smtp_host") or "", int(record.get("smtp_port") or 0), record.get("smtp_user") or ""),
    )


def address_of(text: str | None) -> str:
    """Return the address in the first mailbox of a text, as Odoo compares it, or an empty text."""
    return _Mailbox.of(text or "").address


def is_well_formed(text: str) -> bool:
    """Return whether Odoo reads the same sender in a text as this module.

    Texts with several @ in the address, an empty part of it, or a line break are not well formed. Odoo reads them differently in each step
    of a mail, so their route cannot be predicted.
    """
    if re.search(r"[\r\n\0]", text):
        return False
    addresses = addresses_in(text)
    return bool(re.fullmatch(r"[^@]+@[^@.\s]+(\.[^@.\s]+)*", addresses[0])) if addresses else "@" not in text


def addresses_in(text: str) -> list[str]:
    """Return the addresses of all mailboxes in a text. Only the first one is a sender."""
    return [address for _name, address in _mailboxes(text)]


@dataclass(frozen=True)
class _Mailbox:
    """A sender: a display name, and the address in the form for comparisons. `text` is the original text if it has no address."""

    name: str
    address: str
    text: str

    @classmethod
    def of(cls, text: str) -> _Mailbox:
        for name, address in _mailboxes(text):
            local, _at, domain = address.rpartition("@")
            # Odoo does not change the case before the @ if it is not ASCII.
            return cls(name, f"{local.lower() if local.isascii() else local}@{domain.lower()}", text)
        return cls("", "", text)

    def __str__(self) -> str:
        if not self.name:
            return self.address or self.text
        return '"{}" <{}>'.format(re.sub(r'([\\"])', r"\\\1", self.name), self.address)


def _mailboxes(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and addresses in a header, parsed as leniently as in Odoo."""
    # By default, newer versions of Python reject a whole header because of one error.
    lenient = {"strict": False} if hasattr(email.utils, "supports_strict_parsing") else {}
    for name, address in email.utils.getaddresses([text], **lenient):
        words = address.split()
        if "@" not in address:
            continue
        if not name and len(words) > 1:  # a name without quotes or angle brackets: Ann Lee ann@acme.example
            yield " ".join(word for word in words if "@" not in word), [word for word in words if "@" in word][-1]
        else:
            yield name, address


def _takers(servers: Iterable[RoutingServer], *, several: bool) -> dict[str, RoutingServer]:
    """Return the first server for each address and domain in the filters."""
    takers: dict[str, RoutingServer] = {}
    for server in servers:
        for entry in _entries(server.from_filter, several=several):
            takers.setdefault(entry, server)
    return takers


def _in_order(servers: Sequence[RoutingServer]) -> list[RoutingServer]:
    """Return the active servers in the order in which Odoo tries them."""
    active = [server for server in servers if server.active]
    return sorted(active, key=lambda server: (server.sequence, server.id is None, server.id or 0))


def _entries(from_filter: str, *, several: bool) -> list[str]:
    """Return the addresses and domains in a filter, in the form for comparisons. Entries that match no sender are left out."""
    parts = [part.strip() for part in from_filter.split(",")] if several else [from_filter]
    entries = []
    for part in parts:
        if "@" in part and len(list(_mailboxes(part))) == 1:
            entries.append(address_of(part))
        elif re.fullmatch(r"[^@,\s]+", part):
            entries.append(part.lower())
    return entries


def _fits(address: str, from_filter: str, rules: Rules) -> bool:
    """Return whether a server with this filter may send from an address."""
    entries = _entries(from_filter, several=rules.several)
    return not from_filter or any(part in entries for part in (address, address.partition("@")[2]) if part)


def _in_ascii(address: str) -> str:
    """Return an address with its domain in the ASCII form, if the domain has one."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{in_ascii(domain) or domain}"


def _replaced(sender: _Mailbox, notifications: str, rules: Rules) -> _Mailbox:
    """Return the notifications address with the name of a sender."""
    if sender.address == notifications and (rules.bare_notifications or not sender.name):
        return _Mailbox("", notifications, notifications)
    return _Mailbox(sender.name or (sender.address or sender.text).partition("@")[0], notifications, notifications)
