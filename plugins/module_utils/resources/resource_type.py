# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every resource has: a model, an identity, options, fields, rules. A resource is a subclass in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step, Wanted
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import server_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import holds_secret, masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

XML_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_.\-]+")

# The fields that people know the records of another model by, where it is not `name`.
NATURAL_NAMES = {"res.users": "login", "mailing.mailing": "subject", "ir.model": "model"}


@dataclass(frozen=True)
class Circumstances:
    """What planning depends on beside the records.

    :param now: the server's time, UTC.
    :param neutralized: the database is a neutralized copy and the user did not say that it may send (ODOO-FACTS §2.4).
    :param arriving_addons: addons that are not installed yet but will be, by this very plan.
    :param parameters: the system parameters that were read, as they will be after this plan.
    :param verify: what goes live is tested first.
    """

    now: datetime
    neutralized: bool = False
    arriving_addons: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool = False


@dataclass(frozen=True)
class Declaration:
    """One resource as a user wrote it: the options that were given, unresolved."""

    type: ResourceType
    key: str
    options: Mapping[str, Any] = field(repr=False)
    state: str = "present"
    xml_id: str | None = None

    @property
    def label(self) -> str:
        """The resource in words, to begin a message with."""
        return f"{self.type.label} {self.key!r}"


