# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let system parameters have new values for a while, and have the old ones back whatever happens.

Odoo has only one place for the client of a provider, so a new one can only be tried there. What the parameters held before is
written down in Odoo itself: the next run puts it back where this one was killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# What parameters held before new values were tried.
TRIAL_KEY = "postmaster_odoo.trial"
_MODEL = "ir.config_parameter"


def interrupted_trial(parameters: Mapping[str, str]) -> dict[str, str | None]:
    """What parameters held before a trial that never ended, None where they were not there; empty where there is no such trial."""
    noted: dict[str, str | None] = json.loads(parameters.get(TRIAL_KEY) or "{}")
    return noted


def without_trial(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """System parameters as they will be once such a trial is ended, which is the first thing that a run does."""
    before = interrupted_trial({row["key"]: row["value"] for row in rows})
    return [
        {**row, "value": before.get(row["key"], row["value"])}
        for row in rows
        if before.get(row["key"], row["value"]) is not None
    ]


@contextmanager
def trial_parameters(session: Session, new: Mapping[str, str], stored: Mapping[str, str]) -> Iterator[None]:
    """Have `new` values in force within the context.

    :param stored: the parameters that there are.
    """
    if not new:
        yield
        return
    before = {key: stored.get(key) or None for key in new}
    session.create(_MODEL, [{"key": TRIAL_KEY, "value": json.dumps(before)}])
    try:
        for key, value in new.items():
            _set(session, key, value)
        yield
    finally:
        end_trial(session, before)


def end_trial(session: Session, before: Mapping[str, str | None]) -> None:
    """Put everything back, and only then forget about it."""
    for key, value in before.items():
        _set(session, key, value)
    _set(session, TRIAL_KEY, None)


def _set(session: Session, key: str, value: str | None) -> None:
    ids = [row["id"] for row in session.search_read(_MODEL, [["key", "=", key]], ["key"])]
    if value is None:
        if ids:
            session.unlink(_MODEL, ids)
    elif ids:
        session.write(_MODEL, ids, {"value": value})
    else:
        session.create(_MODEL, [{"key": key, "value": value}])
