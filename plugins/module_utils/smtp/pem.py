# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys in PEM format, given as text or as the path of a file."""

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
    """Return the certificate of an option, with its chain. A key in the same file is left out.

    :param given: the certificate, or the path of its file.
    :raises Invalid: if the file does not exist, or contains no certificate.
    """
    certificates = _CERTIFICATE.findall(_content(option, given))
    if not certificates:
        raise Invalid(f"{option} contains no certificate in PEM format (expected BEGIN CERTIFICATE)")
    return "".join(f"{certificate}\n" for certificate in certificates)


def first_certificate(text: str) -> str:
    """Return the first certificate of a PEM text.

    :raises ValueError: if the text contains none.
    """
    found = _CERTIFICATE.search(text)
    if not found:
        raise ValueError("no certificate in PEM format")
    return found[0]


def private_key_text(option: str, given: str) -> str:
    """Return the private key of an option. A certificate in the same file is left out.

    :param given: the key, or the path of its file.
    :raises Invalid: if the file does not exist, contains no private key, or contains one with a passphrase.
    """
    text = _content(option, given)
    if _ENCRYPTED.search(text):
        raise Invalid(f"{option} has a passphrase, which Odoo cannot use: remove the passphrase from the key")
    key = _PRIVATE_KEY.search(text)
    if not key:
        raise Invalid(f"{option} contains no private key in PEM format (expected BEGIN PRIVATE KEY)")
    return f"{key[0]}\n"


def refuse_foreign_key(certificate: str, key: str) -> None:
    """Raise an error if a key does not belong to the first certificate, which is the one that Odoo presents to the SMTP server.

    :raises Invalid: if it belongs to another certificate. A malformed key or certificate raises no error here.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:  # only its owner can read it
        file.write(certificate + key)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            # NO_CERTIFICATE_ASSIGNED: the key is of another kind than the certificate, such as RSA instead of EC.
            if error.reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
                raise Invalid(
                    "smtp_ssl_private_key does not belong to the first certificate in smtp_ssl_certificate. "
                    "The first one must be the client's own certificate"
                ) from None


def _content(option: str, given: str) -> str:
    """Return the text of a file if the value is a path, or else the value itself. Messages never contain a part of it."""
    if _BLOCK in given or "\n" in given.strip():
        return given
    path = os.path.expanduser(given.strip())
    if not os.path.isabs(path):
        raise Invalid(
            f"{option} must be a text in PEM format, or the absolute path of a PEM file on the machine that runs the task"
        )
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not PEM text"
        raise Invalid(
            f"{option} is the path of a file that cannot be read on the machine that runs the task ({reason})"
        ) from None
