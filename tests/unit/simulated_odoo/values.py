# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conversion of written, stored and returned values, by the type of the field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.refusals import value_error
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import Description

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"

_INTERVALS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
}


def interval(number: int, kind: str) -> timedelta:
    """Return the interval of a cron; a month counts as 30 days."""
    return number * _INTERVALS[kind]


def is_x2many(description: Description) -> bool:
    """Return whether the field contains many records."""
    return description["type"] in ("one2many", "many2many")


def empty(description: Description) -> Any:
    """Return the value of a field that was never written."""
    if is_x2many(description):
        return []
    return {"integer": 0, "many2one_reference": 0, "float": 0.0, "monetary": 0.0}.get(description["type"], False)


def kept(model: str, field: str, description: Description, value: Any) -> Any:
    """Return a written value as the database stores it. Raise an error if Odoo cannot convert it."""
    kind = description["type"]
    wrong = value_error(f"Wrong value for {model}.{field}: {value!r}")
    if kind == "boolean":
        return bool(value)
    if value is None or value is False:
        return empty(description)
    try:
        if kind in ("integer", "many2one_reference"):
            return int(value)
        if kind in ("float", "monetary"):
            return float(value)
        if kind == "datetime" and value:
            # Odoo cuts its format to the length of the text; a `T` or a zone does not fit.
            return datetime.strptime(value, DATETIME_FORMAT[: len(value) - 2]).strftime(DATETIME_FORMAT)
    except (TypeError, ValueError) as error:
        raise value_error(str(error)) from None
    if kind in ("char", "text", "html"):
        return str(value)
    if kind == "selection" and value and value not in description["selection"]:
        raise wrong
    if kind == "many2one" and value and not isinstance(value, int):
        raise wrong
    return value or False


def linked(current: Sequence[int], commands: Sequence[Any]) -> list[int]:
    """Return the records of an x2many after its commands."""
    ids = list(current)
    for command in commands:
        if isinstance(command, int):
            ids.append(command)
        elif command[0] == 6:
            ids = list(command[2])
        elif command[0] == 5:
            ids = []
        elif command[0] == 4:
            ids.append(command[1])
        elif command[0] == 3:
            ids = [one for one in ids if one != command[1]]
        else:
            raise NotImplementedError(f"x2many command {command!r} is not simulated")
    return list(dict.fromkeys(ids))
