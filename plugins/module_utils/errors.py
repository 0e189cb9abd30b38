# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of errors.

A message says in one or a few sentences what happened, its place, and how to fix it. Users see it unchanged;
it never contains a secret or a server's traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class OdooError(Exception):
    """Base of all errors that a user sees. `kind` is stable and part of every failed result."""

    kind = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(OdooError):
    """A value of an option that no Odoo accepts."""

    kind = "invalid"


class Unreachable(OdooError):
    """Neither Odoo nor this database answers at the URL."""

    kind = "unreachable"


class Timeout(OdooError):
    """No response in time. It is unknown whether the call took effect."""

    kind = "timeout"


class AuthenticationFailed(OdooError):
    """The server rejected the credentials."""

    kind = "authentication"


class AccessRefused(OdooError):
    """The user has no permission for this."""

    kind = "access"


class Unsupported(OdooError):
    """The field, value, model, record or addon does not exist on this instance."""

    kind = "unsupported"


class UnknownMethod(Unsupported):
    """The method does not exist on the model of this instance."""


class Conflict(OdooError):
    """The target is in use by a lock, a running cron, or a concurrent transaction."""

    kind = "conflict"


class Rejected(OdooError):
    """Odoo rejected the call. The message contains Odoo's own text."""

    kind = "rejected"


class Ambiguous(OdooError):
    """More than one record matches."""

    kind = "ambiguous"


class NotConnected(OdooError):
    """A mail server waits for a person's consent (OAuth2), and the user has declared that it must not wait."""

    kind = "not_connected"


class Threshold(OdooError):
    """A measured value is worse than the threshold that the user set."""

    kind = "threshold"


class NothingDeclared(OdooError):
    """Nothing is declared, so nothing could be compared with the instance."""

    kind = "nothing_declared"


class ReadOnly(OdooError):
    """A call in check mode was not on the list of reading methods. Always a defect of the collection, never of the user."""

    kind = "read_only"


def is_partial(error: BaseException) -> bool:
    """Return whether something that takes several calls was refused after the first of them."""
    return isinstance(error, OdooError) and bool(error.details.get("is_partial"))


class ErrorCollector:
    """A collection of errors, so that a user can fix all of them at once.

    As a context manager it collects the errors that are raised inside. It can be entered repeatedly.
    """

    def __init__(self) -> None:
        self.errors: list[OdooError] = []

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, OdooError):
            return False
        self.errors.append(error)
        return True

    def raise_gathered(self) -> None:
        """Raise the collected errors as one error with the kind of the first."""
        if self.errors:
            raise gathered(self.errors)


def gathered(errors: Sequence[OdooError]) -> OdooError:
    """Return several errors as one error with the kind of the first."""
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])(" ".join(dict.fromkeys(error.message for error in errors)))
