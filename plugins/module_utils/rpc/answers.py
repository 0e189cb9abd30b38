# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The classification of Odoo's exceptions, for all transports."""

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

# Odoo's texts for a running cron (UserError) or a locked row; seen on 16.0 to 19.0 in en_US.
_BUSY_SENTENCES = (
    "cannot be modified right now",
    "already executing",
    "currently processing a scheduled action",
    "currently processing another module operation",
    "could not serialize access",
    "could not obtain lock",
    "deadlock detected",
)

# The answer if a model does not have the method: seen on 16.0, on 17.0 and 18.0 (followed by "on the model '…'"), and on 19.0.
_UNKNOWN_METHOD = re.compile(
    r"type object '\S+' has no attribute '\w+'|the method '\S+' does not exist\b", re.IGNORECASE
)


def _sentences(message: str) -> str:
    """Return Odoo's own text on one line, without blank lines, secrets, and the invisible spaces of some translations."""
    return without_secrets(" ".join(part.strip() for part in str(message).split("\n") if part.strip()))


def refusal(where: str, name: str, message: str) -> OdooError:
    """Return the error that represents an exception of Odoo.

    :param where: the call, in the form of messages: `ir.cron.write on database acme at https://odoo.acme.example`.
    :param name: the exception's dotted Python name as Odoo reports it, such as `odoo.exceptions.UserError`.
    :param message: the exception's message, never its traceback.
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
        return Conflict(
            f"{where}: Odoo is busy with it at the moment. Run the task again later. Odoo's message: {text}"
        )
    if short_name == "AccessDenied":
        return AuthenticationFailed(
            f"{where}: Odoo rejected the credentials. Check username, and password or api_key. Odoo's message: {text or 'Access Denied'}"
        )
    if short_name == "AccessError":
        return AccessRefused(
            f"{where}: the user has no permission for this. Use a user with the access right Administration / Settings. Odoo's message: {text}"
        )
    missing = (
        f"{where}: the model, method, field or value does not exist on this Odoo. Check its name, its addon and the version of Odoo. "
        f"Odoo's message: {text}"
    )
    # Up to 19.0 a missing model is a UserError over JSON-RPC (odoo/service/model.py).
    if re.match(r"Object \S+ doesn't exist", text):
        return Unsupported(missing)
    if short_name in ("AttributeError", "NotFound") and _UNKNOWN_METHOD.match(text):
        return UnknownMethod(missing)
    if short_name in ("UserError", "ValidationError", "RedirectWarning", "MissingError", "IntegrityError"):
        return Rejected(f"{where}: Odoo rejected the call: {text}")
    if short_name == "OperationalError" and "does not exist" in text:
        return Unreachable(f"{where}: the database does not exist. Check database.")
    if "Invalid field" in text or "Wrong value for" in text or "doesn't exist" in text or "does not exist" in text:
        return Unsupported(missing)
    return Rejected(
        f"{where}: Odoo failed with {short_name or 'an error'}. Read Odoo's log for the cause. Odoo's message: {text}"
    )
