# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Odoo's refusals mean, whichever transport brought them."""

from __future__ import annotations

import re

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    AuthenticationFailed,
    Conflict,
    OdooError,
    Rejected,
    UnknownMethod,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets

# Odoo says so when a cron is running (UserError) or a row is locked; seen on 16.0 to 19.0 in en_US.
_BUSY_SENTENCES = (
    "cannot be modified right now",
    "already executing",
    "currently processing a scheduled action",
    "currently processing another module operation",
    "could not serialize access",
    "could not obtain lock",
    "deadlock detected",
)

# The answer to a method that the model does not have, seen on 16.0, on 17.0 and 18.0 (with "on the model '…'" behind it), and on 19.0.
_UNKNOWN_METHOD = re.compile(
    r"type object '\S+' has no attribute '\w+'|the method '\S+' does not exist\b", re.IGNORECASE
)


def _sentences(message: str) -> str:
    """Odoo's own words on one line, without blank lines, the invisible spaces of some translations, and secrets."""
    return without_secrets(" ".join(part.strip() for part in str(message).split("\n") if part.strip()))


def refusal(where: str, name: str, message: str) -> OdooError:
    """The error that an exception of Odoo's stands for.

    :param where: the call, for the user: `ir.cron.write on database acme at https://odoo.acme.example`.
    :param name: the exception's dotted Python name as Odoo reports it, such as `odoo.exceptions.UserError`.
    :param message: its message. The traceback that comes with it is never passed in.
    """
    text = _sentences(message)
    short_name = name.rpartition(".")[2]
    if short_name in (
        "LockError",
        "SerializationFailure",
        "LockNotAvailable",
        "DeadlockDetected",
        "ConcurrencyError",
    ) or any(sentence in text for sentence in _BUSY_SENTENCES):
        return Conflict(f"{where}: Odoo is busy with it: {text}")
    if short_name == "AccessDenied":
        return AuthenticationFailed(f"{where}: Odoo refused the credentials: {text or 'Access Denied'}")
    if short_name == "AccessError":
        return AccessRefused(f"{where}: the user lacks the rights (Administration / Settings is needed): {text}")
    # Up to 19.0 a model that does not exist is a UserError over JSON-RPC (odoo/service/model.py).
    if re.match(r"Object \S+ doesn't exist", text):
        return Unsupported(f"{where}: this Odoo does not know it: {text}")
    if short_name in ("AttributeError", "NotFound") and _UNKNOWN_METHOD.match(text):
        return UnknownMethod(f"{where}: this Odoo does not know it: {text}")
    if short_name in ("UserError", "ValidationError", "RedirectWarning", "MissingError", "IntegrityError"):
        return Rejected(f"{where}: Odoo refused: {text}")
    if short_name == "OperationalError" and "does not exist" in text:
        return Unreachable(f"{where}: there is no such database: check database.")
    if "Invalid field" in text or "Wrong value for" in text or "doesn't exist" in text or "does not exist" in text:
        return Unsupported(f"{where}: this Odoo does not know it: {text}")
    return Rejected(f"{where}: Odoo failed with {short_name or 'an error'}: {text}")
