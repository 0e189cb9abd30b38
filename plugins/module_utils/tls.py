# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted certificates, for all code in the collection that uses TLS."""

from __future__ import annotations

import os
import ssl

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid


def client_context(ca_path: str | None, *, verify: bool) -> ssl.SSLContext:
    """Return the TLS settings of a client.

    :param ca_path: file or folder of CA certificates; empty for those of the system.
    :param verify: whether the handshake fails if a certificate is not trusted or is for another name.
    :raises Invalid: ca_path cannot be used.
    """
    is_file = bool(ca_path) and os.path.isfile(ca_path or "")
    if ca_path and os.path.exists(ca_path) and not is_file and not os.path.isdir(ca_path):
        raise Invalid(
            f"ca_path {ca_path!r} is neither a file nor a folder. Set it to a PEM file or to a folder of CA certificates."
        )
    try:
        context = ssl.create_default_context(
            cafile=ca_path if ca_path and is_file else None,
            capath=ca_path if ca_path and not is_file else None,
        )
    except OSError as error:
        raise Invalid(
            f"ca_path {ca_path!r} cannot be read as CA certificates ({error}). Set it to a PEM file or to a folder of CA certificates."
        ) from error
    if ca_path and not os.path.exists(ca_path):
        raise Invalid(f"ca_path {ca_path!r} does not exist on the host that runs the task.")
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
