# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong, by kind.

A message is one sentence (or a few) that says what is wrong, where, and what to do. It is shown to the user as it stands;
it never holds a secret or a server's traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class OdooError(Exception):
    """Base of all errors that a user is meant to read; `kind` is stable and part of every failed result."""

    kind = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(OdooError):
    """An option's value that no Odoo would take."""

    kind = "invalid"


class Unreachable(OdooError):
    """No Odoo, or not this database, answers at the URL."""

    kind = "unreachable"


class Timeout(OdooError):
    """The answer did not come in time. Whether the call took effect is unknown."""

    kind = "timeout"


class AuthenticationFailed(OdooError):
    """The credentials were refused."""

    kind = "authentication"


class AccessRefused(OdooError):
    """The user may not do this."""

    kind = "access"


class Unsupported(OdooError):
    """This instance has no such field, value, model, record or addon."""

    kind = "unsupported"


class UnknownMethod(Unsupported):
    """The model of this instance has no such method."""


class Conflict(OdooError):
    """Somebody else holds what is to be changed: a lock, a running cron, a concurrent transaction."""

    kind = "conflict"


class Rejected(OdooError):
    """Odoo understood, and said no; the message carries its own words."""

    kind = "rejected"


class Ambiguous(OdooError):
    """More than one record fits."""

    kind = "ambiguous"


class NotConnected(OdooError):
    """A mail server waits for a human's consent (OAuth2), and the user said that it must not."""

    kind = "not_connected"


class Threshold(OdooError):
    """What was asked about is worse than the user allows."""

    kind = "threshold"


class NothingDeclared(OdooError):
    """Nothing is declared that could be compared with the instance."""

    kind = "nothing_declared"


class ReadOnly(OdooError):
    """A call that might write was about to be made in check mode. Always a defect of the collection, never of the user."""

    kind = "read_only"


def is_partial(error: BaseException) -> bool:
    """Return whether something that takes several calls was refused after the first of them."""
    return isinstance(error, OdooError) and bool(error.details.get("is_partial"))


class ErrorCollector:
    """Errors that are gathered, so that a user can mend everything at once.

    As a context manager it takes the errors that are raised within; it may be entered again and again.
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
        """Raise what was gathered as one error, of the first one's kind."""
        if self.errors:
            raise gathered(self.errors)


def gathered(errors: Sequence[OdooError]) -> OdooError:
    """Return several errors as one, of the first one's kind."""
    if len(errors) == 1:
        return errors[0]
    return type(errors[0])(" ".join(dict.fromkeys(error.message for error in errors)))
