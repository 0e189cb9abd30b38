# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mail server Odoo takes for a sender, and what becomes of the sender on the way. Pure functions.

Source: docs/development/odoo-behaviour.md, Server choice.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.idn import in_ascii

# Why a server is the one, by the name of the rule; in the order in which Odoo tries them.
RULES: Mapping[str, str] = {
    "address": "its from_filter names the address",
    "domain": "its from_filter names the domain of the address",
    "notifications_address": "no server is for the sender, and its from_filter names the notifications address",
    "notifications_domain": "no server is for the sender, and its from_filter names the domain of the notifications address",
    "unfiltered": "no server is for the sender or the notifications address, and it is the first without from_filter",
    "first": "no server is for the sender or the notifications address, none is without from_filter, and it is the first of all",
    "configuration": "no mail server is active",
}
# The rule of mail that names its mail server itself, which is no choice.
NAMED = "named"


@dataclass(frozen=True)
class RoutingServer:
    """What routing looks at in an outgoing mail server.

    :param id: None while it is yet to be created; such a one comes after the others of its sequence.
    :param personal: one user's own (19.0: `owner_user_id`). Odoo takes it only for what that user writes.
    :param place: its host, port and login, which routing does not depend on.
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
    """What routing depends on beside the servers.

    :param notifications: the address that Odoo sends from where it must not use the sender's own.
    :param bounce: the address that bounces return to.
    :param config_filter: what the server of Odoo's configuration file is for, which is used where no other is active.
    :param several: a `from_filter` may list several senders (17.0 on).
    :param bare_notifications: mail from the notifications address itself loses the name before it, where it leaves through a
        server that is not for it (17.0 on).
    :param personal: personal servers take part, each in what its owner writes.
    :param rewrites_unmatched: if no server is for the sender or the notifications address, that address replaces the sender's. None
        if that depends on the build of Odoo, and the instance does not show it.
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
    """How a mail leaves.

    :ivar server: None is the server of Odoo's configuration file.
    :ivar email_from: the `From` header as the recipient sees it. None if the build of Odoo decides.
    :ivar envelope_from: the sender that the SMTP server is told (`MAIL FROM`), where bounces go. Where it is empty Odoo has no
        address to send from, and the mail fails. None if the build of Odoo decides.
    :ivar rewritten: the recipient sees another address than the sender's. None if the build of Odoo decides.
    :ivar rule: one of RULES, or NAMED.
    """

    server: RoutingServer | None
    email_from: str | None
    envelope_from: str | None
    rewritten: bool | None
    rule: str


@dataclass(frozen=True)
class Shadow:
    """What no mail reaches, because another server takes all of it.

    :ivar entry: one address or domain of the server's `from_filter`; empty where no mail reaches the server at all.
    """

    server: RoutingServer
    entry: str
    by: RoutingServer


def accepts_sender_lists(authentication_methods: Iterable[str]) -> bool:
    """Return whether a `from_filter` may list several senders.

    The release that brought the method `cli` is the one that brought lists (17.0; docs/development/odoo-behaviour.md, Mail server fields).

    :param authentication_methods: the values of `smtp_authentication` that the instance offers.
    """
    return "cli" in authentication_methods


class ServerIndex:
    """The mail servers in use by what their `from_filter` names, so that a route is found without looking at each server.

    :param several: as in `Rules`; the rules of a route must have the same.
    """

    def __init__(self, servers: Sequence[RoutingServer], *, several: bool) -> None:
        in_use = _in_order(servers)
        self._shared = [server for server in in_use if not server.personal]
        self._takers = _takers(in_use, several=several)
        self._shared_takers = _takers(self._shared, several=several)
        self._unfiltered = next((server for server in self._shared if not server.from_filter), None)

    def choose(self, sender: str, rules: Rules) -> tuple[RoutingServer | None, str]:
        """Return the server of a sender, and the rule that it is taken by."""
        # Personal servers are for their owners' own addresses only.
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
    """How mail of a sender leaves that names no server itself.

    :param email_from: an address, with or without a name before it, as in a `From` header. Empty is what Odoo sends without one.
    """
    return find_route(email_from, ServerIndex(servers, several=rules.several), rules)


def find_route(email_from: str, servers: ServerIndex, rules: Rules) -> Route:
    """Return the same as `route`, for the routes of many senders."""
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
        is_same_address = replaced.address == sender.address  # only the name before it may be lost
        known_envelope = envelope if takes_bounces or is_same_address else None
        return Route(server, None, known_envelope, False if is_same_address else None, rule)
    return Route(server, str(visible), envelope, visible.address != sender.address, rule)


def route_through(email_from: str, server: RoutingServer, rules: Rules) -> Route:
    """Return how mail of a sender leaves that names its mail server itself: Odoo keeps its sender.

    Source: 16:addons/mail/models/mail_mail.py:_split_by_mail_configuration, the same in 17.0 to 19.0.
    """
    notifications = address_of(rules.notifications)
    sender = _Mailbox.of(email_from) if email_from.strip() else _Mailbox("", notifications, notifications)
    envelope, _takes_bounces = _envelope(sender, sender, server.from_filter, rules)
    return Route(server, str(sender), envelope, False, NAMED)


