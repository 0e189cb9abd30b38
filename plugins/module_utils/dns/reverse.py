# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of an address that sends mail, and whether they resolve to it. Source: RFC 8601 §2.7.3 (iprev), RFC 1912 §2.1."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup

# More names of one address are not looked up (RFC 8601 §2.7.3, RFC 7208 §4.6.4).
_MOST_NAMES = 10


@dataclass(frozen=True)
class ReverseNames:
    """The names of an address (PTR), and those of them that have the address."""

    address: str
    names: tuple[str, ...]
    confirmed: tuple[str, ...]


def read_names(lookup: Lookup, address: str) -> ReverseNames:
    """Read the names of an address.

    :raises Unanswered: as `Lookup.names`.
    :raises AliasLoop: as `Lookup.names`.
    """
    names = lookup.names(address)[:_MOST_NAMES]
    return ReverseNames(address, tuple(names), tuple(name for name in names if _has(lookup, name, address)))


def _has(lookup: Lookup, name: str, address: str) -> bool:
    try:
        return address in lookup.addresses(name)
    except AliasLoop:
        return False
