# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stack of a host from its inventory variables `odoo_mail_*` and `odoo_queue_*`, merged from layers.

A layer is a variable whose name ends with a suffix: `odoo_mail_servers__customer` is merged over `odoo_mail_servers`. Layers are merged in the
order of their suffixes. Entries of lists are matched by their keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry

MAIL, QUEUE = "odoo_mail_", "odoo_queue_"
_LAYER = "__"
_QUEUE_OPTION = "queue_policy"

# The options that are not declarations of what an instance must have. They have no layers.
RUN_OPTIONS = ("unmanaged", "update_list", "activate_neutralized", "verify")
# Lists of names. An entry that a layer takes out is `{name: ..., declared: false}`.
_NAMES_ONLY = ("addons",)

# Return the values of variables, by their names.
Resolve = Callable[[Collection[str]], Mapping[str, Any]]
# Return the level of the inventory that a variable is set on, in words; empty if that is not known.
LevelOf = Callable[[str], str]


class StackVariableError(ValueError):
    """A variable that is not known, or layers that contradict each other."""


@dataclass
class _Entry:
    """An entry of a list, or a dictionary as a whole, while layers are merged into it.

    :param sources: the variable that gave each field its value.
    """

    label: str
    fields: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def take(self, variable: str, fields: Mapping[str, Any], level_of: LevelOf) -> None:
        """Override fields.

        :raises StackVariableError: another variable of the same level gives another value.
        """
        for name, value in fields.items():
            other = self.sources.get(name)
            if other and other != variable and value != self.fields[name]:
                _refuse_conflict(f"{self.label} {name}".strip(), other, variable, level_of)
            self.fields[name] = value
            self.sources[name] = variable


def stack_options() -> list[str]:
    """Return the options of a stack that variables declare, in the order of a stack."""
    return [*(kind.stack_option for kind in registry.RESOURCE_TYPES), "routes"]


def known_variables() -> list[str]:
    """Return the names of all variables, without suffixes."""
    declaring = [f"{MAIL}{option}" for option in stack_options() if option != _QUEUE_OPTION]
    return [*declaring, *(f"{MAIL}{option}" for option in RUN_OPTIONS), *(f"{QUEUE}{name}" for name in _rules())]


def is_stack_variable(name: str) -> bool:
    """Return whether a variable declares a stack, or seems to."""
    return name.startswith((MAIL, QUEUE))


def stack_arguments_of(
    variables: Collection[str], resolve: Resolve, level_of: LevelOf, parts: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the options of `mail_stack` that the variables of a host declare.

    :param variables: the names of the variables that the host has.
    :param parts: the options to take; the others count as not declared. None takes all.
    :raises StackVariableError: a variable is not known, or layers contradict each other.
    """
    own = sorted(name for name in variables if is_stack_variable(name))
    _refuse_unknown(own)
    wanted = [name for name in own if parts is None or _option_of(name) in (*parts, *RUN_OPTIONS)]
    values = {name: value for name, value in resolve(wanted).items() if value is not None}
    arguments: dict[str, Any] = {}
    queue: dict[str, Any] = {}
    for base in known_variables():
        layers = {name: values[name] for name in sorted(values, key=_suffix) if name.partition(_LAYER)[0] == base}
        if not layers:
            continue
        option = base.removeprefix(MAIL).removeprefix(QUEUE)
        (queue if base.startswith(QUEUE) else arguments)[option] = _merged(option, layers, level_of)
    return {**arguments, _QUEUE_OPTION: queue} if queue else arguments


def _rules() -> list[str]:
    kind = registry.resource_type(_QUEUE_OPTION)
    return list(kind.stack_argument["options"])


def _option_of(name: str) -> str:
    return _QUEUE_OPTION if name.startswith(QUEUE) else name.partition(_LAYER)[0].removeprefix(MAIL)


def _suffix(name: str) -> str:
    return name.partition(_LAYER)[2]


def _refuse_unknown(names: Sequence[str]) -> None:
    known = known_variables()
    problems = []
    for name in names:
        base, separator, suffix = name.partition(_LAYER)
        if base not in known:
            nearest = difflib.get_close_matches(base, known, n=1, cutoff=0)
            problems.append(
                f"The variable {name} is not known: did you mean {_LAYER.join([nearest[0], suffix]) if separator else nearest[0]}?"
            )
        elif separator and not suffix:
            problems.append(f"The variable {name} ends with {_LAYER}: name its layer, such as {name}common.")
        elif separator and base.removeprefix(MAIL) in RUN_OPTIONS:
            problems.append(f"The variable {name} has a suffix, and only declarations have layers: use {base}.")
    if problems:
        raise StackVariableError(" ".join(problems))


def _merged(option: str, layers: Mapping[str, Any], level_of: LevelOf) -> Any:
    """Return the value that the layers of an option come to, by their variables in order."""
    if all(isinstance(value, list) for value in layers.values()):
        return _merged_lists(option, layers, level_of)
    if all(isinstance(value, Mapping) for value in layers.values()):
        merged = _Entry("")
        for variable, value in layers.items():
            merged.take(variable, value, level_of)
        return {name: value for name, value in merged.fields.items() if not _is_undeclared(value)}
    if any(isinstance(value, (list, Mapping)) for value in layers.values()):
        raise StackVariableError(f"The variables {', '.join(layers)} cannot be merged: give all of them the same type.")
    merged = _Entry("")
    for variable, value in layers.items():
        merged.take(variable, {option: value}, level_of)
    return merged.fields[option]


def _merged_lists(option: str, layers: Mapping[str, Sequence[Any]], level_of: LevelOf) -> list[Any]:
    entries: list[_Entry] = []
    for variable, value in layers.items():
        for one in value:
            fields = dict(one) if isinstance(one, Mapping) else {_key(option): one}
            # Two entries of one variable are two entries, whatever their keys: the module refuses what is declared twice.
            known = next(
                (
                    entry
                    for entry in entries
                    if variable not in entry.sources.values() and is_same_entry(option, entry.fields, fields)
                ),
                None,
            )
            if known is None:
                known = _Entry(str(fields.get("xml_id") or fields.get(_key(option)) or ""))
                entries.append(known)
            known.take(variable, fields, level_of)
    declared = [entry.fields for entry in entries if not _is_undeclared(entry.fields)]
    shown = [{name: value for name, value in fields.items() if name != "declared"} for fields in declared]
    return [fields["name"] if option in _NAMES_ONLY else fields for fields in shown]


def _key(option: str) -> str:
    return "from" if option == "routes" else "name"


def is_same_entry(option: str, known: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two entries of a list mean the same record."""
    if known.get("xml_id") and other.get("xml_id"):
        return bool(known["xml_id"] == other["xml_id"])
    models = {one["model"] for one in (known, other) if one.get("model")}
    name = _key(option)
    return name in other and known.get(name) == other[name] and len(models) < 2


def _is_undeclared(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("declared") is False


def _refuse_conflict(what: str, one: str, other: str, level_of: LevelOf) -> None:
    """Refuse two values of one level. A variable without a suffix is the default that layers override."""
    if not (_suffix(one) and _suffix(other)):
        return
    level = level_of(one)
    if level and level == level_of(other):
        raise StackVariableError(
            f"The variables {one} and {other} give {what!r} different values, and both are set for {level}. "
            "Set it in one of them, or for a more specific group or the host."
        )
