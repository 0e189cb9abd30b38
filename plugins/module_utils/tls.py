# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates are trusted, for everything in the collection that speaks TLS."""

from __future__ import annotations

import os
import ssl

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid


def client_context(ca_path: str | None, *, verify: bool) -> ssl.SSLContext:
    """A client's side of TLS.

    :param ca_path: file or folder of CA certificates; empty for the system's own.
    :param verify: whether a certificate that is not trusted, or is for another name, ends the handshake.
    """
    is_file = bool(ca_path) and os.path.isfile(ca_path or "")
    if ca_path and os.path.exists(ca_path) and not is_file and not os.path.isdir(ca_path):
        raise Invalid(f"ca_path {ca_path!r} is neither a file nor a folder.")
    try:
        context = ssl.create_default_context(
            cafile=ca_path if ca_path and is_file else None,
            capath=ca_path if ca_path and not is_file else None,
        )
    except OSError as error:
        raise Invalid(f"ca_path {ca_path!r} cannot be read as CA certificates ({error}).") from error
    if ca_path and not os.path.exists(ca_path):
        raise Invalid(f"ca_path {ca_path!r} does not exist.")
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
