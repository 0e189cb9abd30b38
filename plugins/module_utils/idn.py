# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains with characters beyond ASCII, in the form of the DNS. Odoo uses the Python package idna (IDNA 2008), which keeps straße.de and strasse.de apart."""

from __future__ import annotations

# Python itself has only IDNA 2003, which replaces these letters: ß, final sigma, and the two joiners (RFC 5894 §7.2).
_DEVIATING = frozenset("ß\u1e9eς\u200c\u200d")


def in_ascii(domain: str) -> str | None:
    """Return a domain in the form of the DNS; None if it cannot be converted, also if it needs the package idna. ASCII is unchanged."""
    if domain.isascii():
        return domain
    try:
        import idna
    except ImportError:
        return _by_python(domain)
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return None


def needs_package(domain: str) -> bool:
    """Return whether a domain cannot be converted because the package idna is missing."""
    try:
        import idna  # noqa: F401  # only whether it is installed matters
    except ImportError:
        return not _DEVIATING.isdisjoint(domain)
    return False


def _by_python(domain: str) -> str | None:
    if needs_package(domain):
        return None
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return None
