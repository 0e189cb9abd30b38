# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an SMTP server is probed with, and the words of a server without the credentials that it may repeat."""

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

# As Odoo names them. Those that are strict check the server's certificate; 18.0 and older have no such ones.
ENCRYPTIONS = ("none", "starttls", "starttls_strict", "ssl", "ssl_strict")

# An hour.
_LONGEST = 3600


def place(host: str, port: int | str) -> str:
    """Where a server is, as one writes it."""
    return f"[{host}]:{port}" if host.count(":") > 1 else f"{host}:{port}"


@dataclass(frozen=True)
class Settings:
    """What to reach, and how.

    :param enforce: whether a certificate that does not verify ends the probe; None leaves it to `encryption`.
    :param name: what to introduce oneself with; without it, what smtplib would.
    :param connect_timeout: seconds for each look-up in DNS, and for each address.
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
        """TLS from the first byte."""
        return self.encryption.startswith("ssl")

    @property
    def starttls(self) -> bool:
        """TLS on command."""
        return self.encryption.startswith("starttls")

    @property
    def verified(self) -> bool:
        """Whether the certificate must verify."""
        return self.encryption.endswith("_strict") if self.enforce is None else self.enforce

    def tls_context(self, *, verify: bool) -> ssl.SSLContext:
        """What Odoo would speak TLS with, and the client's own certificate."""
        context = client_context(self.ca_path, verify=verify)
        if self.client_certificate:
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:  # its owner's alone
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
        """A server's words, which may repeat what was sent to it."""
        return without_secrets(text, filter(None, (self.password, self.access_token)))


def settings_of(options: Mapping[str, Any]) -> Settings:
    """What the options of a task say.

    :raises Invalid: it does not fit together.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if not given["host"].strip():
        raise Invalid("host is empty.")
    if re.search(r"[/\[\]]|^[^:]*:[^:]*$", given["host"]):
        raise Invalid(
            f"host takes a name or an address and nothing else, not {given['host']!r}; port and encryption are options of their own."
        )
    if not 0 < given["port"] < 65536:
        raise Invalid(f"port must be from 1 to 65535, not {given['port']}.")
    for name in ("connect_timeout", "timeout"):
        if not 0 < given[name] <= _LONGEST:  # nor is what is no number
            raise Invalid(f"{name} must be more than 0 and at most {_LONGEST} seconds, not {given[name]:g}.")
    for name in ("host", "user", "sender", "recipient", "helo"):
        if any(not character.isprintable() for character in given.get(name, "")):
            raise Invalid(f"{name} holds characters that no SMTP command takes.")
    if given.get("user") and "password" not in given and "access_token" not in given:
        raise Invalid("user needs password or access_token; without a login, leave it out.")
    if given.get("client_certificate"):
        if given["encryption"] == "none":
            raise Invalid("client_certificate is shown in TLS, which encryption none does not speak.")
        given["client_certificate"] = certificate_text("client_certificate", given["client_certificate"])
        given["client_private_key"] = private_key_text("client_private_key", given["client_private_key"])
    renamed = {"helo": "name", "validate_certs": "enforce"}
    names = {renamed.get(name, name): value for name, value in given.items()}
    settings = Settings(**{name: names[name] for name in names if name in Settings.__dataclass_fields__})
    if settings.encryption != "none":
        settings.tls_context(verify=True)  # what is wrong with the files is said before anything is sent
    return settings
