# Copyright (c) 2026 the postmaster.odoo contributors
# GNU Lesser General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/lgpl-3.0.txt)
# SPDX-License-Identifier: LGPL-3.0-or-later

"""A stand-in for the module smtplib whose connections may wait for another time than they are told to.

Odoo's module `ir_mail_server` hands a constant 60 seconds to smtplib.SMTP and smtplib.SMTP_SSL, deep inside one long method. It
reaches them through its name `smtplib`, which models/ir_mail_server.py makes mean this module. All that is asked of it is
smtplib's own, as it is at that moment; only within `connecting`, and only for the thread that is in it, the two classes
connect with the timeout of the mail server.

The timeout of a socket holds for connecting, for a TLS handshake and for each reply, for as long as the socket lives.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# None: nobody connects. 0: somebody does, and nothing is known of a timeout.
_seconds: ContextVar[int | None] = ContextVar("smtp_timeout", default=None)


@contextmanager
def connecting(seconds: int = 0) -> Iterator[None]:
    """A connection is made within the context: to a mail server with this timeout, or to one that is yet to be found."""
    before = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(before)


def found(seconds: int) -> None:
    """Use the timeout of the mail server that was found, where a connection is being made that has none yet."""
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
