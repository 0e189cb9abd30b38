# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base class of resource types: a model, an identity, options, fields, rules. Each resource type is a subclass in a file of its own."""

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
        TypeContext,
    )
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

XML_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z0-9_.\-]+")

# The fields with the natural names of records, if the field is not `name`.
NATURAL_NAMES = {"res.users": "login", "mailing.mailing": "subject", "ir.model": "model"}


# The description of a char field by `fields_get`.
PLAIN_TEXT: Mapping[str, Any] = {"type": "char", "store": True}


class Stage(IntEnum):
    """The order of steps. After the steps of one stage, the instance is read again for the next stage."""

    LEFTOVERS = 0
    SCHEMA = 1
    RECORDS = 2
    ADOPTED = 3


@dataclass(frozen=True)
class Declaration:
    """One resource as a user declared it, with the given options, unresolved.

    :param former: the state that a rollback restores; used instead of options.
    """

    type: ResourceType
    key: str
    options: Mapping[str, Any] = field(repr=False)
    state: str = "present"
    xml_id: str | None = None
    former: Former | None = None

    @property
    def label(self) -> str:
        """The name of the resource at the beginning of messages."""
        return f"{self.type.label} {self.key!r}"

    @property
    def name(self) -> str:
        """The declared name of the record; without one, the key."""
        return str(self.options.get(self.type.key_field) or self.key).strip()


