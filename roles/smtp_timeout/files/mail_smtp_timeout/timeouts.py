# Copyright (c) 2026 the postmaster.odoo contributors
# GNU Lesser General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/lgpl-3.0.txt)
# SPDX-License-Identifier: LGPL-3.0-or-later

"""A stand-in for the module smtplib that replaces the timeout of connections.

Odoo's module `ir_mail_server` passes a constant 60 seconds to smtplib.SMTP and smtplib.SMTP_SSL, inside one long method. It
uses them through its name `smtplib`, which `models/ir_mail_server.py` replaces with this module. Every attribute of this module is
the current attribute of smtplib. The exception is the context `connecting`: in its thread, the two classes connect with the
timeout of the mail server.

The timeout of a socket applies to connecting, to the TLS handshake and to each reply, until the socket is closed.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# None: no connection is being made. 0: a connection is being made, and its timeout is not yet known.
_seconds: ContextVar[int | None] = ContextVar("smtp_timeout", default=None)


@contextmanager
def connecting(seconds: int = 0) -> Iterator[None]:
    """Set the timeout of connections within the context. 0 means that the mail server is not yet known."""
    before = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(before)


def found(seconds: int) -> None:
    """Use the timeout of the mail server that was found, if a connection is being made and has no timeout yet."""
    if _seconds.get() == 0:
        _seconds.set(seconds)


def __getattr__(name: str) -> Any:
    attribute = getattr(smtplib, name)
    seconds = _seconds.get()
    if not seconds or name not in ("SMTP", "SMTP_SSL"):
        return attribute

    def connect(*arguments: Any, **options: Any) -> Any:
        options["timeout"] = seconds
        return attribute(*arguments, **options)

    return connect
