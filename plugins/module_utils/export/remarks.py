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

    :param identity: what tells its record from others that are called the same: the external id, or the name, of an action with its model.
    :param position: the place in the stack's list, None for system parameters.
    """

    resource: str
    key: str
    identity: str
    position: int | None
    option: str
    value: str = field(repr=False)

    def as_result(self, digest_key: str | None = None) -> dict[str, Any]:
        """Where the secret belongs, in a task's result.

        :param digest_key: add a digest of the value that only who has this key can compare.
        """
        names = ("resource", "key", "identity", "position", "option")
        place = {name: getattr(self, name) for name in names}
        if digest_key is None:
            return place
        digest = hmac.new(digest_key.encode(), str(self.value).encode("utf-8", "surrogatepass"), hashlib.sha256)
        return {**place, "digest": digest.hexdigest()}


@dataclass(frozen=True)
class Remark:
    """Something that a user should know of what was found.

    :param kind: `suspicious`, or `left_out`: it is in Odoo, and not in the declaration.
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
        """The remark in a task's result."""
        names = ("resource", "key", "position", "option", "kind", "absent", "message")
        return {name: getattr(self, name) for name in names}
