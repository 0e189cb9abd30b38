# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys in PEM, given as they are or as the path of a file."""

from __future__ import annotations

import os
import re
import ssl
import tempfile

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text

_BLOCK = "-----BEGIN "
_CERTIFICATE = re.compile(
    r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----(?:(?!-----BEGIN ).)+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----(?:(?!-----BEGIN ).)+?-----END ([A-Z]+ )?PRIVATE KEY-----", re.DOTALL
)
_ENCRYPTED = re.compile(r"-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED")


def certificate_text(option: str, given: str) -> str:
    """The certificate that an option gives, by content or by path, with its chain; a key in the same file is left out.

    :raises Invalid: there is no such file, or no certificate in it.
    """
    certificates = _CERTIFICATE.findall(_content(option, given))
    if not certificates:
        raise Invalid(f"{option} takes a certificate in PEM (BEGIN CERTIFICATE), and what was given holds none")
    return "".join(f"{certificate}\n" for certificate in certificates)


def first_certificate(text: str) -> str:
    """Return the first certificate of a PEM text.

    :raises ValueError: the text has none.
    """
    found = _CERTIFICATE.search(text)
    if not found:
        raise ValueError("no certificate in PEM")
    return found[0]


def private_key_text(option: str, given: str) -> str:
    """The private key that an option gives, by content or by path; a certificate in the same file is left out.

    :raises Invalid: there is no such file, no private key in it, or one that Odoo would need a passphrase for.
    """
    text = _content(option, given)
    if _ENCRYPTED.search(text):
        raise Invalid(f"{option} is protected by a passphrase, which Odoo cannot be told: give the key without")
    key = _PRIVATE_KEY.search(text)
    if not key:
        raise Invalid(f"{option} takes a private key in PEM (BEGIN PRIVATE KEY), and what was given holds none")
    return f"{key[0]}\n"


def refuse_foreign_key(certificate: str, key: str) -> None:
    """A key is to belong to the first certificate, which is the one that Odoo shows to the SMTP server.

    :raises Invalid: it belongs to another. Whether either is well formed is not judged here.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:  # readable by its owner alone
        file.write(certificate + key)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            # The second is what OpenSSL says of a key of another kind, such as RSA beside EC.
            if error.reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
                raise Invalid(
                    "smtp_ssl_private_key does not belong to smtp_ssl_certificate, or to another than the first one in it, which must be "
                    "the client's own"
                ) from None


def _content(option: str, given: str) -> str:
    """What is in the file of a path; what is no path is the content itself. Nothing of it is ever put into a message."""
    if _BLOCK in given or "\n" in given.strip():
        return given
    path = os.path.expanduser(given.strip())
    if not os.path.isabs(path):
        raise Invalid(f"{option} takes PEM, or the absolute path of a PEM file where the task runs")
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not PEM text"
        raise Invalid(f"{option} names a file that cannot be read where the task runs ({reason})") from None
