# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the certificates that an SMTP server presents, trusted or not."""

from __future__ import annotations

import hashlib
import ssl
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509

# OpenSSL decodes only verified certificates, and Python has no other decoder.
UNREADABLE = (
    "Only the fingerprint of a certificate could be read. "
    "Install the Python package cryptography on the machine that runs the task. If it is installed, the certificate is malformed."
)


def presented(connection: ssl.SSLSocket) -> tuple[list[bytes], bool]:
    """Return the certificates that the server has presented, its own first, and whether these are all (only from Python 3.13 on)."""
    whole_chain = getattr(connection, "get_unverified_chain", None)
    if whole_chain:
        return list(whole_chain()), True
    own = connection.getpeercert(binary_form=True)
    return [own] if own else [], False


def described(certificate: bytes, now: datetime) -> dict[str, Any]:
    """Return the contents of a certificate; only the fingerprint if it cannot be decoded."""
    facts: dict[str, Any] = {"fingerprint": hashlib.sha256(certificate).hexdigest()}
    try:
        from cryptography import x509

        read = x509.load_der_x509_certificate(certificate)
        ends = _moment(read, "not_valid_after")
        return {
            "subject": read.subject.rfc4514_string(),
            "names": _names(read),
            "issuer": read.issuer.rfc4514_string(),
            "not_before": _moment(read, "not_valid_before").isoformat(),
            "not_after": ends.isoformat(),
            "days_left": (ends - now).days,
            **facts,
        }
    except (ImportError, ValueError):
        return facts


def _moment(certificate: x509.Certificate, name: str) -> datetime:
    """Return a date of the certificate. Before cryptography 42 the dates have no time zone."""
    moment: datetime = getattr(certificate, f"{name}_utc", None) or getattr(certificate, name)
    return moment.replace(tzinfo=timezone.utc)


def _names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
