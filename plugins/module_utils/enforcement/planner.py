# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a stack, built from its declarations and one snapshot. Pure functions: nothing here calls Odoo."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field, Found, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    ErrorCollector,
    Invalid,
    OdooError,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import (
    InstanceFacts,
    PlanContext,
    PlannedResource,
    ReadFacts,
    TypeContext,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss, NotRestorable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former_record import find_former, restorable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.masked_steps import mask_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import resolve
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
        Declaration,
        ResourceType,
    )

# Record ids and fields, by type, that are no longer compared in this run.
Settled = Mapping["ResourceType", Collection[tuple[int, str]]]


@dataclass(frozen=True)
class StackPlan:
    """The plan of a stack, and other results of building it.

    :ivar unmanaged: unmanaged records with their types.
    :ivar neutralized: whether the database is a neutralized copy, in which nothing goes live.
    :ivar problems: the errors of resources that could not be compared.
    :ivar losses: former states that a rollback does not restore.
    """

    steps: Plan = ()
    resources: Sequence[PlannedResource] = ()
    unmanaged: Sequence[tuple[ResourceType, Found]] = ()
    warnings: Sequence[str] = ()
    neutralized: bool = False
    problems: Sequence[OdooError] = ()
    losses: Sequence[Loss] = ()

    def of_type(self, kind: ResourceType) -> list[PlannedResource]:
        """Return the planned resources of one type."""
        return [one for one in self.resources if one.declaration.type is kind]


