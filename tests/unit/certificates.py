# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for servers on the loopback."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        """Return the certificate, which is public."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """Return the key, which is secret."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def write_to(self, path: Path, *chain: Issued) -> Path:
        """Write a file for a server: its key, its certificate, and the certificates above it."""
        path.write_text(self.key_pem + "".join(one.certificate_pem for one in (self, *chain)))
        return path


def issue(name: str = "127.0.0.1", issuer: Issued | None = None, *, days: int = 1) -> Issued:
    """Issue a certificate; it is self-signed if there is no issuer.

    It began as many days ago as it has left. If `days` is negative, it expired that many days ago.

    :param name: an address, or the name of a host.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    ends = now + datetime.timedelta(days=days, minutes=1)
    try:
        host: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        host = x509.DNSName(name)
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else called,
        called,
        key.public_key(),
        x509.random_serial_number(),
        ends - 2 * datetime.timedelta(days=abs(days), minutes=1),
        ends,
    )
    own, above = key.public_key(), (issuer.key if issuer else key).public_key()
    # Without the last three extensions, Python 3.13 trusts no authority.
    for extension, critical in (
        (x509.SubjectAlternativeName([host]), False),
        (x509.BasicConstraints(ca=issuer is None, path_length=None), True),
        (x509.SubjectKeyIdentifier.from_public_key(own), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(above), False),
        (_key_usage(signs=issuer is None), True),
    ):
        builder = builder.add_extension(extension, critical)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        **dict.fromkeys((*others, "encipher_only", "decipher_only"), False),
    )


def server_context(path: Path) -> ssl.SSLContext:
    """Return a server's side of TLS, with the certificate and key of a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
