# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts of records in groups, with one call for any number of records.

Source: docs/development/odoo-behaviour.md, Grouping records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, UnknownMethod, Unsupported

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_FORMATTED_SINCE = 19
_ORDERS_BY_COUNT_SINCE = 17


class RecordGroups:
    """The records of a model in groups, read with the method that this Odoo has."""

    def __init__(self, session: Session, model: str) -> None:
        self._session = session
        self._model = model
        # Only the first guess. Odoo logs every call of a missing method with a traceback, so it is not tried without a reason.
        self._has_formatted = session.version.major >= _FORMATTED_SINCE
        self._orders_by_count = session.version.major >= _ORDERS_BY_COUNT_SINCE

    def count(
        self, domain: Sequence[Any], by: Sequence[str], *, newest: bool = False, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the groups, the largest first, each with `__count`. With `newest`, each group also has its highest id as `newest`."""
        named: dict[str, Any] = {"domain": list(domain), "groupby": list(by)}
        if limit is not None:
            named["limit"] = limit
        aggregates = ["id:max"] if newest else []
        if self._has_formatted:
            try:
                groups = self._session.call(
                    self._model,
                    "formatted_read_group",
                    aggregates=["__count", *aggregates],
                    order="__count desc",
                    **named,
                )
                return [{**group, "newest": group.get("id:max")} for group in groups]
            except UnknownMethod:  # in 20.0 `read_group` is a different method that returns tuples
                self._has_formatted = False
        if self._orders_by_count:
            try:
                return self._grouped(orderby="__count desc", **named)
            # 16.0 cannot order by the size, so it returns the newest groups instead of the largest.
            except (Unsupported, Rejected):
                self._orders_by_count = False
        return sorted(self._grouped(orderby="newest desc", **named), key=lambda group: -group["__count"])

    def _grouped(self, **named: Any) -> list[dict[str, Any]]:
        """Return the groups up to 18.0. 16.0 does not return `id:max` without a name."""
        groups: list[dict[str, Any]] = self._session.call(
            self._model, "read_group", fields=["newest:max(id)"], lazy=False, **named
        )
        return groups
