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

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import StackShape, stack_shape
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import EntryIndex, keys_of

MAIL, QUEUE = "odoo_mail_", "odoo_queue_"
_LAYER = "__"
_QUEUE_OPTION = "queue_policy"

# The options that are not declarations of the instance's state. They have no layers.
RUN_OPTIONS = ("unmanaged", "update_list", "activate_neutralized", "verify", "canary_to", "replay", "snapshot_folder")

# Return the values of variables, by their names.
Resolve = Callable[[Collection[str]], Mapping[str, Any]]
# Return a text about the level of the inventory that sets a variable; empty if that is not known.
LevelOf = Callable[[str], str]


class StackVariableError(ValueError):
    """A variable that is not known, or layers that contradict each other."""


@dataclass
class _Entry:
    """An entry of a list, or a whole dictionary, into which layers are merged.

    :param given: the variables that set each field, and their values.
    """

    label: str
    fields: dict[str, Any] = field(default_factory=dict)
    given: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)

    @property
    def variables(self) -> set[str]:
        """Return the variables that have been merged into the entry."""
        return {variable for values in self.given.values() for variable, _value in values}

    def take(self, variable: str, fields: Mapping[str, Any], level_of: LevelOf) -> None:
        """Override fields.

        :raises StackVariableError: if another variable of the same level sets a different value.
        """
        for name, value in fields.items():
            for other, former in self.given.get(name, ()):
                if other != variable and value != former:
                    _refuse_conflict(f"{self.label} {name}".strip(), other, variable, level_of)
            self.fields[name] = value
            self.given.setdefault(name, []).append((variable, value))


def stack_options() -> list[str]:
    """Return the options of a stack that variables declare, in the order of a stack."""
    return [*(kind.stack_option for kind in registry.RESOURCE_TYPES), "routes"]


def known_variables() -> list[str]:
    """Return the names of all variables, without suffixes."""
    declaring = [f"{MAIL}{option}" for option in stack_options() if option != _QUEUE_OPTION]
    return [*declaring, *(f"{MAIL}{option}" for option in RUN_OPTIONS), *(f"{QUEUE}{name}" for name in _rules())]


def is_stack_variable(name: str) -> bool:
    """Return whether a variable declares a part of a stack, or has a similar name."""
    return name.startswith((MAIL, QUEUE))


def layers_of(option: str, variables: Collection[str]) -> list[str]:
    """Return the variables that declare a list of a stack: the variable of the option, and its layers."""
    return [name for name in variables if name.partition(_LAYER)[0] == f"{MAIL}{option}"]


