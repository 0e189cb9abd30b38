# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of a probe of an SMTP server."""

from __future__ import annotations

import re
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.pem import certificate_text, private_key_text
from ansible_collections.postmaster.odoo.plugins.module_utils.tls import client_context

# Odoo's names. The strict encryptions verify the server's certificate; Odoo has them from 19.0 on.
ENCRYPTIONS = ("none", "starttls", "starttls_strict", "ssl", "ssl_strict")

# One hour, in seconds.
_LONGEST = 3600


def place(host: str, port: int | str) -> str:
    """Return a server as `host:port`."""
    return f"[{host}]:{port}" if host.count(":") > 1 else f"{host}:{port}"


@dataclass(frozen=True)
class Settings:
    """The server to connect to, and how.

    :param enforce: whether a certificate that cannot be verified ends the probe. If it is not set, `encryption` decides.
    :param name: the name to send in EHLO. If it is empty, the name that smtplib sends.
    :param connect_timeout: seconds for each DNS lookup, and for each address.
    :param timeout: seconds for each reply, and for the TLS handshake.
    """

    host: str
    port: int = 25
    encryption: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    client_certificate: str = ""
    client_private_key: str = field(default="", repr=False)
    sender: str = ""
    recipient: str = ""
    ca_path: str = ""
    enforce: bool | None = None
    name: str = ""
    connect_timeout: float = 10
    timeout: float = 30
    explore: bool = False

    @property
    def implicit_tls(self) -> bool:
        """Return whether the connection uses TLS from the first byte."""
        return self.encryption.startswith("ssl")

    @property
    def starttls(self) -> bool:
        """Return whether the connection starts TLS with a command."""
        return self.encryption.startswith("starttls")

    @property
    def verified(self) -> bool:
        """Return whether a certificate that cannot be verified ends the probe."""
        return self.encryption.endswith("_strict") if self.enforce is None else self.enforce

    def tls_context(self, *, verify: bool) -> ssl.SSLContext:
        """Return a TLS context as in Odoo, with the client certificate.

        :raises Invalid: if the client certificate and its key cannot be used together.
        """
        context = client_context(self.ca_path, verify=verify)
        if self.client_certificate:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", suffix=".pem"
            ) as file:  # only its owner can read it
                file.write(self.client_certificate + self.client_private_key)
                file.flush()
                try:
                    context.load_cert_chain(file.name)
                except (ssl.SSLError, ValueError) as error:
                    reason = getattr(error, "reason", None) or "not well-formed"
                    raise Invalid(
                        f"client_certificate and client_private_key cannot be used together ({reason})."
                    ) from None
        return context

    def without_credentials(self, text: str) -> str:
        """Return a text of the server without the password and the token, which servers may repeat."""
        return without_secrets(text, filter(None, (self.password, self.access_token)))


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return the settings from the options of a task.

    :raises Invalid: if an option is not valid, or does not fit another one.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if not given["host"].strip():
        raise Invalid("host is empty. Set it to the name or the address of the SMTP server.")
    if re.search(r"[/\[\]]|^[^:]*:[^:]*$", given["host"]):
        raise Invalid(
            f"host: {given['host']!r} is not a host name or an address. Set the port and the encryption with the options port and encryption."
        )
    if not 0 < given["port"] < 65536:
        raise Invalid(f"port must be from 1 to 65535, not {given['port']}.")
    for name in ("connect_timeout", "timeout"):
        if not 0 < given[name] <= _LONGEST:  # also if it is NaN
            raise Invalid(f"{name} must be more than 0 and at most {_LONGEST} seconds, not {given[name]:g}.")
    for name in ("host", "user", "sender", "recipient", "helo"):
        if any(not character.isprintable() for character in given.get(name, "")):
            raise Invalid(f"{name} contains characters that are not allowed in SMTP commands. Remove them.")
    if given.get("user") and "password" not in given and "access_token" not in given:
        raise Invalid("user needs password or access_token. To probe without a login, do not set user.")
    if given.get("client_certificate"):
        if given["encryption"] == "none":
            raise Invalid("client_certificate needs TLS, but encryption is 'none'. Set encryption to starttls or ssl.")
        given["client_certificate"] = certificate_text("client_certificate", given["client_certificate"])
        given["client_private_key"] = private_key_text("client_private_key", given["client_private_key"])
    renamed = {"helo": "name", "validate_certs": "enforce"}
    names = {renamed.get(name, name): value for name, value in given.items()}
    settings = Settings(**{name: names[name] for name in names if name in Settings.__dataclass_fields__})
    if settings.encryption != "none":
        settings.tls_context(verify=True)  # raises errors about the files before anything is sent
    return settings