class ResourceType:
    """The type of a resource. Subclasses define the differences; most of them define little more than names.

    A run calls the hooks in this order:

    1. `declares`, `stack_entries`, `declare` (with `key_of`, `problems`), `implied`, `identity_of`, `contradictions`, `distinct_keys`
    2. `trials`, `prepare_instance`, `declared_fields`, `fields_to_read`, `domain`, `note_facts`, `ask_facts`, `is_own`, `expected_facts`
    3. for each declaration: `find` (with `matches`), `missing`. Then `plan_state` if the type compares no fields. Otherwise `remarks`,
       `adapt`, `refusals`, `hold_back` (with `keep_inactive`), `wanted`, `managed_elsewhere`, `finish` (with `secrets_of`).
       Before `adapt`, for a value that the instance rejects: `expected_from`, `how_to_get`, `replacement_of`
    4. `yields_to_others`, `is_unmanaged` (with `unmanaged_key_of` for invalid entries), `leftovers`, `kept_leftovers`, `archive_unmanaged`
    5. if something is to be done: `stage`. If the run keeps a snapshot: `undoing_creation`, `also_changed`, `fields_to_keep`, `lost_values`,
       `lost_with`, `declared_secrets`, `tied_names`, `can_lack`. Then `inseparable`, `fits_batch`, `perform` (with `new_values`)
    6. `connection`, `report`, `extra_report`, `unmanaged_key`

    A rollback calls `is_reserved` instead of the first group, `can_lack` before `remarks`, and `restore` instead of `adapt`.

    `options` is the argument specification of the fields that a user may declare. An option has the name of Odoo's field,
    unless `field_names` maps it to another one.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    model: ClassVar[str]
    # The heading of its records in a report, if it is not the label.
    title: ClassVar[str] = ""
    key_field: ClassVar[str] = "name"
    options: ClassVar[Mapping[str, Any]] = {}
    field_names: ClassVar[Mapping[str, str]] = {}
    # Options that must or must not be used together, in the form of an argument specification: required_one_of, mutually_exclusive, …
    option_rules: ClassVar[Mapping[str, Any]] = {}
    # Options that only identify the record or its type of management. They are never written to an existing record.
    identity_options: ClassVar[frozenset[str]] = frozenset()
    # Options that are not fields. They change the meaning of other options.
    directives: ClassVar[frozenset[str]] = frozenset()
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    # Fields with free text. If the text contains a secret, the whole text counts as a secret.
    free_texts: ClassVar[frozenset[str]] = frozenset()
    address_list_fields: ClassVar[frozenset[str]] = frozenset()
    # Options whose values must not begin or end with blanks, a mistake that is hard to see.
    trimmed_options: ClassVar[frozenset[str]] = frozenset()
    # Options that are not secrets but in which users put secrets by mistake. No error repeats their values.
    may_hold_secrets: ClassVar[frozenset[str]] = frozenset()
    # Fields that are read and reported in addition to the options, if the instance has them.
    info_fields: ClassVar[frozenset[str]] = frozenset()
    # Records that an addon has created are not deleted, because the addon's code looks them up.
    addons_rely_on_it: ClassVar[bool] = False
    # The fields of the model, if they are the same in every version. This saves a call.
    known_fields: ClassVar[Mapping[str, Any]] = {}
    # A declared record must be active unless its declaration contains `active: false`.
    active_by_default: ClassVar[bool] = False
    # The reason why a record is not activated on a neutralized copy; empty if the type has nothing that goes live.
    neutralized_text: ClassVar[str] = ""
    # Names of the types that are read together with this one. System parameters show leftovers of an interrupted run.
    also_reads: ClassVar[tuple[str, ...]] = ()
    # A missing record may exist after a part of the same plan, such as the installation of an addon.
    may_arrive: ClassVar[bool] = False
    # Whether records that nobody declared are reported.
    has_unmanaged: ClassVar[bool] = False
    # Whether new settings can be tested before they go live, and whether a person's consent can be missing.
    has_trials: ClassVar[bool] = False
    # Whether fields are compared. A type that does not compare fields plans its step in `plan_state`.
    compares_fields: ClassVar[bool] = True
    # The error if an implied resource is also declared with another value. {label} is that resource.
    implied_conflict: ClassVar[str] = "the {label} has another value in the rest of the stack"
    # Fields that Odoo changes itself. A rollback restores them only in a record that it creates again.
    moving_fields: ClassVar[frozenset[str]] = frozenset()
    # Fields of a new record for which Odoo's default is not 0 or false.
    fields_with_default: ClassVar[frozenset[str]] = frozenset()
    # Fields without which a record cannot be created, or would be useless.
    needed_fields: ClassVar[frozenset[str]] = frozenset()
    # No two records can have the same name, so that the name identifies a record.
    has_unique_name: ClassVar[bool] = False
    # Fields that records of one name differ by.
    identity_fields: ClassVar[frozenset[str]] = frozenset()
    # The fields that decide which server receives the secrets of a record. A rollback that lacks the former secrets does not restore these fields.
    secret_targets: ClassVar[frozenset[str]] = frozenset()
    # Long fields that are read only if they are declared.
    heavy_fields: ClassVar[frozenset[str]] = frozenset()
    # The option of `mail_stack` that declares records of this type, and the states of an entry. `stack_argument` is its argument
    # specification if it is not a list of dictionaries.
    stack_option: ClassVar[str]
    # An export describes its records in a way of their own, instead of by their options alone.
    is_described_specially: ClassVar[bool] = False
    # Options that an export treats as secrets, in addition to `secret_fields`.
    exported_as_secret: ClassVar[frozenset[str]] = frozenset()
    # The state of an existing record in comparisons, if a stack declares only its name.
    state_of_existing: ClassVar[str] = "present"
    # A file lists its declarations without blank lines between them, because most of them are short.
    has_short_entries: ClassVar[bool] = False
    # Whether messages name this option as the example of a declaration.
    is_example: ClassVar[bool] = False
    stack_states: ClassVar[tuple[str, ...]] = ()
    stack_argument: ClassVar[Mapping[str, Any]] = {}

    # --- declaring ---

    def declares(self, value: Any) -> bool:
        """Return whether the option's value declares something. An empty value can declare that nothing exists."""
        return value is not None

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        """Return the options of each record that the option of the stack declares.

        :param value: the value of the option; None if it is not given.
        """
        entries: Iterable[Mapping[str, Any]] = value or ()
        return entries

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        """Return a declaration from a user's options. Options with the value None count as not given.

        :raises Invalid: no Odoo accepts these options; the message lists all problems.
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
            + ("" if option in self.may_hold_secrets else f", but is {given[option]!r}")
            for option in sorted({self.key_field, *self.trimmed_options} & given.keys())
            if str(given[option]) != str(given[option]).strip()
        ]
        if self.key_field in given and not str(given[self.key_field]).strip():
            problems.append(f"{self.key_field} must not be empty")
        if xml_id is not None and not XML_ID.fullmatch(xml_id):
            problems.append(f"xml_id {xml_id!r} is not a valid external ID (expected module.name)")
        if problems:
            raise Invalid(f"{declaration.label}: {'; '.join(problems)}.")
        return declaration

    def key_of(self, given: Mapping[str, Any], xml_id: str | None) -> str:
        """Return the name of the record in plans and messages."""
        return str(given.get(self.key_field) or xml_id or "")

    def identity_of(self, declaration: Declaration) -> str:
        """Return the text that distinguishes a declaration without an external ID from others of its type."""
        return declaration.key

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        """Yield values that no Odoo accepts. Values that depend on the instance are checked later."""
        yield from ()

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        """Return the declared values by Odoo's field names, unresolved."""
        return {
            self.field_names.get(option, option): value
            for option, value in declaration.options.items()
            if option not in self.identity_options | self.directives
        }

    def implied(self, declaration: Declaration) -> Iterator[Declaration]:
        """Yield other resources that a declaration implies."""
        yield from ()

    def contradictions(self, declarations: Sequence[Declaration]) -> Iterator[str]:
        """Yield contradictions between declarations that are each valid."""
        yield from ()

    def distinct_keys(self, declarations: Sequence[Declaration]) -> Sequence[Declaration]:
        """Return the declarations with unique keys."""
        return declarations

    # --- reading ---

    def prepare_instance(
        self, session: Session, declarations: Sequence[Declaration], *, update_list: bool
    ) -> Sequence[Declaration]:
        """Return the declarations, completed with facts from the instance.

        :param update_list: whether the instance may update its list of addons.
        """
        return declarations

    def note_facts(
        self, rows: list[dict[str, Any]], declarations: Sequence[Declaration], facts: ReadFacts
    ) -> list[dict[str, Any]]:
        """Store facts about the instance from the rows in `facts`, and return the rows to compare."""
        return rows

    def ask_facts(self, session: Session, declarations: Sequence[Declaration], facts: ReadFacts) -> None:
        """Read facts from the instance that the rows of the declarations do not contain."""

    def expected_facts(self, declarations: Sequence[Declaration], facts: ReadFacts) -> ReadFacts:
        """Return the facts about the instance after these declarations are applied."""
        return facts

    def fields_to_read(self, available: Iterable[str], declarations: Sequence[Declaration]) -> set[str]:
        """Return the fields to read: the reported and the declared ones, if the instance has them."""
        wanted = {self.field_names.get(option, option) for option in self.options} | self.info_fields | {self.key_field}
        wanted -= self.heavy_fields
        for declaration in declarations:
            wanted |= set(self.declared_fields(declaration))
            if declaration.former:
                wanted |= declaration.former.field_names | self.identity_fields
        wanted |= {marker for name in wanted for marker in server_environment.markers(name)}
        return wanted & set(available)

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        """Return the domain of the records to read; empty for all, if a type never has many."""
        return []

    def is_own(self, record: Mapping[str, Any]) -> bool:
        """Return whether the collection may match this record."""
        return True

    def find(self, declaration: Declaration, records: RecordIndex) -> Found | None:
        """Return the declared record: the one with its external ID, otherwise the one with its name.

        :raises Ambiguous: several records have the name.
        """
        pinned = records.pinned(declaration.xml_id)
        if pinned:
            return pinned
        matching = [
            record
            for record in records.named(declaration.options.get(self.key_field))
            # A record with another external ID belongs to the declaration of that ID, even if its name matches.
            if not (declaration.xml_id and record.xml_id) and self.matches(declaration, record)
        ]
        if len(matching) > 1:
            ids = ", ".join(str(record.id) for record in matching)
            raise Ambiguous(
                f"{declaration.label}: {len(matching)} records match (ids {ids}). Rename or delete all but one in Odoo, "
                "or set xml_id to the external ID of the right one."
            )
        return matching[0] if matching else None

    def matches(self, declaration: Declaration, record: Found) -> bool:
        """Return whether a record that has the declared name is the declared one."""
        return True

    # --- planning ---

    def plan_state(self, context: PlanContext) -> Step | None:
        """Return the step to the declared state, for a type that compares no fields."""
        raise NotImplementedError

    def leftovers(self, context: TypeContext) -> Iterator[Step]:
        """Yield steps that remove leftovers of an interrupted run."""
        yield from ()

    def kept_leftovers(self, context: TypeContext) -> Iterator[str]:
        """Yield warnings about leftovers of an interrupted run that are not removed."""
        yield from ()

    def yields_to_others(self, declaration: Declaration) -> bool:
        """Return whether other declarations of the same record have precedence for the fields that they declare."""
        return False

    def is_unmanaged(self, found: Found, *, neutralized: bool) -> bool:
        """Return whether a record is reported as unmanaged if nobody declared it.

        :param neutralized: whether the database is a neutralized copy.
        """
        return False

    def unmanaged_key(self, found: Found) -> str:
        """Return the key of an unmanaged record."""
        return str(found.values[self.key_field])

    def unmanaged_key_of(self, entry: Mapping[str, Any]) -> str | None:
        """Return the key that the record of an invalid entry of a stack would have if it were unmanaged; None if it is unknown."""
        name = entry.get(self.key_field)
        return str(name).strip() or None if name is not None and not entry.get("xml_id") else None

    def archive_unmanaged(self, context: TypeContext) -> tuple[list[Step], list[str]]:
        """Return the steps that archive unmanaged records, and warnings for those that are not archived.

        :raises Invalid: archiving them would leave nothing in use.
        """
        return [], []

    def adapt(self, context: PlanContext) -> list[str]:
        """Adapt the values to enforce to the found record, and return warnings."""
        return []

    def restore(self, context: PlanContext) -> list[str]:
        """Adapt the former values to the found record, and return warnings. A rollback calls it instead of `adapt`."""
        if context.found:
            for name in self.moving_fields:
                context.values.pop(name, None)
        return []

    def refusals(self, context: PlanContext) -> Iterator[OdooError]:
        """Yield errors for values that this instance rejects or cannot work with, based on the values that the record will have."""
        yield from ()

    def hold_back(self, context: PlanContext) -> list[str]:
        """Remove valid values that must not or cannot go live yet, and return warnings about them."""
        if not (self.neutralized_text and context.instance.neutralized):
            return []
        if not self.keep_inactive(context.values, context.found):
            return []
        label = context.declaration.label
        return [f"{label} {self.neutralized_text}. Set activate_neutralized to true to activate it."]

    @staticmethod
    def keep_inactive(values: dict[str, Any], found: Found | None) -> bool:
        """Keep a record inactive, and return whether the values would have activated it."""
        if found is None:
            would = values.get("active") is not False
            values["active"] = False
            return would
        if values.get("active") and not found.values.get("active"):
            del values["active"]
            return True
        return False

    def remarks(self, context: PlanContext) -> Iterator[str]:
        """Yield warnings about a valid declaration."""
        yield from ()

    def finish(self, step: Step, context: PlanContext) -> Step:
        """Return the planned step with the last changes of this type."""
        return replace(step, changes=tuple(map(self._without_secret, step.changes)))

    def _without_secret(self, change: Change) -> Change:
        texts = (change.before, change.after)
        if change.field not in self.free_texts or not any(
            isinstance(text, str) and holds_secret(text) for text in texts
        ):
            return change
        return replace(change, before=masked(change.before), after=masked(change.after), secret=True)

    def missing(self, declaration: Declaration) -> str | None:
        """Return the reason why a missing record cannot be created; None if it can be created."""
        if declaration.options.get(self.key_field):
            return None
        return f"no record has this external ID, and without {self.key_field} it cannot be created: check xml_id, or set {self.key_field}"

    def expected_from(self, field_name: str, value: Any) -> str | None:
        """Return the addon that adds a missing field or value; None if it is unknown."""
        return None

    def replacement_of(self, field_name: str, parameters: Mapping[str, str]) -> str:
        """Return the replacement of a field that this version no longer has, or an empty text.

        :param parameters: the system parameters of the instance.
        """
        return ""

    def how_to_get(self, addon: str) -> str:
        """Return the remedy for a field or a value whose addon is not installed."""
        return f"it belongs to the addon {addon}, which is not installed: declare the addon, or install it first"

    # --- applying ---

    def stage(self, step: Step) -> Stage:
        """Return the stage of a step."""
        return Stage.RECORDS

    def trials(self, session: Session) -> Trials:
        """Return the trials of new settings before they go live."""
        return Trials()

    def inseparable(self, steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
        """Yield the groups of steps that only take effect together.

        :param steps: all steps of this type that are being done.
        """
        yield from ()

    def fits_batch(self, first: Step, step: Step) -> bool:
        """Return whether one call can do a step together with the first step of a batch."""
        if first.action != step.action:
            return False
        return first.record_id is None or first.action == "delete" or first.values == step.values

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        """Do steps of one batch, all or none, with as few calls as possible.

        :returns: the ids of the records in the order of the steps; None for deleted records.
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
        """Return the values for a new record, in the form in which Odoo stores all of them."""
        return dict(values)

    # --- undoing ---

    def fields_to_keep(self, available: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the fields that are needed to create a deleted record again."""
        return {
            name
            for name, about in available.items()
            if about.get("store") and not about.get("readonly") and about["type"] != "one2many"
        }

    def also_changed(self, step: Step, records: Sequence[Found]) -> Mapping[int, set[str]]:
        """Return the changes of a step in other records of the type: names of fields, by ids of records."""
        return {}

    def undoing_creation(self, step: Step) -> tuple[str | None, Mapping[str, Any], str]:
        """Return how to undo the creation of a record.

        :returns: the state to restore (None if the record stays), the references to restore, and the reason for anything that is left.
        """
        return "absent", {}, ""

    def lost_with(self, found: Found, context: TypeContext) -> str:
        """Return a sentence about data that is lost with a deleted record, even if it is created again."""
        return ""

    def lost_values(self, values: Mapping[str, Any]) -> str:
        """Return why the kept values do not suffice to restore a deleted record completely, as a sentence. It then comes back inactive.

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
        """Return the state of a person's consent that a resource needs; None if it needs none."""
        return None

    def extra_report(self, resource: PlannedResource, connection: Connection | None) -> dict[str, Any]:
        """Return additional or replaced fields for the report of a declared record."""
        return {}

    def managed_elsewhere(self, found: Found, fields: Mapping[str, Field]) -> set[str]:
        """Return the fields that a user can declare but that another addon computes on this record."""
        declarable = {self.field_names.get(option, option) for option in self.options} & found.values.keys()
        return {
            name
            for name in declarable
            if (name in fields and fields[name].readonly) or server_environment.owns(name, found.values)
        }

    def secrets_of(self, values: Mapping[str, Any]) -> set[str]:
        """Return the secrets of a record. They must not be shown in any field, because another field can repeat a secret."""
        return {str(values[name]) for name in self.secret_fields if values.get(name)}

    def report(self, found: Found, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Return a record for people: all fields that were read, with secrets masked."""
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
        """Return the declaration with its values in the form that Odoo accepts."""
        former = declaration.former
        xml_id = None if former and not former.is_whole else declaration.xml_id
        unpinned = former.unpinned if former else None
        return Wanted(self.name, declaration.key, declaration.state, values, xml_id, unpinned)
