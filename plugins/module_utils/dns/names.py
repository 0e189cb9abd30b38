# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of domains: the domain of an address, and whether it can exist."""

from __future__ import annotations

import re

from ansible_collections.postmaster.odoo.plugins.module_utils.idn import in_ascii, needs_package

_LONGEST_NAME, _LONGEST_LABEL = 253, 63
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")


def domain_of(address: str) -> str:
    """Return the domain of an address in its ASCII form, or unchanged if it has none; empty if there is no domain."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower() if "@" in address else ""
    return in_ascii(domain) or domain


def is_unknown(domain: str) -> bool:
    """Return whether the ASCII form of a domain is not known, because a Python package is missing."""
    return not domain.isascii() and needs_package(domain)


def why_impossible(domain: str) -> str:
    """Return the reason why a domain cannot exist in the Internet; empty if it can (RFC 1035 §2.3.4, RFC 5321 §4.1.2)."""
    labels = domain.split(".")
    if domain.startswith("[") or re.fullmatch(r"\d+(\.\d+){3}", domain):
        return "it is an IP address"
    if "" in labels:
        return "a part of it is empty"
    if len(labels) < 2:
        return "it has only one part"
    if len(domain) > _LONGEST_NAME or any(len(label) > _LONGEST_LABEL for label in labels):
        return f"it has more than {_LONGEST_NAME} characters, or a part of more than {_LONGEST_LABEL}"
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "it has characters that are not allowed in domains"
    return ""