def _envelope(sender: _Mailbox, visible: _Mailbox, from_filter: str, rules: Rules) -> tuple[str, bool]:
    """Return the sender that the SMTP server is told, and whether that is the address of bounces.

    Bounces have their own address only if the server may send from it.

    :param visible: the sender that the recipient sees.
    """
    bounce = address_of(rules.bounce) or sender.address
    takes_bounces = bool(str(visible)) and _fits(bounce, from_filter, rules)
    return _in_ascii(bounce if takes_bounces else visible.address), takes_bounces


def _is_unmatched(rule: str, notifications: str, from_filter: str, rules: Rules) -> bool:
    """Return whether a server is neither for the sender nor for the notifications address."""
    return rule in ("unfiltered", "first") or (rule == "configuration" and not _fits(notifications, from_filter, rules))


def is_for(sender: str, server: RoutingServer, rules: Rules) -> bool:
    """Return whether the `from_filter` of a server names the address of a sender or its domain."""
    address = address_of(sender)
    entries = _entries(server.from_filter, several=rules.several)
    return any(part in entries for part in (address, address.partition("@")[2]) if part)


def shadowed(servers: Sequence[RoutingServer], rules: Rules, *more: Rules) -> list[Shadow]:
    """The shared servers in use, and the entries of their filters, that no mail reaches.

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
    """A mail server from a record of `ir.mail_server`, as Odoo answers it or as `mail_server_info` returns it."""
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
    """The address in the first mailbox of a text, as Odoo compares it; empty where there is none."""
    return _Mailbox.of(text or "").address


def is_well_formed(text: str) -> bool:
    """Return whether Odoo and this module read the same sender in a text.

    Odoo reads others in a way that differs from step to step of a mail, so their route cannot be predicted: several @ in the address, an empty part
    of it, or a line break.
    """
    if re.search(r"[\r\n\0]", text):
        return False
    addresses = addresses_in(text)
    return bool(re.fullmatch(r"[^@]+@[^@.\s]+(\.[^@.\s]+)*", addresses[0])) if addresses else "@" not in text


def addresses_in(text: str) -> list[str]:
    """The addresses of all mailboxes in a text. Only the first is a sender; who writes more means something else."""
    return [address for _name, address in _mailboxes(text)]


@dataclass(frozen=True)
class _Mailbox:
    """A sender: the name before an address, and the address as it is compared. `text` is what was written where it has no address."""

    name: str
    address: str
    text: str

    @classmethod
    def of(cls, text: str) -> _Mailbox:
        for name, address in _mailboxes(text):
            local, _at, domain = address.rpartition("@")
            # Beyond ASCII the case before the @ may matter; Odoo leaves it.
            return cls(name, f"{local.lower() if local.isascii() else local}@{domain.lower()}", text)
        return cls("", "", text)

    def __str__(self) -> str:
        if not self.name:
            return self.address or self.text
        return '"{}" <{}>'.format(re.sub(r'([\\"])', r"\\\1", self.name), self.address)


def _mailboxes(text: str) -> Iterator[tuple[str, str]]:
    """Names and addresses in a header, read as leniently as Odoo does."""
    # Newer Pythons reject a whole header for one oddity unless told not to.
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
    """Return the first server whose filter names an address or a domain, by what it names."""
    takers: dict[str, RoutingServer] = {}
    for server in servers:
        for entry in _entries(server.from_filter, several=several):
            takers.setdefault(entry, server)
    return takers


def _in_order(servers: Sequence[RoutingServer]) -> list[RoutingServer]:
    """The servers that are in use, the first to be tried first."""
    active = [server for server in servers if server.active]
    return sorted(active, key=lambda server: (server.sequence, server.id is None, server.id or 0))


def _entries(from_filter: str, *, several: bool) -> list[str]:
    """What a filter names, as it is compared: addresses have an @, domains have none. What fits no sender is left out."""
    parts = [part.strip() for part in from_filter.split(",")] if several else [from_filter]
    entries = []
    for part in parts:
        if "@" in part and len(list(_mailboxes(part))) == 1:
            entries.append(address_of(part))
        elif re.fullmatch(r"[^@,\s]+", part):
            entries.append(part.lower())
    return entries


def _fits(address: str, from_filter: str, rules: Rules) -> bool:
    """Whether a server with this filter may send from an address."""
    entries = _entries(from_filter, several=rules.several)
    return not from_filter or any(part in entries for part in (address, address.partition("@")[2]) if part)


def _in_ascii(address: str) -> str:
    """An address with its domain as it is written in SMTP, where it can be."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{in_ascii(domain) or domain}"


def _replaced(sender: _Mailbox, notifications: str, rules: Rules) -> _Mailbox:
    """The notifications address in the place of a sender, whose name is kept."""
    if sender.address == notifications and (rules.bare_notifications or not sender.name):
        return _Mailbox("", notifications, notifications)
    return _Mailbox(sender.name or (sender.address or sender.text).partition("@")[0], notifications, notifications)