def complete_declarations(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Return the declarations and those that they imply, in the order of the registry, with unique keys.

    :raises Invalid: declarations contradict each other.
    """
    with_implied = _with_implied(declarations)
    _refuse_duplicates(with_implied)
    completed: list[Declaration] = []
    for kind in registry.RESOURCE_TYPES:
        own = [one for one in with_implied if one.type is kind]
        contradictions = list(kind.contradictions(own))
        if contradictions:
            raise Invalid(f"{'; '.join(contradictions)}.")
        completed += kind.distinct_keys(own)
    return completed


def types_to_read(declarations: Sequence[Declaration], types: Collection[ResourceType] = ()) -> list[ResourceType]:
    """Return the types of the declarations and the types that are read together with them, in the order of the registry.

    :param types: declared types, even without a declaration.
    """
    declared = {declaration.type for declaration in declarations} | {kind for kind in types if kind.has_unmanaged}
    names = {kind.name for kind in declared}.union(*(kind.also_reads for kind in declared))
    return [kind for kind in registry.RESOURCE_TYPES if kind.name in names]


def build_plan(
    declarations: Sequence[Declaration],
    snapshot: Snapshot,
    options: RunOptions,
    *,
    where: str,
    now: datetime,
    settled: Settled,
    leftovers: bool = True,
    unidentified: Collection[ResourceType] = (),
    withheld: Collection[tuple[ResourceType, str]] = (),
) -> StackPlan:
    """Compare the declarations with the snapshot.

    :param where: the instance, for the end of messages.
    :param now: the server's time, UTC.
    :param leftovers: whether to remove the leftovers of an interrupted run.
    :param unidentified: types with an invalid declaration of an unknown record, so that their unmanaged records are unknown.
    :param withheld: types and keys of records that other invalid declarations mean. They do not count as unmanaged.
    """
    instance = _expected_facts(declarations, snapshot.facts).for_planning(
        now,
        neutralized=snapshot.facts.is_neutralized and not options.activate_neutralized,
        verify=options.verify != "none",
    )
    problems = ErrorCollector()
    problems.errors += snapshot.problems
    planner = _Planner(snapshot, instance, settled, where, problems)
    doubtful = set(withheld)
    for declaration in declarations:
        if declaration.type in snapshot.missing_types:
            continue
        if (declaration.type, declaration.xml_id) in snapshot.foreign_pins:
            doubtful.add((declaration.type, declaration.name))
            continue
        with problems:
            planner.add(declaration)
        if not (planner.resources and planner.resources[-1].declaration is declaration):
            doubtful.add((declaration.type, declaration.name))
    with problems:
        _refuse_shared_records(planner.resources)
    with problems:
        planner.resources = _without_contradictions(planner.resources)
    stack_plan = StackPlan(
        (), planner.resources, (), planner.warnings, instance.neutralized, problems.errors, planner.losses
    )
    unmanaged = _unmanaged(stack_plan, snapshot, unidentified, doubtful) if options.unmanaged != "ignore" else []
    # Records that refer to other records are removed first.
    contexts = {kind: _type_context(kind, snapshot, stack_plan) for kind in reversed(snapshot.records)}
    removed = [step for kind, context in contexts.items() for step in kind.leftovers(context)]
    kept = [text for kind, context in contexts.items() for text in kind.kept_leftovers(context)]
    steps = [*(removed if leftovers else ()), *(one.step for one in planner.resources if one.step)]
    warnings = [*planner.warnings, *(kept if leftovers else ())]
    if options.unmanaged == "archive":
        with problems:
            doubtful_types = {kind for kind, _key in doubtful}
            archived, in_use = _archive(
                stack_plan, [one for one in unmanaged if one[0] not in doubtful_types], snapshot
            )
            steps += archived
            warnings += in_use
    steps.sort(key=lambda step: registry.resource_type(step.resource).stage(step))
    return replace(stack_plan, steps=tuple(steps), unmanaged=unmanaged, warnings=warnings)


@dataclass
class _Planner:
    """A planner of one declaration after the other."""

    snapshot: Snapshot
    instance: InstanceFacts
    settled: Settled
    where: str
    problems: ErrorCollector
    resources: list[PlannedResource] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    indexes: dict[ResourceType, RecordIndex] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    def _index(self, kind: ResourceType) -> RecordIndex:
        if kind not in self.indexes:
            self.indexes[kind] = RecordIndex(self.snapshot.records[kind].found, kind.key_field)
        return self.indexes[kind]

    def add(self, declaration: Declaration) -> None:
        """Plan a declaration. If it cannot be planned, its record still counts as declared.

        Errors of single values are collected, and the other values are compared.

        :raises OdooError: this instance does not accept the declaration.
        """
        if declaration.former:
            self._restore(declaration, declaration.former)
            return
        kind = declaration.type
        records = self.snapshot.records.get(kind)
        found = kind.find(declaration, self._index(kind)) if records else None
        arrival = self.snapshot.facts.arrival
        if records is None or (found is None and arrival and kind.may_arrive):
            self.warnings.append(f"{declaration.label} does not exist yet. It will be compared after {arrival}.")
            return
        if found is None and declaration.state != "absent":
            self._refuse_missing(declaration)
        context = PlanContext(declaration, found, records.fields, self.instance, records=self._index(kind))
        step = None
        try:
            step = self._fields_step(context) if kind.compares_fields else kind.plan_state(context)
        finally:
            self.resources.append(PlannedResource(declaration, found, step, context.values))

    def _fields_step(self, context: PlanContext) -> Step | None:
        declaration, found, kind = context.declaration, context.found, context.declaration.type
        warnings = list(kind.remarks(context))
        if declaration.state == "absent":
            self._refuse_deletion(declaration, found)
            self.warnings += warnings
            return plan_record(kind.wanted(declaration, {}), found, {})
        context.values, problems = resolve(declaration, self.snapshot.records[kind], context.instance)
        warnings += kind.adapt(context)
        problems += kind.refusals(context)
        if problems:
            message = "; ".join(problem.message for problem in problems)
            self.problems.errors.append(type(problems[0])(f"{declaration.label}: {message} ({self.where})."))
        warnings += kind.hold_back(context)
        self.warnings += warnings
        return self._compare(context)

    def _compare(self, context: PlanContext) -> Step | None:
        kind, found = context.declaration.type, context.found
        settled = self.settled.get(kind, ())
        values = {name: value for name, value in context.values.items() if not found or (found.id, name) not in settled}
        # Fields that a part of this plan adds have no description yet. They are compared without conversion.
        future = {name: _FutureField(name, secret=name in kind.secret_fields) for name in values}
        former = context.declaration.former
        fields: dict[str, Field] = {**future, **(former.exact_fields(context.fields) if former else context.fields)}
        step = plan_record(kind.wanted(context.declaration, values), found, fields)
        if step is None:
            return None
        elsewhere = kind.managed_elsewhere(found, context.fields) if found else set()
        changes = tuple(replace(change, managed_elsewhere=change.field in elsewhere) for change in step.changes)
        return mask_secrets(kind.finish(replace(step, changes=changes), context), self.snapshot.repeated_secrets)

    def _restore(self, declaration: Declaration, former: Former) -> None:
        """Plan a former state. A record that cannot be restored safely is a loss, and all others are still restored."""
        try:
            reasons = self._plan_restoration(declaration, former)
        except NotRestorable as reason:
            reasons = [str(reason)]
        except OdooError as error:
            reasons = [error.message]
        self.losses += [Loss(declaration.type.name, declaration.key, reason) for reason in reasons]

    def _plan_restoration(self, declaration: Declaration, former: Former) -> list[str]:
        """Plan a former state, and return why parts of it are not restored.

        :raises NotRestorable: nothing of it can be restored safely. :raises OdooError: the same.
        """
        kind, index = declaration.type, self._index(declaration.type)
        fields = self.snapshot.records[kind].fields
        former, reasons = restorable(declaration, former, fields)
        taken = {one.found.id for one in self.resources if one.found and one.declaration.type is kind}
        found = find_former(declaration, former, index, fields, taken)
        if found is None and not former.is_whole:
            return reasons
        if found and found.id in taken:
            raise NotRestorable(f"Another entry of the snapshot describes the same record (id {found.id}).")
        context = PlanContext(declaration, found, fields, self.instance, former.values_to_write(), records=index)
        if found and former.is_whole and context.values.get("active") is False:
            # It came back inactive, and somebody may have activated it since.
            del context.values["active"]
        warnings = list(kind.remarks(context))
        if declaration.state == "absent":
            self._refuse_deletion(declaration, found)
            step = plan_record(kind.wanted(declaration, {}), found, {})
        else:
            warnings += kind.restore(context)
            refusals = [one.message for one in kind.refusals(context)]
            if refusals:
                raise NotRestorable(f"{'; '.join(refusals)}.")
            warnings += kind.hold_back(context)
            step = self._compare(context)
            owned = [change.field for change in step.changes if change.managed_elsewhere] if step else []
            if owned:
                reasons.append(f"Another addon or a configuration file owns these fields now: {', '.join(owned)}.")
                context.values = {name: value for name, value in context.values.items() if name not in owned}
                step = self._compare(context)
        self.warnings += warnings
        self.resources.append(PlannedResource(declaration, found, step, context.values))
        return reasons

    def _refuse_missing(self, declaration: Declaration) -> None:
        reason = declaration.type.missing(declaration)
        if reason is not None:
            raise Unsupported(f"{declaration.label}: {reason} ({self.where}).")

    def _refuse_deletion(self, declaration: Declaration, found: Found | None) -> None:
        addon = self.snapshot.of_addons.get((declaration.type, found.id)) if found else None
        if addon is not None:
            raise Rejected(
                f"{declaration.label} cannot be deleted, because it belongs to an addon ({addon}): declare active: false "
                f"instead of state: absent ({self.where})."
            )


class _FutureField:
    """A field that the instance will have after a part of this plan is done."""

    def __init__(self, name: str, *, secret: bool) -> None:
        self.name = name
        self.secret = secret
        self.readonly = False
        self.required = False

    def same(self, stored: Any, wanted: Any) -> bool:
        """Return whether two values are equal. All empty values are equal."""
        return bool((stored or False) == (wanted or False))

    def shown(self, value: Any) -> Any:
        """Return the value, masked if the field is secret."""
        return masked(value) if self.secret else value


def _expected_facts(declarations: Sequence[Declaration], facts: ReadFacts) -> ReadFacts:
    """Return the facts about the instance after the declarations are applied."""
    for kind in registry.RESOURCE_TYPES:
        facts = kind.expected_facts([one for one in declarations if one.type is kind], facts)
    return facts


def _type_context(
    kind: ResourceType, snapshot: Snapshot, stack_plan: StackPlan, unmanaged: Sequence[Found] = ()
) -> TypeContext:
    records = snapshot.records[kind]
    return TypeContext(records.found, records.fields, snapshot.facts, stack_plan.of_type(kind), unmanaged)


def _unmanaged(
    stack_plan: StackPlan,
    snapshot: Snapshot,
    unidentified: Collection[ResourceType],
    doubtful: Collection[tuple[ResourceType, str]],
) -> list[tuple[ResourceType, Found]]:
    """Return the unmanaged records, without those that a declaration with an error may mean."""
    declared = {(one.declaration.type, one.found.id) for one in stack_plan.resources if one.found}
    return [
        (kind, found)
        for kind, records in snapshot.records.items()
        if kind not in unidentified
        for found in records.found
        if (kind, found.id) not in declared
        and kind.is_unmanaged(found, neutralized=snapshot.facts.is_neutralized)
        and (kind, kind.unmanaged_key(found).strip()) not in doubtful
    ]


def _archive(
    stack_plan: StackPlan, unmanaged: Sequence[tuple[ResourceType, Found]], snapshot: Snapshot
) -> tuple[list[Step], list[str]]:
    """Return the steps that archive unmanaged records, and warnings for those that are not archived."""
    steps: list[Step] = []
    warnings: list[str] = []
    for kind in snapshot.records:
        own = [record for of_kind, record in unmanaged if of_kind is kind]
        archived, kept = kind.archive_unmanaged(_type_context(kind, snapshot, stack_plan, own))
        steps += archived
        warnings += kept
    return steps, warnings


def _refuse_shared_records(resources: Sequence[PlannedResource]) -> None:
    matched: dict[tuple[str, int], Declaration] = {}
    for one in resources:
        if one.found is None:
            continue
        declaration = one.declaration
        other = matched.setdefault((declaration.type.name, one.found.id), declaration)
        if other is not declaration:
            raise Ambiguous(
                f"{other.label} and {declaration.label} are the same record (id {one.found.id}): declare it once."
            )


def _without_contradictions(resources: Sequence[PlannedResource]) -> list[PlannedResource]:
    """Return the resources without fields for which the declaration of another type has precedence.

    :raises Invalid: two declarations set a field of one record to different values.
    """
    result: list[PlannedResource] = []
    of_record: dict[tuple[str, int], list[PlannedResource]] = {}
    for one in resources:
        names: set[str] = set()
        others = of_record.setdefault((one.declaration.type.model, one.found.id), []) if one.found else []
        for other in others:
            contradicted = {
                name for name in one.values.keys() & other.values.keys() if one.values[name] != other.values[name]
            }
            if contradicted and not one.declaration.type.yields_to_others(one.declaration):
                raise Invalid(
                    f"{other.declaration.label} and {one.declaration.label} set {', '.join(sorted(contradicted))} of one record to different "
                    "values: declare it in one place only."
                )
            names |= contradicted
        result.append(_without(one, names))
        others.append(result[-1])
    return result


def _without(resource: PlannedResource, names: Collection[str]) -> PlannedResource:
    if not names or resource.step is None:
        return resource
    values = {name: value for name, value in resource.step.values.items() if name not in names}
    return replace(resource, step=replace(resource.step, values=values) if values else None)


def each_once(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Return the declarations without repeated ones, in the order of the registry."""
    known: dict[tuple[str, str], Declaration] = {}
    for declaration in declarations:
        known.setdefault(
            (declaration.type.name, declaration.xml_id or declaration.type.identity_of(declaration)), declaration
        )
    return [one for kind in registry.RESOURCE_TYPES for one in known.values() if one.type is kind]


def _refuse_duplicates(declarations: Sequence[Declaration]) -> None:
    seen: set[tuple[str, str]] = set()
    for declaration in declarations:
        identity = (declaration.type.name, declaration.xml_id or declaration.type.identity_of(declaration))
        if identity in seen:
            raise Invalid(f"{declaration.label} is declared twice: declare each {declaration.type.label} once.")
        seen.add(identity)


def _with_implied(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Return the declarations and those that they imply.

    :raises Invalid: two declarations have different values.
    """
    known = {(declaration.type, declaration.key): declaration for declaration in declarations}
    result = list(declarations)
    for declaration in declarations:
        for implied in declaration.type.implied(declaration):
            other = known.setdefault((implied.type, implied.key), implied)
            if other is implied:
                result.append(implied)
            elif (other.state, other.options) != (implied.state, implied.options):
                conflict = declaration.type.implied_conflict.format(label=implied.label)
                raise Invalid(f"{declaration.label}: {conflict}.")
    return result
