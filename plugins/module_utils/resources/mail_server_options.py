# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a mail server, and the values that no Odoo can use."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ErrorCollector
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import mail_providers
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import is_candidate_name
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.declared_dates import date_problems
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.pem import (
    certificate_text,
    private_key_text,
    refuse_foreign_key,
)

OPTIONS: Mapping[str, Any] = {
    "name": {"type": "str"},
    "active": {"type": "bool"},
    "sequence": {"type": "int"},
    "provider": {"type": "str", "choices": sorted(mail_providers.PROVIDERS)},
    "provider_region": {"type": "str"},
    "smtp_host": {"type": "str"},
    "smtp_port": {"type": "int"},
    "smtp_encryption": {"type": "str"},
    "smtp_authentication": {"type": "str"},
    "smtp_user": {"type": "str"},
    "smtp_pass": {"type": "str", "no_log": True},
    "smtp_pass_rotate_by": {"type": "str", "no_log": False},
    "smtp_ssl_certificate": {"type": "str"},
    "smtp_ssl_private_key": {"type": "str", "no_log": True},
    "oauth2": {
        "type": "dict",
        "options": {
            "client_id": {"type": "str"},
            "client_secret": {"type": "str", "no_log": True},
            "client_secret_expires": {"type": "str", "no_log": False},
            "refresh_token": {"type": "str", "no_log": True},
            "update": {"type": "str", "choices": ["always", "if_missing"]},
            "required": {"type": "bool", "default": False},
        },
    },
    "update_secrets": {"type": "str", "choices": ["always", "on_create"], "default": "always"},
    "from_filter": {"type": "str"},
    "smtp_debug": {"type": "bool"},
    "smtp_timeout": {"type": "int"},
    "max_email_size": {"type": "float"},
}

_CERTIFICATE_READERS: Mapping[str, Callable[[str, str], str]] = {
    "smtp_ssl_certificate": certificate_text,
    "smtp_ssl_private_key": private_key_text,
}
# Letters of any language, digits, hyphens and underscores between dots. Names of containers have underscores.
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


def option_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reasons why options of a mail server are not valid on any Odoo."""
    if not 1 <= given.get("smtp_port", 25) <= 65535:
        yield f"smtp_port must be between 1 and 65535, not {given['smtp_port']}"
    yield from host_problems(str(given.get("smtp_host") or "").strip())
    if given.get("smtp_timeout", 1) < 1:
        yield f"smtp_timeout must be at least 1 second, not {given['smtp_timeout']}"
    if not 0 <= given.get("max_email_size", 0) < math.inf:
        yield f"max_email_size must be a number of megabytes from 0 on, not {given['max_email_size']:g}"
    if is_candidate_name(str(given.get("name", ""))):
        yield "a name that ends with '(postmaster.odoo candidate)' is reserved for the collection: choose another name"
    yield from date_problems({**(given.get("oauth2") or {}), **given})
    if "oauth2" in given and given.get("smtp_authentication") not in OAUTH2_METHODS:
        yield f"oauth2 needs smtp_authentication {' or '.join(OAUTH2_METHODS)}"


def read_certificate(given: dict[str, Any]) -> list[str]:
    """Replace the paths of the certificate and its key by their texts, and return the reasons why they are not valid."""
    unreadable = ErrorCollector()
    for option, read in _CERTIFICATE_READERS.items():
        with unreadable:
            if given.get(option):
                given[option] = read(option, given[option])
    with unreadable:
        if not unreadable.errors and given.get("smtp_ssl_certificate") and given.get("smtp_ssl_private_key"):
            refuse_foreign_key(given["smtp_ssl_certificate"], given["smtp_ssl_private_key"])
    return [error.message for error in unreadable.errors]


def host_problems(host: str) -> Iterator[str]:
    """Yield the reason why a text is not a host name or address that Odoo can connect to."""
    if not host or _HOST.fullmatch(host) or _is_address(host):
        return
    if "://" in host:
        yield f"smtp_host {host!r} contains a scheme: write only the host name, and set TLS in smtp_encryption"
    elif re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", host):
        yield f"smtp_host {host!r} contains a port: write only the host name, and set the port in smtp_port"
    else:
        yield f"smtp_host {host!r} is not a valid host name (expected one name, for example smtp.provider.example)"


def _is_address(host: str) -> bool:
    """Return whether a text is an IP address, with or without brackets."""
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
