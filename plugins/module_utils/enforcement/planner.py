# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of a whole instance, against what was found: the plan. Looks only at a snapshot, and calls nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.policy import Policy
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Field, Found, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    ErrorCollector,
    Invalid,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import (
    OAUTH2_METHODS,
    OAuth2Method,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import resolve
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    Circumstances,
    Declaration,
    ResourceType,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import (
    SYSTEM_PARAMETER,
    TRIAL_KEY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import masked


@dataclass(frozen=True)
class Planned:
    """A declaration beside the record that it means and the step between them, if there are any."""

    declaration: Declaration
    found: Found | None
    step: Step | None

    @property
    def method(self) -> OAuth2Method | None:
        """How a mail server is to log in, where that is OAuth2."""
        declared = self.declaration.options.get("smtp_authentication")
        return OAUTH2_METHODS.get(declared or self.effective["smtp_authentication"])

    @property
    def connected(self) -> bool | None:
        """Whether a mail server has the token that OAuth2 takes; None where it needs none."""
        return bool(self.effective.get(self.method.refresh_token)) if self.method else None

    @property
    def active(self) -> bool:
        """Whether a mail server will be in use."""
        return bool(self.effective["active"])

    @property
    def effective(self) -> dict[str, Any]:
        """What a mail server will hold."""
        return MAIL_SERVER.effective(self.step.values if self.step else {}, self.found)


@dataclass(frozen=True)
class Planning:
    """A plan, and what was seen on the way to it.

    :ivar unmanaged: mail servers in use that nobody declared.
    :ivar neutralized: this is a neutralized copy, in which nothing goes live.
    """

    plan: Plan = ()
    planned: Sequence[Planned] = ()
    unmanaged: Sequence[Found] = ()
    warnings: Sequence[str] = ()
    neutralized: bool = False

    @property
    def mail_servers(self) -> list[Planned]:
        """The mail servers that are to exist."""
        return [
            planned
            for planned in self.planned
            if planned.declaration.type is MAIL_SERVER and planned.declaration.state != "absent"
        ]


class Planner:
    """Plans for one instance, from one snapshot after the other.

    :param where: the instance in words, to end a message with.
    :raises Invalid: declarations that cannot be together.
    """

    def __init__(self, declarations: Sequence[Declaration], policy: Policy, *, where: str) -> None:
        self.declarations = sorted(_with_implied(declarations), key=lambda one: RESOURCE_TYPES.index(one.type))
        self._policy = policy
        self._where = where
        self._refuse_contradictions()
        self.declarations = _told_apart(self.declarations)

    @property
    def types(self) -> list[ResourceType]:
        """What to read: the declared types in order, and the parameters wherever neutralization matters."""
        declared = {declaration.type for declaration in self.declarations}
        if declared & {MAIL_SERVER, CRON}:
            declared.add(SYSTEM_PARAMETER)
        return [kind for kind in RESOURCE_TYPES if kind in declared]

    def plan(
        self,
        snapshot: Snapshot,
        now: datetime,
        settled: Collection[tuple[int, str]] = (),
        *,
        leftovers: bool = True,
    ) -> Planning:
        """Compare, and say what is to be done.

        :param now: the server's time, UTC.
        :param settled: fields of mail servers, by the record's id, that this run has already brought to an end.
        :param leftovers: whether candidates that are found have been left behind.
        :raises OdooError: something in the declarations that this instance would not take; the message lists all of it.
        """
        circumstances = Circumstances(
            now,
            snapshot.is_neutralized and not self._policy.activate_neutralized,
            snapshot.arriving_addons,
            self._parameters(snapshot),
            self._policy.verify != "none",
        )
        planned: list[Planned] = []
        warnings: list[str] = []
        problems = ErrorCollector()
        for declaration in self.declarations:
            with problems:
                records = snapshot.records.get(declaration.type)
                found = declaration.type.find(declaration, records.found) if records else None
                if records is None or (found is None and self._may_arrive(declaration, snapshot)):
                    warnings.append(
                        f"{declaration.label} is not there yet; it will be compared once the addons "
                        f"{', '.join(sorted(snapshot.arriving_addons))} are installed."
                    )
                    continue
                step, remarks = self._step(declaration, found, snapshot, circumstances, settled)
                planned.append(Planned(declaration, found, step))
                warnings += remarks
        problems.raise_gathered()
        _refuse_shared_records(planned)
        matched = {one.found.id for one in planned if one.found and one.declaration.type is MAIL_SERVER}
        unmanaged = self._unmanaged(snapshot, matched)
        steps = [*(_removed_leftovers(snapshot) if leftovers else ()), *(one.step for one in planned if one.step)]
        if self._policy.unmanaged == "archive" and MAIL_SERVER in self.types:
            if self._leaves_a_server(planned):
                archived, kept = _archived(unmanaged, snapshot)
                steps += archived
                warnings += kept
            elif unmanaged:
                warnings.append(
                    "No mail server that nobody declared is archived: none of the declared ones will be in use yet, and no mail would leave."
                )
        return Planning(tuple(steps), planned, unmanaged, warnings, circumstances.neutralized)

    def _refuse_contradictions(self) -> None:
        seen: set[tuple[str, str]] = set()
        for declaration in self.declarations:
            name = declaration.xml_id or f"{declaration.key}@{declaration.options.get('model', '')}"
            identity = (declaration.type.name, name)
            if identity in seen:
                raise Invalid(f"{declaration.label} is declared twice: declare each {declaration.type.label} once.")
            seen.add(identity)
        for kind in RESOURCE_TYPES:
            contradictions = list(kind.contradictions([one for one in self.declarations if one.type is kind]))
            if contradictions:
                raise Invalid(f"{'; '.join(contradictions)}.")

    def _parameters(self, snapshot: Snapshot) -> dict[str, str]:
        """The system parameters that were read, as they will be."""
        parameters = {key: value for key, value in snapshot.parameters.items() if value}
        for declaration in self.declarations:
            if declaration.type is SYSTEM_PARAMETER:
                parameters.pop(declaration.key, None)
                if declaration.state != "absent":
                    parameters[declaration.key] = declaration.options["value"]
        return parameters

    @staticmethod
    def _may_arrive(declaration: Declaration, snapshot: Snapshot) -> bool:
        """Whether a record that cannot be created may come with an addon of the same stack."""
        return bool(snapshot.arriving_addons) and declaration.type is CRON

    def _step(
        self,
        declaration: Declaration,
        found: Found | None,
        snapshot: Snapshot,
        circumstances: Circumstances,
        settled: Collection[tuple[int, str]],
    ) -> tuple[Step | None, list[str]]:
        """The step to what is declared, and what to warn of."""
        kind = declaration.type
        if found is None and declaration.state != "absent":
            self._refuse_missing(declaration)
        if kind is ADDON:
            return (ADDON.plan(declaration, found) if found is not None else None), []
        records = snapshot.records[kind]
        warnings = list(kind.remarks(declaration, found, records.fields, circumstances))
        if declaration.state == "absent":
            if found is not None and (kind, found.id) in snapshot.of_addons:
                raise Rejected(
                    f"{declaration.label}: it belongs to an addon ({snapshot.of_addons[kind, found.id]}), which relies on it: take it out of use "
                    f"with active: false ({self._where})."
                )
            return plan_record(kind.wanted(declaration, {}), found, {}), warnings
        values, problems = resolve(declaration, records, circumstances.arriving_addons)
        warnings += kind.adapt(values, declaration, found, circumstances)
        problems += kind.refusals(declaration, values, found, records.fields, circumstances)
        if problems:
            words = "; ".join(problem.message for problem in problems)
            raise type(problems[0])(f"{declaration.label}: {words} ({self._where}).")
        warnings += kind.hold_back(values, declaration, found, circumstances)
        if kind is MAIL_SERVER and found is not None:
            values = {name: value for name, value in values.items() if (found.id, name) not in settled}
        # Fields that only an arriving addon brings have no description yet; they compare as they are.
        future = {name: _FutureField(name, secret=name in kind.secret_fields) for name in values}
        fields: dict[str, Field] = {**future, **records.fields}
        step = plan_record(kind.wanted(declaration, values), found, fields)
        if step is None:
            return None, warnings
        elsewhere = kind.managed_elsewhere(found, records.fields) if found else set()
        changes = tuple(replace(change, managed_elsewhere=change.field in elsewhere) for change in step.changes)
        return kind.finish(replace(step, changes=changes), declaration, found), warnings

    def _refuse_missing(self, declaration: Declaration) -> None:
        reason = declaration.type.missing(declaration)
        if reason is not None:
            raise Unsupported(f"{declaration.label}: {reason} ({self._where}).")

    def _unmanaged(self, snapshot: Snapshot, matched: Collection[int]) -> list[Found]:
        if self._policy.unmanaged == "ignore" or MAIL_SERVER not in snapshot.records:
            return []
        return [
            found
            for found in snapshot.records[MAIL_SERVER].found
            if found.id not in matched
            and found.values.get("active")
            and not (snapshot.is_neutralized and MAIL_SERVER.is_neutralization_dummy(found))
        ]

    def _leaves_a_server(self, planned: Sequence[Planned]) -> bool:
        """Whether a declared mail server will be in use.

        :raises Invalid: none is even declared to be.
        """
        declared = [one for one in planned if one.declaration.type is MAIL_SERVER and one.declaration.state != "absent"]
        if not any(one.declaration.options.get("active", True) for one in declared):
            raise Invalid(
                "unmanaged: archive would leave no mail server in use: no server is declared as present and active."
            )
        return any(one.active for one in declared)


class _FutureField:
    """A field that the instance will have once an addon of this plan is installed."""

    def __init__(self, name: str, *, secret: bool) -> None:
        self.name = name
        self.secret = secret
        self.readonly = False
        self.required = False

    def same(self, stored: Any, wanted: Any) -> bool:
        """Values compare as they are; all that is empty is the same."""
        return bool((stored or False) == (wanted or False))

    def shown(self, value: Any) -> Any:
        """Nothing is known of it but whether it is secret."""
        return masked(value) if self.secret else value


def _refuse_shared_records(planned: Sequence[Planned]) -> None:
    matched: dict[tuple[str, int], Declaration] = {}
    for one in planned:
        if one.found is None:
            continue
        declaration = one.declaration
        other = matched.setdefault((declaration.type.name, one.found.id), declaration)
        if other is not declaration:
            raise Ambiguous(
                f"{other.label} and {declaration.label} mean the same record (id {one.found.id}): declare it once."
            )


def _removed_leftovers(snapshot: Snapshot) -> Iterator[Step]:
    """Steps for what a killed run has left behind: its candidates, and its note of what parameters held before its trials."""
    servers, parameters = (snapshot.records.get(kind) for kind in (MAIL_SERVER, SYSTEM_PARAMETER))
    for found in servers.found if servers else ():
        if MAIL_SERVER.is_candidate(found):
            yield Step(MAIL_SERVER.name, found.values["name"], "delete", record_id=found.id)
    for found in parameters.found if parameters else ():
        if found.values["key"] == TRIAL_KEY:
            yield Step(SYSTEM_PARAMETER.name, TRIAL_KEY, "delete", record_id=found.id)


def is_leftover(step: Step) -> bool:
    """Whether a step removes what a killed run has left behind."""
    return step.action == "delete" and (step.key == TRIAL_KEY or MAIL_SERVER.is_candidate_name(step.key))


def _archived(unmanaged: Sequence[Found], snapshot: Snapshot) -> tuple[list[Step], list[str]]:
    """Steps that archive mail servers, and warnings for those that Odoo would not let be archived."""
    steps, kept = [], []
    for found in unmanaged:
        name = found.values["name"]
        users = MAIL_SERVER.used_by(found, snapshot.records[MAIL_SERVER].fields, snapshot.parameters)
        if users:
            kept.append(f"mail server {name!r}, which nobody declared, is not archived: it is used by {users}.")
        else:
            archived = Change("active", True, False)
            steps.append(Step(MAIL_SERVER.name, name, "archive", (archived,), found.id, {"active": False}))
    return steps, kept


def _told_apart(declarations: Sequence[Declaration]) -> list[Declaration]:
    """Mail servers that share a name under their external ids too: plans, trials and results know each by its key."""
    names = Counter(one.key for one in declarations if one.type is MAIL_SERVER)
    return [
        replace(one, key=f"{one.key} ({one.xml_id})") if one.type is MAIL_SERVER and names[one.key] > 1 else one
        for one in declarations
    ]


def _with_implied(declarations: Sequence[Declaration]) -> list[Declaration]:
    """The declarations and what they stand for.

    :raises Invalid: two of them want different values.
    """
    known = {declaration.key: declaration for declaration in declarations if declaration.type is SYSTEM_PARAMETER}
    result = list(declarations)
    for declaration in declarations:
        for implied in declaration.type.implied(declaration):
            other = known.setdefault(implied.key, implied)
            if other is implied:
                result.append(implied)
            elif (other.state, other.options) != (implied.state, implied.options):
                raise Invalid(
                    f"{declaration.label}: oauth2 gives the {implied.label} another value than the rest of the stack does; one database has one "
                    "client for each provider."
                )
    return result
