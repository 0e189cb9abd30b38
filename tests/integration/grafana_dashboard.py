# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a dashboard, by the types of Grafana's SDK and by rules that types do not express."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Iterator
from enum import Enum
from itertools import combinations
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

# The version that Grafana 12 writes; the SDK's own default is older.
CURRENT_SCHEMA = 42
GRID_WIDTH = 24
# Names that the SDK treats as texts: of plugins, of transformations, and of the functions that reduce a series to one
# value.
PANEL_TYPES = {"stat", "table", "timeseries"}
TRANSFORMATIONS = {"organize"}
REDUCERS = {"lastNotNull", "last", "max", "mean", "min", "sum"}
UNITS = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}

_VARIABLE = re.compile(r"\$\{?(?P<name>[a-zA-Z_]\w*)")
# Variables that Grafana itself provides.
_BUILT_IN = re.compile(r"__\w+")


def problems_of(board: dict[str, Any]) -> list[str]:
    """Return one line for each problem of a dashboard."""
    register_default_plugins()
    try:
        typed = Dashboard.from_json(board)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [f"the SDK cannot read it: {error!r}"]
    lost = [f"{place} is unknown or changed" for place in _lost(board, json.loads(JSONEncoder().encode(typed)))]
    return [*lost, *_misfits(typed, Dashboard, "dashboard"), *_own_problems(board)]


def _lost(given: Any, back: Any, path: str = "dashboard") -> Iterator[str]:
    """Yield the places of a document that a round trip through types has lost or changed."""
    if isinstance(given, dict) and isinstance(back, dict):
        for name, value in given.items():
            yield from _lost(value, back.get(name), f"{path}.{name}")
    elif isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        for number, (one, other) in enumerate(zip(given, back, strict=True)):
            yield from _lost(one, other, f"{path}[{number}]")
    elif given != back:
        yield path


def _misfits(value: Any, kind: Any, path: str) -> Iterator[str]:
    """Yield the places whose values do not have the type that the SDK declares. Its decoder does not check them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if _is_of_sdk(value):
        # The plugin of a panel reads fields without a type, such as the options of the panel.
        for name, expected in typing.get_type_hints(type(value)).items():
            yield from _misfits(getattr(value, name), expected, f"{path}.{name}")
    elif origin in (typing.Union, types.UnionType):
        if not any(not list(_misfits(value, one, path)) for one in arguments):
            yield f"{path} is {value!r}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path} is {value!r}"
            return
        for number, one in enumerate(value):
            yield from _misfits(one, arguments[0], f"{path}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path} is {value!r}"
            return
        for name, one in value.items():
            yield from _misfits(one, arguments[1], f"{path}.{name}")
    elif origin is typing.Literal:
        if value not in arguments:
            yield f"{path} is {value!r}"
    elif kind is types.NoneType:
        if value is not None:
            yield f"{path} is {value!r}"
    elif isinstance(kind, type) and issubclass(kind, Enum):
        if value not in {one.value for one in kind}:
            yield f"{path} is {value!r}"
    elif kind in (str, bool, int, float) and not _is_plain(value, kind):
        yield f"{path} is {value!r}"


def _is_of_sdk(value: Any) -> bool:
    return type(value).__module__.startswith("grafana_foundation_sdk.models.") and not isinstance(value, Enum)


def _is_plain(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _own_problems(board: dict[str, Any]) -> Iterator[str]:
    panels = board["panels"]
    if board["schemaVersion"] != CURRENT_SCHEMA:
        yield f"schemaVersion is {board['schemaVersion']}"
    ids = [panel["id"] for panel in panels]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    for panel in panels:
        yield from _of_panel(panel)
    for one, other in combinations(panels, 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"panels {one['id']} and {other['id']} overlap"
    known = {variable["name"] for variable in board["templating"]["list"]}
    used = {found["name"] for found in _VARIABLE.finditer(json.dumps(board))}
    for name in sorted(used - known):
        if not _BUILT_IN.fullmatch(name):
            yield f"variable {name} is not defined"


def _of_panel(panel: dict[str, Any]) -> Iterator[str]:
    where = f"panel {panel['id']}"
    place = panel["gridPos"]
    if place["x"] < 0 or place["x"] + place["w"] > GRID_WIDTH or place["w"] < 1 or place["h"] < 1:
        yield f"{where} is outside of the grid"
    if panel["type"] not in PANEL_TYPES:
        yield f"{where} has the type {panel['type']}"
    for one in panel.get("transformations", ()):
        if one["id"] not in TRANSFORMATIONS:
            yield f"{where} has the transformation {one['id']}"
    for name in panel.get("options", {}).get("reduceOptions", {}).get("calcs", ()):
        if name not in REDUCERS:
            yield f"{where} reduces by {name}"
    unit = panel["fieldConfig"]["defaults"].get("unit")
    if unit is not None and unit not in UNITS:
        yield f"{where} has the unit {unit}"
    steps = [step["value"] for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())]
    if steps and (steps[0] is not None or steps[1:] != sorted(steps[1:])):
        yield f"{where} has thresholds that are not in order"


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )
