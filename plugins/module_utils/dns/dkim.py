# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DKIM: the public key of a selector. Source: RFC 6376 §3.6.1, RFC 8463 (ed25519)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import AliasLoop, Lookup
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import tags_of

_KEY_TYPES = ("rsa", "ed25519")


@dataclass(frozen=True)
class DkimKey:
    """What is published for a selector.

    :ivar state: `found`, `missing`, `revoked` or `invalid`.
    :ivar words: what is there, for people.
    """

    selector: str
    name: str
    state: str
    words: str


def read_key(lookup: Lookup, selector: str, domain: str) -> DkimKey:
    """Read the key of a selector of a domain.

    :raises Unanswered: as `Lookup.texts`.
    """
    name = f"{selector}._domainkey.{domain}"
    try:
        records = lookup.texts(name)
    except AliasLoop as error:
        return DkimKey(selector, name, "missing", str(error))
    if not records:
        target = lookup.alias(name)
        words = f"{name} is an alias of {target}, which has no key" if target else f"{name} has no record"
        return DkimKey(selector, name, "missing", words)
    if len(records) > 1:
        words = f"{name} has {len(records)} TXT records, and receivers may take any of them"
        return DkimKey(selector, name, "invalid", words)
    tags = tags_of(records[0])
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa").lower() not in _KEY_TYPES:
        return DkimKey(selector, name, "invalid", f"{name} is no DKIM key: {records[0][:80]!r}")
    key = tags["p"].replace(" ", "")
    if not key:
        return DkimKey(selector, name, "revoked", f"the key at {name} is revoked: its p is empty")
    try:
        base64.b64decode(key, validate=True)
    except binascii.Error:
        return DkimKey(selector, name, "invalid", f"the key at {name} is not valid Base64, for example cut off")
    return DkimKey(selector, name, "found", f"{name} has a key")
