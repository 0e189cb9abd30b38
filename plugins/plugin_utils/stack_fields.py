# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve only some fields of the entries in stack variables, because another field may refer to an unknown variable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import trust_as_template

# Return templates with their values, in the same structure. Values that resolve to `omit` are left out.
Template = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class StackFields:
    """A resolver of fields of entries.

    :param fields: the names of the fields, `oauth2.client_secret_expires` for one of a dictionary.
    :ivar warnings: one sentence for each entry that cannot be resolved. It is left out.
    """

    def __init__(self, template: Template, fields: Sequence[str]) -> None:
        self._template = template
        self._fields = [field.split(".") for field in fields]
        self.warnings: list[str] = []

    def values(self, names: Collection[str]) -> dict[str, Any]:
        """Return the values of variables, with only these fields in each entry."""
        return {name: self._value(name) for name in names}

    def _value(self, variable: str) -> Any:
        """Return the value of one variable; None if it cannot be resolved."""
        try:
            if self._one(f"{variable} is mapping"):
                return self._one(variable)
            length = self._one(f"({variable} or []) | length")
        except AnsibleError as error:
            self._warn(variable, error)
            return None
        return [entry for place in range(int(length)) for entry in self._entry(variable, place)]

    def _entry(self, variable: str, place: int) -> list[dict[str, Any]]:
        """Return a list with the entry and these fields; empty if it cannot be resolved or is not a dictionary."""
        entry = f"{variable}[{place}]"
        try:
            if not self._one(f"{entry} is mapping"):
                return []
            resolved = self._template({".".join(path): _template_of(_field(entry, path)) for path in self._fields})
            # A layer replaces a whole dictionary, even if the new one does not have the field.
            groups = dict.fromkeys(path[0] for path in self._fields if len(path) > 1)
            is_given = self._template({group: _template_of(f"'{group}' in {entry}") for group in groups})
        except AnsibleError as error:
            self._warn(entry, error)
            return []
        result: dict[str, Any] = {group: {} for group in groups if is_given[group]}
        for path in self._fields:
            if ".".join(path) in resolved:
                target = result if len(path) == 1 else result[path[0]]
                target[path[-1]] = resolved[".".join(path)]
        return [result]

    def _one(self, expression: str) -> Any:
        return self._template({"value": _template_of(expression)})["value"]

    def _warn(self, place: str, error: AnsibleError) -> None:
        self.warnings.append(f"{place} is left out, because it cannot be resolved: {error.message}")


def _field(entry: str, path: Sequence[str]) -> str:
    """Return an expression for the value of a field, or `omit`. It resolves only the values on the path."""
    value, conditions = entry, []
    for depth, name in enumerate(path):
        if depth:
            conditions.append(f"{value} is mapping")
        conditions.append(f"'{name}' in {value}")
        value = f"{value}['{name}']"
    return f"{value} if {' and '.join(conditions)} else omit"


def _template_of(expression: str) -> str:
    template: str = trust_as_template(f"{{{{ {expression} }}}}")
    return template