def stack_arguments_of(
    variables: Collection[str], resolve: Resolve, level_of: LevelOf, parts: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the options of `mail_stack` that the variables of a host declare.

    :param variables: the names of the variables that the host has.
    :param parts: the options to return. The others count as not declared. None means all.
    :raises StackVariableError: if a variable is not known, or layers contradict each other.
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
        merged = _merged(option, layers, level_of)
        if merged is not None:
            (queue if base.startswith(QUEUE) else arguments)[option] = merged
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
            problems.append(f"The variable {name} has a suffix, but only declarations have layers: use {base}.")
    if problems:
        raise StackVariableError(" ".join(problems))


def _merged(option: str, layers: Mapping[str, Any], level_of: LevelOf) -> Any:
    """Return the merged value of the layers of an option, by their variables in order; None if the last one removes the option."""
    kept: dict[str, Any] = {}
    for variable, value in layers.items():
        if isinstance(value, Mapping) and value.keys() == {"declared"}:
            kept = kept if _is_declared(value["declared"], variable) else {}
        else:
            kept[variable] = value
    if not kept:
        return None
    if all(isinstance(value, list) for value in kept.values()):
        return _merged_lists(option, kept, level_of)
    if all(isinstance(value, Mapping) for value in kept.values()):
        merged = _Entry("")
        for variable, value in kept.items():
            merged.take(variable, value, level_of)
        return {name: value for name, value in merged.fields.items() if not _takes_out(value)}
    if any(isinstance(value, (list, Mapping)) for value in kept.values()):
        raise StackVariableError(f"The variables {', '.join(kept)} cannot be merged: give all of them the same type.")
    merged = _Entry("")
    for variable, value in kept.items():
        merged.take(variable, {option: value}, level_of)
    return merged.fields[option]


def _merged_lists(option: str, layers: Mapping[str, Sequence[Any]], level_of: LevelOf) -> list[Any]:
    entries: list[_Entry] = []
    index = EntryIndex[_Entry](option)
    key = keys_of(option).name
    for variable, value in layers.items():
        for number, one in enumerate(value, 1):
            fields = _fields_of(option, one, f"Entry {number} of the variable {variable}")
            # A later layer can declare an entry again that an earlier one has removed.
            fields["declared"] = _is_declared(fields.get("declared", True), variable)
            # Two entries of one variable are never merged. The module rejects two entries with the same key.
            known = next((entry for entry in index.find(fields) if variable not in entry.variables), None)
            if known is None:
                known = _Entry(str(fields.get("xml_id") or fields.get(key) or ""))
                entries.insert(_place(option, entries, variable, fields), known)
            known.take(variable, fields, level_of)
            index.add(known, known.fields)
    declared = [dict(entry.fields) for entry in entries if entry.fields.pop("declared")]
    if not _has_names(option):
        return declared
    if not all(key in fields for fields in declared):
        raise StackVariableError(f"The variables {', '.join(layers)} contain an entry without a {key}.")
    return [fields[key] for fields in declared]


def _has_names(option: str) -> bool:
    """Return whether an option is a list of names. A layer removes an entry of it with `{name: ..., declared: false}`."""
    kind = registry.type_of_option(option)
    return kind is not None and stack_shape(kind) is StackShape.NAMES


def _fields_of(option: str, entry: Any, where: str) -> dict[str, Any]:
    """Return the fields of an entry of a list.

    :raises StackVariableError: if it is not a mapping. The message does not repeat the entry, which may contain a secret.
    """
    if isinstance(entry, Mapping):
        return dict(entry)
    if _has_names(option):
        return {keys_of(option).name: entry}
    raise StackVariableError(
        f"{where} is not a mapping of options: write it as `- {keys_of(option).name}: ...`, with one option on each line. "
        "The entry is not shown, because it may contain a secret."
    )


def _place(option: str, entries: Sequence[_Entry], variable: str, fields: Mapping[str, Any]) -> int:
    """Return the position of a new entry: the end. A lane with a domain comes before a lane without one of an earlier layer."""
    takes_rest = (
        option == "lanes" and entries and not entries[-1].fields.get("domain") and variable not in entries[-1].variables
    )
    return len(entries) - 1 if takes_rest and fields.get("domain") else len(entries)


def _is_declared(value: Any, variable: str) -> bool:
    """Return the value of `declared`.

    :raises StackVariableError: if it is neither true nor false.
    """
    try:
        return bool(boolean(value))
    except TypeError:
        raise StackVariableError(
            f"The variable {variable} sets declared to {shown(value)}. Set it to true or false."
        ) from None


def _takes_out(value: Any) -> bool:
    """Return whether a value of a dictionary removes its key."""
    return isinstance(value, Mapping) and value.keys() == {"declared"} and not boolean(value["declared"], strict=False)


def _refuse_conflict(what: str, one: str, other: str, level_of: LevelOf) -> None:
    """Raise an error if two variables of one level set different values. A variable without a suffix is the default for its layers."""
    if not (_suffix(one) and _suffix(other)):
        return
    level = level_of(one)
    if level and level == level_of(other):
        raise StackVariableError(
            f"The variables {one} and {other} set {shown(what)} to different values, and both are set for {level}. "
            "Set it in only one of them, or for a more specific group or the host."
        )
