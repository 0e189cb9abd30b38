# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared resources of one instance: the target of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.batches import divide
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import (
    exclusive_run,
    is_another_running,
    remove_expired_locks,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.planner import (
    StackPlan,
    build_plan,
    complete_declarations,
    each_once,
    types_to_read,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot, take_snapshot
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    ErrorCollector,
    Invalid,
    OdooError,
    Rejected,
    Timeout,
    Unreachable,
    Unsupported,
    gathered,
    is_partial,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import server_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import ReadFacts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.route_assertions import RouteAssertions
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trials import CanaryOrder, Trials
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_own_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked_if_known

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import DeclaredStack
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.kept_state import KeptState
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.mail_replay import MailReplay
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Batch, Found, Plan, Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import Connection
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Loss
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
        Declaration,
        ResourceType,
    )
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trials import Verification
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class Stack:
    """The declared resources of one instance, and the routes that must result from them."""

    reverted_because = (
        "Odoo normalizes it, another addon manages it (for example mail_environment, which computes it from a file), "
        "or another program writes it at the same time"
    )

    def __init__(
        self,
        session: Session,
        declared: DeclaredStack,
        options: RunOptions,
        kept: KeptState | None = None,
    ) -> None:
        self._session = session
        self._options = options
        self._declared_problems = declared.problems
        self._unidentified = declared.unidentified
        self._withheld = declared.withheld
        self._problems: Sequence[OdooError] = ()
        self._where = f"Odoo {session.version.text}, database {session.database} at {session.url}"
        try:
            self._declarations = complete_declarations(declared.declarations)
        except Invalid as error:
            if not session.read_only:
                raise
            self._declared_problems = (*self._declared_problems, error)
            self._declarations = each_once(declared.declarations)
        self._types = types_to_read(self._declarations, declared.types)
        self._assertions = RouteAssertions(declared.assertions)
        self._replay: MailReplay | None = None
        if options.replay_days is not None:
            # Takes 3 ms, and only a replay needs it.
            from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.mail_replay import MailReplay

            self._replay = MailReplay(session, options.replay_days)
        self._snapshot = Snapshot({}, {}, ReadFacts(), {})
        self._plan = StackPlan()
        is_tested = options.verify != "none"
        self._trials = {kind: kind.trials(session) if is_tested else Trials() for kind in self._types}
        self._kept = kept
        self._pins: dict[str, dict[str, Any]] = {}
        self._unpinned: list[str] = []
        self._connections: dict[str, Connection] = {}
        self._check_lock: Callable[[], None] = lambda: None
        self.warnings: list[str] = []

    # --- the engine's Target ---

    def plan(self) -> Plan:
        """Read the instance, compare it, and return the plan."""
        self._snapshot = take_snapshot(self._session, self._declarations, self._types)
        # The trials of another active run are not leftovers. (A run that writes waits for the other run, and then reads again.)
        foreign = self._session.read_only and self._snapshot.facts.has_lock and is_another_running(self._session)
        self._plan = build_plan(
            self._declarations,
            self._snapshot,
            self._options,
            where=self._where,
            now=self._session.now,
            settled={kind: trials.settled for kind, trials in self._trials.items()},
            leftovers=not foreign,
            unidentified=self._unidentified,
            withheld=self._withheld,
        )
        self._warn(self._plan.warnings)
        problems = ErrorCollector()
        broken: Sequence[Step] = ()
        with problems:
            broken = self._compare_routes(problems)
        self._warn(self._assertions.warnings)
        self._problems = [*self._declared_problems, *self._plan.problems, *problems.errors]
        if self._session.read_only:
            return (*self._plan.steps, *broken)
        self.raise_problems()
        self._assertions.refuse(self._where)
        return self._plan.steps

    def _compare_routes(self, problems: ErrorCollector) -> Sequence[Step]:
        """Compare the routes before and after the plan, and return the asserted routes that are wrong.

        :param problems: collects errors of the replay and of single assertions, so that the others are still compared.
        """
        if not (self._assertions.is_wanted or self._replay):
            return ()
        # Takes 1 ms, and only routes need it.
        from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing

        table = read_routing(self._session)
        if self._replay:
            with problems:
                self._replay.observe(table, self._plan.steps)
        return self._assertions.check(
            self._session,
            table,
            self._plan.steps,
            self._plan.resources,
            problems,
            neutralized=self._plan.neutralized,
        )

    def raise_problems(self) -> None:
        """Raise the errors of resources that could not be compared, as one error.

        :raises OdooError: there are such errors.
        """
        if self._problems:
            raise gathered(self._problems)

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Allow only one run at a time to write. At its end, successful or not, the run removes the copies of its trials."""
        with exclusive_run(self._session, warn=lambda text: self._warn([text])) as lock:
            self._check_lock = lock.check
            for trials in self._trials.values():
                trials.before_trial = lock.check
            try:
                yield
            finally:
                if self._kept is not None:
                    self._kept.finish()
                for trials in self._trials.values():
                    trials.discard()

    def remove_expired_lock(self) -> None:
        """Remove the lock of a killed run. A run without steps would not take it over.

        This takes calls only if there is a lock, or one call if that is not known.
        """
        if not self._session.read_only and self._snapshot.facts.has_lock is not False:
            remove_expired_locks(self._session, LOCK_KEY)

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        """Return the steps of the first stage, because the comparison for a later stage may depend on them."""
        stages = [resource_type(step.resource).stage(step) for step in plan]
        first = min(stages)
        return [step for step, stage in zip(plan, stages, strict=True) if stage == first]

    def keep(self, steps: Sequence[Step]) -> None:
        """Save the former state of these steps in the snapshot file, if the user wants one.

        :raises Invalid: the file cannot be written.
        """
        if self._kept is not None:
            self._kept.keep(steps, self._snapshot, self._plan)

    def prepare(self, steps: Sequence[Step]) -> None:
        """Reject steps without effect, and test settings before they go live."""
        self._refuse_managed_elsewhere(steps)
        if self._options.verify == "none":
            return
        for kind, trials in self._trials.items():
            resources = self._plan.of_type(kind)
            trials.run(resources, steps, self._canary(resources))
            self._warn(trials.warnings)

    def _canary(self, resources: Sequence[PlannedResource]) -> CanaryOrder | None:
        if self._options.verify != "canary":
            return None
        return CanaryOrder(self._options.canary_to, self._assertions.senders(resources))

    def batches(self, steps: Sequence[Step]) -> Sequence[Batch]:
        """Return the steps in batches. Steps of types that are tested before they go live are done one by one."""
        return divide(steps, [kind for kind in self._types if kind.has_trials and self._options.verify != "none"])

    def perform(self, steps: Plan) -> None:
        """Do the steps of a batch, and note the records that must get an external ID.

        :raises Conflict: another run has taken over the lock.
        """
        self._check_lock()
        kind = resource_type(steps[0].resource)
        try:
            ids = self._promoted(kind, steps) or self._performed(kind, steps)
        except BaseException as error:
            self._note_failure(error)
            raise
        if self._kept is not None:
            self._kept.note_done(steps, ids)
        for step, record_id in zip(steps, ids, strict=True):
            if step.xml_id and record_id:
                self._pins[step.xml_id] = {"model": kind.model, "res_id": record_id}
            if step.unpinned:
                self._unpinned.append(step.unpinned)

    def _note_failure(self, error: BaseException) -> None:
        """Note whether a batch that has failed may have changed something. A plain refusal has not."""
        is_refusal = isinstance(error, OdooError) and not isinstance(error, (Timeout, Unreachable))
        if self._kept is not None and (not is_refusal or is_partial(error)):
            self._kept.note_unknown()

    def _promoted(self, kind: ResourceType, steps: Plan) -> Sequence[int]:
        """Turn the tested copy of a new record into the record, and return its id; empty if there is no copy."""
        record_id = self._trials[kind].promote(steps[0])
        return () if record_id is None else (record_id,)

    def _performed(self, kind: ResourceType, steps: Plan) -> Sequence[int | None]:
        trials = self._trials[kind]
        ids = kind.perform(self._session, [trials.adjusted(step) for step in steps])
        for step in steps:
            trials.done(step)
        return ids

    def complete(self) -> None:
        """Create the external IDs of the noted records, in one call, and delete those that they must not have.

        :raises Conflict: another run has taken over the lock.
        """
        if self._pins or self._unpinned:
            self._check_lock()
        if self._unpinned:
            self._session.unlink("ir.model.data", [self._snapshot.pins[xml_id] for xml_id in self._unpinned])
            self._unpinned.clear()
        new = []
        for xml_id, pin in self._pins.items():
            module, _dot, name = xml_id.partition(".")
            # A known external ID without a record: otherwise the run would have found the record by it.
            if xml_id in self._snapshot.pins:
                self._session.write("ir.model.data", [self._snapshot.pins[xml_id]], pin)
            else:
                new.append({"module": module, "name": name, "noupdate": True, **pin})
        self._pins.clear()
        if new:
            self._session.create("ir.model.data", new)

    # --- before the plan ---

    def prepare_instance(self) -> None:
        """Let the instance update its data before the comparison, if the user allows it."""
        prepared: list[Declaration] = []
        for kind in self._types:
            own = [one for one in self._declarations if one.type is kind]
            try:
                prepared += kind.prepare_instance(self._session, own, update_list=self._options.update_list)
            except (AccessRefused, Ambiguous, Invalid, Rejected, Unsupported) as error:
                if not self._session.read_only:
                    raise
                self._declared_problems = (*self._declared_problems, error)
                self._unidentified = self._unidentified | {kind}
        self._declarations = prepared

    def _warn(self, warnings: Sequence[str]) -> None:
        """Add each warning once, even if several plans have it. Warnings of the first plan still apply after the last one."""
        self.warnings = list(dict.fromkeys([*self.warnings, *warnings]))

    def _refuse_managed_elsewhere(self, steps: Sequence[Step]) -> None:
        """Raise an error for steps that are known to have no effect."""
        refusals = []
        for step in steps:
            names = [change.field for change in step.changes if change.managed_elsewhere]
            if names:
                them = "it" if len(names) == 1 else "them"
                refusals.append(
                    f"{step.resource} {step.key!r}: {', '.join(names)} cannot be enforced: {self._owner(step)} manages {them} on this record, from a "
                    "configuration file of the Odoo server, and ignores other values. Change the file, or remove the option from the declaration."
                )
        if refusals:
            raise Rejected(" ".join(refusals))

    def _owner(self, step: Step) -> str:
        model = resource_type(step.resource).model
        domain = [["model", "=", model], ["name", "=", server_environment.OWNER_FIELD]]
        owners = self._session.search_read("ir.model.fields", domain, ["modules"])
        return f"the addon {owners[0]['modules']}" if owners and owners[0]["modules"] else "another addon"

    # --- reporting ---

    @property
    def losses(self) -> Sequence[Loss]:
        """Return the records and values that a rollback does not restore."""
        return self._plan.losses

    @property
    def routes(self) -> list[dict[str, Any]]:
        """The route of each asserted address."""
        return self._assertions.routes

    @property
    def replay(self) -> dict[str, Any] | None:
        """The changes of the plan to the mail of real senders; None if no replay was requested."""
        return self._replay.result() if self._replay else None

    def report(self) -> list[dict[str, Any]]:
        """Return the declared records as they were last read, with secrets masked and with their keys in plans."""
        secrets = self._snapshot.repeated_secrets
        reported = []
        for resource in self._plan.resources:
            kind, found = resource.declaration.type, resource.found
            if found is None:
                continue
            key = resource.declaration.key
            connection = self._connections.get(key)
            record = kind.report(found, self._snapshot.records[kind].fields)
            record = {name: masked_if_known(value, secrets) for name, value in record.items()}
            record.update(kind.extra_report(resource, connection))
            if resource.declaration.options.get("active") and not found.values.get("active", True):
                record["held_back"] = True
            reported.append({"resource": kind.name, "key": key, **record})
        return reported

    def report_unmanaged(self) -> list[dict[str, Any]]:
        """Return the unmanaged records. A record with an external ID of the user was declared before."""
        reported = []
        unmanaged: dict[ResourceType, list[Found]] = {}
        for kind, found in self._plan.unmanaged:
            unmanaged.setdefault(kind, []).append(found)
        reads = self._session.side_by_side(
            [
                partial(read_own_external_ids, model=kind.model, record_ids={found.id for found in records})
                for kind, records in unmanaged.items()
            ]
        )
        for (kind, records), read in zip(unmanaged.items(), reads, strict=True):
            xml_ids = read.result()
            reported += [
                {
                    "resource": kind.name,
                    "key": kind.unmanaged_key(found),
                    "id": found.id,
                    "name": found.values["name"],
                    "xml_id": xml_ids.get(found.id),
                }
                for found in records
            ]
        return reported

    def connections(self) -> list[Connection]:
        """Return the consent of every declared resource that needs one. Each missing consent takes one call."""
        for resource in self._plan.resources:
            if resource.declaration.state == "absent":
                continue
            connection = resource.declaration.type.connection(self._session, resource)
            if connection:
                self._connections[connection.key] = connection
        return list(self._connections.values())

    def verifications(self) -> list[Verification]:
        """Return the results of the tests, and entries for resources that could not be tested."""
        if self._options.verify == "none":
            return []
        return [
            verification
            for kind, trials in self._trials.items()
            for verification in trials.verifications(
                self._plan.of_type(kind), self._plan.steps, read_only=self._session.read_only
            )
        ]
