# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every resource has: a model, an identity, options, fields, rules. A resource is a subclass in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step, Wanted
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import server_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trials import Trials
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import holds_secret
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import Connection
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import (
        PlanContext,
        PlannedResource,
        ReadFacts,
    )
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

XML_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_.\-]+")

# The fields that people know the records of another model by, where it is not `name`.
NATURAL_NAMES = {"res.users": "login", "mailing.mailing": "subject", "ir.model": "model"}


# The description of a char field by `fields_get`.
PLAIN_TEXT: Mapping[str, Any] = {"type": "char", "store": True}


class Stage(IntEnum):
    """When a step is done. The steps of one stage are done before the instance is read again for the next one."""

    LEFTOVERS = 0
    SCHEMA = 1
    RECORDS = 2
    ADOPTED = 3


@dataclass(frozen=True)
class Declaration:
    """One resource as a user wrote it: the options that were given, unresolved.

    :param former: the state that a rollback restores, in place of options.
    """

    type: ResourceType
    key: str
    options: Mapping[str, Any] = field(repr=False)
    state: str = "present"
    xml_id: str | None = None
    former: Former | None = None

    @property
    def label(self) -> str:
        """The resource in words, to begin a message with."""
        return f"{self.type.label} {self.key!r}"


class ResourceType:
    """The kind of a resource. Subclasses say what is special; most say little more than names.

    A run calls the hooks in this order:

    1. `declares`, `stack_entries`, `declare` (with `problems`, `key_of`, `identity_of`), `implied`, `contradictions`, `distinct_keys`
    2. `prepare_instance`, `fields_to_read`, `domain`, `note_facts`, `is_own`, `expected_parameters`
    3. for each declaration: `find` (with `matches`), `missing`, then `plan_state` if the type compares no fields, else
       `remarks`, `declared_fields`, `adapt`, `refusals`, `hold_back`, `managed_elsewhere`, `finish`
    4. `is_unmanaged` (with `unmanaged_key`), `archive_unmanaged`, `leftovers`
    5. if something is to be done: `stage`, `trials`, `inseparable`, `fits_batch`, `perform` (with `new_values`)
    6. `connection`, `report`, `extra_report`

    `options` is the argument specification of the fields that a user may declare; an option is called as Odoo's field,
    except where `field_names` says otherwise.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[str]
    # The heading of its records in a report, if it is not the label.
    title: ClassVar[str] = ""
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
    # Options that are no secrets, and that people put a secret into. No error repeats their values.
    may_hold_secrets: ClassVar[frozenset[str]] = frozenset()
    # Read and reported besides the options, where the instance has them.
    info_fields: ClassVar[frozenset[str]] = frozenset()
    # What an addon has brought of this type is not deleted: its code looks it up.
    addons_rely_on_it: ClassVar[bool] = False
    # The fields of the model, if they are the same in every version: asking for them would be a call for nothing.
    known_fields: ClassVar[Mapping[str, Any]] = {}
    # A declared record is in use unless its declaration says `active: false`.
    active_by_default: ClassVar[bool] = False
    # Why a record is not taken into use on a neutralized copy; empty if the type has nothing that goes live.
    neutralized_text: ClassVar[str] = ""
    # Names of the types that are read together with this one. System parameters tell what an interrupted run has left.
    also_reads: ClassVar[tuple[str, ...]] = ()
    # A record that does not exist may come with an addon of the same stack.
    arrives_with_addons: ClassVar[bool] = False
    # Whether records that nobody declared are reported.
    has_unmanaged: ClassVar[bool] = False
    # Whether new settings can be tested before they go live, and whether a human's consent can be missing.
    has_trials: ClassVar[bool] = False
    # Whether fields are compared. A type that compares none plans its step in `plan_state`.
    compares_fields: ClassVar[bool] = True
    # The error for an implied resource that is also declared with another value. {label} is that resource.
    implied_conflict: ClassVar[str] = "the {label} has another value in the rest of the stack"
    # Odoo changes them itself. A rollback restores them only in a record that it creates again.
    moving_fields: ClassVar[frozenset[str]] = frozenset()
    # Fields of a new record that Odoo gives another value than 0 or false.
    fields_with_default: ClassVar[frozenset[str]] = frozenset()
    # Without these, no record can be created, or none that is of use.
    needed_fields: ClassVar[frozenset[str]] = frozenset()
    # No two records can have the same name, so that the name identifies a record.
    has_unique_name: ClassVar[bool] = False
    # Fields that records of one name differ by.
    identity_fields: ClassVar[frozenset[str]] = frozenset()
    # Where secrets of a record go to. A rollback that lacks the former secrets does not restore these fields.
    secret_targets: ClassVar[frozenset[str]] = frozenset()
    # Never read unless declared: long, and not for people.
    heavy_fields: ClassVar[frozenset[str]] = frozenset()
    # The option of `mail_stack` that declares records of this type, the states that an entry of it can have, and its argument
    # specification if it is not a list of dictionaries.
    stack_option: ClassVar[str]
    stack_states: ClassVar[tuple[str, ...]] = ()
    stack_argument: ClassVar[Mapping[str, Any]] = {}

    # --- declaring ---

    def declares(self, value: Any) -> bool:
        """Return whether the value of the stack's option declares something, if only that there is nothing."""
        return value is not None

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
        if self.active_by_default and state != "absent":
            given = {"active": True, **given}
        declaration = Declaration(self, self.key_of(given, xml_id), given, state, xml_id)
        problems = list(self.problems({**given, **({"xml_id": xml_id} if xml_id else {})}))
        problems += [
            f"{option} must not begin or end with blanks"
            + ("" if option in self.may_hold_secrets else f", and is {given[option]!r}")
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

    def identity_of(self, declaration: Declaration) -> str:
        """Return what tells a declaration without an external id from others of its type."""
        return declaration.key

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

    def distinct_keys(self, declarations: Sequence[Declaration]) -> Sequence[Declaration]:
        """Return the declarations with a key of its own for each."""
        return declarations

    # --- reading ---

    def prepare_instance(
        self, session: Session, declarations: Sequence[Declaration], *, update_list: bool
    ) -> Sequence[Declaration]:
        """Return the declarations, completed with what only the instance knows.

        :param update_list: the user allows that the instance looks for new addons.
        """
        return declarations

    def note_facts(
        self, rows: list[dict[str, Any]], declarations: Sequence[Declaration], facts: ReadFacts
    ) -> list[dict[str, Any]]:
        """Note in `facts` what the rows tell about the instance, and return the rows to compare."""
        return rows

    def ask_facts(self, session: Session, declarations: Sequence[Declaration], facts: ReadFacts) -> None:
        """Ask the instance for facts that the rows of the declarations do not tell."""

    def expected_parameters(
        self, declarations: Sequence[Declaration], parameters: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Return the system parameters as these declarations leave them."""
        return parameters

    def fields_to_read(self, available: Iterable[str], declarations: Sequence[Declaration]) -> set[str]:
        """The fields to ask for: what is reported and what is declared, as far as the instance has it."""
        wanted = {self.field_names.get(option, option) for option in self.options} | self.info_fields | {self.key_field}
        wanted -= self.heavy_fields
        for declaration in declarations:
            wanted |= set(self.declared_fields(declaration))
            if declaration.former:
                wanted |= declaration.former.field_names | self.identity_fields
        wanted |= {marker for name in wanted for marker in server_environment.markers(name)}
        return wanted & set(available)

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        """Which records to read; all of them, where there are never many."""
        return []

    def is_own(self, record: Mapping[str, Any]) -> bool:
        """Whether the collection may match this record at all."""
        return True

    def find(self, declaration: Declaration, records: RecordIndex) -> Found | None:
        """The record that a declaration means: the one of its external id, else the one of its name.

        :raises Ambiguous: several bear the name.
        """
        pinned = records.pinned(declaration.xml_id)
        if pinned:
            return pinned
        matching = [
            record
            for record in records.named(declaration.options.get(self.key_field))
            # A record with another external id belongs to the declaration of that id, whatever its name.
            if not (declaration.xml_id and record.xml_id) and self.matches(declaration, record)
        ]
        if len(matching) > 1:
            ids = ", ".join(str(record.id) for record in matching)
            raise Ambiguous(
                f"{declaration.label}: {len(matching)} records fit (ids {ids}). Rename or delete all but one in Odoo, "
                "or give the xml_id of the one that is meant."
            )
        return matching[0] if matching else None

    def matches(self, declaration: Declaration, record: Found) -> bool:
        """Return whether a record that has the declared name is the declared one."""
        return True

    # --- planning ---

    def plan_state(self, context: PlanContext) -> Step | None:
        """Return the step to the declared state, for a type that compares no fields."""
        raise NotImplementedError

    def leftovers(self, records: Sequence[Found], resources: Sequence[PlannedResource]) -> Iterator[Step]:
        """Yield steps that remove what an interrupted run has left.

        :param resources: the declared resources of this type.
        """
        yield from ()

    def kept_leftovers(self, records: Sequence[Found], resources: Sequence[PlannedResource]) -> Iterator[str]:
        """Yield why something that an interrupted run has left is not removed; warnings."""
        yield from ()

    def yields_to_others(self, declaration: Declaration) -> bool:
        """Return whether other declarations of the same record decide about the fields that they name."""
        return False

    def is_unmanaged(self, found: Found, *, neutralized: bool) -> bool:
        """Return whether a record is reported if nobody declared it.

        :param neutralized: the database is a neutralized copy.
        """
        return False

    def unmanaged_key(self, found: Found) -> str:
        """Return the key of a record that nobody declared."""
        return str(found.values[self.key_field])

    def archive_unmanaged(
        self,
        unmanaged: Sequence[Found],
        resources: Sequence[PlannedResource],
        fields: Mapping[str, Field],
        parameters: Mapping[str, str],
    ) -> tuple[list[Step], list[str]]:
        """Return the steps that archive unmanaged records, and warnings for those that stay.

        :param resources: the declared resources of this type.
        :raises Invalid: archiving them would leave nothing in use.
        """
        return [], []

    def adapt(self, context: PlanContext) -> list[str]:
        """Change the values to enforce, given what was found, and return warnings."""
        return []

    def restore(self, context: PlanContext) -> list[str]:
        """Change the former values to restore, given what was found, and return warnings. A rollback calls it in place of `adapt`."""
        if context.found:
            for name in self.moving_fields:
                context.values.pop(name, None)
        return []

    def refusals(self, context: PlanContext) -> Iterator[OdooError]:
        """What this instance would not take, or could not work with, judged on the values that the record will have."""
        yield from ()

    def hold_back(self, context: PlanContext) -> list[str]:
        """Remove values that are right, but must not or cannot go live yet, and return warnings that say so."""
        if not (self.neutralized_text and context.instance.neutralized):
            return []
        if not self.keep_inactive(context.values, context.found):
            return []
        label = context.declaration.label
        return [f"{label} {self.neutralized_text}. Set activate_neutralized to true if it is meant to be in use."]

    @staticmethod
    def keep_inactive(values: dict[str, Any], found: Found | None) -> bool:
        """Keep a record out of use, and return whether the values would have taken it into use."""
        if found is None:
            would = values.get("active") is not False
            values["active"] = False
            return would
        if values.get("active") and not found.values.get("active"):
            del values["active"]
            return True
        return False

    def remarks(self, context: PlanContext) -> Iterator[str]:
        """What a user should know of a declaration that is right; warnings."""
        yield from ()

    def finish(self, step: Step, context: PlanContext) -> Step:
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

    def replacement_of(self, field_name: str, parameters: Mapping[str, str]) -> str:
        """Return what to do instead of declaring a field that this version no longer has; empty if there is nothing.

        :param parameters: the system parameters of the instance.
        """
        return ""

    def how_to_get(self, addon: str) -> str:
        """What to do about a field or a value whose addon is not installed."""
        return f"the addon {addon} brings it and is not installed: declare it, or install it first"

    # --- applying ---

    def stage(self, step: Step) -> Stage:
        """Return when a step is done."""
        return Stage.RECORDS

    def trials(self, session: Session) -> Trials:
        """Return the trials of new settings before they go live."""
        return Trials()

    def inseparable(self, steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
        """Yield the groups of steps that take effect only together.

        :param steps: all steps of this type that are being done.
        """
        yield from ()

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Return whether one call can do a step together with the first one of a batch."""
        if first.action != step.action:
            return False
        return first.record_id is None or first.action == "delete" or first.values == step.values

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        """Do steps that fit into one batch, all or none, with as few calls as it takes.

        :returns: the ids of the records in the order of the steps, None if it is gone.
        """
        first = steps[0]
        if first.record_id is None:
            return session.create(self.model, [self.new_values(session, step.values) for step in steps])
        ids = [step.record_id or 0 for step in steps]
        if first.action == "delete":
            session.unlink(self.model, ids)
            return [None] * len(steps)
        if first.values:
            session.write(self.model, ids, first.values)
        return ids

    def new_values(self, session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values for a new record, in the way that they stick."""
        return dict(values)

    # --- undoing ---

    def fields_to_keep(self, available: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the fields that it takes to create a deleted record again."""
        return {
            name
            for name, about in available.items()
            if about.get("store") and not about.get("readonly") and about["type"] != "one2many"
        }

    def also_changed(self, step: Step, records: Sequence[Found]) -> Mapping[int, set[str]]:
        """Return what a step changes in other records of the type: the names of fields, by the ids of the records."""
        return {}

    def undoing_creation(self, step: Step) -> tuple[str | None, Mapping[str, Any], str]:
        """Return how the creation of a record is undone: the state to restore (None if it stays), references to restore, and what is left, as a reason."""
        return "absent", {}, ""

    def lost_with(self, found: Found, fields: Mapping[str, Field], parameters: Mapping[str, str]) -> str:
        """Return what the deletion of a record takes that creating it again does not bring back, as a sentence."""
        return ""

    def lost_values(self, values: Mapping[str, Any]) -> str:
        """Return why the kept values do not suffice to create a deleted record again as it was, as a sentence. It then comes back inactive.

        :param values: the kept values of the record.
        """
        return ""

    def declared_secrets(self, declaration: Declaration) -> frozenset[str]:
        """Return the fields whose values a declaration, or a snapshot, calls secret."""
        return declaration.former.secret if declaration.former else frozenset()

    def tied_names(self, name: str) -> frozenset[str]:
        """Return the names of the records that make sense only together with the one of this name."""
        return frozenset()

    def is_reserved(self, name: str) -> bool:
        """Return whether a name is the collection's own, so that no snapshot contains a record of it."""
        return False

    def can_lack(self, names: frozenset[str]) -> bool:
        """Return whether a record can be created without these fields."""
        return not names & (self.needed_fields | {self.key_field})

    # --- reporting ---

    def connection(self, session: Session, resource: PlannedResource) -> Connection | None:
        """Return whether a human has given the consent that a resource needs; None if it needs none."""
        return None

    def extra_report(self, resource: PlannedResource, connection: Connection | None) -> dict[str, Any]:
        """Return what the report of a declared record has in addition to its fields, or in place of them."""
        return {}

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
        former = declaration.former
        xml_id = None if former and not former.is_whole else declaration.xml_id
        unpinned = former.unpinned if former else None
        return Wanted(self.name, declaration.key, declaration.state, values, xml_id, unpinned)