class ResourceType:
    """The kind of a resource. Subclasses say what is special; most say little more than names.

    `options` is the argument specification of the fields that a user may declare; an option is called as Odoo's field,
    except where `field_names` says otherwise.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[str]
    key_field: ClassVar[str] = "name"
    options: ClassVar[Mapping[str, Any]] = {}
    field_names: ClassVar[Mapping[str, str]] = {}
    # What must or must not go together, as an argument specification says it: required_one_of, mutually_exclusive, …
    option_rules: ClassVar[Mapping[str, Any]] = {}
    # Declared to tell or to find the record by; never written to an existing one.
    identity_options: ClassVar[frozenset[str]] = frozenset()
    # Options that are no fields: they say how others are meant.
    directives: ClassVar[frozenset[str]] = frozenset()
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    # What somebody has written there freely may hold a secret among other things, and then is one.
    free_texts: ClassVar[frozenset[str]] = frozenset()
    address_list_fields: ClassVar[frozenset[str]] = frozenset()
    # Blanks around these are always a mistake, and one that is hard to see.
    trimmed_options: ClassVar[frozenset[str]] = frozenset()
    # Read and reported besides the options, where the instance has them.
    info_fields: ClassVar[frozenset[str]] = frozenset()
    # What an addon has brought of this type is not deleted: its code looks it up.
    addons_rely_on_it: ClassVar[bool] = False
    # Never read unless declared: long, and not for people.
    heavy_fields: ClassVar[frozenset[str]] = frozenset()
    # The option of `mail_stack` that declares records of this type, the states that an entry of it can have, and its argument
    # specification if it is not a list of dictionaries.
    stack_option: ClassVar[str]
    stack_states: ClassVar[tuple[str, ...]] = ()
    stack_argument: ClassVar[Mapping[str, Any]] = {}

    # --- declaring ---

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        """Return the options of each record that the stack's option declares.

        :param value: the option's value, None if it is not given.
        """
        entries: Iterable[Mapping[str, Any]] = value or ()
        return entries

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        """A declaration from the options that a user gave; options that are None count as not given.

        :raises Invalid: something in them no Odoo would take; the message lists all of it.
        """
        given = {name: value for name, value in options.items() if value is not None}
        state = given.pop("state", "present")
        xml_id = given.pop("xml_id", None)
        declaration = Declaration(self, self.key_of(given, xml_id), given, state, xml_id)
        problems = list(self.problems(given))
        problems += [
            f"{option} must not begin or end with blanks, and is {given[option]!r}"
            for option in sorted({self.key_field, *self.trimmed_options} & given.keys())
            if str(given[option]) != str(given[option]).strip()
        ]
        if self.key_field in given and not str(given[self.key_field]).strip():
            problems.append(f"{self.key_field} must not be empty")
        if xml_id is not None and not XML_ID.fullmatch(xml_id):
            problems.append(f"xml_id takes an external id like module.name, and {xml_id!r} is none")
        if problems:
            raise Invalid(f"{declaration.label}: {'; '.join(problems)}.")
        return declaration

    def key_of(self, given: Mapping[str, Any], xml_id: str | None) -> str:
        """What the record is called in plans and messages."""
        return str(given.get(self.key_field) or xml_id or "")

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        """What no Odoo would take. Whatever depends on the instance is not asked here."""
        yield from ()

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        """The declared values by Odoo's field names, unresolved."""
        return {
            self.field_names.get(option, option): value
            for option, value in declaration.options.items()
            if option not in self.identity_options | self.directives
        }

    def implied(self, declaration: Declaration) -> Iterator[Declaration]:
        """Other resources that a declaration stands for, too."""
        yield from ()

    def contradictions(self, declarations: Sequence[Declaration]) -> Iterator[str]:
        """What declarations that are each right cannot be together."""
        yield from ()

    # --- reading ---

    def fields_to_read(self, available: Iterable[str], declarations: Sequence[Declaration]) -> set[str]:
        """The fields to ask for: what is reported and what is declared, as far as the instance has it."""
        wanted = {self.field_names.get(option, option) for option in self.options} | self.info_fields | {self.key_field}
        wanted -= self.heavy_fields
        for declaration in declarations:
            wanted |= set(self.declared_fields(declaration))
        wanted |= {marker for name in wanted for marker in server_environment.markers(name)}
        return wanted & set(available)

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        """Which records to read; all of them, where there are never many."""
        return []

    def is_own(self, record: Mapping[str, Any]) -> bool:
        """Whether the collection may match this record at all."""
        return True

    def find(self, declaration: Declaration, records: Sequence[Found]) -> Found | None:
        """The record that a declaration means: the one of its external id, else the one of its name.

        :raises Ambiguous: several bear the name.
        """
        if declaration.xml_id:
            for record in records:
                if record.xml_id == declaration.xml_id:
                    return record
        # What is pinned to another declared external id is that declaration's, whatever its name.
        pinned_elsewhere = {record.id for record in records if declaration.xml_id and record.xml_id}
        matching = [
            record for record in records if record.id not in pinned_elsewhere and self.matches(declaration, record)
        ]
        if len(matching) > 1:
            ids = ", ".join(str(record.id) for record in matching)
            raise Ambiguous(
                f"{declaration.label}: {len(matching)} records fit (ids {ids}). Rename or delete all but one in Odoo, "
                "or give the xml_id of the one that is meant."
            )
        return matching[0] if matching else None

    def matches(self, declaration: Declaration, record: Found) -> bool:
        """Whether a record is the declared one by its names."""
        name = declaration.options.get(self.key_field)
        return name is not None and record.values.get(self.key_field) == name

    # --- planning ---

    def adapt(
        self, wanted: dict[str, Any], declaration: Declaration, found: Found | None, circumstances: Circumstances
    ) -> list[str]:
        """Last word on the values to enforce (may change `wanted`), given what was found; returns warnings."""
        return []

    def refusals(
        self,
        declaration: Declaration,
        wanted: Mapping[str, Any],
        found: Found | None,
        fields: Mapping[str, Field],
        circumstances: Circumstances,
    ) -> Iterator[OdooError]:
        """What this instance would not take, or could not work with, judged on the values that the record will have."""
        yield from ()

    def hold_back(
        self, wanted: dict[str, Any], declaration: Declaration, found: Found | None, circumstances: Circumstances
    ) -> list[str]:
        """Take out of `wanted`, which is right in itself, what must not go live, or cannot yet; returns warnings that say so."""
        return []

    def remarks(
        self,
        declaration: Declaration,
        found: Found | None,
        fields: Mapping[str, Field],
        circumstances: Circumstances,
    ) -> Iterator[str]:
        """What a user should know of a declaration that is right; warnings."""
        yield from ()

    def finish(self, step: Step, declaration: Declaration, found: Found | None) -> Step:
        """Last word on a step that was planned."""
        return replace(step, changes=tuple(map(self._without_secret, step.changes)))

    def _without_secret(self, change: Change) -> Change:
        texts = (change.before, change.after)
        if change.field not in self.free_texts or not any(
            isinstance(text, str) and holds_secret(text) for text in texts
        ):
            return change
        return replace(change, before=masked(change.before), after=masked(change.after), secret=True)

    def missing(self, declaration: Declaration) -> str | None:
        """Why a record that does not exist cannot be created, or None where it can."""
        if declaration.options.get(self.key_field):
            return None
        return f"no record has this external id, and without {self.key_field} none can be created"

    def expected_from(self, field_name: str, value: Any) -> str | None:
        """The addon that brings a field or a value that the instance lacks."""
        return None

    def how_to_get(self, addon: str) -> str:
        """What to do about a field or a value whose addon is not installed."""
        return f"the addon {addon} brings it and is not installed: declare it, or install it first"

    # --- applying ---

    def perform(self, session: Session, step: Step) -> int | None:
        """Do a step with as few calls as it takes; returns the id of the record, None where it is gone."""
        if step.action == "delete":
            session.unlink(self.model, [step.record_id or 0])
            return None
        if step.record_id is None:
            return session.create(self.model, [step.values])[0]
        if step.values:
            session.write(self.model, [step.record_id], step.values)
        return step.record_id

    # --- reporting ---

    def managed_elsewhere(self, found: Found, fields: Mapping[str, Field]) -> set[str]:
        """The fields that a user could declare, but that another addon computes on this record."""
        declarable = {self.field_names.get(option, option) for option in self.options} & found.values.keys()
        return {
            name
            for name in declarable
            if server_environment.owns(name, found.values) or (name in fields and fields[name].readonly)
        }

    def report(self, found: Found, fields: Mapping[str, Field]) -> dict[str, Any]:
        """A record for people: every field that was read, secrets masked."""
        markers = {marker for name in found.values for marker in server_environment.markers(name)}
        shown = {
            name: fields[name].shown(value)
            for name, value in found.values.items()
            if name in fields and name not in markers
        }
        for name in self.free_texts & shown.keys():
            if isinstance(shown[name], str) and holds_secret(shown[name]):
                shown[name] = masked(shown[name])
        return {"id": found.id, "xml_id": found.xml_id, **shown}

    def wanted(self, declaration: Declaration, values: Mapping[str, Any]) -> Wanted:
        """The declaration with its values as Odoo takes them."""
        return Wanted(self.name, declaration.key, declaration.state, values, declaration.xml_id)
