# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places of secrets, and remarks: the parts of an instance's description that are not declarations."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

SUSPICIOUS, LEFT_OUT = "suspicious", "left_out"


@dataclass(frozen=True)
class Secret:
    """A value that is not shown.

    :param identity: the text that distinguishes its record from others with the same name: the external ID, or the name (for a cron with its model).
    :param position: the position in the stack's list; None for system parameters.
    """

    resource: str
    key: str
    identity: str
    position: int | None
    option: str
    value: str = field(repr=False)

    def as_result(self, digest_key: str | None = None) -> dict[str, Any]:
        """Return the place of the secret for a task's result.

        :param digest_key: add a digest of the value. Only owners of this key can compare it.
        """
        names = ("resource", "key", "identity", "position", "option")
        place = {name: getattr(self, name) for name in names}
        if digest_key is None:
            return place
        digest = hmac.new(digest_key.encode(), str(self.value).encode("utf-8", "surrogatepass"), hashlib.sha256)
        return {**place, "digest": digest.hexdigest()}


@dataclass(frozen=True)
class Remark:
    """A remark for the user about a record.

    :param kind: `suspicious`, or `left_out` for data that is in Odoo but not in the declaration.
    :param absent: the declaration lacks it. This is always so for `left_out`.
    """

    kind: str
    message: str
    resource: str | None = None
    key: str | None = None
    position: int | None = None
    option: str | None = None
    absent: bool = False

    def as_result(self) -> dict[str, Any]:
        """Return the remark as a part of a task's result."""
        names = ("resource", "key", "position", "option", "kind", "absent", "message")
        return {name: getattr(self, name) for name in names}
