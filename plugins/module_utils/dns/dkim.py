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
_ED25519_BYTES = 32
_SEQUENCE = 0x30


@dataclass(frozen=True)
class DkimKey:
    """The published records of a selector.

    :ivar state: `found`, `missing`, `revoked` or `invalid`.
    :ivar words: a text about the record.
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
        return DkimKey(selector, name, "invalid", f"{name} is not a DKIM key: {records[0][:80]!r}")
    key = tags["p"].replace(" ", "")
    if not key:
        return DkimKey(selector, name, "revoked", f"the key at {name} is revoked: its p is empty")
    fault = _fault_of(key, tags.get("k", "rsa").lower())
    if fault:
        return DkimKey(selector, name, "invalid", f"the key at {name} {fault}")
    return DkimKey(selector, name, "found", f"{name} has a key")


def _fault_of(key: str, kind: str) -> str:
    """Return the fault of a public key in Base64, or an empty text."""
    try:
        data = base64.b64decode(key, validate=True)
    except binascii.Error:
        return "is not valid Base64 (maybe it is truncated)"
    if kind == "ed25519":  # RFC 8463 §4.2
        return (
            "" if len(data) == _ED25519_BYTES else f"has {len(data)} bytes, but a key of Ed25519 has {_ED25519_BYTES}"
        )
    wanted = _length_of(data)
    if wanted is None or len(data) > wanted:
        return "is not an RSA key"
    return "" if len(data) == wanted else f"is truncated: it has {len(data)} of {wanted} bytes"


def _length_of(data: bytes) -> int | None:
    """Return the length in the header of a DER sequence; None for other data (X.690 §8.1.3). An RSA key is one (RFC 6376 §3.6.1)."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big") if octets else None
