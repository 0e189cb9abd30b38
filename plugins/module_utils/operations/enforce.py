# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make an instance hold the declared resources, or in check mode say what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.converge import converge
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Field, Found, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.operations.lock import exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.operations.snapshot import (
    Snapshot,
    resolve,
    take_snapshot,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Circumstances,
    Declaration,
    ResourceType,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The order in which a stack is built: what comes later may need what comes earlier.
ORDER: tuple[ResourceType, ...] = (ADDON, SYSTEM_PARAMETER, ALIAS_DOMAIN, MAIL_SERVER, CRON)


@dataclass(frozen=True)
class Policy:
    """How to enforce, beside what.

    :param unmanaged: what to do with mail servers that nobody declared: report, archive or ignore.
    :param activate_neutralized: activate servers and crons on a neutralized copy, too.
    :param update_list: let Odoo look for new addons where a declared one is not known.
    """

    unmanaged: str = "ignore"
    activate_neutralized: bool = False
    update_list: bool = False


class Stack:
    """The declared resources of one instance: the target that the engine makes converge."""

    def __init__(self, session: Session, declarations: Sequence[Declaration], policy: Policy) -> None:
        self._session = session
        self._declarations = sorted(declarations, key=lambda one: ORDER.index(one.type))
        self._policy = policy
        self._types = _types_to_read(declarations)
        self._refuse_contradictions()
        self._pins: dict[str, dict[str, Any]] = {}
        self.snapshot = Snapshot({}, {}, {}, frozenset())
        self.warnings: list[str] = []
        self.unmanaged: list[Found] = []

    def _refuse_contradictions(self) -> None:
        seen: set[tuple[str, str]] = set()
        for declaration in self._declarations:
            name = declaration.xml_id or f"{declaration.key}@{declaration.options.get('model', '')}"
            identity = (declaration.type.name, name)
            if identity in seen:
                raise Invalid(f"{declaration.label} is declared twice: declare each {declaration.type.label} once.")
            seen.add(identity)
        for kind in ORDER:
            contradictions = list(kind.contradictions([one for one in self._declarations if one.type is kind]))
            if contradictions:
                raise Invalid(f"{'; '.join(contradictions)}.")

    # --- the engine's Target ---

    def plan(self) -> Plan:
        """Read, compare, and say what is to be done."""
        snapshot = self.snapshot = take_snapshot(self._session, self._declarations, self._types)
        circumstances = Circumstances(
            self._session.now,
            snapshot.is_neutralized and not self._policy.activate_neutralized,
            snapshot.arriving_addons,
        )
        steps: list[Step] = []
        matched: dict[tuple[str, int], Declaration] = {}
        for declaration in self._declarations:
            records = snapshot.records.get(declaration.type)
            found = declaration.type.find(declaration, records.found) if records else None
            if records is None or (found is None and self._may_arrive(declaration, snapshot)):
                self._warn(
                    f"{declaration.label} is not there yet; it will be compared once the addons "
                    f"{', '.join(sorted(snapshot.arriving_addons))} are installed."
                )
                continue
            if found is not None:
                other = matched.setdefault((declaration.type.name, found.id), declaration)
                if other is not declaration:
                    raise Ambiguous(
                        f"{other.label} and {declaration.label} mean the same record (id {found.id}): declare it once."
                    )
            step = self._step(declaration, found, snapshot, circumstances)
            if step is not None:
                steps.append(step)
        steps.extend(
            self._plan_unmanaged(snapshot, {record_id for kind, record_id in matched if kind == MAIL_SERVER.name})
        )
        return tuple(steps)

    def exclusively(self) -> AbstractContextManager[None]:
        """One run at a time."""
        return exclusive_run(self._session)

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        """Addons first and alone: they change what fields and values the rest has."""
        return [step for step in plan if step.resource == ADDON.name] or plan

    def perform(self, step: Step) -> None:
        """Do one step; note the record where it is to have an external id."""
        kind = next(kind for kind in ORDER if kind.name == step.resource)
        record_id = kind.perform(self._session, step)
        if step.xml_id and record_id:
            self._pins[step.xml_id] = {"model": kind.model, "res_id": record_id}

    def complete(self) -> None:
        """Give the noted records their external ids, in one call however many they are."""
        new = []
        for xml_id, pin in self._pins.items():
            module, _dot, name = xml_id.partition(".")
            if xml_id in self.snapshot.pins:  # its record is gone, or it would have been found by it
                self._session.write("ir.model.data", [self.snapshot.pins[xml_id]], pin)
            else:
                new.append({"module": module, "name": name, "noupdate": True, **pin})
        self._pins.clear()
        if new:
            self._session.create("ir.model.data", new)

    # --- planning ---

    def _warn(self, warning: str) -> None:
        """Once, however often it is planned; what the first look warned of still holds after the last."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _may_arrive(self, declaration: Declaration, snapshot: Snapshot) -> bool:
        """Whether a record that cannot be created may come with an addon of the same stack."""
        return bool(snapshot.arriving_addons) and declaration.type is CRON

    def _step(
        self, declaration: Declaration, found: Found | None, snapshot: Snapshot, circumstances: Circumstances
    ) -> Step | None:
        kind = declaration.type
        if found is None and declaration.state != "absent":
            self._refuse_missing(declaration)
        if kind is ADDON:
            return ADDON.plan(declaration, found) if found is not None else None
        if declaration.state == "absent":
            return plan_record(kind.wanted(declaration, {}), found, {})
        records = snapshot.records[kind]
        where = f"Odoo {self._session.version.text} at {self._session.url}, database {self._session.database}"
        values = resolve(declaration, records, where=where, arriving_addons=circumstances.arriving_addons)
        for warning in kind.adapt(values, declaration, found, circumstances):
            self._warn(warning)
        # Fields that only an arriving addon brings have no description yet; they compare as they are.
        fields: dict[str, Field] = {**{name: _FutureField(name) for name in values}, **records.fields}
        step = plan_record(kind.wanted(declaration, values), found, fields)
        return kind.finish(step, declaration) if step else None

    def _refuse_missing(self, declaration: Declaration) -> None:
        reason = declaration.type.missing(declaration)
        if reason is not None:
            raise Unsupported(
                f"{declaration.label}: {reason} (database {self._session.database} at {self._session.url})."
            )

    def _plan_unmanaged(self, snapshot: Snapshot, matched: set[int]) -> list[Step]:
        if self._policy.unmanaged == "ignore" or MAIL_SERVER not in snapshot.records:
            return []
        records = snapshot.records[MAIL_SERVER]
        self.unmanaged = [
            found
            for found in records.found
            if found.id not in matched
            and found.values.get("active")
            and not (snapshot.is_neutralized and MAIL_SERVER.is_neutralization_dummy(found))
        ]
        if self._policy.unmanaged != "archive":
            return []
        if not any(
            one.options.get("active", True)
            for one in self._declarations
            if one.type is MAIL_SERVER and one.state == "present"
        ):
            raise Invalid(
                "unmanaged: archive would leave no mail server in use: no server is declared as present and active."
            )
        archived = Change("active", True, False)
        return [
            Step(MAIL_SERVER.name, found.values["name"], "archive", (archived,), found.id, {"active": False})
            for found in self.unmanaged
        ]

    def update_addon_list(self) -> None:
        """Let Odoo look for addons that it does not know yet, where a declared one is missing."""
        wanted = {one.key for one in self._declarations if one.type is ADDON and one.state != "absent"}
        if not (wanted and self._policy.update_list) or self._session.read_only:
            return
        rows = self._session.search_read(ADDON.model, [["name", "in", sorted(wanted)]], ["name"])
        if wanted - {row["name"] for row in rows}:
            self._session.call(ADDON.model, "update_list")

    # --- reporting ---

    def report(self) -> list[dict[str, Any]]:
        """The declared records as they were last found, secrets masked."""
        reported = []
        for declaration in self._declarations:
            records = self.snapshot.records.get(declaration.type)
            found = declaration.type.find(declaration, records.found) if records else None
            if records and found:
                reported.append({"resource": declaration.type.name, **declaration.type.report(found, records.fields)})
        return reported

    def report_unmanaged(self) -> list[dict[str, Any]]:
        """Mail servers that nobody declared."""
        return [
            {"resource": MAIL_SERVER.name, "id": found.id, "name": found.values["name"]} for found in self.unmanaged
        ]


class _FutureField:
    """A field that the instance will have once an addon of this plan is installed."""

    secret = False

    def __init__(self, name: str) -> None:
        self.name = name

    def same(self, stored: Any, wanted: Any) -> bool:
        """Values compare as they are."""
        return bool(stored == wanted)

    def shown(self, value: Any) -> Any:
        """Nothing is known of it, and no secret is brought this way."""
        return value


def _types_to_read(declarations: Sequence[Declaration]) -> list[ResourceType]:
    """The declared types in order, and the parameters wherever neutralization matters."""
    declared = {declaration.type for declaration in declarations}
    if declared & {MAIL_SERVER, CRON}:
        declared.add(SYSTEM_PARAMETER)
    return [kind for kind in ORDER if kind in declared]


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    plan: Plan
    records: list[dict[str, Any]]
    unmanaged: list[dict[str, Any]]
    warnings: list[str]


def enforce(session: Session, declarations: Sequence[Declaration], policy: Policy) -> Outcome:
    """Make the instance hold what was declared. With a read-only session: only say what differs."""
    stack = Stack(session, declarations, policy)
    stack.update_addon_list()
    plan = converge(stack, check_mode=session.read_only)
    return Outcome(plan, stack.report(), stack.report_unmanaged(), stack.warnings)


def declarations_of(stack: Mapping[str, Any]) -> list[Declaration]:
    """The declarations of a whole stack, from the options of `mail_stack`."""
    declarations = [ADDON.declare({"name": name}) for name in stack.get("addons") or ()]
    declarations += [
        SYSTEM_PARAMETER.declare({"key": key, "value": value})
        for key, value in (stack.get("parameters") or {}).items()
        if value is not None
    ]
    declarations += [ALIAS_DOMAIN.declare(options) for options in stack.get("alias_domains") or ()]
    declarations += [MAIL_SERVER.declare(options) for options in stack.get("servers") or ()]
    declarations += [CRON.declare(options) for options in stack.get("crons") or ()]
    return declarations
