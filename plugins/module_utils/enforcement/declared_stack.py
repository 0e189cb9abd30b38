# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack in its declared form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import ErrorCollector, NothingDeclared, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.assertions import Assertion, assertions_of

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
        Declaration,
        ResourceType,
    )


@dataclass(frozen=True)
class DeclaredStack:
    """The declared resources of one instance, and the routes that must result from them.

    :param types: the resource types whose option was given, even if it is an empty list.
    :param problems: the errors of options that no Odoo accepts. Their resources are missing in `declarations`.
    :param unidentified: the types of those whose records are unknown.
    :param withheld: the types and keys of the other records that they mean. They do not count as unmanaged.
    """

    declarations: tuple[Declaration, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    types: frozenset[ResourceType] = field(default_factory=frozenset)
    problems: tuple[OdooError, ...] = ()
    unidentified: frozenset[ResourceType] = field(default_factory=frozenset)
    withheld: frozenset[tuple[ResourceType, str]] = field(default_factory=frozenset)


def read_declared_stack(
    options: Mapping[str, Any],
    run: RunOptions,
    parts: Collection[str] | None = None,
    *,
    with_problems: bool = False,
) -> DeclaredStack:
    """Return the stack that the options of `mail_stack` declare.

    :param parts: the options to take; None takes all.
    :param with_problems: return a stack although parts of it are invalid, so that the rest can be compared.
    :raises NothingDeclared: nothing can be compared.
    :raises Invalid: no Odoo accepts an option. The message lists all errors.
    """
    kinds = {kind.stack_option: kind for kind in registry.RESOURCE_TYPES}
    given = {
        name: value
        for name, value in options.items()
        if (kinds[name].declares(value) if name in kinds else value is not None) and (parts is None or name in parts)
    }
    problems = ErrorCollector()
    declarations: list[Declaration] = []
    types = frozenset(kind for kind in registry.RESOURCE_TYPES if kind.stack_option in given)
    invalid: list[tuple[ResourceType, str | None]] = []
    for kind in registry.RESOURCE_TYPES:
        for entry in kind.stack_entries(given.get(kind.stack_option)):
            before = len(problems.errors)
            with problems:
                declarations.append(kind.declare(entry))
            if len(problems.errors) > before:
                invalid.append((kind, kind.unmanaged_key_of(entry)))
    assertions = assertions_of(given.get("routes", ()), problems)
    if not with_problems:
        problems.raise_gathered()
    if not (declarations or assertions or problems.errors):
        looks_for_unmanaged = run.unmanaged != "ignore" and any(kind.has_unmanaged for kind in types)
        if not looks_for_unmanaged:
            raise NothingDeclared(_nothing_declared(given, parts))
    return DeclaredStack(
        tuple(declarations),
        tuple(assertions),
        types,
        tuple(problems.errors),
        frozenset(kind for kind, key in invalid if key is None),
        frozenset((kind, key) for kind, key in invalid if key is not None),
    )


def _nothing_declared(given: Collection[str], parts: Collection[str] | None) -> str:
    names = [*(kind.stack_option for kind in registry.RESOURCE_TYPES), "routes"]
    empty = [name for name in names if name in given]
    if empty:
        return (
            f"Nothing can be compared, because {', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty. "
            "Declare the resources that the instance must have."
        )
    chosen = [name for name in names if parts is None or name in parts]
    of = " in the chosen parts" if len(chosen) < len(names) else ""
    example = next(kind.stack_option for kind in registry.RESOURCE_TYPES if kind.is_example)
    return (
        f"Nothing is declared{of}, so nothing can be compared. Declare the resources that the instance must have, for example in the inventory "
        f"variable odoo_mail_{example}. The options are {', '.join(chosen)}."
    )
